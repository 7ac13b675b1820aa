"""Retention: what is older than it has to be kept goes, once a night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple

from ..alerts.tables import forget
from ..prune import prune
from ..switch import ledger_at
from .journal import Journal

HOUR = 3
"""Local. There is a later hour in every day, whatever the clocks do."""


SETTLED = timedelta(days=800)
"""How long alerts that are over, and what was sent about them, are kept: as long as anybody asks about a year."""


class Keep(NamedTuple):
    """How long. None: for ever."""

    attempts: timedelta | None = None
    usage: timedelta | None = None
    """The usage objects of attempts, as the API sent them."""


def let_go(home: Path, keep: Keep, *, zone: tzinfo, now: datetime) -> str | None:
    """Prune, if it is due: in the night, or later on the same local day if nothing ran then. Days pruned are UTC.

    The day is noted when it is done: what is cut off is done again, and finds nothing to do twice.
    """
    local = now.astimezone(zone)
    journal = Journal(home)
    if local.hour < HOUR or journal.is_done("retention", local.date()):
        return None
    forget(home, before=now - SETTLED)
    if not (keep.attempts or keep.usage):
        journal.done("retention", local.date())
        return None
    gone = prune(ledger_at(home), before=_first(keep.attempts, now), usage_before=_first(keep.usage, now), now=now)
    journal.done("retention", local.date())
    return f"gone: {gone.attempts:,} attempts, usage objects of {gone.usage_objects:,} more, {gone.segments:,} segments"


def _first(kept: timedelta | None, now: datetime) -> date | None:
    """The first day that is kept."""
    return (now.astimezone(UTC) - kept).date() if kept else None
