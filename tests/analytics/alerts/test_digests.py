from __future__ import annotations

import itertools
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics.alerts.digests import send_due
from analytics.alerts.notice import Notice
from analytics.alerts.outbox import claim
from analytics.alerts.slots import claim_slot
from analytics.ledger import Ledger
from tests.conftest import fill

SATURDAY = datetime(2026, 11, 21, 8, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def spent(dollars: str, at: datetime) -> dict[str, Any]:
    usage = {"input_tokens": 0, "output_tokens": int(Decimal(dollars) * 2_000_000), "service_tier": "standard"}
    return {"started_at": at, "usage": usage}


def wish(home: Path, digest: str, more: str = "") -> None:
    home.mkdir(exist_ok=True)
    (home / "budgets.yaml").write_text(f"digest: {{{digest}}}\n{more}\n", encoding="utf-8")


def told(home: Path) -> list[Notice]:
    """All that Ana was sent, the oldest first."""
    holder, late = f"test-{next(_holders)}", SATURDAY + DAY * 999
    parcels = claim(home, "mail", holder=holder, now=late, lease=timedelta(), most=99)
    return sorted((each.notice for each in parcels), key=lambda notice: notice.created_at)


_holders = itertools.count()


@pytest.fixture
def spent_home(ledger: Ledger) -> Path:
    """$3 on Thursday, $9 and an unpriced attempt on Friday, $1 on Saturday; $20 in the week before."""
    fill(
        ledger,
        spent("20", SATURDAY - DAY * 8),
        spent("3", SATURDAY - DAY * 2),
        spent("4", SATURDAY - DAY),
        spent("5", datetime(2026, 11, 20, 23, 59, tzinfo=UTC)),
        {**spent("0", SATURDAY - DAY), "model": "claude-unheard-of"},
        spent("1", datetime(2026, 11, 21, tzinfo=UTC)),
    )
    return ledger.home


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for digests of different days."""
    return tmp_path_factory.mktemp("shared")


def test_one_a_day(spent_home: Path) -> None:
    """A digest is sent once a local day from its hour on, whatever restarts, clock changes and other schedulers do."""
    wish(spent_home, "daily: ana@example.com")
    threads = [threading.Thread(target=send_due, args=(spent_home,), kwargs={"now": SATURDAY}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    again = (timedelta(), MINUTE, DAY - MINUTE)
    assert [send_due(spent_home, now=SATURDAY + after) for after in again] == [None] * 3
    assert len(told(spent_home)) == 1
    assert send_due(spent_home, now=SATURDAY + DAY) == "digest of the day 2026-11-22"
    assert send_due(spent_home, now=SATURDAY + MINUTE) is None  # the clock is set back


def test_of_the_last_day_against_the_one_before(spent_home: Path) -> None:
    """A daily digest is about the last complete local day, and compares it with the one before."""
    budget = 'budgets: [{name: all, amount: "100", thresholds: ["80 %"], recipients: bo@example.com}]'
    wish(spent_home, "daily: ana@example.com", budget)
    send_due(spent_home, now=SATURDAY)

    (notice,) = told(spent_home)
    assert notice.subject == "Tollgate: $9.00 on Friday 20 November"
    assert notice.headline == "$9.00 was spent on Friday 20 November, $6.00 (200 %) more than the day before."
    figures = {figure.label: figure.value for figure in notice.figures}
    assert figures["Spent"] == "$9.00 (before: $3.00)"
    assert figures["Without a price"] == "1 attempts, in none of these amounts"
    (section,) = notice.sections
    assert [(row.label, row.value) for row in section.rows] == [("all", "$33.00 of $100.00 (33 %)")]


def test_of_the_last_week(spent_home: Path) -> None:
    """A weekly digest is sent once from Monday on, about the week up to Sunday."""
    wish(spent_home, "weekly: ana@example.com")
    monday = SATURDAY + DAY * 2

    assert send_due(spent_home, now=monday) == "digest of the week 2026-11-23"
    assert [send_due(spent_home, now=monday + DAY * days) for days in (1, 6)] == [None, None]
    (notice,) = told(spent_home)
    assert notice.subject == "Tollgate: $13.00 in the week from Monday 16 November"
    assert "$7.00 (35 %) less than the week before" in notice.headline


@pytest.mark.parametrize(
    ("zone", "day", "hour", "due"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 8, "06:00"),  # an hour is skipped
        ("Europe/Berlin", date(2027, 3, 28), 2, "01:00"),  # this one
        ("Europe/Berlin", date(2026, 10, 25), 8, "07:00"),  # one is shown twice
        ("Asia/Kolkata", date(2026, 11, 21), 8, "02:30"),
        ("Pacific/Kiritimati", date(2026, 11, 22), 8, "18:00"),
        ("America/Los_Angeles", date(2026, 11, 19), 20, "04:00"),
        ("America/Havana", date(2026, 3, 8), 0, "05:00"),  # midnight is skipped
    ],
)
def test_due_from_the_local_hour_on(shared_home: Path, zone: str, day: date, hour: int, due: str) -> None:
    """Whatever the clocks do, a digest is due when they show its hour, or what comes instead, and not before."""
    wish(shared_home, f"daily: ana@example.com, hour: {hour}", f"zone: {zone}")
    claim_slot(shared_home, "digest of the day", (day - DAY).isoformat(), now=SATURDAY)
    moments = (datetime.fromisoformat(f"{each}T{due}+00:00") for each in (day - DAY, day, day + DAY))
    moment = next(each for each in moments if each.astimezone(ZoneInfo(zone)).date() == day)

    assert send_due(shared_home, now=moment - MINUTE) is None
    assert send_due(shared_home, now=moment) == f"digest of the day {day}"


def test_nothing_was_spent(home: Path) -> None:
    """Where nothing was spent, the digest says so, of an empty ledger too."""
    wish(home, "daily: ana@example.com")
    send_due(home, now=SATURDAY)
    (notice,) = told(home)
    assert notice.headline == "$0.00 was spent on Friday 20 November, and nothing the day before."
    assert notice.contributors == ()


def test_nobody_asked(home: Path) -> None:
    """Without anybody to send them to there are no digests."""
    wish(home, "")
    assert send_due(home, now=SATURDAY) is None
    assert told(home) == []
