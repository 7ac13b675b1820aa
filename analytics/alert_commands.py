"""What the commands about alerts do."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click

from . import present
from .alerts import hands, silences
from .alerts.delivery import carriers, deliver
from .alerts.listing import Message, Row, listing
from .alerts.notice import Figure, Notice
from .alerts.outbox import Addressee, Outcome, outcomes, put
from .alerts.tables import state
from .budgets import BudgetFile
from .exceptions import SettingsError
from .present import plain

_ID = 8
"""Digits of an id that are shown; alerts are named by the first of them."""


def list_alerts(home: Path, *, everything: bool, now: datetime, as_json: bool) -> None:
    """Print alerts; what did not arrive first."""
    found = listing(home, now=now, everything=everything)
    if as_json:
        click.echo(present.as_json(found))
        return
    out = present.console()
    for message in found.trouble:
        out.print(f"! {_trouble(message)}", style="yellow")
    if not found.alerts:
        out.print("There has been no alert." if everything else "No alert is open.", style="green")
        return
    table = present.columns("State", "Since", "What", "Told", first="Alert", left={1, 2, 3, 4})
    for row in found.alerts:
        table.add_row(row.alert_id[:_ID], _state(row), f"{row.since:%Y-%m-%d %H:%M}", _what(row), _told(row.messages))
    out.print(table)


def acknowledge(home: Path, alert: str, *, now: datetime, author: str | None, note: str | None) -> None:
    """Acknowledge, and say what that means."""
    found = hands.acknowledge(home, alert, now=now, author=author, note=note)
    said = {
        "firing": "is acknowledged: there are no more reminders of it",
        "acknowledged": "was acknowledged before",
        "pending": "does not fire yet, so there is nothing to acknowledge",
        "resolved": "is resolved, so there is nothing to acknowledge",
    }
    click.echo(f"{found.alert_id[:_ID]} ({_named(found.key)}) {said[found.state]}.")


def resolve(home: Path, alert: str, *, now: datetime, author: str | None, note: str | None) -> None:
    """Resolve, and say what that means."""
    found = hands.resolve(home, alert, now=now, author=author, note=note)
    said = {"pending": "does not fire yet, so there is nothing to resolve", "resolved": "was resolved before"}
    done = "is resolved: it fires again only after it has cleared in between"
    click.echo(f"{found.alert_id[:_ID]} ({_named(found.key)}) {said.get(found.state, done)}.")


def silence(home: Path, rule: str, *, duration: timedelta, now: datetime, scope: str, **who: str | None) -> None:
    """Be silent about a rule, and say until when."""
    made = silences.silence(home, rule, until=now + duration, now=now, scope=scope, **who)
    click.echo(f"{_silence(made)}. To end it: tollgate alerts silence --end {made.silence_id}")


def list_silences(home: Path, *, now: datetime) -> None:
    """Print the silences that have not ended."""
    lines = [f"{each.silence_id}  {_silence(each)}" for each in silences.silences(home, now=now)]
    click.echo("\n".join(lines) or "Nothing is silenced.")


def end_silence(home: Path, silence_id: str, *, now: datetime) -> None:
    """End one. Raises SettingsError if there is none."""
    if not silences.end(home, silence_id, now=now):
        raise SettingsError(f"--end: found {silence_id!r}, expected a silence that --list shows")
    click.echo("It has ended. What still fires is told at the next evaluation.")


def send_test(home: Path, *, addresses: Sequence[str], channels: Sequence[str], now: datetime) -> bool:
    """Send a test message, and say what became of it; whether it reached everybody."""
    file = BudgetFile.of(home)
    if unknown := [name for name in channels if name not in file.channels]:
        expected = f"one of {', '.join(file.channels)}" if file.channels else "a name under channels of budgets.yaml"
        raise SettingsError(f"--channel: found {unknown[0]!r}, expected {expected}")
    notice = _test_notice(now)
    everybody = [*(Addressee("mail", each) for each in addresses), *(Addressee("channel", each) for each in channels)]
    with state(home).transaction() as con:
        put(con, notice, everybody, now=now, lifetime=timedelta())
    with present.working("Sending"):
        deliver(home, carriers(file, os.environ), now=now)
    found = outcomes(home, notice.notice_id)
    click.echo("\n".join(map(_outcome, found)))
    return all(each.state == "delivered" for each in found)


def _test_notice(now: datetime) -> Notice:
    return Notice(
        kind="test",
        severity="info",
        notice_id=uuid.uuid4().hex,
        thread="test",
        subject="Tollgate: a test message",
        headline="This is a test: nothing was crossed, and messages from Tollgate arrive here.",
        figures=(Figure(label="Sent", value=f"{now:%Y-%m-%d %H:%M} UTC"),),
        rule="test",
        created_at=now,
    )


def _outcome(found: Outcome) -> str:
    said = f": {plain(found.said)}" if found.said else ""
    if found.state == "delivered":
        return f"Delivered to {plain(found.recipient)}{said}"
    if found.state == "waiting":
        return f"Not known yet for {plain(found.recipient)}: another Tollgate is carrying it"
    return f"Not delivered to {plain(found.recipient)}{said}"


def _trouble(message: Message) -> str:
    tries = "not tried yet" if not message.tries else "1 try" if message.tries == 1 else f"{message.tries} tries"
    what = "waits" if message.state == "waiting" else f"UNDELIVERED ({message.state})"
    said = f": {plain(message.said)}" if message.said else ""
    since = f"{message.created_at:%Y-%m-%d %H:%M}"
    return f"{plain(message.rule)} for {plain(message.recipient)}, of {since}: {what}, {tries}{said}"


def _state(row: Row) -> str:
    unsaid = row.voice != "told" and row.state in ("firing", "acknowledged")
    return f"{row.state} ({row.voice})" if unsaid else row.state


def _what(row: Row) -> str:
    return ", ".join(plain(part) for part in (row.rule, row.scope, row.threshold, row.period) if part)


def _named(key: Iterable[str]) -> str:
    return ", ".join(plain(part) for part in key if part)


def _told(messages: Iterable[Message]) -> str:
    """By recipient the last message, as far as that went."""
    latest = {message.recipient: message.state for message in reversed(tuple(messages))}
    return "\n".join(f"{plain(recipient)}: {became}" for recipient, became in latest.items()) or "nobody"


def _silence(made: silences.Silence) -> str:
    scope = "" if made.scope == "*" else f", {plain(made.scope)}"
    who = f", by {plain(made.author)}" if made.author else ""
    why = f": {plain(made.reason)}" if made.reason else ""
    return f"{plain(made.rule)}{scope} is silenced until {made.until:%Y-%m-%d %H:%M} UTC{who}{why}"
