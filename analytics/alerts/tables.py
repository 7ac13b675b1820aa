"""Tables: what alerts keep in state.sqlite, and how moments stand in it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from router.state import State, statement

_PACKAGE = "analytics.alerts"
_FORGOTTEN = ("parcels", "notices", "about", "alerts", "events", "silences", "slots")


def state(home: Path) -> State:
    """The state of a home, with the tables of alerts."""
    return State(home, package=_PACKAGE, tables="tables")


def sql(name: str) -> str:
    """The statement of sql/<name>.sql."""
    return statement(_PACKAGE, name)


def stamp(moment: datetime) -> str:
    """UTC, always of the same length, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(stamp: str) -> datetime:
    """What `stamp` made."""
    return datetime.fromisoformat(stamp)


def fields(row: sqlite3.Row, *moments: str) -> dict[str, Any]:
    """A row by its columns, those named as moments again."""
    return dict(row) | {name: moment(row[name]) for name in moments if row[name] is not None}


def forget(home: Path, *, before: datetime) -> None:
    """Let go of what was settled before a moment: longer ago than anything is evaluated anew."""
    with state(home).transaction() as con:
        for what in _FORGOTTEN:
            con.execute(sql(f"forget_{what}"), {"before": stamp(before)})
