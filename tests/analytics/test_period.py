from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.exceptions import SettingsError
from analytics.period import Period

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "start", "end"),
    [
        (None, None, "2026-10-23T00:00", "2026-11-22T00:00"),
        ("2026-11-01", None, "2026-11-01T00:00", "2026-11-22T00:00"),
        ("2026-11-01", "2026-11-01", "2026-11-01T00:00", "2026-11-02T00:00"),
        (None, "2026-11-10", "2026-10-12T00:00", "2026-11-11T00:00"),
        ("2026-11-01T09:00", "2026-11-01T10:30", "2026-11-01T09:00", "2026-11-01T10:30"),
        ("2026-11-01T09:00+02:00", "2026-11-01T09:00Z", "2026-11-01T07:00", "2026-11-01T09:00"),
    ],
)
def test_what_a_person_asks_for(since: str | None, until: str | None, start: str, end: str) -> None:
    """Days are whole and the last one is included; times are UTC unless they say otherwise."""
    period = Period.parse(since, until, now=NOW)

    assert (period.start, period.end) == (datetime.fromisoformat(f"{start}Z"), datetime.fromisoformat(f"{end}Z"))


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("yesterday", None, "since: found 'yesterday', expected a day"),
        (None, "2026-02-30", "until: found '2026-02-30', expected a day"),
        ("2026-11-02", "2026-11-01", r"since: found 2026-11-02, expected .* before until \(2026-11-01\)"),
    ],
)
def test_what_is_no_period(since: str | None, until: str | None, sentence: str) -> None:
    """What is no period is one sentence that names the option and what was found."""
    with pytest.raises(SettingsError, match=sentence):
        Period.parse(since, until, now=NOW)


def test_naive_times_are_refused() -> None:
    """A period knows its time zone."""
    with pytest.raises(SettingsError, match="time zone"):
        Period(datetime(2026, 11, 1), NOW)  # noqa: DTZ001  # the very thing that is refused


def test_the_previous_period() -> None:
    """The previous period is as long, and ends where this one starts."""
    period = Period.days(date(2026, 11, 8), date(2026, 11, 14))

    assert period.previous == Period.days(date(2026, 11, 1), date(2026, 11, 7))
    assert period.end - period.start == timedelta(days=7)
