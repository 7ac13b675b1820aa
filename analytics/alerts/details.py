"""Details: what the message about a budget shows besides its figures: contributors, and the plot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from ..budgets import Cost
from ..contributors import contributors
from ..forecast import Forecast
from ..grouping import MOST_DIMENSIONS
from ..ledger import Ledger
from ..period import Period
from ..reports import Filters, cost_by, dimensions
from ..spending import Spend
from .notice import Contributor, Plot, Point

_DIMENSIONS = ("model", "task_type")
_MOST_TAGS = 3
_SHORT = timedelta(days=3)
"""Periods up to this are plotted by the hour."""


def contributors_to(spend: Spend, ledger: Ledger, *, now: datetime) -> tuple[Contributor, ...]:
    """What makes up the spend, and what changed against as much of the time before."""
    period = _so_far(spend, now)
    whole = spend.counted
    start = whole.start - (whole.end - whole.start)
    earlier = Period(start, min(start + (period.end - period.start), whole.start))
    return changes(ledger, _within(spend, period), earlier, cost=spend.budget.cost)


def changes(
    ledger: Ledger, filters: Filters, earlier: Period, *, cost: Cost = "contracted_cost"
) -> tuple[Contributor, ...]:
    """The contributors to a period; what changed only if the ledger reaches back over most of the earlier one."""
    known = dimensions(ledger)
    fixed = {name for name, values in filters.within.items() if len(values) == 1}
    tags = (f"tag:{key}" for key in sorted(known.tags)[:_MOST_TAGS])
    names = [name for name in (*_DIMENSIONS, *tags) if name not in fixed]
    here = {name: cost_by(ledger, filters, [name]) for name in names}
    before = replace(filters, period=earlier)
    there = {name: cost_by(ledger, before, [name]) for name in names} if earlier.known_from(known.first_at) else {}
    return contributors(here, there, cost=cost)


def plot_of(spend: Spend, forecast: Forecast | None, ledger: Ledger, *, now: datetime) -> Plot:
    """The spend of the period so far, and where it is heading."""
    period, whole = _so_far(spend, now), spend.counted
    unit = "hour" if whole.end - whole.start <= _SHORT else "day"
    width = timedelta(hours=1) if unit == "hour" else timedelta(days=1)
    spent, points = Decimal(0), [Point(moment=period.start, spent=Decimal(0))]
    for row in cost_by(ledger, _within(spend, period), [unit]):
        cost = row.contracted_cost if spend.budget.cost == "contracted_cost" else row.list_cost
        spent += cost or 0
        start = datetime.fromisoformat(f"{row.group[0]}+00:00" if unit == "hour" else f"{row.group[0]}T00:00+00:00")
        points.append(Point(moment=min(start + width, period.end), spent=spent))
    points.append(Point(moment=period.end, spent=spent))
    return Plot(
        start=whole.start,
        end=whole.end,
        points=tuple(points),
        limit=spend.limit,
        expected=forecast and forecast.expected,
        low=forecast and forecast.low,
        high=forecast and forecast.high,
        zone=spend.budget.recurrence.zone,
    )


def _so_far(spend: Spend, now: datetime) -> Period:
    whole = spend.counted
    return Period(whole.start, max(whole.start, min(now, whole.end)))


def _within(spend: Spend, period: Period) -> Filters:
    assert len(spend.scope) <= MOST_DIMENSIONS  # noqa: S101  # as budgets.yaml is checked
    return Filters(period=period, within=dict(spend.scope))
