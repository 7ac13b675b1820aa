"""Alerts, within the page of budgets: what fires and has fired, who was told, and what people do about it."""

from __future__ import annotations

import getpass
import glob
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from analytics.alerts import hands
from analytics.alerts.events import events
from analytics.alerts.listing import Listing, Message, Row, listing
from analytics.alerts.silences import Silence, end, silence, silences
from analytics.budget_words import rule_said
from analytics.budgets import BudgetFile
from analytics.exceptions import SettingsError
from analytics.service.health import look
from dashboard import panels, tables, theme
from dashboard.drill import Point
from dashboard.view import View

_DURATIONS = {
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "1 week": timedelta(days=7),
    "30 days": timedelta(days=30),
}
_ID = 8
"""Digits of an id that are shown, as `tollgate alerts list` shows them."""
_MOST_TROUBLE = 5
_OPEN, _ALL = "Open", "All"
_WAYS = {"acknowledge": hands.acknowledge, "resolve": hands.resolve}
_DONE = "alerts-done"
"""What was done by the last click, to be said when the page is shown again."""
_TURN = "alerts-turn"
"""How often something was done: part of the keys of forms, so that a form that was sent is closed, and empty again."""


def watched(view: View) -> None:
    """Whether somebody evaluates and sends, and what is wrong with that."""
    try:
        status = look(view.source.home, now=view.now)
    except (OSError, sqlite3.Error) as error:
        st.warning(theme.markdown(f"Whether anybody watches cannot be said: {error}."))
        return
    if status.holder is None:
        st.warning("**Nobody watches.** Alerts are raised and messages are sent by `tollgate serve`. Start it:")
        st.code("tollgate serve", language=None)
        return
    for problem in status.problems:
        st.warning(theme.markdown(problem))
    since = theme.moment(status.holder.since, view.zone)
    st.caption(theme.markdown(f"Watched by tollgate serve ({status.holder}) since {since}."))


def show(view: View, file: BudgetFile) -> None:
    """What is open, what was said of it, and how to quiet it."""
    home, now = view.source.home, view.now
    panels.heading("Alerts")
    _say_what_was_done()
    try:
        made = (home / "state.sqlite").exists()
        found = listing(home, now=now, everything=True) if made else Listing(alerts=(), trouble=())
        quiet = silences(home, now=datetime.now(UTC)) if made else []
    except (OSError, sqlite3.Error) as error:
        st.error(theme.markdown(f"The alerts cannot be read: {error}. `tollgate doctor` looks at every part."))
        return
    _undelivered(view, found.trouble)
    _alerts(view, found.alerts)
    _silences(view, quiet, [each.name for each in (*file.budgets, *file.rules)])
    _rules(file)


def _say_what_was_done() -> None:
    """Once."""
    if said := st.session_state.pop(_DONE, None):
        went_well, sentence = said
        (st.success if went_well else st.error)(theme.markdown(sentence))


def _undelivered(view: View, trouble: Sequence[Message]) -> None:
    """What did not arrive: nobody may overlook it."""
    if not trouble:
        return
    lines = [f"- {theme.markdown(_trouble(view, each))}" for each in trouble[:_MOST_TROUBLE]]
    more = [f"- and {len(trouble) - _MOST_TROUBLE:,} more"] if len(trouble) > _MOST_TROUBLE else []
    messages = theme.plural(len(trouble), "message")
    st.error("\n".join([f"**{messages} did not arrive.** `tollgate alerts test` tries the way.\n", *lines, *more]))
    with st.expander("Table", type="compact", key="undelivered"):
        tables.show([_message(view, each) for each in trouble], name="undelivered messages")


def _trouble(view: View, message: Message) -> str:
    became = "waits" if message.state == "waiting" else f"was given up ({message.state})"
    said = f": {message.said}" if message.said else ""
    tried = "1 try" if message.tries == 1 else f"{message.tries} tries"
    since = theme.moment(message.created_at, view.zone)
    return f"{message.rule} to {message.recipient}, of {since}, {became} after {tried}{said}"


