from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from analytics.alerts import outbox, slots
from analytics.alerts.notice import Notice
from analytics.alerts.outbox import LEASE, LIFETIME, Addressee, addressees
from analytics.alerts.parcel import Parcel, Result
from analytics.alerts.tables import state
from analytics.budgets import Told
from tests.analytics.alerts.conftest import NOW

DELIVERED = Result(delivered=True, said="250 OK")
BUSY = Result(delivered=False, said="451 try again later")
UNKNOWN = Result(delivered=False, said="550 no such user", permanent=True)
ANA, BO = Addressee("mail", "ana@example.com"), Addressee("mail", "bo@example.com")
Put = Callable[..., None]


@pytest.fixture
def put(home: Path, a_notice: Callable[..., Notice]) -> Put:
    """Puts a notice, with changes, into the outbox of `home` for these people."""

    def run(*everybody: Addressee, lifetime: timedelta = LIFETIME, now: datetime = NOW, **changes: object) -> None:
        with state(home).transaction() as con:
            outbox.put(con, a_notice(**changes), everybody, now=now, lifetime=lifetime)

    return run


def claim(home: Path, now: datetime, holder: str = "me") -> list[Parcel]:
    return outbox.claim(home, "mail", holder=holder, now=now)


def test_each_is_told_once() -> None:
    """Who is owner and recipient, in whatever case, is one, and so is a channel that is named twice."""
    told = Told(owner="Ana@Example.com", recipients=("ana@example.com", "bo@example.com"), channels=("a", "a"))

    assert addressees(told) == [("mail", "Ana@Example.com"), ("mail", "bo@example.com"), ("channel", "a")]


def test_the_same_notice_again(home: Path, put: Put) -> None:
    """A notice that was put twice is one, with the ids that it had."""
    put(ANA, BO, ANA)
    first = claim(home, NOW)
    put(ANA, BO)

    assert len(first) == len({parcel.parcel_id for parcel in first}) == 2
    assert outbox.counts(home, now=NOW)["waiting"] == 2
    assert first[0].notice.recipients == ("ana@example.com", "bo@example.com")


def test_the_first_of_a_thread(home: Path, put: Put) -> None:
    """Only the first notice of a thread says that it is."""
    put(ANA, notice_id="aa")
    put(ANA, notice_id="bb")
    put(ANA, notice_id="cc", thread="another")

    assert {parcel.notice.notice_id: parcel.notice.first for parcel in claim(home, NOW)} == {
        "aa": True,
        "bb": False,
        "cc": True,
    }


def test_a_lease(home: Path, put: Put) -> None:
    """What somebody has claimed nobody else gets until the lease has run out, which each result prolongs."""
    put(ANA, BO)
    first, second = claim(home, NOW)
    assert outbox.settle(home, first, DELIVERED, holder="me", now=NOW + LEASE / 2) == 1

    assert claim(home, NOW + LEASE, "other") == []
    assert claim(home, NOW + LEASE * 1.5, "other") == [second]


def test_who_lost_the_lease_can_only_say_that_it_arrived(home: Path, put: Put) -> None:
    """A late failure changes nothing for who has the lease now; a late delivery is one."""
    put(ANA)
    (parcel,) = claim(home, NOW)
    claim(home, NOW + LEASE, "other")
    outbox.settle(home, parcel, UNKNOWN, holder="me", now=NOW + LEASE)
    assert outbox.counts(home, now=NOW)["waiting"] == 1

    outbox.settle(home, parcel, DELIVERED, holder="me", now=NOW + LEASE)
    outbox.settle(home, parcel, BUSY, holder="other", now=NOW + LEASE)

    assert outbox.counts(home, now=NOW)["delivered"] == 1


def test_back_off(home: Path, put: Put) -> None:
    """After each failure it waits twice as long, half a minute at first and an hour at most, less up to a quarter."""
    put(ANA)
    now, waits = NOW, list[float]()
    for _ in range(10):
        (parcel,) = claim(home, now)
        outbox.settle(home, parcel, BUSY, holder="me", now=now)
        wait = outbox.wait(parcel.parcel_id, len(waits) + 1)
        assert claim(home, now + wait - timedelta(microseconds=1)) == []
        now, waits = now + wait, [*waits, wait.total_seconds()]

    longest = [min(30 * 2**n, 3600) for n in range(10)]
    assert all(0.75 * most <= wait <= most for wait, most in zip(waits, longest, strict=True))


def test_expiry(home: Path, put: Put) -> None:
    """After three days a failure is the last; but what nobody has tried by then is tried first."""
    put(ANA)
    put(BO, notice_id="another")
    late = NOW + LIFETIME + timedelta(days=30)
    for parcel, result in zip(claim(home, late), (BUSY, DELIVERED), strict=True):
        outbox.settle(home, parcel, result, holder="me", now=late)

    assert outbox.counts(home, now=late) == {"waiting": 0, "delivered": 1, "undelivered": 1}
    assert outbox.counts(home, now=late + timedelta(days=8))["undelivered"] == 0


def test_refused_for_good(home: Path, put: Put) -> None:
    """What can never be delivered is undelivered at once, and nobody tries it again."""
    put(ANA)
    (parcel,) = claim(home, NOW)
    outbox.settle(home, parcel, UNKNOWN, holder="me", now=NOW)

    assert claim(home, NOW + timedelta(days=1)) == []
    assert outbox.counts(home, now=NOW)["undelivered"] == 1
    assert outbox.outcomes(home, parcel.notice.notice_id) == [("ana@example.com", "refused", "550 no such user")]


def test_a_clock_that_was_a_year_ahead(home: Path, put: Put) -> None:
    """What was put, leased or put off by a clock that was set back since is not waited for."""
    put(ANA, now=NOW + timedelta(days=365))
    claim(home, NOW + timedelta(days=365), "other")

    assert len(claim(home, NOW)) == 1


def test_what_cannot_be_read(home: Path, put: Put) -> None:
    """A notice of another version is refused, and holds nothing up."""
    put(ANA)
    put(BO, notice_id="another")
    with state(home).transaction() as con:
        con.execute("UPDATE notice SET notice = '{\"new\": 1}' WHERE notice_id = 'another'")

    assert [parcel.recipient for parcel in claim(home, NOW)] == ["ana@example.com"]
    assert outbox.counts(home, now=NOW)["undelivered"] == 1


def test_a_slot_is_had_once(home: Path, a_notice: Callable[..., Notice]) -> None:
    """Whoever comes first has a slot and puts its notices; who comes later puts nothing."""
    daily = ("daily digest", "2026-11-21")

    assert not slots.is_claimed(home, *daily)
    assert slots.put_once(home, *daily, [(a_notice(), [ANA])], now=NOW)
    assert not slots.put_once(home, *daily, [(a_notice(notice_id="another"), [ANA, BO])], now=NOW)
    assert slots.is_claimed(home, *daily)
    assert slots.claim_slot(home, "daily digest", "2026-11-22", now=NOW)
    assert len(claim(home, NOW)) == 1


def test_a_slot_whose_notices_cannot_be_put(home: Path, a_notice: Callable[..., Notice]) -> None:
    """It is free again, and nothing of it was put."""
    daily = ("daily digest", "2026-11-21")

    def notices() -> Iterator[tuple[Notice, list[Addressee]]]:
        yield a_notice(), [ANA]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        slots.put_once(home, *daily, notices(), now=NOW)

    assert not slots.is_claimed(home, *daily)
    assert claim(home, NOW) == []
