"""Budget conditions: which thresholds of a budget are crossed. Facts in, conditions out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from ..budgets import Threshold
from ..forecast import Forecast
from ..spending import Spend
from .alert import Condition, Key
from .notice import Severity

_ACTUAL_BACK = Decimal("0.98")
_FORECAST_BACK = Decimal("0.95")
"""Of the line: what has been over it has to fall so far below before it can cross it again."""
_FORECAST_HOLDS = timedelta(minutes=10)
_EARLIEST = 0.1
"""Of a period. What it comes to is anybody's guess before."""

_FASTER = 5
"""Times the pace so far: what would take more to reach a line is not heading for it, whatever the days to come."""
_MOMENT = timedelta(seconds=1)

Forecasts = Callable[[Spend], Forecast | None]
"""Where a budget is heading; None: not enough history."""


def conditions(
    spend: Spend, forecast: Forecasts, *, now: datetime, open_keys: Container[Key] = ()
) -> Iterator[tuple[Threshold, Condition]]:
    """What is crossed of a budget in a period, and what is not and was; `open_keys`: none, if nothing of it was.

    A forecast is told until the amount itself is reached, and of a period that has come some way.
    """
    for threshold in spend.budget.thresholds:
        line = threshold.line(spend.limit)
        if threshold.basis == "actual":
            holds, clears = spend.spent >= line, spend.spent < line * _ACTUAL_BACK
        else:
            found = _heading(spend, forecast, line, now=now)
            if found is None:
                continue
            holds, clears = found
        if not holds and open_keys == ():  # as of most: without spelling out what it would be called
            continue
        key = key_of(spend, threshold)
        if holds or key in open_keys:
            yield threshold, _condition(spend, threshold, key, holds=holds, clears=clears)


def asks_ahead(spend: Spend, *, now: datetime) -> bool:
    """Whether it has a threshold of which only a forecast can tell if it is heading over it."""
    return any(
        threshold.basis == "forecast" and _is_open_question(spend, threshold.line(spend.limit), now=now)
        for threshold in spend.budget.thresholds
    )


def severity(spend: Spend, threshold: Threshold) -> Severity:
    """Critical where the amount itself is spent; a forecast, and what comes before, is a warning."""
    spent = threshold.basis == "actual" and max(threshold.line(spend.limit), spend.spent) >= spend.limit
    return "critical" if spent else "warning"


def key_of(spend: Spend, threshold: Threshold) -> Key:
    """What there is one alert of."""
    rolling = spend.budget.recurrence.every == "rolling"
    period = "rolling" if rolling else spend.span.start.isoformat()
    return Key(spend.budget.name, spend.whose, period, threshold.text)


def _heading(spend: Spend, forecast: Forecasts, line: Decimal, *, now: datetime) -> tuple[bool, bool] | None:
    """Whether it is heading over the line, and whether far enough below; None: nothing to say."""
    if spend.spent >= line or not _has_come_some_way(spend, now):
        return None
    if not _is_open_question(spend, line, now=now):
        return False, True
    heading = forecast(spend)
    if heading is None:
        return None
    # From a short history only what is as good as certain.
    at = heading.low if heading.confidence == "low" else heading.expected
    return at >= line, heading.expected < line * _FORECAST_BACK


def _is_open_question(spend: Spend, line: Decimal, *, now: datetime) -> bool:
    """Not if it is spent, nor if even several times the pace so far would not reach the line."""
    start, end = spend.counted
    reach = spend.spent * _FASTER * Decimal((end - start) / max(now - start, _MOMENT))
    return spend.spent < line <= reach and _has_come_some_way(spend, now)


def _has_come_some_way(spend: Spend, now: datetime) -> bool:
    start, end = spend.counted
    return now < end and now - start >= (end - start) * _EARLIEST


def _condition(spend: Spend, threshold: Threshold, key: Key, *, holds: bool, clears: bool) -> Condition:
    rolling, short = spend.budget.recurrence.every == "rolling", spend.budget.recurrence.every == "hour"
    waits = threshold.basis == "forecast" and not short
    return Condition(
        key=key,
        holds=holds,
        clears=clears,
        pending_for=_FORECAST_HOLDS if waits else timedelta(),
        severity=severity(spend, threshold),
        told=spend.budget.told,
        over_at=None if rolling else spend.span.end,
    )
