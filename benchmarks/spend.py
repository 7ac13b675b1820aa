"""Spend of made-up scopes, hour by hour: shapes that budgets meet. Seeded: the same seed, the same spend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analytics.series import DAY, HOUR, Series

Floats = NDArray[np.float64]
Chance = np.random.Generator
DAYS = 210
START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""
_WEEK = np.array([1.1, 1.15, 1.15, 1.1, 1.0, 0.45, 0.35])
_OFFICE = np.array([1, 1, 1, 1, 1, 1, 2, 4, 8, 11, 12, 12, 10, 11, 12, 12, 11, 9, 6, 4, 3, 2, 2, 1], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Spend:
    """What a scope cost in each hour since START."""

    shape: str
    hours: Floats

    @property
    def days(self) -> Floats:
        """The same by day."""
        return self.hours.reshape(-1, 24).sum(axis=1)


def plain(chance: Chance) -> Floats:
    """A week like any other, more or less marked, with some noise."""
    week = _WEEK ** chance.uniform(0.3, 1.4)
    days = np.resize(week / week.mean(), DAYS) * chance.lognormal(0, 0.12, DAYS)
    return 100 * days * np.exp(chance.normal())


def growth(chance: Chance) -> Floats:
    """1 to 6 % more each week."""
    return plain(chance) * np.exp(np.arange(DAYS) / 7 * chance.uniform(0.01, 0.06))


def shift(chance: Chance) -> Floats:
    """Two changes for good."""
    days = plain(chance)
    for _ in range(2):
        days[chance.integers(90, DAYS) :] *= chance.choice([0.4, 0.6, 1.7, 2.5])
    return days


def launch(chance: Chance) -> Floats:
    """Nothing, and then a rise that slows down."""
    days, start = plain(chance), chance.integers(100, 170)
    days[:start] = 0
    days[start:] *= 1 - np.exp(-np.arange(1, DAYS - start + 1) / chance.uniform(5, 30))
    return days


def spiky(chance: Chance) -> Floats:
    """One day in twenty costs several times as much."""
    days, spikes = plain(chance), chance.random(DAYS) < 0.05
    days[spikes] *= chance.uniform(4, 12, int(spikes.sum()))
    return days


def sparse(chance: Chance) -> Floats:
    """Batches on some days, at random; nothing on the others."""
    days = np.full(DAYS, 100.0) * chance.lognormal(0, 0.3, DAYS)
    return days * (chance.random(DAYS) < chance.uniform(0.15, 0.5))


def batches(chance: Chance) -> Floats:
    """Batches on one or two fixed days of the week."""
    on = chance.choice(7, chance.integers(1, 3), replace=False)
    return 300 * chance.lognormal(0, 0.12, DAYS) * np.isin(np.arange(DAYS) % 7, on)


def holiday(chance: Chance) -> Floats:
    """Four to eleven quiet days."""
    days, start = plain(chance), chance.integers(110, 190)
    days[start : start + chance.integers(4, 12)] *= chance.uniform(0.1, 0.4)
    return days


def wandering(chance: Chance) -> Floats:
    """A level that moves some per cent a day, either way."""
    return plain(chance) * np.exp(np.cumsum(chance.normal(0, 0.05, DAYS)))


def campaign(chance: Chance) -> Floats:
    """Twice, two or three weeks of double spend, and back."""
    days = plain(chance)
    for start in chance.integers(90, 190, 2):
        days[start : start + chance.integers(14, 22)] *= chance.uniform(1.6, 2.5)
    return days


def closing(chance: Chance) -> Floats:
    """The last days of each thirty cost more."""
    return plain(chance) * np.where(np.arange(DAYS) % 30 >= 27, chance.uniform(1.5, 3), 1)


def decline(chance: Chance) -> Floats:
    """2 to 8 % less each week, with the noise of a small scope."""
    days = plain(chance) * chance.lognormal(0, 0.4, DAYS)
    return days * np.exp(-np.arange(DAYS) / 7 * chance.uniform(0.02, 0.08))


Shapes = Mapping[str, Callable[[Chance], Floats]]
TUNED: Shapes = {
    each.__name__: each for each in (plain, growth, shift, launch, spiky, sparse, batches, holiday, wandering)
}
HELD_OUT: Shapes = {each.__name__: each for each in (campaign, closing, decline)}
"""No number was fitted to these."""


def spend(shapes: Shapes, seeds: range) -> list[Spend]:
    """One of each shape and seed: its days spread over the hours of an office, a service, or a nightly job."""
    made = list[Spend]()
    for name, shape in shapes.items():
        for seed in seeds:
            chance = np.random.default_rng([seed, *name.encode()])
            days = shape(chance)
            made.append(Spend(name, (days[:, None] * _course(chance)).ravel()))
    return made


def _course(chance: Chance) -> Floats:
    """How each day is spread over its hours: around the same course, by bursts of unequal size."""
    night = np.where(np.arange(24) == chance.integers(24), 40.0, 0.5)
    course = [_OFFICE, _OFFICE**0.4, night][chance.integers(3)]
    shares = chance.gamma(40 * course / course.sum() + 0.05, size=(DAYS, 24))
    return shares / shares.sum(axis=1, keepdims=True)


def series(spent: Spend, until: int, step: timedelta) -> Series:
    """What is known of it after so many hours, the last bucket under way if that is within a day."""
    size = step // HOUR
    known = np.add.reduceat(spent.hours[:until], np.arange(0, until, size))
    first = max(0, len(known) - (64 if step == DAY else 36 * 24))
    return Series(step, _starts(step, first, len(known)), tuple(Decimal(f"{amount:.9f}") for amount in known[first:]))


@lru_cache
def _starts(step: timedelta, first: int, end: int) -> tuple[datetime, ...]:
    """Shared by all scopes, as those of a budget share them."""
    return tuple(START + step * number for number in range(first, end))
