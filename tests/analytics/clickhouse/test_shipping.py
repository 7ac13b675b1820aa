from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.clickhouse import logbook
from analytics.clickhouse.address import Address
from analytics.clickhouse.schema import migrate, migrations
from analytics.clickhouse.shipping import ShipReport, ship
from analytics.clickhouse.store import Store, StoreError
from analytics.exceptions import LedgerBusy, LedgerError, LedgerTooNew
from analytics.ingest import ingest
from analytics.intake import Terms
from analytics.ledger import Ledger
from router.spool import Spool, segments
from tests.conftest import a_record

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COSTS = (
    "line_number, kind, model, input_tokens, output_tokens, web_search_requests, flags, problem, multiplier, "
    "input_cost, output_cost, cache_write_cost, cache_read_cost, tool_cost, list_cost, contracted_cost, "
    "requested_list_cost, uncached_list_cost, unpriced_reason, sku_price_id, table_version"
)
FACTS = (
    "call_id, attempt, started_at, duration_ms, platform, endpoint, stream, requested_model, model, max_tokens, "
    "task_type, tier, confidence, status, stop_reason, content_empty, complete, request_id, usage, revision"
)
SEVERAL = {
    "iterations": [
        {"type": "message", "input_tokens": 7, "output_tokens": 3},
        {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 11, "output_tokens": 13},
    ],
    "server_tool_use": {"web_search_requests": 3},
    "input_tokens": 18,
    "output_tokens": 16,
}


