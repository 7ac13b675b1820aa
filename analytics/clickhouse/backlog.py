"""Backlog: what of a home has not come into the shared ledger yet, from the home's own files alone."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from router.spool import Segment, segments

from .. import slices
from . import logbook

_LINE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How the shipping of a home goes."""

    ledger: str
    """Where its records go."""
    bytes: int
    """Of the spool; they wait."""
    oldest_at: datetime | None
    """When the oldest attempt that waits began."""
    succeeded_at: datetime | None
    failed_at: datetime | None
    trouble: str | None
    """Why the last try failed, if it did."""


def backlog(home: Path) -> Backlog | None:
    """None if the records of this home do not go to a shared ledger. Raises LedgerError."""
    book = logbook.read(home)
    if book is None:
        return None
    found = segments(home)
    waiting = [each for each in found if slices.size_of(each) > book.sent.get(each.name, 0)]
    return Backlog(
        ledger=book.ledger,
        bytes=slices.waiting_bytes(waiting, book.sent),
        oldest_at=min(filter(None, (_began(each, book.sent.get(each.name, 0)) for each in waiting)), default=None),
        succeeded_at=book.succeeded_at,
        failed_at=book.failed_at,
        trouble=book.trouble,
    )


def waiting(home: Path) -> int:
    """Bytes of the spool that no shared ledger has acknowledged."""
    book = logbook.read(home)
    return slices.waiting_bytes(segments(home), book.sent if book else {})


def _began(segment: Segment, offset: int) -> datetime | None:
    """Of the first record from there on; None if it is none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        line = segment.read(offset, _LINE_BYTES).partition(b"\n")[0]
        return datetime.fromisoformat(json.loads(line)["started_at"]).replace(tzinfo=UTC)
    return None
