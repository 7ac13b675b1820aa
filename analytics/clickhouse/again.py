"""Again: charges of a shared ledger made anew: extracted day by day, rated here, sent as later versions of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from ..contract import Contract
from ..period import Period, midnight, naive
from ..prices import PriceTable
from ..questions import run
from ..receipt import known_sum
from ..rerate import Change, Rerating, keep, rate_anew, silent, versions
from . import logbook
from .cargo import send
from .ledger import SharedLedger


def rerate_shared(
    ledger: SharedLedger,
    prices: PriceTable,
    *,
    now: datetime,
    period: Period | None,
    dry_run: bool,
    progress: Callable[[int, int], None],
) -> Rerating:
    """As `rerate.rerate`, a day at a time. What is cut off is done again, and finds less to do.

    What comes in meanwhile is rated where it comes from.
    """
    contract = Contract.of(ledger.home, prices)
    whole = period or Period(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    days = [row["day"] for row in ledger.query("days") if whole.start.date() <= row["day"] <= whole.end.date()]
    done = list[Rerating]()
    for number, day in enumerate(days, 1):
        part = Period(max(whole.start, midnight(day)), min(whole.end, midnight(day) + timedelta(days=1)))
        with ledger.extract(naive(part.start), naive(part.end)) as con:
            done.append(rate_anew(con, prices, contract, period=part, now=now, progress=silent))
            if done[-1].is_news and not dry_run:
                run(con, "offered_rows")
                with ledger.store() as store:
                    send(con, store, machine=logbook.machine(ledger.home), rated_at=int(now.timestamp()))
        progress(number, len(days))
    all_in_all = Rerating(
        rerated_at=now.astimezone(UTC),
        period=period,
        from_versions=tuple(sorted({version for one in done for version in one.from_versions})),
        to_version=versions(prices, contract),
        lines_rebuilt=any(one.lines_rebuilt for one in done),
        changes=_together([change for one in done for change in one.changes]),
    )
    if not dry_run:
        with ledger.write() as con:
            keep(con, all_in_all)
    return all_in_all


def _together(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Those of one model for one cause as one, in the order of rerate_changes.sql."""
    groups = defaultdict[tuple[str | None, str | None], list[Change]](list)
    for change in changes:
        groups[change.model, change.cause].append(change)
    ordered = sorted(groups, key=lambda key: (key[0] is None, key[0] or "", key[1] is not None, key[1] or ""))
    return tuple(_sum(key, groups[key]) for key in ordered)


def _sum(key: tuple[str | None, str | None], changes: Sequence[Change]) -> Change:
    model, cause = key
    return Change(
        model=model,
        cause=cause,
        lines=sum(one.lines for one in changes),
        unpriced_before=sum(one.unpriced_before for one in changes),
        unpriced_after=sum(one.unpriced_after for one in changes),
        list_cost_before=known_sum(one.list_cost_before for one in changes),
        list_cost_after=known_sum(one.list_cost_after for one in changes),
        contracted_cost_before=known_sum(one.contracted_cost_before for one in changes),
        contracted_cost_after=known_sum(one.contracted_cost_after for one in changes),
    )
