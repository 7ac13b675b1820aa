"""Retention: what is older than it has to be kept goes, once a night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple

from ..alerts.tables import forget
from ..clickhouse.address import Address
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
    ledger = ledger_at(home)
    if ledger.shared:
        _keep_usage(ledger.home, ledger.shared, keep, now)
        keep = keep._replace(usage=None)
    if not (keep.attempts or keep.usage):
        journal.done("retention", local.date())
        return None
    gone = prune(ledger, before=_first(keep.attempts, now), usage_before=_first(keep.usage, now), now=now)
    journal.done("retention", local.date())
    return f"gone: {gone.attempts:,} attempts, usage objects of {gone.usage_objects:,} more, {gone.segments:,} segments"


def _keep_usage(home: Path, address: Address, keep: Keep, now: datetime) -> None:
    """A shared ledger does that itself, once it is told."""
    from ..clickhouse.keeping import keep_usage  # noqa: PLC0415  # brings ClickHouse's client, which need not be there
    from ..clickhouse.ledger import SharedLedger  # noqa: PLC0415  # the same

    keep_usage(SharedLedger(home, address), keep.usage, now=now)


def _first(kept: timedelta | None, now: datetime) -> date | None:
    """The first day that is kept."""
    return (now.astimezone(UTC) - kept).date() if kept else None
