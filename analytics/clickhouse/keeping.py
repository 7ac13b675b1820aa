"""Keeping: how long a shared ledger keeps usage objects. The engine lets go of older ones as it merges."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..period import midnight, naive
from ..questions import run
from .ledger import SharedLedger

_COLUMN = "`usage` Nullable(String) CODEC(ZSTD(3))"
_AFTER = " TTL toDateTime(toStartOfDay(started_at)) + toIntervalDay({days})"


def keep_usage(ledger: SharedLedger, kept: timedelta | None, *, now: datetime) -> None:
    """So many whole UTC days before today; None: for ever. What is gone stays gone. Raises StoreError.

    The book says at once from when on there is something, and the engine lets go once a day at most. Needs the right to
    alter tables.
    """
    with ledger.write() as con:
        (table,) = run(con, "keeping")
        wanted = _COLUMN + (_AFTER.format(days=kept.days + 1) if kept else "")
        if f"{wanted}," not in table["text"]:
            con.execute(f"ALTER TABLE attempt MODIFY COLUMN {wanted if kept else '`usage` REMOVE TTL'}")
        if kept:
            run(con, "prune_book", attempts_from=None, usage_from=naive(midnight((now - kept).date())))
