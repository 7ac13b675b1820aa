"""Anomalies: a day, or an hour, that cost far more than it usually does. Less than usual is nobody's alarm.

Whether a day is one is asked when it is complete, against its own last eight weeks: how many of the usual deviations
is it above its weekday at the level of now? On a logarithmic scale, because spend varies by factors. Level and
deviation are medians and percentiles, so that earlier anomalies do not hide a new one. What is as dear as both of the
two days before is the new normal: a change for good is told twice and then no more.

Hours are too uneven for deviations. One is an anomaly if it cost four times what that hour of the week usually does,
and more than nearly every hour of late. benchmarks/anomalies.py has false alarms and what is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from router.periods import midnight

from .pattern import WEEK, repeated, weekdays
from .series import HOUR, Clock, Floats, Series, by_day, dollars, ordinal

_LEAST_DAYS = 8
"""Complete ones before the day."""
_LEVEL_DAYS = 14
_THRESHOLD = 3.0
"""Deviations."""
_LEAST_ABOVE = 1.2
"""Times the usual. A scope so even that less is many deviations is still nobody's alarm."""
_LEAST_DEVIATION = 0.08
"""Of the logarithm, so some per cent."""
_NOTHING = 0.05
"""Times the mean day or hour: less is as good as nothing, and has a logarithm."""
_NORMAL_RANGE = 1.2816
"""Deviations, as of the percentiles 10 and 90."""
_QUIET = 0.2
"""Times the average day."""
_LEAST_SAME = 3
"""Of an hour of the week, to have a median; with fewer, the same hour of any day stands in."""
_TIMES_USUAL = 4.0
_TIMES_NEW_NORMAL = 2.0
_NEARLY_ALL = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Spend that stands out."""

    start: datetime
    end: datetime
    cost: Decimal
    """US dollars, as they were."""
    usual: Decimal
    """Estimates, to the millionth."""
    low: Decimal
    """Where four of five such days or hours lie."""
    high: Decimal
    score: float
    """How far out: deviations for a day, times the usual for an hour."""


def anomaly(series: Series, *, now: datetime, minimum: Decimal) -> Anomaly | None:
    """The last complete day of a series of days, or hour of one of hours, if it stands out.

    `minimum`: fewer dollars above the usual are nobody's business. None too if there is not enough history: eight days,
    or the same hour of three.
    """
    series = series.recent()
    return _of_hour(series, now, minimum) if series.step == HOUR else _of_day(series, now, minimum)


def _of_day(series: Series, now: datetime, minimum: Decimal) -> Anomaly | None:
    clock, today = series.clock(), ordinal(now, series.zone)
    cost = sum((series.costs[at] for at in np.flatnonzero(clock.days == today - 1)), Decimal(0))
    days = by_day(clock, series.amounts(), today)
    if len(days) <= _LEAST_DAYS or cost < minimum:
        return None
    past, last = days[:-1], float(days[-1])
    factors = weekdays(past)
    factor = max(float(factors[0]), _NOTHING)
    adjusted = _adjusted(past, factors)
    nothing = _NOTHING * float(past.mean())
    usual = float(np.median(adjusted[-_LEVEL_DAYS:]))
    new_normal = float(adjusted[-2:].min())
    deviation = _deviation(np.log(adjusted + nothing))
    expected = max(usual, new_normal) * factor
    score = float(np.log((last + nothing) / (expected + nothing))) / deviation
    if score < _THRESHOLD or last < _LEAST_ABOVE * expected or last - expected < minimum:
        return None
    zone = ZoneInfo(series.zone)
    spread = np.exp(_NORMAL_RANGE * deviation)
    return Anomaly(
        start=midnight(date.fromordinal(today - 1), zone),
        end=midnight(date.fromordinal(today), zone),
        cost=cost,
        usual=dollars(expected),
        low=dollars(expected / spread),
        high=dollars(expected * spread),
        score=score,
    )


def _adjusted(days: Floats, factors: Floats) -> Floats:
    """Days as if there were no weekdays, without those that usually cost next to nothing and so say nothing."""
    factor = repeated(factors, len(days))
    said = factor >= _QUIET if np.count_nonzero(factor >= _QUIET) >= _LEAST_DAYS else factor >= 0
    return days[said] / np.maximum(factor[said], _NOTHING)


def _deviation(logarithms: Floats) -> float:
    """Of days around the level of their own fortnight; by the wider of the middle half and the upper tail."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(logarithms, WEEK, mode="reflect"), 2 * WEEK + 1)
    off = np.sort(logarithms - np.median(around, axis=1))
    middle, upper = off[len(off) // 2], off[int(0.9 * (len(off) - 1))]
    median_deviation = float(np.median(np.abs(off - middle)))
    return max(1.4826 * median_deviation, float(upper - middle) / _NORMAL_RANGE, _LEAST_DEVIATION)


def _of_hour(series: Series, now: datetime, minimum: Decimal) -> Anomaly | None:
    complete = [
        at for at in range(max(0, len(series.starts) - 3), len(series.starts)) if series.starts[at] + HOUR <= now
    ]
    if not complete or series.starts[complete[-1]] + 2 * HOUR <= now or series.costs[complete[-1]] < minimum:
        return None
    series, last = _from_first(series, complete[-1])
    amounts, clock = series.amounts(), series.clock()
    same = _same_hours(amounts[:last], clock, last)
    if len(same) < _LEAST_SAME:
        return None
    cost = float(amounts[last])
    nothing = _NOTHING * float(amounts[:last].mean())
    expected = float(np.median(same))
    times = (cost + nothing) / (expected + nothing)
    if times <= _TIMES_USUAL or cost - expected < minimum or cost <= np.quantile(amounts[:last], _NEARLY_ALL):
        return None
    before = [
        (amounts[at] + nothing) / (np.median(_same_hours(amounts[:at], clock, at)) + nothing)
        for at in (last - 1, last - 2)
    ]
    if times <= _TIMES_NEW_NORMAL * min(before):
        return None
    return Anomaly(
        start=series.starts[last],
        end=series.starts[last] + HOUR,
        cost=series.costs[last],
        usual=dollars(expected),
        low=dollars(float(np.quantile(same, 0.1))),
        high=dollars(float(np.quantile(same, 0.9))),
        score=times,
    )


def _from_first(series: Series, last: int) -> tuple[Series, int]:
    """From the first hour on that cost anything, up to which there is no history; and where `last` is then."""
    first = next((at for at, cost in enumerate(series.costs) if cost), last)
    return Series(series.step, series.starts[first:], series.costs[first:], series.zone), last - first


def _same_hours(amounts: Floats, clock: Clock, at: int) -> Floats:
    """What the same hour of the week has cost before; of any day, where that is too few."""
    same = clock.hours[:at] == clock.hours[at]
    of_week = same & (clock.days[:at] % WEEK == clock.days[at] % WEEK)
    return amounts[of_week] if of_week.sum() >= _LEAST_SAME else amounts[same]
