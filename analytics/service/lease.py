"""Lease: which of several `tollgate serve` on one home works; the others stand by. It lies in `state.sqlite`.

It saves work and is no lock: everything that is done is right when it is done twice. One row names one holder, and
who takes it does so in a transaction, so that two never hold it. A job that is under way when its holder loses the
lease ends as it would have, beside the first of the new holder.

What a clock that is set does, of a lease of 30 s that is renewed every 10 s:

- forward, by more than the lease: the one standing by may take it from a holder that lives, which then stands by;
- back: the lease of a dead holder would last as much longer. Whoever comes for it first cuts it down to what a lease
  lasts from now on: a holder that lives renews it in time, and that of a dead one is free after the usual 30 s.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from router.state import State, statement

LASTS = timedelta(seconds=30)
_PACKAGE = "analytics.service"


class Holder(NamedTuple):
    """Who works, and until when if it is not heard of again."""

    host: str
    pid: int
    since: datetime
    renewed_at: datetime
    expires_at: datetime

    def works(self, now: datetime) -> bool:
        """Whether it was heard of within the lease; of a time that is still to come, nothing was heard."""
        return abs(now - self.renewed_at) < self.expires_at - self.renewed_at

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class Lease:
    """One candidate for the lease of a home. Safe to share between threads."""

    def __init__(self, home: Path, *, lasts: timedelta = LASTS) -> None:
        self.lasts = lasts
        self._id = secrets.token_hex(8)  # a pid comes again
        self._state = _state(home)

    def take(self, now: datetime) -> Holder | None:
        """Take the lease if it is free, or renew it if it is ours: None. Else: who has it."""
        mine = {"holder": self._id, "host": socket.gethostname(), "pid": os.getpid()}
        times = {"now": _text(now), "expires_at": _text(now + self.lasts)}
        with self._state.transaction() as con:
            con.execute(_sql("lease_shorten"), times)
            con.execute(_sql("lease_take"), mine | times)
            row = con.execute(_sql("lease_holder")).fetchone()
        return None if row["holder"] == self._id else _holder(row)

    def release(self) -> None:
        """Give the lease back, if it is ours: who stands by need not wait for its end."""
        with self._state.transaction() as con:
            con.execute(_sql("lease_release"), {"holder": self._id})


def held_by(home: Path, *, now: datetime) -> Holder | None:
    """Who works at a home."""
    with _state(home).transaction() as con:
        row = con.execute(_sql("lease_holder")).fetchone()
    holder = _holder(row) if row else None
    return holder if holder and holder.works(now) else None


def _state(home: Path) -> State:
    return State(home, package=_PACKAGE, tables="lease_tables")


def _sql(name: str) -> str:
    return statement(_PACKAGE, name)


def _text(moment: datetime) -> str:
    """Always of the same length, so that texts compare as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _holder(row: Any) -> Holder:
    since, renewed_at, expires_at = map(datetime.fromisoformat, (row["since"], row["renewed_at"], row["expires_at"]))
    return Holder(row["host"], row["pid"], since, renewed_at, expires_at)
