from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.forecast import Forecast, forecast
from analytics.series import DAY, HOUR, Series
from router.periods import Every, Recurrence, Span, midnight, span_at

BERLIN = "Europe/Berlin"
NOON = datetime(2026, 11, 18, 11, tzinfo=UTC)
"""A Wednesday, at noon in Berlin."""
WEEK = (100, 120, 120, 110, 90, 30, 20)
"""Monday first."""
EVERY: tuple[Every, ...] = ("hour", "day", "week", "month")
COSTS = st.lists(st.decimals(0, 1000, places=2), min_size=4, max_size=40)


def daily(costs: Sequence[float | Decimal], *, now: datetime = NOON, zone: str = BERLIN) -> Series:
    """Local days, the last of which is under way."""
    last = now.astimezone(ZoneInfo(zone)).date()
    days = [last - timedelta(days=number) for number in reversed(range(len(costs)))]
    starts = tuple(midnight(day, ZoneInfo(zone)) for day in days)
    return Series(DAY, starts, tuple(Decimal(f"{cost}") for cost in costs), zone)


def hourly(costs: Sequence[float], *, now: datetime = NOON) -> Series:
    """Hours, the last of which is under way."""
    starts = tuple(now - HOUR * number for number in reversed(range(len(costs))))
    return Series(HOUR, starts, tuple(Decimal(f"{cost}") for cost in costs), BERLIN)


def period(every: Every, *, now: datetime = NOON) -> Span:
    found = span_at(Recurrence(every, BERLIN), now)
    assert found is not None
    return found


def of(series: Series, every: Every = "month", *, now: datetime = NOON, spent: Decimal = Decimal(0)) -> Forecast:
    found = forecast(series, now=now, period=period(every, now=now), spent=spent)
    assert found is not None
    return found


def weeks(count: int) -> list[float]:
    """A plain week repeated, up to today, which has not begun to cost."""
    return [float(WEEK[(NOON - timedelta(days=number)).weekday()]) for number in range(7 * count, 0, -1)] + [0.0]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


@given(COSTS, st.sampled_from(("day", "week", "month", "year")), st.decimals(0, 10**6, places=6))
@settings(max_examples=60, deadline=None)
def test_an_interval_holds_what_is_expected(costs: list[Decimal], every: Every, spent: Decimal) -> None:
    """Low <= expected <= high and low >= spent, whatever the history; the same question has the same answer."""
    series = daily(costs)
    found = forecast(series, now=NOON, period=period(every), spent=spent)

    assert found == forecast(series, now=NOON, period=period(every), spent=spent)
    if found is not None:
        assert spent <= found.low <= found.expected <= found.high
        assert all(earlier[1] <= later[1] for earlier, later in zip(found.path, found.path[1:], strict=False))
        assert (found.path[0], found.path[-1]) == ((NOON, spent), (period(every).end, found.expected))


@given(st.lists(st.integers(0, 50), min_size=96, max_size=200), st.sampled_from(("hour", "day", "week")))
@settings(max_examples=30, deadline=None)
def test_hours_too(costs: list[int], every: Every) -> None:
    """The same holds from hours."""
    found = forecast(hourly(costs), now=NOON, period=period(every), spent=Decimal(3))

    if found is not None:
        assert Decimal(3) <= found.low <= found.expected <= found.high
        assert list(found.coming) == sorted(found.coming)


@given(COSTS, st.sampled_from((Decimal("0.125"), Decimal(8), Decimal(1024))))
@settings(max_examples=40, deadline=None)
def test_the_currency_does_not_matter(costs: list[Decimal], factor: Decimal) -> None:
    """If everything costs k times as much, so does what is forecast."""
    one = forecast(daily(costs), now=NOON, period=period("month"), spent=Decimal(0))
    many = forecast(daily([cost * factor for cost in costs]), now=NOON, period=period("month"), spent=Decimal(0))

    assert (one is None) == (many is None)
    if one is not None and many is not None:
        assert float(many.expected) == pytest.approx(float(one.expected * factor), abs=1e-4, rel=1e-6)
        assert float(many.high) == pytest.approx(float(one.high * factor), abs=1e-4, rel=1e-6)


@pytest.mark.parametrize("length", [3, 10, 14, 40, 100])
def test_what_is_always_the_same_goes_on(length: int) -> None:
    """A constant cost is forecast exactly: the other half of today, and the twelve days that follow."""
    found = of(daily([10.0] * length + [5.0]), spent=Decimal(175))

    assert cents(found.expected) == cents(found.low) == cents(found.high) == Decimal("300.00")
    assert found.confidence == ("normal" if length >= 14 else "low")


def test_what_is_always_the_same_by_the_hour() -> None:
    """A constant cost by the hour is forecast exactly for the rest of an hour, a day, a week and a month."""
    series, quarter_past = hourly([2.0] * 24 * 20 + [0.5]), NOON + timedelta(minutes=15)

    hour, day, week, month = (of(series, every, now=quarter_past).expected for every in EVERY)

    assert [cents(amount) for amount in (hour, day, week, month)] == [
        Decimal(amount) for amount in ("1.50", "23.50", "215.50", "599.50")
    ]


@pytest.mark.parametrize("costs", [[], [5], [5, 5, 5], [0] * 30 + [4, 4, 1], [0] * 30 + [4], [0] * 31])
def test_not_enough_history(costs: list[float]) -> None:
    """With less than three complete days since the first that cost anything, nothing is said."""
    assert forecast(daily(costs), now=NOON, period=period("month"), spent=Decimal(9)) is None


def test_a_closed_period() -> None:
    """The forecast for a period that has ended is what was spent, even without history."""
    now = datetime(2026, 12, 1, tzinfo=UTC)
    found = forecast(daily([]), now=now, period=period("month"), spent=Decimal("12.34"))

    assert found is not None
    assert found.low == found.expected == found.high == Decimal("12.34")
    assert (found.method, found.runs_out(Decimal(20)), found.runs_out(Decimal(12))) == ("closed", None, now)


