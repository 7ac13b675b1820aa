"""Listing: alerts and their messages, as people look at them."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from .alert import State
from .notice import Severity
from .outbox import SHOWN
from .tables import fields, sql, stamp, state

_LATE = timedelta(minutes=5)
"""Nobody delivers, or nobody can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one recipient."""

    parcel_id: str
    recipient: str
    carrier: str
    state: str
    """waiting, delivered, expired, or refused."""
    tries: int
    said: str | None
    """By the other side, the last time."""
    created_at: datetime
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One alert, and who was told of it, the newest message first."""

    alert_id: str
    rule: str
    scope: str
    period: str
    threshold: str
    state: State
    since: datetime
    severity: Severity
    voice: str
    """told, silenced, or muted: whether the last firing was said."""
    firings: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What there is to look at."""

    alerts: tuple[Row, ...]
    trouble: tuple[Message, ...]
    """What was given up in the last week, and what waits for longer than it should."""


def listing(home: Path, *, now: datetime, everything: bool = False) -> Listing:
    """Alerts that are open, or with `everything` also those that were; the newest first."""
    asked = {"everything": everything}
    with state(home).transaction() as con:
        alerts = con.execute(sql("list_alerts"), asked).fetchall()
        told = con.execute(sql("list_parcels"), asked).fetchall()
        trouble = con.execute(
            sql("troubled"), {"given_up_after": stamp(now - SHOWN), "late_before": stamp(now - _LATE)}
        ).fetchall()
    messages = defaultdict[str, list[Message]](list)
    for row in told:
        messages[row["alert_id"]].append(_message(row))
    found = tuple(Row(**fields(row, "since"), messages=tuple(messages[row["alert_id"]])) for row in alerts)
    return Listing(alerts=found, trouble=tuple(map(_message, trouble)))


def counts(home: Path) -> Mapping[str, int]:
    """How many alerts there are, by state."""
    with state(home).transaction() as con:
        return dict(con.execute(sql("count_alerts")).fetchall())


def _message(row: sqlite3.Row) -> Message:
    kept = fields(row, "created_at")
    return Message(**{field.name: kept[field.name] for field in dataclasses.fields(Message)})
