"""Simulation: what budgets.yaml would have fired over a period, hour by hour, by the rules that alert now.

Budgets and anomalies; what the ledger knows now is taken for what it knew then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from router.periods import Span, span_at

from .alerts.alert import Alert, Condition, Key, move
from .alerts.budget_conditions import conditions
from .alerts.notice import Severity
from .anomalies import anomaly
from .budgets import Budget, BudgetFile, Rule
from .forecast import Forecast, forecast
from .ledger import Ledger
from .period import Period
from .series import DAY, HOUR, Series, midnights, ordinal
from .spending import NOTHING, Found, Members, Spend

_BEFORE = timedelta(days=64)
"""What forecasts and anomalies look back on."""
_FORECAST_EVERY = 6
"""Hours: where a month is heading changes no faster."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """An alert that would have been sent."""

    moment: datetime
    rule: str
    scope: str
    threshold: str
    severity: Severity
    amount: Decimal
    """US dollars: what was spent; of an anomaly, what it cost."""
    limit: Decimal | None
    """Of a budget; of an anomaly what is usual."""


class _Costs:
    """What one scope cost by the hour of UTC, and by then."""

    def __init__(self, hours: Sequence[datetime], costs: Sequence[Decimal]) -> None:
        self.hours, self.costs = hours, costs
        self._sums = [Decimal(0), *accumulate(costs)]

    def between(self, start: datetime, end: datetime) -> Decimal:
        """In the hours that begin from `start` on and before `end`."""
        return self._sums[bisect_left(self.hours, end)] - self._sums[bisect_left(self.hours, start)]

    def by_hour(self, now: datetime, zone: str) -> Series:
        """Up to a moment."""
        end = bisect_left(self.hours, now)
        return Series(HOUR, tuple(self.hours[:end]), tuple(self.costs[:end]), zone)

    def by_day(self, now: datetime, zone: str) -> Series:
        """The same by local days; today as far as it has come."""
        days = midnights(ordinal(self.hours[0], zone), now, zone)
        starts = tuple(day for day in days if day < now)
        ends = [*days[1 : len(starts)], now]
        costs = tuple(self.between(start, end) for start, end in zip(starts, ends, strict=True))
        return Series(DAY, starts, costs, zone)


def simulate(
    ledger: Ledger, file: BudgetFile, period: Period, *, progress: Progress = lambda _done, _all: None
) -> list[Fired]:
    """What would have fired, in the order of time. `progress` is told how many rules are done, and of how many."""
    rules: list[Budget | Rule] = [*file.budgets, *(rule for rule in file.rules if rule.kind == "anomaly")]
    start = (period.start - _BEFORE).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [Span(start + HOUR * at, start + HOUR * (at + 1)) for at in range((period.end - start) // HOUR)]
    with ledger.read() as con:
        found = Found.of(con, [(rule.scope, hour) for rule in rules for hour in hours], hourly=True)
    fired: list[Fired] = []
    for done, rule in enumerate(rules, 1):
        for members, costs in _costs(found, rule, hours).items():
            of_one = (
                _budget(rule, members, costs, period)
                if isinstance(rule, Budget)
                else _odd(rule, members, costs, period, file.zone)
            )
            fired += of_one
        progress(done, len(rules))
    return sorted(fired, key=lambda each: (each.moment, each.rule, each.scope))


def _costs(found: Found, rule: Budget | Rule, hours: Sequence[Span]) -> Mapping[Members, _Costs]:
    cost = rule.cost if isinstance(rule, Budget) else "contracted_cost"
    by_hour = [found.of_each(rule.scope, hour) for hour in hours]
    everybody = dict.fromkeys(members for amounts in by_hour for members in amounts)
    starts = [hour.start for hour in hours]
    return {
        members: _Costs(starts, [amounts.get(members, NOTHING).of(cost) for amounts in by_hour])
        for members in everybody
    }


def _budget(budget: Budget, members: Members, costs: _Costs, period: Period) -> Iterator[Fired]:
    """Hour by hour, as evaluations see it."""
    alerts: dict[Key, Alert] = {}
    heading: dict[tuple[Span, int], Forecast | None] = {}
    left, last = Decimal(0), None
    moment = period.start
    while moment < period.end:
        moment += HOUR
        span = span_at(budget.recurrence, moment - timedelta(microseconds=1))
        if span is None:
            continue
        if last is not None and span != last and budget.roll_over is not None:
            rest = budget.amount + left - costs.between(last.start, last.end)
            left = min(max(rest, Decimal(0)), budget.roll_over)
        last = span
        spend = Spend(budget, members, span, costs.between(span.start, moment), 0, budget.amount + left)

        def where(spend: Spend, at: datetime = moment) -> Forecast | None:
            slot = (spend.span, int((at - spend.span.start) / HOUR) // _FORECAST_EVERY)
            if slot not in heading:
                heading[slot] = _forecast(spend, costs, at)
            return heading[slot]

        for threshold, condition in conditions(spend, where, now=moment, open_keys=alerts):
            if _fires(alerts, condition, moment):
                yield Fired(
                    moment=moment,
                    rule=budget.name,
                    scope=spend.whose,
                    threshold=threshold.text,
                    severity=condition.severity,
                    amount=spend.spent,
                    limit=spend.limit,
                )


def _forecast(spend: Spend, costs: _Costs, now: datetime) -> Forecast | None:
    zone = spend.budget.recurrence.zone
    short = spend.budget.recurrence.every in ("hour", "day")
    series = costs.by_hour(now, zone) if short else costs.by_day(now, zone)
    return forecast(series, now=now, period=spend.span, spent=spend.spent)


def _odd(rule: Rule, members: Members, costs: _Costs, period: Period, zone: str) -> Iterator[Fired]:
    """Each day and each hour that stands out, asked when it is complete; a day once."""
    told: set[tuple[str, datetime]] = set()
    whose = ", ".join(f"{name}={value}" for name, value in zip(_each(rule), members, strict=True))
    moment = period.start
    while moment < period.end:
        moment += HOUR
        for name, series in (("day", costs.by_day(moment, zone)), ("hour", costs.by_hour(moment, zone))):
            found = anomaly(series, now=moment, minimum=rule.minimum or Decimal(0))
            day = midnights(ordinal(found.start, zone), found.start, zone)[0] if found else None
            if found and day and (name, day) not in told:
                told.add((name, day))
                yield Fired(
                    moment=moment,
                    rule=rule.name,
                    scope=whose,
                    threshold=name,
                    severity="warning",
                    amount=found.cost,
                    limit=found.usual,
                )


def _each(rule: Rule) -> list[str]:
    return [name for name, values in rule.scope.items() if values == ("*",)]


def _fires(alerts: dict[Key, Alert], condition: Condition, now: datetime) -> bool:
    key = condition.key
    moved = move(alerts.get(key, Alert(alert_id=key.alert_id, since=now)), condition, now=now, silenced=False)
    alerts[key] = moved.alert
    return moved.kind == "fired" and moved.said
