"""Outlook: what the month will have cost at its end, of what a report looks at."""

from __future__ import annotations

from datetime import datetime

from router.periods import Recurrence, span_at

from .budgets import Cost, Scope
from .forecast import Forecast, forecast
from .grouping import MOST_DIMENSIONS
from .histories import Histories, Wanted
from .ledger import Ledger
from .reports import Filters
from .series import HOUR
from .spending import NOTHING, Found


def month_end(ledger: Ledger, scope: Scope, *, zone: str, now: datetime, cost: Cost) -> Forecast | None:
    """The cost of the current month of a zone, in US dollars.

    None where there is too little history to say, or the scope has more dimensions than that of a budget can have.
    """
    span = span_at(Recurrence("month", zone), now)
    if span is None or len(scope) > MOST_DIMENSIONS:
        return None
    wanted, users = Wanted(scope, HOUR, zone), scope.get("user_id", ())
    with ledger.read() as con:
        series = Histories(con, [wanted], now=now, users=users).of(wanted, cost=cost).get(())
        spent = Found.of(con, [(scope, span)], users=users).of_each(scope, span).get((), NOTHING)
    return series and forecast(series, now=now, period=span, spent=spent.of(cost))


def scope_of(filters: Filters) -> Scope:
    """The dimensions of the filters and their values, as a budget names its scope: all but the period."""
    named = {"model": filters.models, "task_type": filters.task_types}
    tags = {f"tag:{key}": (value,) for key, value in filters.tags.items()}
    return {name: values for name, values in {**named, **tags, **filters.within}.items() if values}
