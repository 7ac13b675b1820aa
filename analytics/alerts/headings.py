"""Headings: where budgets are heading, from histories that are asked of the ledger at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from ..budgets import Budget
from ..forecast import Forecast, forecast
from ..histories import Histories, Wanted
from ..questions import Connection
from ..series import DAY, HOUR, Series
from ..spending import Members, Spend

MOST_VALUES = 500
"""Of a budget for each value: as many as a forecast is made for, the dearest first."""


class Headings:
    """Forecasts of budgets for the periods they are in; rolling days have no end to forecast."""

    def __init__(self, con: Connection, spends: Iterable[Spend], *, now: datetime) -> None:
        self._now = now
        chosen = _dearest(spends, now)
        self._chosen = {(spend.budget.name, spend.members) for spend in chosen}
        budgets = {spend.budget.name: spend.budget for spend in chosen}
        users = [value for spend in chosen for value in spend.scope.get("user_id", ())]
        self._histories = Histories(con, map(_wanted, budgets.values()), now=now, users=users)
        self._series: dict[str, dict[Members, Series]] = {}

    def of(self, spend: Spend) -> Forecast | None:
        """Where a budget is heading; None: not enough history, or it was not asked for."""
        budget = spend.budget
        if (budget.name, spend.members) not in self._chosen or spend.counted.end <= self._now:
            return None
        if budget.name not in self._series:
            self._series[budget.name] = self._histories.of(_wanted(budget), cost=budget.cost)
        series = self._series[budget.name].get(spend.members)
        return series and forecast(series, now=self._now, period=spend.counted, spent=spend.spent)


def _dearest(spends: Iterable[Spend], now: datetime) -> Sequence[Spend]:
    by_budget: dict[str, list[Spend]] = defaultdict(list)
    for spend in spends:
        if spend.counted.end > now and spend.budget.recurrence.every != "rolling":
            by_budget[spend.budget.name].append(spend)
    ranked = (sorted(of_one, key=lambda spend: -spend.spent)[:MOST_VALUES] for of_one in by_budget.values())
    return [spend for of_one in ranked for spend in of_one]


def _wanted(budget: Budget) -> Wanted:
    step = HOUR if budget.recurrence.every in ("hour", "day") else DAY
    return Wanted(budget.scope, step, budget.recurrence.zone)