def test_the_weekdays_are_seen() -> None:
    """Of a plain week, the rest is the sum of its weekdays: half a Wednesday, and Thursday to Sunday."""
    found = of(daily(weeks(6)), "week")

    assert float(found.expected) == pytest.approx(60 + 110 + 90 + 30 + 20, rel=0.001)
    assert found.method == "weekday pattern"


def test_batches_on_one_weekday() -> None:
    """What runs on Sundays only is expected on Sunday, and not before."""
    days = [70.0 if (NOON - timedelta(days=number)).weekday() == 6 else 0.0 for number in range(56, -1, -1)]
    found = of(daily(days), "week")

    assert found.runs_out(Decimal(1)) == pytest.approx(midnight(date(2026, 11, 22), ZoneInfo(BERLIN)), abs=HOUR)
    assert float(found.expected) == pytest.approx(70, rel=0.01)


def test_a_change_for_good_is_followed_within_a_week() -> None:
    """A week after the spend has doubled, nearly double is expected."""
    chance = np.random.default_rng(7)
    days = np.array(weeks(8)) * chance.lognormal(0, 0.1, 57)
    usual = float(of(daily([*days]), "week").expected)
    days[-8:] *= 2

    assert float(of(daily([*days]), "week").expected) == pytest.approx(2 * usual, rel=0.15)


def test_one_runaway_day_is_not_expected_again() -> None:
    """A day that cost twenty times as much moves what is expected little, and widens the interval."""
    days = weeks(8)
    usual = of(daily(days))
    days[-9] *= 20
    found = of(daily(days))

    assert float(found.expected) == pytest.approx(float(usual.expected), rel=0.1)
    assert found.high > usual.high


def test_a_launch() -> None:
    """Days before the first spend do not count: a scope that began ten days ago is not diluted by the month before."""
    found = of(daily([0.0] * 40 + [10.0] * 10 + [5.0]))

    assert (cents(found.expected), found.confidence, found.method) == (Decimal("125.00"), "low", "recent level")


def test_rare_batches() -> None:
    """Batches every fourth day are expected at their mean, not left out as exceptions."""
    days = [40.0 if number % 4 == 0 else 0.0 for number in range(56)] + [0.0]

    assert float(of(daily(days)).expected) == pytest.approx(10 * 12.5, rel=0.15)


@pytest.mark.parametrize("amount", [1e-9, 1e20])
def test_tiny_and_huge_amounts(amount: float) -> None:
    """The smallest and the largest amounts the ledger holds are forecast as any other."""
    found = of(daily([amount] * 30), "year")

    assert found.high.is_finite()
    assert float(found.expected) == pytest.approx(43.5 * amount, rel=1e-6, abs=1e-6)


def test_today_counts_from_hours() -> None:
    """A day that has cost three times as usual until noon is expected to end far above the usual."""
    chance = np.random.default_rng(3)
    course = np.repeat([0.0, 2.0, 1.0], 8)
    days = (course * chance.lognormal(0, 0.4, (25, 1))).ravel()
    local_noon = len(days) - 12
    usual = of(hourly([*days[:local_noon], 0.0]), "day")
    dear = days[:local_noon].copy()
    dear[-12:] *= 3
    found = of(hourly([*dear, 0.0]), "day")

    assert float(found.expected) > 2 * float(usual.expected)
    assert found.method == "hour pattern"


def test_the_clocks_are_changed() -> None:
    """On a day of 25 hours, half of it is left after twelve and a half, and days after it are whole."""
    zone = ZoneInfo(BERLIN)
    now = datetime(2026, 10, 25, 11, 30, tzinfo=zone).astimezone(UTC)
    found = of(daily([10.0] * 30, now=now), now=now)

    assert cents(found.expected) == Decimal("65.00")
    assert found.moments[1] == midnight(date(2026, 10, 26), zone)
    assert midnight(date(2026, 10, 26), zone) - midnight(date(2026, 10, 25), zone) == timedelta(hours=25)


def test_an_hour_that_is_shown_twice() -> None:
    """Each of two hours of the same name has its own rest."""
    now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # half past two, for the first time
    found = of(hourly([2.0] * 24 * 20 + [1.0], now=now.replace(minute=0)), "hour", now=now)

    assert found.moments[-1] == datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert cents(found.expected) == Decimal("1.00")


def test_missing_buckets_cost_nothing() -> None:
    """A series that ends some days ago says that nothing was spent since."""
    series = daily([10.0] * 40)
    ended = Series(DAY, series.starts[:-8], series.costs[:-8], BERLIN)
    zeros = daily([10.0] * 32 + [0.0] * 8)

    assert of(ended) == of(zeros)


def test_when_it_runs_out() -> None:
    """A limit is reached within the day in which the expected spend passes it; at once if it is passed."""
    found = of(daily([10.0] * 30 + [5.0]), spent=Decimal(175))

    reached = found.runs_out(Decimal(195))
    assert reached is not None
    assert abs(reached - datetime(2026, 11, 20, 11, tzinfo=UTC)) < timedelta(minutes=1)
    assert found.runs_out(Decimal(175)) == NOON
    assert found.runs_out(Decimal(301)) is None


def test_a_year_from_a_month_is_not_certain() -> None:
    """To look more than twice as far ahead as the history reaches back makes the confidence low."""
    now = datetime(2026, 3, 2, tzinfo=UTC)

    assert of(daily([10.0] * 30, now=now), "month", now=now).confidence == "normal"
    assert of(daily([10.0] * 30, now=now), "year", now=now).confidence == "low"
