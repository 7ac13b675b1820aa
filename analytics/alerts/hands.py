"""Hands: what people do to alerts, acknowledge and resolve, and how they name one."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ..exceptions import SettingsError
from .alert import Key, State
from .states import record_event
from .tables import sql, stamp, state


class Named(NamedTuple):
    """An alert that somebody named."""

    alert_id: str
    key: Key
    state: State
    """Before anything was done to it."""
    firings: int


def acknowledge(home: Path, name: str, *, now: datetime, author: str | None = None, note: str | None = None) -> Named:
    """Somebody takes care of it: no more reminders. Only what fires is changed. Raises SettingsError."""
    with state(home).transaction() as con:
        found = _named(con, name)
        if found.state == "firing":
            con.execute(sql("acknowledge"), (found.alert_id,))
            record_event(con, found.alert_id, "acknowledged", found.firings, now=now, author=author, note=note)
    return found


def resolve(home: Path, name: str, *, now: datetime, author: str | None = None, note: str | None = None) -> Named:
    """End what is open. It fires again only after it has cleared in between. Raises SettingsError.

    If the clock was ahead at an evaluation, this sets the alert's rule right.
    """
    with state(home).transaction() as con:
        found = _named(con, name)
        con.execute(sql("set_right"), {"rule": found.key.rule, "now": stamp(now)})
        if found.state in ("firing", "acknowledged"):
            con.execute(sql("resolve"), {"alert_id": found.alert_id, "now": stamp(now)})
            record_event(con, found.alert_id, "resolved", found.firings, now=now, author=author, note=note)
    return found


def _named(con: sqlite3.Connection, name: str) -> Named:
    """By the first digits of its id."""
    rows = con.execute(sql("alerts_like"), {"prefix": name.lower()}).fetchall() if len(name) >= 4 else []
    if not rows:
        raise SettingsError(f"found {name!r}, expected the id of an alert, at least its first four digits")
    if len(rows) > 1:
        raise SettingsError(f"found {name!r}, with which several alerts begin, expected more digits of one")
    (row,) = rows
    key = Key(row["rule"], row["scope"], row["period"], row["threshold"])
    return Named(row["alert_id"], key, row["state"], row["firings"])
