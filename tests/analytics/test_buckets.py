from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import ingest, reports
from analytics.buckets import GRAINS, Grain, buckets, hours_of_week, usual_grain
from analytics.exceptions import SettingsError
from analytics.grouping import BUCKET
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.reports import Filters
from router.record import UsageRecord, new_record_id
from router.spool import Spool

START = datetime(2026, 10, 24, 18, 30, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/Havana", "Australia/Lord_Howe")
zones = st.sampled_from(ZONES)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


@settings(max_examples=40, deadline=None)
@given(moments, st.integers(1, 24 * 40), st.sampled_from(GRAINS), zones)
def test_buckets_are_the_period_without_a_gap(start: datetime, hours: int, grain: Grain, zone: str) -> None:
    """Together the buckets are the period, in order, none empty, whatever the clocks do."""
    period = Period(start, start + timedelta(hours=hours))
    found = buckets(period, grain, zone)
    assert (found.starts[0], found.ends[-1]) == (period.start, period.end)
    assert all(start < end for start, end in zip(found.starts, found.ends, strict=True))
    assert len(found.names) == len(found.starts)
    assert list(found.names) == sorted(found.names)


def test_names_are_local() -> None:
    """A bucket is named by the local clock, an hour that is shown twice has one name, and a week that of its Monday."""
    berlin = Period(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    assert buckets(berlin, "day", "Europe/Berlin").names == ("2026-10-25",)
    assert buckets(berlin, "hour", "Europe/Berlin").names.count("2026-10-25 02:00") == 2
    assert buckets(berlin, "week", "Europe/Berlin").names == ("2026-10-19",)
    assert hours_of_week(berlin, "Europe/Berlin").names[:2] == ("7 00", "7 01")


@pytest.mark.parametrize(
    ("days", "grain"), [(1, "hour"), (3, "hour"), (4, "day"), (120, "day"), (121, "week"), (900, "week")]
)
def test_the_usual_grain_grows_with_the_period(days: int, grain: Grain) -> None:
    """Hours up to three days, days up to a hundred and twenty, then weeks."""
    assert usual_grain(Period(START, START + timedelta(days=days))) == grain


def test_rows_by_bucket_add_up_to_the_period(
    home: object, spool: Spool, ledger: Ledger, a_record: Callable[..., UsageRecord]
) -> None:
    """In every zone, also those that are not whole hours from UTC, each attempt is in the bucket of its local time."""
    times = [START + timedelta(minutes=37 * number) for number in range(60)]
    for at in times:
        record_id = new_record_id(int(at.timestamp()) * 10**9)
        assert spool.append(a_record(record_id=record_id, started_at=at))
    ingest.ingest(ledger)
    period = Period(START, START + timedelta(days=2))
    for zone in ("Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"):
        for grain in ("hour", "day"):
            found = buckets(period, grain, zone)
            rows = reports.cost_by(ledger, Filters(period=period), (BUCKET,), buckets=found)
            spans = list(zip(found.names, found.starts, found.ends, strict=True))
            by_hand = dict.fromkeys(found.names, 0)
            for name, start, end in spans:
                by_hand[name] += sum(start <= at < end for at in times)
            assert {row.group[0]: row.attempts for row in rows} == {name: n for name, n in by_hand.items() if n}
            whole = reports.totals(ledger, Filters(period=period)).list_cost
            assert sum((row.list_cost or Decimal(0) for row in rows), Decimal(0)) == whole


def test_buckets_are_asked_for_with_their_period(ledger: Ledger) -> None:
    """A breakdown by buckets without any is refused, as is one where they are not the first dimension."""
    period = Period(START, START + timedelta(days=2))
    with pytest.raises(SettingsError, match="found 'bucket'"):
        reports.cost_by(ledger, Filters(period=period), (BUCKET,))
    with pytest.raises(SettingsError, match="found 'bucket'"):
        reports.cost_by(ledger, Filters(period=period), ("model", BUCKET), buckets=buckets(period, "day", "UTC"))


def test_six_dimensions_filter_at_once(
    home: object, spool: Spool, ledger: Ledger, a_record: Callable[..., UsageRecord]
) -> None:
    """Each of six dimensions narrows, and a seventh is refused."""
    record = a_record(started_at=START, tags={"team": "search"})
    assert spool.append(record)
    ingest.ingest(ledger)
    period = Period(START, START + timedelta(days=2))
    (found,) = reports.cost_by(ledger, Filters(period=period), ("model", "tier", "platform", "status"))
    model, tier, platform, status = found.group
    asked = {"model": model, "tier": tier, "platform": platform, "status": status, "tag:team": "search"}
    held = {name: (value,) for name, value in asked.items() if value is not None} | {
        "requested_model": (str(record.requested_model),)
    }
    assert reports.totals(ledger, Filters(period=period, within=held)).attempts == (1 if record.requested_model else 0)
    for name in held:
        assert not reports.totals(ledger, Filters(period=period, within=held | {name: ("another",)})).attempts
    with pytest.raises(SettingsError, match="at most 6"):
        reports.totals(ledger, Filters(period=period, within={f"tag:{number}": ("x",) for number in range(7)}))
