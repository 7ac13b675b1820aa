from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.period import Period
from dashboard.filters import PERIODS, periods, reaches

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
TODAY = (NOW.date(), NOW.date())
moments = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


def span(start: tuple[int, ...], end: tuple[int, ...]) -> Period:
    return Period(datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))  # pyright: ignore[reportArgumentType]  # year to minute


@pytest.mark.parametrize(
    ("choice", "period", "earlier"),
    [
        ("today", span((2026, 3, 31), (2026, 4, 1)), span((2026, 3, 30), (2026, 3, 30, 9, 30))),
        ("7d", span((2026, 3, 25), (2026, 4, 1)), span((2026, 3, 18), (2026, 3, 24, 9, 30))),
        ("30d", span((2026, 3, 2), (2026, 4, 1)), span((2026, 1, 31), (2026, 3, 1, 9, 30))),
        # February has no 31st: its days end where March begins.
        ("month", span((2026, 3, 1), (2026, 4, 1)), span((2026, 2, 1), (2026, 3, 1))),
        ("last-month", span((2026, 2, 1), (2026, 3, 1)), span((2026, 1, 1), (2026, 2, 1))),
    ],
)
def test_periods_are_whole_days_compared_like_with_like(choice: str, period: Period, earlier: Period) -> None:
    """A period ends with its last day; the one before ends as far into its last day as today has come."""
    assert periods(choice, now=NOW, custom=TODAY) == (period, earlier)


def test_custom_days_are_both_included() -> None:
    """Custom days that are over are compared with as many days before."""
    found = periods("custom", now=NOW, custom=(date(2026, 2, 10), date(2026, 2, 11)))
    assert found == (span((2026, 2, 10), (2026, 2, 12)), span((2026, 2, 8), (2026, 2, 10)))


@given(st.sampled_from(sorted(PERIODS)), moments, st.integers(0, 500), st.integers(0, 500))
def test_the_period_before_ends_before(choice: str, now: datetime, ago: int, length: int) -> None:
    """The earlier period never overlaps the chosen one, and both are periods whatever the day."""
    first = now.date() - timedelta(days=ago)
    period, earlier = periods(choice, now=now, custom=(first, first + timedelta(days=length)))
    assert earlier.end <= period.start < period.end


@pytest.mark.parametrize(("first_day", "known"), [(1, True), (4, True), (5, False), (31, False)])
def test_a_period_is_known_where_the_ledger_reaches_back(first_day: int, known: bool) -> None:
    """A period that the ledger knows but for a tenth of it can be compared with; one that it does not, cannot."""
    earlier = Period.days(date(2026, 10, 1), date(2026, 10, 30))

    assert reaches(earlier, datetime(2026, 10, first_day, tzinfo=UTC)) is known
    assert not reaches(earlier, None)