def _alerts(view: View, rows: Sequence[Row]) -> None:
    which = st.segmented_control("Show", (_OPEN, _ALL), default=_OPEN, required=True, key="alerts", bind="query-params")
    shown = [row for row in rows if which == _ALL or row.state != "resolved"]
    if not shown:
        st.write("There has been no alert." if not rows else "No alert is open.")
        return
    points = [Point({"alert": row.alert_id[:_ID]}, calls=False) for row in shown]
    tables.show([_row(view, row) for row in shown], name="alerts", points=points, turn=_turn())
    names = {row.alert_id[:_ID]: row for row in shown}
    chosen = st.selectbox(
        "Alert", list(names), key="alert", bind="query-params", format_func=lambda name: _said(names[name])
    )
    _one(view, names[chosen])


def _one(view: View, row: Row) -> None:
    """What happened to one alert, who was told, and what to do."""
    home = view.source.home
    with st.container(border=True):
        panels.heading(f"{_said(row)}: {row.state}", level=3)
        with st.container(horizontal=True):
            if row.state == "firing":
                _act(home, row, "acknowledge", "There are no more reminders of it.")
            if row.state in ("firing", "acknowledged"):
                _act(home, row, "resolve", "It fires again only after it has cleared in between.")
            _quiet(home, [row.rule], glob.escape(row.scope) or "*", label="Silence", key=f"silence:{row.alert_id}")
        happened, told = st.columns(2)
        with happened:
            panels.heading("What happened", level=3)
            tables.show(
                [
                    {"When": theme.moment(each.happened_at, view.zone), "What": each.kind}
                    | {"By": each.author, "Why": each.note}
                    for each in events(home, row.alert_id)
                ],
                name="history of the alert",
            )
        with told:
            panels.heading("Who was told", level=3)
            if row.messages:
                tables.show([_message(view, each) for each in row.messages], name="messages of the alert")
            else:
                st.write("Nobody." if row.voice == "told" else f"Nobody: it was {row.voice}.")


def _act(home: Path, row: Row, way: str, means: str) -> None:
    """A form, so that nothing happens by a single click."""
    key = f"{way}:{row.alert_id}:{_turn()}"
    with st.popover(way.capitalize(), key=f"open:{key}"), st.form(key, border=False):
        st.write(means)
        st.text_input("Reason", key=f"reason:{key}")
        _signed()
        st.form_submit_button(f"{way.capitalize()} it", on_click=_do, args=(home, row.alert_id, way, key))


def _do(home: Path, alert_id: str, way: str, key: str) -> None:
    """Acknowledge or resolve."""

    def act() -> str:
        reason = st.session_state[f"reason:{key}"].strip() or None
        before = _WAYS[way](home, alert_id, now=datetime.now(UTC), author=who(), note=reason)
        became = {"acknowledge": "acknowledged", "resolve": "resolved"}[way]
        return f"The alert {alert_id[:_ID]}, which was {before.state}, is {became}."

    _say(act)


def _silences(view: View, quiet: Sequence[Silence], rules: Sequence[str]) -> None:
    panels.heading("Silences", note="They hold messages back, not states: an alert still shows above.")
    for each in quiet:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(theme.markdown(_silence_said(view, each)))
            with st.popover("End", key=f"end:{each.silence_id}"), st.form(f"ending:{each.silence_id}", border=False):
                st.write("What still fires is told at the next evaluation.")
                st.form_submit_button("End it", on_click=_end, args=(view.source.home, each.silence_id))
    if not quiet:
        st.write("Nothing is silenced.")
    if rules:
        _quiet(view.source.home, rules, "*", label="Silence a rule", key="silence")


