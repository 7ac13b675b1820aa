"""Patterns: how much more or less than the average day each weekday costs, and how a day goes, hour by hour."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .series import Clock, Floats

WEEK = 7
_LEAST_WEEKS = 2
_COURSE_DAYS = 28


def weekdays(days: Floats) -> Floats:
    """A factor for each weekday, 1 on average; the first is that of the day after the last of `days`.

    The median over the weeks of a weekday's share of its week, so that neither growth nor one dear day counts. It is
    drawn towards 1 as far as the weekdays differ no more than their own scatter explains (as James and Stein do):
    random batches show no pattern, and a plain week shows all of its own. Less than two weeks show none.
    """
    weeks = len(days) // WEEK
    if weeks < _LEAST_WEEKS:
        return np.ones(WEEK)
    table = days[-WEEK * weeks :].reshape(weeks, WEEK)
    mean = table.mean(axis=1, keepdims=True)
    shares = table[mean[:, 0] > 0] / mean[mean[:, 0] > 0]
    if len(shares) < _LEAST_WEEKS:
        return np.ones(WEEK)
    average, middle = shares.mean(axis=0), np.median(shares, axis=0)
    found = middle / middle.mean() if middle.any() else average
    chance = shares.var(axis=0, ddof=1).mean() / len(shares)
    spread = average.var(ddof=1)
    trust = max(0.0, 1 - chance / spread) if spread > 0 else 0.0
    return 1 + trust * (found - 1)


def repeated(factors: Floats, count: int) -> Floats:
    """The factors of the last `count` days."""
    return factors[np.arange(-count, 0) % WEEK]


class Course(NamedTuple):
    """How the days went, hour by hour."""

    usual: Floats
    """The share of a day that is spent before each local hour; 25 of them, from 0 to 1."""
    past: Floats
    """What was spent before each local hour, of each complete day up to yesterday."""
    today: float
    """What today has cost so far."""


def course(buckets: Clock, amounts: Floats, today: int) -> Course | None:
    """The course of the last four weeks' days; None if nothing was spent in them. Each day counts the same."""
    first = max(today - _COURSE_DAYS, buckets.first_day)
    recent = (buckets.days >= first) & (buckets.days <= today)
    at = (buckets.days[recent] - first) * 24 + buckets.hours[recent]
    table = np.bincount(at, weights=amounts[recent], minlength=24 * (today - first + 1)).reshape(-1, 24)
    before = np.pad(table.cumsum(axis=1), ((0, 0), (1, 0)))
    past = before[:-1]
    spent = past[past[:, -1] > 0]
    if not len(spent):
        return None
    return Course((spent / spent[:, -1:]).mean(axis=0), past, float(before[-1, -1]))


def at_hour(before: Floats, hour: Floats | float) -> Floats:
    """The amounts before each hour, at a moment between two of them; of one day, or of each row of days."""
    whole = np.minimum(np.asarray(hour).astype(np.int64), 23)
    part = hour - whole
    return before[..., whole] * (1 - part) + before[..., whole + 1] * part
