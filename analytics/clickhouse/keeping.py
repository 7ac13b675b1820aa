"""Keeping: how long a shared ledger keeps attempts, and their usage objects. The engine lets go of what is older.

It does so where it merges, once a day at most; the book says at once from when on there is something, and questions
go by that. Roll-ups stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ..period import midnight, naive
from ..questions import run
from .reading import Reading
from .store import Store

_USAGE = "`usage` Nullable(String) CODEC(ZSTD(3))"
_AFTER = " TTL toDateTime(toStartOfDay(started_at)) + toIntervalDay({days})"


def keep(store: Store, *, attempts_days: int | None, usage_days: int | None, now: datetime) -> None:
    """So many whole UTC days before today; None: for ever. Raises StoreError.

    Roll-ups have to be made before attempts go: call it after `making.make`. What is gone stays gone, though it be
    kept longer from now on. Needs the right to alter tables.
    """
    con = Reading(store)
    (row,) = run(con, "keeping")
    columns, _, options = row["text"].rpartition("ENGINE = ")
    if (wanted := _USAGE + _after(usage_days)) + "," not in columns:
        store.command("ALTER TABLE attempt MODIFY COLUMN " + (wanted if usage_days else "`usage` REMOVE TTL"))
    if (wanted := _after(attempts_days)) not in options or (not wanted and " TTL " in options):
        store.command("ALTER TABLE attempt " + (f"MODIFY{wanted}" if attempts_days else "REMOVE TTL"))
    run(con, "prune_book", attempts_from=_first(attempts_days, now), usage_from=_first(usage_days, now))


def _after(days: int | None) -> str:
    return _AFTER.format(days=days + 1) if days else ""


def _first(days: int | None, now: datetime) -> datetime | None:
    """The first day that is kept."""
    return naive(midnight((now - timedelta(days=days)).date())) if days else None
