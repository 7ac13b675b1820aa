from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.period import Period
from analytics.presets import COMPARED, PRESETS, Compared, chosen, compared, local_days

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
TODAY = (NOW.date(), NOW.date())
moments = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
zones = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Havana", "Africa/Cairo", "Pacific/Apia"])


def span(start: tuple[int, ...], end: tuple[int, ...]) -> Period:
    return Period(datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))  # pyright: ignore[reportArgumentType]  # year to minute


@pytest.mark.parametrize(
    ("preset", "period", "earlier"),
    [
        ("Today", span((2026, 3, 31), (2026, 4, 1)), span((2026, 3, 30), (2026, 3, 30, 9, 30))),
        ("7 days", span((2026, 3, 25), (2026, 4, 1)), span((2026, 3, 18), (2026, 3, 24, 9, 30))),
        ("30 days", span((2026, 3, 2), (2026, 4, 1)), span((2026, 1, 31), (2026, 3, 1, 9, 30))),
        # February has no 31st: its days end where March begins.
        ("Month to date", span((2026, 3, 1), (2026, 4, 1)), span((2026, 2, 1), (2026, 3, 1))),
        ("Last month", span((2026, 2, 1), (2026, 3, 1)), span((2026, 1, 1), (2026, 2, 1))),
        ("This quarter", span((2026, 1, 1), (2026, 4, 1)), span((2025, 10, 1), (2025, 12, 29, 9, 30))),
        ("Year to date", span((2026, 1, 1), (2026, 4, 1)), span((2025, 1, 1), (2025, 3, 31, 9, 30))),
    ],
)
def test_periods_are_whole_days_compared_like_with_like(preset: str, period: Period, earlier: Period) -> None:
    """A period ends with its last day; the one before ends as far into its last day as today has come."""
    assert chosen(preset, now=NOW, zone="UTC", custom=TODAY) == period
    assert compared(preset, "Previous period", now=NOW, zone="UTC", custom=TODAY) == earlier


def test_custom_days_are_both_included() -> None:
    """Custom days that are over are compared with as many days before, or with the same days a year before."""
    days = (date(2028, 2, 10), date(2028, 2, 29))
    later = NOW + timedelta(days=1000)
    assert chosen("Custom", now=later, zone="UTC", custom=days) == span((2028, 2, 10), (2028, 3, 1))
    before = compared("Custom", "Previous period", now=later, zone="UTC", custom=days)
    assert before == span((2028, 1, 21), (2028, 2, 10))
    assert compared("Custom", "A year before", now=later, zone="UTC", custom=days) == span((2027, 2, 10), (2027, 3, 1))
    assert compared("Custom", "Nothing", now=later, zone="UTC", custom=days) is None


def test_days_are_those_of_the_zone() -> None:
    """A day begins and ends with the local midnight, whatever the clocks do in between."""
    # The clocks of Berlin are put forward on 29 March 2026.
    days = (date(2026, 3, 29), date(2026, 3, 29))
    assert chosen("Custom", now=NOW, zone="Europe/Berlin", custom=days) == span((2026, 3, 28, 23), (2026, 3, 29, 22))


@given(
    st.sampled_from(PRESETS),
    st.sampled_from(COMPARED),
    moments,
    zones,
    st.tuples(st.integers(0, 500), st.integers(0, 500)),
)
def test_what_is_compared_with_is_over_before(
    preset: str, how: Compared, now: datetime, zone: str, days: tuple[int, int]
) -> None:
    """Whatever the day and the zone, the earlier period ends before the chosen one starts, and holds no future."""
    first = now.date() - timedelta(days=days[0])
    custom = (first, first + timedelta(days=days[1]))
    period = chosen(preset, now=now, zone=zone, custom=custom)
    earlier = compared(preset, how, now=now, zone=zone, custom=custom)
    assert period.start < period.end
    if earlier is not None and not (how == "A year before" and period.end - period.start > timedelta(days=365)):
        assert earlier.start <= earlier.end <= period.start


@given(moments, zones, st.integers(0, 400))
def test_days_of_a_period_are_those_it_was_made_of(now: datetime, zone: str, length: int) -> None:
    """The local days of a custom period are the days that were chosen."""
    custom = (now.date(), now.date() + timedelta(days=length))
    assert local_days(chosen("Custom", now=now, zone=zone, custom=custom), zone) == custom
