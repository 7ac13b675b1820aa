"""Where the period of a budget is heading: the usual week at the level of now; past errors make the interval.

What a day will cost is its weekday's factor (pattern.py) times the level of now (level.py); how far off that was on
the same history makes the interval. From hours, the rest of today follows the usual course of a day (pattern.py), and
for a period that ends today, how dear today has been counts as far as that would have helped on the days before.
benchmarks/forecasts.py has the figures that chose this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from router.periods import Span

from .level import level, root_mean_square, trusted
from .pattern import WEEK, Course, at_hour, course, repeated, weekdays
from .series import HOUR, Floats, Series, by_day, dollars, midnights, ordinal

__all__ = ["Forecast", "Series", "forecast"]

Confidence = Literal["low", "normal"]
Method = Literal["closed", "recent level", "weekday pattern", "hour pattern"]

_LEAST_DAYS = 3
"""Complete ones, from the first that cost anything."""
_NORMAL_DAYS = 2 * WEEK
"""Fewer show no weekdays."""
_DEVIATIONS = 1.2816
"""80 % of a normal distribution lies within."""
_LEAST_SHARE = 0.05
"""Of a day. Before, what today has cost says nothing about the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Spend at the end of a period, in US dollars to the millionth, what is spent already included."""

    expected: Decimal
    low: Decimal
    """Of an interval that is meant to hold the end in four of five cases; never less than is spent."""
    high: Decimal
    confidence: Confidence
    """low: from less than two weeks, or for more than twice as long as the history is."""
    method: Method
    spent: Decimal
    moments: tuple[datetime, ...]
    """Now, and the end of each remaining bucket of the period: hours of today, if there are any, and days."""
    coming: tuple[float, ...]
    """US dollars expected from now up to each of these."""

    @property
    def path(self) -> tuple[tuple[datetime, Decimal], ...]:
        """Expected spend at each of the moments."""
        pairs = zip(self.moments, self.coming, strict=True)
        return tuple((moment, self.spent + dollars(coming)) for moment, coming in pairs)

    @property
    def cone(self) -> tuple[tuple[datetime, Decimal, Decimal], ...]:
        """The interval at each of the moments: it opens as the expected spend grows. Only its end was ever tested."""
        down, up = float(self.expected - self.low), float(self.high - self.expected)
        parts = [coming / self.coming[-1] if self.coming[-1] else 0.0 for coming in self.coming]
        return tuple(
            (moment, spent - dollars(down * part), spent + dollars(up * part))
            for (moment, spent), part in zip(self.path, parts, strict=True)
        )

    def runs_out(self, limit: Decimal) -> datetime | None:
        """When the expected spend reaches a limit; the first moment if it has; None if not before the end."""
        room = float(limit - self.spent)
        if room <= 0:
            return self.moments[0]
        if room > self.coming[-1]:
            return None
        at = int(np.searchsorted(self.coming, room))
        before, cost = self.moments[at - 1], self.coming[at] - self.coming[at - 1]
        return before + (self.moments[at] - before) * ((room - self.coming[at - 1]) / cost)


class _Rest(NamedTuple):
    """What is to come: up to each moment, and the standard deviation of the last of them."""

    moments: tuple[datetime, ...]
    coming: Floats
    off: float


def forecast(series: Series, *, now: datetime, period: Span, spent: Decimal) -> Forecast | None:
    """What will have been spent at the end of a period; None if there is not enough history to say.

    `series`: all that is known of the scope, from before the period too; at most nine weeks of days or five of hours
    are looked at. `spent`: in the period so far.
    """
    if now >= period.end:
        return _made(_Rest((now,), np.zeros(1), 0.0), spent, confidence="normal", method="closed")
    series = series.recent()
    today = ordinal(now, series.zone)
    buckets, amounts = series.clock(), series.amounts()
    days = by_day(buckets, amounts, today)
    if len(days) < _LEAST_DAYS:
        return None
    ends, shares = _ahead(now, period, midnights(today, period.end, series.zone))
    factors = weekdays(days)
    usual = level(days, factors, float(shares.sum()))
    weights = np.resize(factors, len(shares))
    coming = usual.now * np.append(0.0, np.cumsum(weights * shares))
    rest = _Rest((now, *ends), coming, usual.off(float(shares.sum())) * float(weights @ shares))
    method = "weekday pattern" if len(days) >= _NORMAL_DAYS else "recent level"
    hours = course(buckets, amounts, today) if series.step == HOUR else None
    if hours is not None:
        said = usual.past * repeated(factors, len(usual.past))
        rest = _by_hour(rest, hours, said, usual.now * float(weights[0]), ZoneInfo(series.zone))
        method = "hour pattern"
    known = len(days) >= _NORMAL_DAYS and shares.sum() <= 2 * len(days)
    return _made(rest, spent, confidence="normal" if known else "low", method=method)


def _ahead(now: datetime, period: Span, days: Sequence[datetime]) -> tuple[tuple[datetime, ...], Floats]:
    """When each day of the rest of the period ends, today first, and how much of it the rest holds."""
    first = max(now, period.start)
    shares = [(min(end, period.end) - max(start, first)) / (end - start) for start, end in pairwise(days)]
    return (*days[1:-1], period.end), np.maximum(shares, 0)


def _by_hour(rest: _Rest, hours: Course, said: Floats, today: float, zone: ZoneInfo) -> _Rest:
    """The same with today by its hours. `said`: what was expected of the last complete days, as `today` is of today."""
    now, ends = rest.moments[0], rest.moments[1:]
    moments = (now, *_full_hours(now, ends[0]), ends[0])
    local = now.astimezone(zone)
    clock = np.minimum(_hour(local) + np.array([(moment - now) / HOUR for moment in moments]), 24)
    if ends[0].astimezone(zone).date() > local.date():
        clock[-1] = 24  # whatever the clocks did today
    usual = at_hour(hours.usual, clock)
    shares = np.maximum.accumulate(usual - usual[0])  # what floats round down is not negative spend
    if len(ends) > 1:
        first = today * shares
        later = rest.coming[2:] - rest.coming[1] + first[-1]
        return _Rest((*moments, *ends[1:]), np.append(first, later), rest.off)
    amount, off = _rest_of_today(hours, said, today, between=(clock[0], clock[-1]))
    return _Rest(moments, amount * shares / (shares[-1] or 1.0), off)


def _rest_of_today(hours: Course, said: Floats, today: float, *, between: tuple[float, float]) -> tuple[float, float]:
    """What is spent between two local hours of today, and how far off that may be.

    Either the usual part of what was expected of the day, or what it has cost so far carried on: a blend of the two,
    the one that was less wrong on the last days weighing more.
    """
    start, end = between
    so_far, part = at_hour(hours.usual, start), at_hour(hours.usual, end) - at_hour(hours.usual, start)
    days = hours.past[-len(said) :]
    said = said[-len(days) :]
    was = at_hour(days, start)
    came = at_hour(days, end) - was
    now, past = [np.asarray(today * part)], [said * part]
    if so_far > _LEAST_SHARE:
        now.append(hours.today * part / so_far)
        past.append(was * part / so_far)
    trust = trusted(np.abs(np.array(past) - came).mean(axis=1))
    return max(0.0, float(trust @ np.array(now))), root_mean_square(trust @ np.array(past) - came)


def _full_hours(start: datetime, end: datetime) -> Iterator[datetime]:
    moment = start.replace(minute=0, second=0, microsecond=0) + HOUR
    while moment < end:
        yield moment
        moment += HOUR


def _hour(local: datetime) -> float:
    return local.hour + local.minute / 60 + local.second / 3600


def _made(rest: _Rest, spent: Decimal, *, confidence: Confidence, method: Method) -> Forecast:
    coming, off = float(rest.coming[-1]), _DEVIATIONS * rest.off
    return Forecast(
        expected=spent + dollars(coming),
        low=spent + dollars(max(0.0, coming - off)),
        high=spent + dollars(coming + off),
        confidence=confidence,
        method=method,
        spent=spent,
        moments=rest.moments,
        coming=tuple(rest.coming.tolist()),
    )
