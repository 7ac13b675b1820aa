from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import rollup
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.prices import PriceTable
from analytics.reports import Filters, cost_by, costs_by, dimensions, health, totals
from analytics.rerate import rerate
from router.record import UsageRecord, new_record_id
from router.spool import Spool
from tests.conftest import a_record, empty_ledger

PRICES = PriceTable.load()
MIDNIGHT = datetime(2026, 11, 10, tzinfo=UTC)
MODELS = (None, "claude-haiku-5-5", "claude-sonnet-5-5", "claude-of-nobody")
PERIODS = (
    Period(MIDNIGHT - timedelta(days=1), MIDNIGHT + timedelta(days=2)),
    Period(MIDNIGHT + timedelta(minutes=30), MIDNIGHT + timedelta(hours=3, minutes=10)),
)


def at(minutes: float, **changes: Any) -> UsageRecord:
    """An attempt so many minutes after midnight."""
    moment = MIDNIGHT + timedelta(minutes=minutes)
    return a_record(started_at=moment, record_id=new_record_id(int(moment.timestamp() * 10**9)), **changes)


def put(ledger: Ledger, records: Sequence[UsageRecord]) -> None:
    spool = Spool(ledger.home)
    assert all(spool.append(record) for record in records)
    spool.close()
    ingest(ledger, PRICES)


def stale(ledger: Ledger) -> int:
    with ledger.read() as con:
        return len(con.execute("FROM stale").fetchall())


def slices(ledger: Ledger) -> list[tuple[int, int | None]]:
    """Which hours, and which minutes of the day where only a slice is, are rolled up."""
    with ledger.read() as con:
        found = con.execute(
            "SELECT DISTINCT hour(hour), hour(slice) * 60 + minute(slice) FROM hourly ORDER BY ALL NULLS FIRST"
        ).fetchall()
    return [(hour, minutes) for hour, minutes in found]


def forget(ledger: Ledger) -> None:
    """Throw every roll-up away."""
    with ledger.write() as con:
        con.execute("DELETE FROM hourly; DELETE FROM hourly_note; DELETE FROM stale")
        con.execute("INSERT INTO stale SELECT DISTINCT time_bucket(INTERVAL 5 MINUTES, started_at) FROM usage")


def figures(ledger: Ledger) -> list[object]:
    """Everything that reports say."""
    asked = [("hour",), ("model", "status", "tag:team"), ("user_id",)]
    found: list[object] = [health(ledger), dimensions(ledger)]
    for period in PERIODS:
        filters = Filters(period=period)
        found += [totals(ledger, filters), costs_by(ledger, filters, asked[:2]), cost_by(ledger, filters, asked[2])]
        found.append(totals(ledger, Filters(period=period, models=("claude-haiku-5-5",), tags={"team": "a"})))
    return found


attempts = st.builds(
    dict,
    model=st.sampled_from(MODELS),
    status=st.sampled_from([200, 529]),
    gap=st.integers(0, 40),
    team=st.sampled_from(["a", "b"]),
    user_id=st.sampled_from([None, "u1", "u2"]),
)
calls = st.lists(st.tuples(st.integers(0, 300), st.lists(attempts, min_size=1, max_size=3)), max_size=12)


def records_of(call: tuple[int, Sequence[dict[str, Any]]], number: int) -> list[UsageRecord]:
    minutes, found = call[0], list[UsageRecord]()
    for attempt, made in enumerate(call[1], 1):
        minutes += made["gap"]
        known = {"model": made["model"], "status": made["status"], "user_id": made["user_id"]}
        sent = {"sent_model": made["model"], "tags": {"team": made["team"]}, "call_id": f"c{number}"}
        found.append(at(minutes, attempt=attempt, **known, **sent))
    return found


@settings(max_examples=4, deadline=None)
@given(calls, st.randoms(use_true_random=False))
def test_rolled_up_or_not_every_figure_is_the_same(found: list[Any], chance: Any) -> None:
    """In whatever order attempts come, reports over roll-ups say what reports over the attempts themselves say."""
    records = [record for number, call in enumerate(found) for record in records_of(call, number)]
    chance.shuffle(records)
    half = len(records) // 2
    with tempfile.TemporaryDirectory() as folder:
        ledger = empty_ledger(folder)
        put(ledger, records[:half])
        put(ledger, records[half:])
        rolled = figures(ledger)
        everything = totals(ledger, Filters(period=PERIODS[0]))
        forget(ledger)

        assert rolled == figures(ledger)
        rollup.refresh(ledger, every=True)
        assert rolled == figures(ledger)
        assert stale(ledger) == 0
        assert everything.calls == len({record.call_id for record in records})


def test_what_is_young_is_rolled_up_in_slices(ledger: Ledger) -> None:
    """Ingest rolls up old hours as a whole, the last two slice by slice, and leaves the two newest slices for later."""
    put(ledger, [at(10), at(70), at(141), at(202), at(213), at(217)])

    assert stale(ledger) == 2
    assert slices(ledger) == [(0, None), (1, None), (2, 140), (3, 200)]
    put(ledger, [at(290), at(301)])
    assert slices(ledger) == [(0, None), (1, None), (2, None), (3, None), (4, 290)]
    put(ledger, [at(143)])
    assert slices(ledger) == [(0, None), (1, None), (2, None), (3, None), (4, 290)]
    assert totals(ledger, Filters(period=PERIODS[0])).attempts == 9


def test_a_call_counts_where_its_last_attempt_does(ledger: Ledger) -> None:
    """A call that went on in the next hour, on another model, counts there; also if its attempts come out of order."""
    first = at(59, call_id="c", attempt=1, model=None, status=529, sent_model="claude-haiku-5-5")
    second = at(61, call_id="c", attempt=2, sent_model="claude-sonnet-5-5", model="claude-sonnet-5-5")
    period = Filters(period=PERIODS[0])
    for one in (second, first, at(300)):
        put(ledger, [one])

    by_hour = {row.group: (row.calls, row.attempts) for row in cost_by(ledger, period, ["hour"])}
    assert by_hour == {("2026-11-10 00:00",): (0, 1), ("2026-11-10 01:00",): (1, 1), ("2026-11-10 05:00",): (1, 1)}
    assert totals(ledger, period).fallback_calls == 1


def test_a_rerating_is_rolled_up(ledger: Ledger, tmp_path: Path) -> None:
    """After prices have changed and charges were made anew, roll-ups say the new amounts."""
    put(ledger, [at(10), at(200)])
    before = totals(ledger, Filters(period=PERIODS[0])).list_cost
    text = (Path(__file__).parents[2] / "pricing.yaml").read_text("utf-8")
    dearer = tmp_path / "pricing.yaml"
    changed = text.replace('input: "0.10", output: "0.50"', 'input: "0.10", output: "0.60"')
    assert changed != text
    dearer.write_text(changed, "utf-8")

    rerate(ledger, PriceTable.load(dearer), now=MIDNIGHT)

    after = totals(ledger, Filters(period=PERIODS[0])).list_cost
    assert before
    assert after
    assert after > before
    forget(ledger)
    assert totals(ledger, Filters(period=PERIODS[0])).list_cost == after