def rows(address: Address, text: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(Store(address)) as store:
        return store.rows(text)[1]


def as_text(found: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """In one order; times without their zone, which is UTC."""
    return sorted(tuple(str(value).removesuffix("+00:00") for value in row) for row in found)


def in_it(address: Address) -> list[str]:
    """The call ids that are there, a row that is there twice, twice."""
    return [call for (call,) in rows(address, "SELECT call_id FROM attempt ORDER BY call_id SETTINGS final = 0")]


def write(home: Path, *calls: str) -> None:
    """A record each, in a segment that is closed."""
    spool = Spool(home)
    for call in calls:
        assert spool.append(a_record(call_id=call))
    spool.close()


def put(home: Path, name: str, data: bytes) -> None:
    (home / "spool").mkdir(parents=True, exist_ok=True)
    (home / "spool" / name).write_bytes(data)


def test_what_arrives_is_what_ingest_makes(home: Path, tmp_path: Path, shared: Address, terms: Terms) -> None:
    """A shared ledger has the attempts, lines and charges of a DuckDB ledger of the same spool, to the last digit."""
    records = [
        a_record(tags={"team": 'sea"rch\\', "': \0": "\u2028é"}),
        a_record(usage=SEVERAL, model="claude-opus-5-5"),
        a_record(model="unheard-of", status=None, max_tokens=None, confidence=1 / 3),
        a_record(status=529, usage=None, model=None, tags={}),
    ]
    data = b"".join(record.to_json() for record in records) + b'junk "\xff\n'
    put(home, "1.ndjson", data)
    put(home, "2.ndjson", b'{"torn')
    put(tmp_path / "other", "1.ndjson", data)

    report = ship(home, shared, terms, now=NOW)
    ledger = Ledger(tmp_path / "other")
    ingest(ledger, terms[0])

    assert report == ShipReport(sent=4, damaged=2, bytes=len(data) + 6)
    names = ", ".join(f"lines.{name}" for name in COSTS.split(", "))
    with ledger.read() as con:
        charges = con.execute(
            f"SELECT record_id, {COSTS} FROM line JOIN charge USING (record_id, line_number)"  # noqa: S608  # our own words
        ).fetchall()
        facts = con.execute(f"SELECT record_id, {FACTS}, map_entries(tags) FROM usage").fetchall()  # noqa: S608  # the same
    found = rows(shared, f"SELECT record_id, {names} FROM attempt ARRAY JOIN lines")  # noqa: S608  # the same
    assert as_text(found) == as_text(charges)
    assert len(found) == 5
    tagged = [(*row[:-1], {pair["key"]: pair["value"] for pair in row[-1]}) for row in facts]
    arrived = rows(shared, f"SELECT record_id, {FACTS}, tags FROM attempt")  # noqa: S608  # the same
    assert as_text(arrived) == as_text(tagged)
    rejects = rows(shared, "SELECT segment, byte_offset, reason, line FROM reject ORDER BY segment")
    assert [row[0] for row in rejects] == ["1.ndjson", "2.ndjson"]
    assert rejects[0][2:] == ("not a JSON object", 'junk "\ufffd')
    assert rejects[1][1:] == (0, "cut off: its writer died in the middle of it", '{"torn')


def test_each_record_arrives_once_while_its_segment_grows(home: Path, shared: Address, terms: Terms) -> None:
    """A segment that is being written is sent as far as it goes, and put away once its writer is gone."""
    spool = Spool(home)
    for call in ("a", "b", "c"):
        spool.append(a_record(call_id=call))
        assert ship(home, shared, terms, now=NOW).sent == 1
        assert ship(home, shared, terms, now=NOW) == ShipReport()
    assert [segment.is_live() for segment in segments(home)] == [True]
    spool.close()
    ship(home, shared, terms, now=NOW)

    assert in_it(shared) == ["a", "b", "c"]
    assert segments(home) == []
    assert len(list((home / "done").glob("*.ndjson"))) == 1


def test_the_highest_revision_holds(home: Path, served: Address, terms: Terms) -> None:
    """Of the revisions of a record, the highest is what is read, in whatever order they arrive."""
    first = a_record(complete=False, stop_reason=None)
    for revision in (1, None, 2, 1):
        put(home, f"{revision}-{len(list(home.rglob('*')))}.ndjson", first._replace(revision=revision).to_json())
        ship(home, served, terms, now=NOW + timedelta(seconds=60 - (revision or 0)))

    assert rows(served, "SELECT revision FROM attempt") == [(2,)]


def test_records_of_any_month_arrive_in_one_batch(home: Path, served: Address, terms: Terms) -> None:
    """Records whose clocks were wrong keep nothing else from arriving, and their times are kept."""
    times = [datetime(1990 + year, month, 1) for year in range(12) for month in range(1, 13)]  # noqa: DTZ001  # as in the spool
    put(home, "1.ndjson", b"".join(a_record(started_at=at.replace(tzinfo=UTC)).to_json() for at in times))

    assert ship(home, served, terms, now=NOW).sent == 144
    assert rows(served, "SELECT count(), min(started_at) FROM attempt")[0][0] == 144


def test_a_ledger_is_made_once(malleable: Address) -> None:
    """Making a ledger that is there does nothing; one that was cut off is finished; a newer one is refused."""
    assert migrate(malleable) == ()
    with contextlib.closing(Store(malleable)) as store:
        store.command("TRUNCATE TABLE migration")
        assert migrate(malleable) == tuple(name for name, _ in migrations())
        store.command("INSERT INTO migration VALUES (999, '0999_later.sql')")
    with pytest.raises(LedgerTooNew, match=r"0999_later\.sql.*pip install -U"):
        migrate(malleable)


def test_a_ledger_without_a_column_that_is_sent_refuses(home: Path, malleable: Address, terms: Terms) -> None:
    """ClickHouse would leave out what it has no column for: an older ledger is an error, and nothing is sent."""
    with contextlib.closing(Store(malleable)) as store:
        store.command("DROP VIEW arrival_noted")
        store.command("ALTER TABLE attempt DROP COLUMN task_type")
    write(home, "a")

    with pytest.raises(StoreError, match="task_type") as raised:
        ship(home, malleable, terms, now=NOW)
    assert not raised.value.passing
    assert in_it(malleable) == []


def test_a_home_is_ingested_or_shipped(home: Path, served: Address, terms: Terms) -> None:
    """What went into one ledger goes into no other: whichever was second says where the records are."""
    write(home, "a")
    ingest(Ledger(home), terms[0])
    write(home, "b")
    with pytest.raises(LedgerError, match="begin at another home"):
        ship(home, served, terms, now=NOW)
    assert ingest(Ledger(home), terms[0]).added == 1

    other = home / "other"
    write(other, "c")
    ship(other, served, terms, now=NOW)
    with pytest.raises(LedgerError, match="tollgate ship"):
        ingest(Ledger(other), terms[0])
    assert not (other / "ledger.duckdb").exists()
    assert in_it(served) == ["c"]


def test_an_empty_ledger_is_in_nobodys_way(home: Path, ledger: Ledger, served: Address, terms: Terms) -> None:
    """A ledger that somebody's look has made, with nothing in it, does not keep a home from shipping."""
    write(home, "a")

    assert ship(home, served, terms, now=NOW).sent == 1


def test_two_at_once(home: Path, served: Address, terms: Terms) -> None:
    """While one ships, another at the same home is told so, and sends nothing."""
    write(home, "a")
    with logbook.alone(home), pytest.raises(LedgerBusy, match="another tollgate ships"):
        ship(home, served, terms, now=NOW)

    assert in_it(served) == []


def test_two_machines(tmp_path: Path, served: Address, terms: Terms) -> None:
    """Machines whose segments have the same names and lengths do not stand in for each other."""
    for name in ("a", "b"):
        put(tmp_path / name, "1.ndjson", a_record(call_id=name).to_json())
        ship(tmp_path / name, served, terms, now=NOW)

    assert in_it(served) == ["a", "b"]
    assert len(rows(served, "SELECT DISTINCT machine FROM attempt")) == 2


def test_a_logbook_that_is_none(home: Path, served: Address, terms: Terms) -> None:
    """A logbook that cannot be read is an error that names it: nothing is guessed, and nothing sent."""
    write(home, "a")
    logbook.folder(home).mkdir()
    for text in ("{", "[]", '{"ledger": 1}'):
        (logbook.folder(home) / "logbook.json").write_text(text)
        with pytest.raises(LedgerError, match=r"logbook\.json: found what is no logbook"):
            ship(home, served, terms, now=NOW)


def test_segments_that_are_gone_hold_nothing_up(
    home: Path, served: Address, terms: Terms, stand_in: Any, quick: Callable[[], Any]
) -> None:
    """What was planned, and then removed by somebody, is passed over; what is left of it arrives."""
    put(home, "1.ndjson", a_record(call_id="a").to_json())
    put(home, "2.ndjson", a_record(call_id="b").to_json())
    stand_in.fail(refuse=100)
    with pytest.raises(StoreError):
        ship(home, served, terms, now=NOW, patience=quick())
    stand_in.fail()
    (home / "spool" / "1.ndjson").unlink()
    write(home, "c")

    assert ship(home, served, terms, now=NOW).sent == 2
    assert in_it(served) == ["b", "c"]