def _quiet(home: Path, rules: Sequence[str], scope: str, *, label: str, key: str) -> None:
    key = f"{key}:{_turn()}"
    with st.popover(label, key=f"open:{key}"), st.form(key, border=False):
        st.selectbox("Rule", list(rules), key=f"rule:{key}")
        st.text_input("Scope", scope, key=f"scope:{key}", help="A pattern, such as tag:team=a*; * is every scope.")
        st.selectbox("For", list(_DURATIONS), key=f"for:{key}")
        st.text_input("Reason", key=f"reason:{key}")
        _signed()
        st.form_submit_button("Silence it", on_click=_silence, args=(home, key))


def _silence(home: Path, key: str) -> None:
    asked = {name: st.session_state[f"{name}:{key}"] for name in ("rule", "scope", "for", "reason")}

    def act() -> str:
        reason = asked["reason"].strip()
        if not reason:
            raise SettingsError("A silence needs a reason: others wonder later why they were not told.")
        now = datetime.now(UTC)
        until = now + _DURATIONS[asked["for"]]
        silence(home, asked["rule"], until=until, now=now, scope=asked["scope"] or "*", author=who(), reason=reason)
        return f"{asked['rule']} is silenced for {asked['for']}."

    _say(act)


def _end(home: Path, silence_id: str) -> None:
    def act() -> str:
        return "The silence has ended." if end(home, silence_id, now=datetime.now(UTC)) else "It had ended before."

    _say(act)


def _say(act: Callable[[], str]) -> None:
    """Do it, and keep the sentence for the page that comes next."""
    st.session_state[_TURN] = _turn() + 1
    try:
        st.session_state[_DONE] = (True, act())
    except (SettingsError, OSError, sqlite3.Error) as error:
        st.session_state[_DONE] = (False, f"Nothing was changed. {error}")


def _turn() -> int:
    return st.session_state.get(_TURN, 0)


def who() -> str | None:
    """Who is logged in, else whose computer this is."""
    for claim in ("email", "name", "sub"):
        if known := st.user.get(claim):
            return str(known)
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def _signed() -> None:
    st.caption(theme.markdown(f"Recorded as done by {who() or 'nobody that this computer can name'}."))


def _rules(file: BudgetFile) -> None:
    if file.rules:
        with st.expander("What else alerts", type="compact", key="rules"):
            tables.show([{"Rule": rule.name, "What it says": rule_said(rule)} for rule in file.rules], name="rules")


def _row(view: View, row: Row) -> dict[str, Any]:
    told = {message.recipient: message.state for message in reversed(row.messages)}
    return {
        "Alert": row.alert_id[:_ID],
        "State": row.state if row.voice == "told" else f"{row.state} ({row.voice})",
        "Severity": row.severity,
        "Since": theme.moment(row.since, view.zone),
        "Rule": row.rule,
        "Threshold": row.threshold,
        "Scope": row.scope,
        "Period": _period(view, row),
        "Firings": row.firings,
        "Told": ", ".join(f"{recipient}: {state}" for recipient, state in told.items()) or "nobody",
    }


def _message(view: View, message: Message) -> dict[str, Any]:
    return {
        "When": theme.moment(message.created_at, view.zone),
        "To": message.recipient,
        "By": message.carrier,
        "State": message.state,
        "Tries": message.tries,
        "Last answer": message.said,
    }


def _period(view: View, row: Row) -> str:
    """Its start, where it belongs to one."""
    try:
        return f"from {theme.moment(datetime.fromisoformat(row.period), view.zone)}"
    except ValueError:
        return row.period


def _said(row: Row) -> str:
    """Without its state, as it is also what the address names it by."""
    what = ", ".join(part for part in (row.rule, row.threshold, row.scope) if part)
    return f"{what} ({row.alert_id[:_ID]})"


def _silence_said(view: View, each: Silence) -> str:
    scope = "" if each.scope == "*" else f", {each.scope}"
    author = f", by {each.author}" if each.author else ""
    reason = f": {each.reason}" if each.reason else ""
    return f"{each.rule}{scope}, until {theme.moment(each.until, view.zone)}{author}{reason}"
