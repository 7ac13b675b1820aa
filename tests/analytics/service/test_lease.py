from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.service.lease import LASTS, Lease, held_by

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def test_one_works_and_the_other_learns_who(home: Path) -> None:
    """The first to come has the lease, and the second is told since when."""
    first, second = Lease(home), Lease(home)

    assert first.take(NOW) is None
    other = second.take(NOW + 5 * SECOND)

    assert other is not None
    assert (other.since, other.expires_at) == (NOW, NOW + LASTS)
    assert held_by(home, now=NOW + 5 * SECOND) == other


def test_a_lease_that_is_renewed_goes_on(home: Path) -> None:
    """Who renews in time keeps it, since the same moment, for as long as it likes."""
    first, second = Lease(home), Lease(home)
    for beat in range(100):
        assert first.take(NOW + beat * 10 * SECOND) is None
        other = second.take(NOW + (beat * 10 + 9) * SECOND)
        assert other is not None
        assert other.since == NOW


def test_what_is_not_renewed_is_taken_over(home: Path) -> None:
    """To the microsecond of its end a lease is its holder's, and from then on anybody's; the old holder stands by."""
    first, second = Lease(home), Lease(home)
    first.take(NOW)

    assert second.take(NOW + LASTS - timedelta(microseconds=1)) is not None
    assert second.take(NOW + LASTS) is None
    assert first.take(NOW + LASTS) is not None


def test_who_overslept_goes_on_if_nobody_came(home: Path) -> None:
    """A machine that slept through its lease takes it up again."""
    first = Lease(home)
    first.take(NOW)

    assert held_by(home, now=NOW + HOUR) is None
    assert first.take(NOW + HOUR) is None


def test_what_is_given_back_is_free_at_once(home: Path) -> None:
    """Only its holder gives a lease back, and nobody has to wait then."""
    first, second = Lease(home), Lease(home)
    first.take(NOW)
    second.release()
    assert second.take(NOW) is not None

    first.release()

    assert held_by(home, now=NOW) is None
    assert second.take(NOW) is None


def test_a_clock_that_is_set_back_frees_what_the_dead_had(home: Path) -> None:
    """When the clock is set back an hour, the lease of a dead holder still ends after thirty seconds."""
    dead, second = Lease(home), Lease(home)
    dead.take(NOW)

    assert second.take(NOW - HOUR) is not None
    assert held_by(home, now=NOW - HOUR) is None
    assert second.take(NOW - HOUR + LASTS) is None


def test_a_clock_that_is_set_back_leaves_the_living_at_work(home: Path) -> None:
    """When the clock is set back an hour, who renews keeps the lease, and nobody waits an hour for it later."""
    first, second = Lease(home), Lease(home)
    first.take(NOW)

    assert second.take(NOW - HOUR) is not None
    assert first.take(NOW - HOUR + 9 * SECOND) is None
    assert second.take(NOW - HOUR + LASTS) is not None
    assert second.take(NOW - HOUR + LASTS + 9 * SECOND) is None


def test_a_clock_that_is_set_forward_changes_the_holder(home: Path) -> None:
    """When the clock is set forward an hour, whoever looks first has the lease, and the other stands by."""
    first, second = Lease(home), Lease(home)
    first.take(NOW)

    assert second.take(NOW + HOUR) is None
    assert first.take(NOW + HOUR) is not None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.integers(-7200, 7200)), max_size=12))
def test_whatever_the_clock_does_one_has_it(
    steps: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However the clock jumps, who was last told to work is the only one who is told so again."""
    home = tmp_path_factory.mktemp("home")
    candidates = [Lease(home) for _ in range(3)]
    now, holder = NOW, None
    for number, jump in steps:
        now += timedelta(seconds=jump)
        if candidates[number].take(now) is None:
            holder = number
        else:
            assert holder not in (None, number)
    working = [number for number, candidate in enumerate(candidates) if candidate.take(now) is None]
    assert working == ([0] if holder is None else [holder])
