"""What `tollgate reconcile` does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import click

from . import present, provider
from .commands import fresh
from .period import Period, midnight
from .reconcile import Day, Difference, Reconciliation
from .reconcile import reconcile as compare
from .switch import ledger_at


def period(since: str | None, until: str | None, *, now: datetime) -> Period:
    """The days that are meant; none after today, of which no report says anything."""
    asked, tomorrow = Period.parse(since, until, now=now), midnight(now.astimezone(UTC).date() + timedelta(days=1))
    return Period(min(asked.start, tomorrow), min(asked.end, tomorrow))


def fetch(home: Path, period: Period, *, now: datetime) -> None:
    """Put the provider's report into the ledger."""
    key = provider.admin_key()
    with present.working("Fetching the provider's report"):
        provider.keep(ledger_at(home), provider.costs(key, period), fetched_at=now)


def take_in(home: Path, file: Path, *, now: datetime) -> None:
    """The same from a file, which says what was known when it was written."""
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    provider.keep(ledger_at(home), provider.read(file), fetched_at=min(now, written))


def reconcile(home: Path, period: Period, *, tolerance: tuple[Decimal, Decimal], as_json: bool) -> bool:
    """Take in what is new, compare, and say whether the difference is within `tolerance`: percent, dollars."""
    ledger = ledger_at(home)
    behind = fresh(ledger)
    found = compare(ledger, period)
    percent, dollars = tolerance
    sound = found.total is None or not found.total.exceeds(percent=percent, dollars=dollars)
    if as_json:
        click.echo(present.as_json({"period": period, "reconciliation": found, "within": sound, "behind": behind}))
    else:
        _show(found, sound=sound, behind=behind)
    return sound


def _show(found: Reconciliation, *, sound: bool, behind: str | None) -> None:
    out = present.console()
    table = present.columns("Ours", "Theirs", "Difference", "Percent", "", first="Day", left=(5,))
    for day in found.days:
        table.add_row(f"{day.day}", *_cells(day.ours, day.theirs, day.difference), _remark(day))
    if found.total:
        table.add_row("Final days", *_cells(found.total.ours, found.total.theirs, found.total), "", style="bold")
    for one in found.workspaces:
        cells = _cells(one.difference.ours, one.difference.theirs, one.difference)
        table.add_row(f"  {present.plain(one.workspace_id)}", *cells, "")
    out.print(table)
    for reason in (*found.reasons, *([behind] if behind else ())):
        out.print(present.plain(reason), soft_wrap=True)
    out.print(_verdict(found.total, sound=sound), style="green" if sound and found.total else "yellow")


def _cells(ours: Decimal | None, theirs: Decimal | None, difference: Difference | None) -> tuple[str, str, str, str]:
    percent = f"{difference.percent:+.1f} %" if difference else "–"
    return present.money(ours), present.money(theirs), present.saved(difference and difference.amount), percent


def _remark(day: Day) -> str:
    if day.theirs is None:
        return "no report"
    return "" if day.final else "provisional"


def _verdict(total: Difference | None, *, sound: bool) -> str:
    if total is None:
        return "No final day can be compared yet."
    word = "more" if total.amount > 0 else "less"
    if not total.amount:
        return "They bill what we charged."
    said = f"They bill {present.money(abs(total.amount))} ({abs(total.percent):.1f} %) {word} than we charged"
    return f"{said}, within what is tolerated." if sound else f"{said}: more than is tolerated."
