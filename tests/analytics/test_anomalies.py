from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.anomalies import Anomaly, anomaly
from analytics.series import DAY, HOUR, Series
from router.periods import midnight

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 9, 20, tzinfo=UTC)
WEEK = np.array([100, 110, 115, 110, 90, 40, 30])
MINIMUM = Decimal(5)
SEEDS = st.integers(0, 10_000)


def asked(costs: Sequence[float], *, minimum: Decimal = MINIMUM) -> Anomaly | None:
    """About these days, the last of which was yesterday; today is under way."""
    today = NOW.astimezone(ZONE).date()
    days = [today - timedelta(days=number) for number in range(len(costs), -1, -1)]
    starts = tuple(midnight(day, ZONE) for day in days)
    amounts = tuple(Decimal(f"{cost:.6f}") for cost in (*costs, 3.0))
    return anomaly(Series(DAY, starts, amounts, ZONE.key), now=NOW, minimum=minimum)


def asked_hours(costs: Sequence[float]) -> Anomaly | None:
    """About these hours, the last of which is complete; the next is under way."""
    hour = NOW.replace(minute=0)
    starts = tuple(hour - HOUR * number for number in range(len(costs), -1, -1))
    amounts = tuple(Decimal(f"{cost:.6f}") for cost in (*costs, 3.0))
    return anomaly(Series(HOUR, starts, amounts, ZONE.key), now=NOW, minimum=MINIMUM)


def usual(seed: int, *, days: int = 57, noise: float = 0.08) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A week with some noise, again and again."""
    return np.resize(WEEK, days) * np.random.default_rng(seed).lognormal(0, noise, days)


def office(seed: int, *, days: int = 30) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Hours that are dearer by day than by night."""
    course = np.repeat([2.0, 20.0, 8.0], 8)
    return np.resize(course, 24 * days) * np.random.default_rng(seed).lognormal(0, 0.15, 24 * days)


@given(SEEDS, st.floats(1, 1.02))
@settings(max_examples=40, deadline=None)
def test_the_usual_is_no_anomaly(seed: int, growth: float) -> None:
    """A plain week is none, with or without growth of up to 15 % a week."""
    assert asked(list(usual(seed, noise=0.03) * growth ** np.arange(57))) is None


@given(SEEDS, st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_three_times_as_much_is_found(seed: int, weekday: int) -> None:
    """A day that costs three times what its weekday usually does is found, whichever day of the week."""
    days = np.roll(usual(seed), weekday)
    before = days[-1]
    days[-1] *= 3

    found = asked(list(days))

    assert found is not None
    assert (found.end, found.end - found.start) == (midnight(NOW.date(), ZONE), DAY)
    assert float(found.cost) == pytest.approx(3 * before)
    assert float(found.usual) == pytest.approx(before, rel=0.4)
    assert found.low < found.usual < found.high < found.cost
    assert found.score >= 3


def test_less_is_no_anomaly() -> None:
    """A day that costs next to nothing alarms nobody."""
    days = usual(1)
    days[-1] = 0.1

    assert asked(list(days)) is None


def test_few_dollars_are_no_anomaly() -> None:
    """Under the minimum above the usual, nothing is found."""
    days = usual(1) / 100
    days[-1] *= 4

    assert asked(list(days)) is None
    assert asked(list(days), minimum=Decimal("0.5")) is not None


def test_a_little_more_is_no_anomaly() -> None:
    """Less than 20 % above the usual is none, however even the days were before."""
    assert asked([100.0] * 50 + [119.0]) is None
    assert asked([100.0] * 50 + [140.0]) is not None


def test_earlier_anomalies_hide_nothing() -> None:
    """After three incidents in the last weeks, the next one is found as if there had been none."""
    days = usual(2)
    days[[20, 38, 49]] *= 8
    days[-1] *= 3

    assert asked(list(days)) is not None


def test_a_change_for_good_is_told_twice() -> None:
    """When spend has tripled for good, the first two days are told, and no day after them."""
    days = usual(3, days=90, noise=0.05)
    days[60:] *= 3

    told = [number for number in range(58, 91) if asked(list(days[:number]))]

    assert told == [61, 62]


def test_batches_are_no_anomaly() -> None:
    """A weekly batch on its day is none; a batch of three times the size is one."""
    days = [200.0 + number % 5 if number % 7 == 0 else 0.0 for number in range(57)]

    assert asked(days) is None
    assert asked([*days[:-1], 600.0]) is not None


def test_too_little_is_known_of_days() -> None:
    """With less than eight days before it, no day is an anomaly."""
    assert asked([]) is None
    assert asked([10.0] * 7 + [90.0]) is None
    assert asked([10.0] * 8 + [90.0]) is not None


def test_nothing_and_then_something() -> None:
    """After weeks without any spend a first one of more than the minimum is found, unless history is all zero too."""
    assert asked([0.0] * 40) is None
    assert asked([0.0] * 20 + [5.0] + [0.0] * 20 + [50.0]) is not None


def test_an_hour_of_six_times_as_much() -> None:
    """An hour far above what the same hour usually costs is found, with what is usual."""
    hours = office(1)
    hours[-1] *= 6

    found = asked_hours(list(hours))

    assert found is not None
    assert (found.start, found.end) == (NOW.replace(hour=8, minute=0), NOW.replace(hour=9, minute=0))
    assert found.score > 4
    assert found.low <= found.usual <= found.high < found.cost


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_usual_hour_is_no_anomaly(seed: int) -> None:
    """The usual course of a day is none, not at its first dear hour either."""
    hours = office(seed)

    assert asked_hours(list(hours)) is None
    assert asked_hours(list(hours[: -int(np.argmax(hours[::-1] > 15)) or None])) is None


def test_dear_hours_become_usual() -> None:
    """Of many hours that cost six times as much, the first two are told."""
    hours = office(2, days=31)
    hours[-12:] *= 6

    told = [number for number in range(-12, 0) if asked_hours(list(hours[: number + 1 or None]))]

    assert told == [-12, -11]


def test_short_history_of_hours() -> None:
    """With the same hour of three days there is a median of hours; with less, nothing is said."""
    hours = [10.0] * 24 * 3 + [80.0]

    assert asked_hours(hours) is not None
    assert asked_hours(hours[24:]) is None
    assert asked_hours([]) is None


def test_an_hour_without_a_bucket() -> None:
    """If nothing was spent in the last complete hour, an hour before it is not told again."""
    hours = office(1)
    hours[-1] *= 6
    starts = tuple(NOW.replace(minute=0) - HOUR * number for number in range(len(hours), 0, -1))
    series = Series(HOUR, starts, tuple(Decimal(f"{cost:.6f}") for cost in hours), ZONE.key)

    assert anomaly(series, now=NOW, minimum=MINIMUM) is not None
    assert anomaly(series, now=NOW + HOUR, minimum=MINIMUM) is None
