"""Prune: attempts, or only their usage objects, let go before a day. Reports go on, from the roll-ups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from router.spool import Segment

from . import done, rollup
from .exceptions import LedgerBusy, SettingsError
from .ledger import Ledger
from .period import midnight, naive
from .questions import run

_STEPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was let go, or in a dry run would be."""

    attempts: int
    lines: int
    """Each with its charge."""
    usage_objects: int
    """Of attempts that are kept."""
    segments: int
    """Of those that are kept for a ledger from a backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the ledger's file takes of the disk, in bytes."""

    size: int
    free: int
    """Of `size`: what deleted rows have left, for new ones."""


def prune(
    ledger: Ledger,
    *,
    before: date | None = None,
    usage_before: date | None = None,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> Pruned:
    """Let go of the attempts that began before a UTC day, and of the usage objects of those before another: for good.

    It is one transaction. What is let go is in the roll-ups then, which stay. A charge whose usage object is gone can
    be made anew, its line cannot. `progress` is told the steps done, and how many there are. Raises SettingsError, and
    LedgerBusy if records of that time come in meanwhile.
    """
    tell = progress or _nobody
    bounds = {"attempts_from": _boundary(before, now), "usage_from": _boundary(usage_before, now)}
    old = _segments_before(ledger.home, before) if before else []
    if dry_run:
        return Pruned(**ledger.query("prune_count", **bounds)[0], segments=len(old))
    if before:
        rollup.refresh(ledger, every=True)
    tell(1, _STEPS)
    with ledger.write() as con:
        if run(con, "prune_stale", before=bounds["attempts_from"])[0]["hours"]:
            raise LedgerBusy(f"records from before {before} came into the ledger just now; try again")
        (counts,) = run(con, "prune_count", **bounds)
        run(con, "prune_book", **bounds)
        run(con, "prune")
        tell(2, _STEPS)
    for segment in old:
        segment.path.unlink(missing_ok=True)
    tell(3, _STEPS)
    return Pruned(**counts, segments=len(old))


def room(ledger: Ledger) -> Room:
    """How large the ledger's file is. It does not shrink when rows go; `Ledger.compact` makes it anew."""
    (row,) = ledger.query("free_bytes")
    return Room(size=ledger.path.stat().st_size, free=row["bytes"])


def _boundary(day: date | None, now: datetime) -> datetime | None:
    if day and day > now.astimezone(UTC).date():
        raise SettingsError(f"before: found {day}, expected a day that is not in the future")
    return naive(midnight(day)) if day else None


def _segments_before(home: Path, day: date) -> list[Segment]:
    """Kept segments with nothing in them from this day on."""
    return [segment for segment in done.kept(home) if segment.path.stat().st_mtime < midnight(day).timestamp()]


def _nobody(_done: int, _total: int) -> None:
    """Nobody wants to know."""
