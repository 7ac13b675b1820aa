"""Guarding: tells the guard of every process what the budgets are, and what the ledger has of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

from router.guard import members_text
from router.reservations import NANO, Guarded, InLedger, Reservations
from router.reservations import Spend as Published

from .budgets import EACH, Budget
from .ledger import Ledger
from .period import naive
from .questions import Connection, run
from .spending import Spend, spending

Settled = Mapping[str, InLedger]
"""By reservation."""
_EARLIER = timedelta(hours=1)
"""Before anything was set aside for it, no attempt began; clocks of one machine may have been set meanwhile."""


def inform(ledger: Ledger, budgets: Sequence[Budget], *, now: datetime) -> None:
    """Have the guard go by these budgets, and by what the ledger says was spent of them."""
    with ledger.read() as con:
        known = settled(con, ledger.home)
        publish(ledger.home, budgets, spending(con, budgets, now=now), known, now=now)


def settled(con: Connection, home: Path) -> Settled:
    """What the ledger has of the attempts that something is set aside for.

    To be asked before what was spent: where others write meanwhile, some attempts then count twice for a while, and
    none not at all.
    """
    store = Reservations(home)
    return dict(_in_ledger(con, store.outstanding())) if store.state.path.exists() else {}


def publish(home: Path, budgets: Sequence[Budget], spends: Iterable[Spend], known: Settled, *, now: datetime) -> None:
    """Have the guard go by these budgets, and by what was spent of them; `known` is what was settled before."""
    store = Reservations(home)
    if not budgets and not store.state.path.exists():
        return
    current = [_published(spend) for spend in spends if spend.span.end > now]
    store.publish([_guarded(budget) for budget in budgets], current, known, now=now.timestamp())


def _guarded(budget: Budget) -> Guarded:
    scope = tuple((name, () if values == (EACH,) else tuple(values)) for name, values in budget.scope.items())
    amount = _nano(budget.amount, ROUND_FLOOR)
    return Guarded(
        budget.name, amount, budget.over, scope, budget.recurrence, budget.effective_from, budget.effective_to
    )


def _published(spend: Spend) -> Published:
    rolling = spend.budget.recurrence.every == "rolling"
    return Published(
        spend.budget.name,
        members_text(tuple(zip(spend.budget.each, spend.members, strict=True))),
        "rolling" if rolling else spend.span.start.isoformat(),
        _nano(spend.spent, ROUND_CEILING),
        _nano(spend.limit, ROUND_FLOOR),
    )


def _in_ledger(con: Connection, outstanding: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, InLedger]]:
    """By reservation. What has no price stays set aside as it is: unknown is not nothing."""
    if not outstanding:
        return
    earliest = datetime.fromtimestamp(min(row["made_at"] for row in outstanding), UTC) - _EARLIER
    by_record = {row["record_id"]: row["reservation_id"] for row in outstanding if row["record_id"]}
    by_call = {row["call_id"]: row["reservation_id"] for row in outstanding if not row["record_id"]}
    found = run(con, "guarded_attempts", since=naive(earliest), record_ids=list(by_record), call_ids=list(by_call))
    partly: dict[str, int] = defaultdict(int)
    for row in found:
        cost = _nano(row["contracted_cost"] or Decimal(0), ROUND_FLOOR)
        whole = by_record.get(row["record_id"])
        if whole is not None:
            yield whole, InLedger(cost, over=not row["open"] and not row["unpriced"])
        elif part := by_call.get(row["call_id"]) or by_call.get(row["call_id"].partition("/")[0]):
            partly[part] += cost
    for part, cost in partly.items():
        yield part, InLedger(cost, over=False)


def _nano(amount: Decimal, rounding: str) -> int:
    return int((amount * NANO).to_integral_value(rounding))
