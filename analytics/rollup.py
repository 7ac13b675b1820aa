"""Roll-ups: `hourly`, what reports read instead of attempts. Derived from them, hour by hour; nobody else sees it.

Whoever changes attempts or charges puts their slices, of five minutes, into `stale`, in the same transaction. Stale
slices are read from the attempts, so figures are right whether or not they have been made anew. Young hours are rolled
up slice by slice, as they change often; later as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from .ledger import Ledger
from .questions import Connection, run

ALWAYS = (datetime(1, 1, 1), datetime(9999, 1, 1))  # noqa: DTZ001  # the ledger's times are naive


def refresh(ledger: Ledger, *, every: bool = False, progress: Callable[[int, int], None] | None = None) -> None:
    """Make stale roll-ups anew, a day at most in one turn at the ledger; the newest only with `every`."""
    if ledger.shared:
        from .clickhouse.making import make  # noqa: PLC0415  # brings ClickHouse's client, which need not be there

        make(ledger, every=every, progress=progress)
        return
    due = ledger.query("rollup_due", every=every)
    for done, span in enumerate(due, 1):
        with ledger.write() as con:
            where = {"first": span["first"], "until": span["until"]}
            for step in ("rollup_forget", "rollup_unnote"):
                run(con, step, **where)
            run(con, "rollup_make", **span, by_user=False)
            run(con, "rollup_note", **span)
            run(con, "stale_forget", **where)
        if progress:
            progress(done, len(due))


def read(
    con: Connection,
    start: datetime,
    until: datetime,
    *,
    cuts: Sequence[datetime] = (),
    by_user: bool = False,
    notes: bool = False,
) -> None:
    """Prepare to read a period, of naive UTC times.

    The slices in the temporary table `raw_slice` are then in `recent` and, with `notes`, in `recent_note`; all others
    are in `hourly` and `hourly_note`. With `cuts`, moments within the period at which shorter ones begin or end,
    `recent` is by slices: no local time differs from UTC by a part of one.
    """
    for step in ("recent", *(("recent_note",) if notes else ())):
        run(con, step)
    run(con, "raw_slices", start=start, until=until, cuts=[start, until, *cuts], by_user=by_user)
    for span in run(con, "raw_spans", start=start, until=until):
        run(con, "recent_add", **span, sliced=bool(cuts), by_user=by_user)
        if notes:
            run(con, "recent_note_add", **span, sliced=False)
