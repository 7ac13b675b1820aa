from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from analytics.ledger import Ledger
from analytics.service.retention import Keep, let_go
from tests.conftest import fill

NIGHT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
"""Half past three in Berlin."""
DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
KEEP = Keep(attempts=7 * DAY)


def attempts(ledger: Ledger) -> int:
    with ledger.read() as con:
        ((count,),) = con.execute("SELECT count(*) FROM usage").fetchall()
    return count


def test_once_a_night(ledger: Ledger, home: Path) -> None:
    """What is too old goes at the first turn after three at night, local time, and no more that day."""
    fill(ledger, {}, {"started_at": NIGHT})

    assert let_go(home, KEEP, zone=BERLIN, now=NIGHT - timedelta(minutes=31)) is None
    assert let_go(home, KEEP, zone=BERLIN, now=NIGHT) == "gone: 1 attempts, usage objects of 0 more, 0 segments"
    assert attempts(ledger) == 1

    fill(ledger, {"started_at": NIGHT - timedelta(hours=1)})
    assert let_go(home, KEEP, zone=BERLIN, now=NIGHT + timedelta(hours=12)) is None
    assert let_go(home, KEEP, zone=BERLIN, now=NIGHT + DAY) is not None


def test_on_the_day_the_clocks_change(ledger: Ledger, home: Path) -> None:
    """Where there is no hour from two to three, or two of them, it is still once that day."""
    for midnight in (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        turns = [let_go(home, KEEP, zone=BERLIN, now=midnight + timedelta(hours=hour)) for hour in range(23)]
        assert len([turn for turn in turns if turn]) == 1


def test_everything_is_kept_without_a_setting(home: Path) -> None:
    """Without a setting nothing ever goes, and no ledger is made."""
    assert let_go(home, Keep(), zone=BERLIN, now=NIGHT) is None
    assert not (home / "ledger.duckdb").exists()


def test_usage_objects_go_sooner(ledger: Ledger, home: Path) -> None:
    """Usage objects have a time of their own."""
    fill(ledger, {})

    said = let_go(home, Keep(attempts=400 * DAY, usage=3 * DAY), zone=BERLIN, now=NIGHT)

    assert said == "gone: 0 attempts, usage objects of 1 more, 0 segments"
