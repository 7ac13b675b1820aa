"""Silences: alerts of which nobody wants to hear for a while. They hold messages back, not states."""

from __future__ import annotations

import dataclasses
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from .tables import fields, sql, stamp, state

Quiet = Callable[[str, str], bool]
"""Whether a rule and scope are silenced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One silence."""

    silence_id: str
    rule: str
    scope: str = "*"
    """A pattern of scopes, such as `user_id=ana*`; `*` is every scope."""
    begun_at: datetime
    until: datetime
    author: str | None = None
    reason: str | None = None

    def covers(self, rule: str, scope: str) -> bool:
        """Whether it is about this."""
        return rule == self.rule and fnmatchcase(scope, self.scope)


def silence(home: Path, rule: str, *, until: datetime, now: datetime, scope: str = "*", **who: str | None) -> Silence:
    """Be silent about a rule until a moment; `who`: the author, and a reason."""
    made = Silence(silence_id=uuid.uuid4().hex[:8], rule=rule, scope=scope, begun_at=now, until=until, **who)
    with state(home).transaction() as con:
        con.execute(sql("add_silence"), _row(made))
    return made


def end(home: Path, silence_id: str, *, now: datetime) -> bool:
    """End a silence early; False if there is none that could end."""
    with state(home).transaction() as con:
        ended = con.execute(sql("end_silence"), {"silence_id": silence_id, "now": stamp(now)})
    return ended.rowcount > 0


def silences(home: Path, *, now: datetime) -> list[Silence]:
    """Those that have not ended, the next to end first."""
    with state(home).transaction() as con:
        return _all(con, now=now)


def under_way(con: sqlite3.Connection, *, now: datetime) -> Quiet:
    """What is silenced, as this transaction sees it."""
    known = _all(con, now=now)
    return lambda rule, scope: any(each.covers(rule, scope) for each in known)


def _all(con: sqlite3.Connection, *, now: datetime) -> list[Silence]:
    rows = con.execute(sql("silences"), (stamp(now),)).fetchall()
    return [Silence(**fields(row, "begun_at", "until")) for row in rows]


def _row(made: Silence) -> dict[str, str | None]:
    return dataclasses.asdict(made) | {"begun_at": stamp(made.begun_at), "until": stamp(made.until)}
