from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from router.testing import Clock
from router.testing.clock import rfc3339

START = datetime(2026, 10, 1, 8, 30, 0, 250_000, tzinfo=UTC)


def test_sleep_advances_both_clocks_at_once() -> None:
    """Sleeping, for a day if need be, moves the wall time and the monotonic time by the same amount."""
    clock = Clock(START)
    clock.sleep(86_400)
    assert clock.now() == START + timedelta(days=1)
    assert clock.monotonic_ns() == 86_400 * 10**9


def test_set_moves_only_the_wall_time() -> None:
    """Setting the clock, back too, leaves the monotonic time alone."""
    clock = Clock(START)
    clock.advance(timedelta(seconds=3))
    clock.set(START - timedelta(days=2))
    assert clock.now() == START - timedelta(days=2)
    assert clock.monotonic_ns() == 3 * 10**9


def test_nanoseconds_are_exact() -> None:
    """time_ns counts from 1970 in UTC, without a rounding error, whatever the time zone given."""
    elsewhere = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert Clock(elsewhere).time_ns() == int(START.timestamp()) * 10**9 + 250_000_000
    assert rfc3339(Clock(elsewhere).time_ns()) == "2026-10-01T08:30:00.250000Z"


def test_impossible_times_are_refused() -> None:
    """A time without a zone and a step backwards are errors that say so."""
    with pytest.raises(ValueError, match="time zone"):
        Clock(START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="non-negative"):
        Clock(START).sleep(-1)
    with pytest.raises(ValueError, match="forward"):
        Clock(START).advance(timedelta(seconds=-1))
