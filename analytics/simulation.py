"""Simulation: what budgets.yaml would have fired over a period, hour by hour, by the rules that alert now.

Budgets and anomalies; what the ledger knows now is taken for what it knew then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from router.periods import Span

from .alerts.alert import Alert, Condition, Key, move
from .alerts.budget_conditions import conditions
from .alerts.notice import Severity
from .anomalies import anomaly
from .budgets import EACH, Budget, BudgetFile, Rule
from .forecast import Forecast, forecast
from .ledger import Ledger
from .period import Period
from .series import DAY, HOUR, Series, midnights, ordinal
from .spending import NOTHING, Amount, Found, Members, Spend, in_effect, spans_of, spends_of, whose

_BEFORE = timedelta(days=64)
"""What forecasts and anomalies look back on."""
_FORECAST_EVERY = 6
"""Hours: where a month is heading changes no faster."""
_QUARTER = timedelta(minutes=15)
"""No zone differs from UTC by less than a multiple of it."""
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
    """What one scope cost by buckets of an hour or less, and by then."""

    def __init__(self, starts: Sequence[datetime], costs: Sequence[Decimal]) -> None:
        self._starts, self._sums = starts, [Decimal(0), *accumulate(costs)]

    def between(self, start: datetime, end: datetime) -> Decimal:
        """In the buckets that begin from `start` on and before `end`."""
        return self._sums[bisect_left(self._starts, end)] - self._sums[bisect_left(self._starts, start)]

    @cached_property
    def _hours(self) -> tuple[list[datetime], list[Decimal]]:
        """The same by the hour of UTC."""
        hours = [start for start in self._starts if not start.minute]
        return hours, [self.between(hour, hour + HOUR) for hour in hours]

    def by_hour(self, now: datetime, zone: str) -> Series:
        """Up to a moment."""
        hours, costs = self._hours
        end = bisect_left(hours, now)
        return Series(HOUR, tuple(hours[:end]), tuple(costs[:end]), zone)

    def by_day(self, now: datetime, zone: str) -> Series:
        """The same by local days; today as far as it has come."""
        days = midnights(ordinal(self._starts[0], zone), now, zone)
        starts = tuple(day for day in days if day < now)
        ends = [*days[1 : len(starts)], now]
        costs = tuple(self.between(start, end) for start, end in zip(starts, ends, strict=True))
        return Series(DAY, starts, costs, zone)


def simulate(
    ledger: Ledger, file: BudgetFile, period: Period, *, progress: Progress = lambda _done, _all: None
) -> list[Fired]:
    """What would have fired, in the order of time, by evaluations at each full hour of UTC up to the end.

    What was crossed before the period is not in it. `progress` is told how many rules are done, and of how many.
    """
    rules: list[Budget | Rule] = [*file.budgets, *(rule for rule in file.rules if rule.kind == "anomaly")]
    moments = _hours(period.start, period.end)
    fired: list[Fired] = []
    for done, (rule, everybody) in enumerate(_costs(ledger, rules, moments, file.zone), 1):
        for members, costs in everybody.items():
            if isinstance(rule, Budget):
                fired += _budget(rule, members, costs, moments)
            else:
                fired += _odd(rule, members, costs, moments, file.zone)
        progress(done, len(rules))
    return sorted(fired, key=lambda each: (each.moment, each.rule, each.scope))


def _hours(start: datetime, end: datetime) -> list[datetime]:
    """From the full hour at or before a moment up to the one at or after another."""
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [first + HOUR * at for at in range(-((first - end) // HOUR) + 1)]


def _costs(
    ledger: Ledger, rules: Sequence[Budget | Rule], moments: Sequence[datetime], zone: str
) -> Iterator[tuple[Budget | Rule, Mapping[Members, _Costs]]]:
    """By rule and value, as far back as it matters."""
    begun = ledger.query("reconcile_begin")[0]["first_at"]
    if begun is None:
        return
    alike: dict[_Grid, list[Budget | Rule]] = defaultdict(list)
    for rule in rules:
        alike[_Grid.of(rule, zone, moments)].append(rule)
    with ledger.read() as con:
        for grid, of_grid in alike.items():
            earliest = max(begun.replace(tzinfo=UTC), min(_earliest(rule, moments[0]) for rule in of_grid))
            spans = grid.spans(min(earliest, moments[-1]), moments[-1])
            wanted = [(rule.scope, span) for rule in of_grid for span in spans]
            found = Found.of(con, wanted, hourly=grid.zone is None)
            for rule in of_grid:
                yield rule, _by_value(found, rule, spans)


def _earliest(rule: Budget | Rule, start: datetime) -> datetime:
    """What a simulation from `start` on has to know: forecasts look back, and periods have begun before."""
    if isinstance(rule, Rule):
        return start - _BEFORE
    looks_back = any(threshold.basis == "forecast" for threshold in rule.thresholds)
    return min([start - _BEFORE if looks_back else start, *(span.start for span in spans_of(rule, start))])


class _Grid(NamedTuple):
    """Buckets: hours of UTC; where a zone differs by parts of hours, its days begin one too."""

    zone: str | None
    """None: by whole hours."""
    quarters: bool
    """Its hours too."""

    @classmethod
    def of(cls, rule: Budget | Rule, zone: str, moments: Sequence[datetime]) -> _Grid:
        """That of a rule, around these moments."""
        zone = rule.recurrence.zone if isinstance(rule, Budget) else zone
        year = midnights(ordinal(moments[-1] - timedelta(days=366), zone), moments[-1], zone)
        if not any(day.minute for day in year):
            return cls(None, quarters=False)
        return cls(zone, quarters=isinstance(rule, Budget) and rule.recurrence.every == "hour")

    def spans(self, start: datetime, end: datetime) -> list[Span]:
        """From the hour that holds `start` up to `end`, which begins one."""
        starts = {*_hours(start, end)[:-1]}
        first = min(starts, default=end)
        if self.zone is not None:
            starts |= {day for day in midnights(ordinal(first, self.zone), end, self.zone) if first < day < end}
        if self.quarters:
            starts |= {hour + _QUARTER * part for hour in starts for part in (1, 2, 3) if not hour.minute}
        return [Span(*pair) for pair in pairwise([*sorted(starts), end])]


def _by_value(found: Found, rule: Budget | Rule, spans: Sequence[Span]) -> Mapping[Members, _Costs]:
    cost = rule.cost if isinstance(rule, Budget) else "contracted_cost"
    amounts = [found.of_each(rule.scope, span) for span in spans]
    starts = [span.start for span in spans]
    return {
        members: _Costs(starts, [each.get(members, NOTHING).of(cost) for each in amounts])
        for members in dict.fromkeys(members for each in amounts for members in each)
    }


def _budget(budget: Budget, members: Members, costs: _Costs, moments: Sequence[datetime]) -> Iterator[Fired]:
    """Hour by hour, as evaluations see it."""
    alerts: dict[Key, Alert] = {}
    heading: dict[tuple[Span, int], Forecast | None] = {}
    for last, moment in pairwise([moments[0], *moments]):
        for spend in _spends(budget, members, costs, moment, last):

            def where(spend: Spend, at: datetime = moment) -> Forecast | None:
                slot = (spend.span, int((at - spend.span.start) / HOUR) // _FORECAST_EVERY)
                if slot not in heading:
                    heading[slot] = _forecast(spend, costs, at)
                return heading[slot]

            for threshold, condition in conditions(spend, where, now=moment, open_keys=alerts):
                if _fires(alerts, condition, moment) and moment > moments[0]:
                    yield Fired(
                        moment=moment,
                        rule=budget.name,
                        scope=spend.whose,
                        threshold=threshold.text,
                        severity=condition.severity,
                        amount=spend.spent,
                        limit=spend.limit,
                    )


def _spends(budget: Budget, members: Members, costs: _Costs, moment: datetime, last: datetime) -> Iterator[Spend]:
    """What it came to in the present period, and in those that ended since the last evaluation."""
    amounts: list[tuple[Span, Mapping[Members, Amount]]] = []
    for span in spans_of(budget, moment, last):
        start, end = in_effect(budget, span)
        spent = costs.between(start, min(end, moment))
        amounts.append((span, {members: Amount(spent, spent)} if spent else {}))
    yield from (spend for spend in spends_of(budget, amounts) if spend.span.end > last)


def _forecast(spend: Spend, costs: _Costs, now: datetime) -> Forecast | None:
    zone = spend.budget.recurrence.zone
    short = spend.budget.recurrence.every in ("hour", "day")
    series = costs.by_hour(now, zone) if short else costs.by_day(now, zone)
    return forecast(series, now=now, period=spend.counted, spent=spend.spent)


def _odd(rule: Rule, members: Members, costs: _Costs, moments: Sequence[datetime], zone: str) -> Iterator[Fired]:
    """Each day and each hour that stands out, asked when it is complete; a day once."""
    told: set[tuple[str, datetime]] = set()
    scope = whose([name for name, values in rule.scope.items() if values == (EACH,)], members)
    for moment in moments[1:]:
        for name, series in (("day", costs.by_day(moment, zone)), ("hour", costs.by_hour(moment, zone))):
            found = anomaly(series, now=moment, minimum=rule.minimum or Decimal(0))
            day = midnights(ordinal(found.start, zone), found.start, zone)[0] if found else None
            if found and day and (name, day) not in told:
                told.add((name, day))
                yield Fired(
                    moment=moment,
                    rule=rule.name,
                    scope=scope,
                    threshold=name,
                    severity="warning",
                    amount=found.cost,
                    limit=found.usual,
                )


def _fires(alerts: dict[Key, Alert], condition: Condition, now: datetime) -> bool:
    key = condition.key
    moved = move(alerts.get(key, Alert(alert_id=key.alert_id, since=now)), condition, now=now, silenced=False)
    alerts[key] = moved.alert
    return moved.kind == "fired" and moved.said
