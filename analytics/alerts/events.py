"""Events: what happened to one alert: when it fired, was told, acknowledged and resolved, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .tables import fields, sql, state


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    kind: str
    """fired, told, reminder, acknowledged, or resolved."""
    happened_at: datetime
    author: str | None
    """Who did it, where a person did."""
    note: str | None


def events(home: Path, alert_id: str) -> list[Event]:
    """All that is known of an alert, the newest first. Raises sqlite3.Error, OSError."""
    with state(home).transaction() as con:
        rows = con.execute(sql("events"), {"alert_id": alert_id}).fetchall()
    return [Event(**fields(row, "happened_at")) for row in rows]
