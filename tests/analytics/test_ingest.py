from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exceptions import LedgerError
from analytics.ingest import IngestReport, ingest, waiting_bytes
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from router.record import FIELDS, UsageRecord
from router.spool import Spool, segments
from tests import fresh
from tests.conftest import a_record, empty_ledger

PRICES = PriceTable.load()
INGEST = (
    "import sys\nfrom analytics.ingest import ingest\nfrom analytics.ledger import Ledger\n"
    "print(ingest(Ledger(sys.argv[1])).added)"
)


def put(home: Path, data: bytes, *, name: str = "1.ndjson") -> Path:
    """A segment whose writer is gone."""
    path = home / "spool" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def lines(records: Sequence[UsageRecord]) -> bytes:
    return b"".join(record.to_json() for record in records)


def select(ledger: Ledger, what: str) -> list[tuple[Any, ...]]:
    with ledger.read() as con:
        return con.execute(f"SELECT {what}").fetchall()  # a test's own words


def ids(ledger: Ledger) -> list[str]:
    return sorted(str(row[0]) for row in select(ledger, "record_id FROM usage"))


def test_every_field_arrives(ledger: Ledger, spool: Spool) -> None:
    """Each field of the record is a column of `usage`, with the record's value."""
    record = a_record(
        time_to_first_token_ms=1.5,
        stream=True,
        confidence=0.25,
        reason="short",
        shadow_model="claude-sonnet-5",
        tags={"team": "search", "größe": "α ''\""},
        error_type="e",
        stop_category="bio",
        content_empty=True,
        message_id="m",
        batch_id="b",
        custom_id="c",
        batch_result_type="succeeded",
        complete=False,
        estimated_output_tokens=7,
        region="us-east-1",
        workspace_id="wrkspc_1",
        user_id="u-1",
        key_fingerprint="0123456789abcdef",
        revision=1,
    )
    assert all(getattr(record, name) is not None for name in FIELDS)
    spool.append(record)

    ingest(ledger, PRICES)

    with ledger.read() as con:
        row = con.execute("FROM usage")
        columns = [column[0] for column in row.description or ()]
        stored = dict(zip(columns, row.fetchall()[0], strict=True))
    assert columns == list(FIELDS)
    expected = {name: getattr(record, name) for name in FIELDS}
    expected |= {"started_at": record.started_at.replace(tzinfo=None), "usage": json.loads(stored.pop("usage"))}
    assert stored | {"record_id": str(stored["record_id"]), "usage": record.usage} == expected


def test_usage_is_kept_verbatim(ledger: Ledger, spool: Spool) -> None:
    """The API's usage object is kept with fields that nobody knows yet; unknown fields of the record are not."""
    usage = {"input_tokens": 1, "output_tokens": 2, "new": {"deep": [None, 1.50, "x"]}}
    line = json.loads(a_record(usage=usage).to_json()) | {"from_the_future": 1}
    put(spool.home, json.dumps(line).encode() + b"\n")

    assert ingest(ledger, PRICES).added == 1
    assert json.loads(select(ledger, "usage FROM usage")[0][0]) == usage


def test_what_is_ingested_is_rated(ledger: Ledger, spool: Spool) -> None:
    """A record and its charge arrive in the same transaction."""
    spool.append(a_record())

    ingest(ledger, PRICES)

    assert select(ledger, "count(*) FROM charge WHERE list_cost > 0") == [(1,)]


def test_a_live_segment_is_read_as_it_grows(ledger: Ledger, spool: Spool) -> None:
    """A segment that is being written is read from where the last ingest ended, and stays."""
    spool.append(a_record())
    first = ingest(ledger, PRICES)
    spool.append(a_record())
    second = ingest(ledger, PRICES)

    assert (first.added, second.added) == (1, 1)
    assert len(segments(spool.home)) == 1
    assert waiting_bytes(ledger) == 0


def test_a_finished_segment_is_removed(ledger: Ledger, spool: Spool) -> None:
    """A segment that is in the ledger and that nobody writes any more is removed, and then forgotten."""
    spool.append(a_record())
    spool.close()
    ingest(ledger, PRICES)
    assert segments(spool.home) == []

    spool.append(a_record())
    ingest(ledger, PRICES)
    assert select(ledger, "name FROM segment") == [(segments(spool.home)[0].name,)]


def test_an_empty_spool(ledger: Ledger) -> None:
    """With nothing to take in, nothing is done."""
    assert ingest(ledger) == IngestReport()


def test_a_record_counts_once_across_segments(ledger: Ledger, home: Path) -> None:
    """A record that was written several times, in one segment or in many, is one row."""
    record = a_record()
    put(home, lines([record, record]), name="1.ndjson")
    put(home, lines([record]), name="2.ndjson")
    first = ingest(ledger, PRICES)
    put(home, lines([record]), name="3.ndjson")
    second = ingest(ledger, PRICES)

    assert (first.added, first.duplicates) == (1, 2)
    assert (second.added, second.duplicates) == (0, 1)
    assert ids(ledger) == [record.record_id]


def broken(**changes: Any) -> bytes:
    row = {name: value for name, value in json.loads(a_record().to_json()).items() if changes.get(name, 0) is not None}
    return json.dumps(row | {key: value for key, value in changes.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"junk", "not a JSON object"),
        (b"", "not a JSON object"),
        (b"[1]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"record_id": "x"} {}', "not a JSON object"),
        (b"\x00\x00\x00", "not a JSON object"),
        (b'"\xff\xfe', "not a JSON object"),
        (b"{}", "no record_id"),
        (broken(record_id=None), "no record_id"),
        (broken(call_id=None), "no call_id"),
        (broken(attempt=None), "no attempt"),
        (broken(started_at=None), "no started_at"),
        (broken(platform=None), "no platform"),
        (broken(endpoint=None), "no endpoint"),
        (broken(stream=None), "no stream"),
        (broken(tags=None), "no tags"),
        (broken(complete=None), "no complete"),
        (broken(record_id="not-a-uuid"), "a value of the wrong type"),
        (broken(started_at="yesterday"), "a value of the wrong type"),
        (broken(status="okay"), "a value of the wrong type"),
        (broken(max_tokens={"a": 1}), "a value of the wrong type"),
        (broken(tags=["team"]), "a value of the wrong type"),
        (broken(attempt=10**30), "a value of the wrong type"),
    ],
)
def test_a_damaged_line_is_set_aside(ledger: Ledger, home: Path, line: bytes, reason: str) -> None:
    """A line that holds no record goes to `reject` with its place and the reason; its neighbours arrive."""
    first, last = a_record(), a_record()
    put(home, first.to_json() + line + b"\n" + last.to_json())

    report = ingest(ledger, PRICES)

    assert (report.added, report.damaged) == (2, 1)
    assert ids(ledger) == sorted([first.record_id, last.record_id])
    assert select(ledger, "segment, byte_offset, reason FROM reject") == [("1.ndjson", len(first.to_json()), reason)]
    assert segments(home) == []


def test_a_value_that_does_not_fit_is_not_made_null(ledger: Ledger, home: Path) -> None:
    """A damaged value condemns its line: it does not slip in as unknown."""
    put(home, broken(estimated_output_tokens="many") + b"\n")

    assert ingest(ledger, PRICES).damaged == 1
    assert ids(ledger) == []


def test_a_damaged_line_is_kept_short(ledger: Ledger, home: Path) -> None:
    """Of a damaged line its first million characters are kept."""
    put(home, b"x" * 2_000_000 + b"\n")
    ingest(ledger, PRICES)

    assert select(ledger, "length(line) FROM reject") == [(1 << 20,)]


def test_the_torn_tail_of_a_living_writer_waits(ledger: Ledger, spool: Spool) -> None:
    """A line without its end is not read while its writer lives."""
    record, torn = a_record(), a_record()
    spool.append(record)
    with segments(spool.home)[0].path.open("ab") as file:
        file.write(torn.to_json()[:-20])
    assert ingest(ledger, PRICES).added == 1
    assert waiting_bytes(ledger) == len(torn.to_json()) - 20

    with segments(spool.home)[0].path.open("ab") as file:
        file.write(torn.to_json()[-20:])
    assert ingest(ledger, PRICES).added == 1
    assert ids(ledger) == sorted([record.record_id, torn.record_id])


def test_the_torn_tail_of_a_dead_writer_is_set_aside(ledger: Ledger, home: Path) -> None:
    """Of a writer that died in the middle of a line, the line is in `reject` and the segment is done with."""
    put(home, a_record().to_json() + b'{"record_id": "01')

    report = ingest(ledger, PRICES)

    assert (report.added, report.damaged) == (1, 1)
    assert segments(home) == []


@settings(max_examples=4, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=8))
def test_a_cut_loses_at_most_the_last_record(cuts: list[float]) -> None:
    """A segment that is cut at any byte has every record before the cut; only the one that was cut may be gone."""
    with tempfile.TemporaryDirectory() as folder:
        ledger, written = empty_ledger(folder), [[a_record() for _ in range(4)] for _ in cuts]
        whole = list[int]()
        for number, (records, cut) in enumerate(zip(written, cuts, strict=True)):
            left = lines(records)[: round(cut * len(lines(records)))]
            put(ledger.home, left, name=f"{number}.ndjson")
            whole.append(left.count(b"\n"))
        ingest(ledger, PRICES)

        found = set(ids(ledger))
        for records, count in zip(written, whole, strict=True):
            kept = [record.record_id in found for record in records]
            assert all(kept[:count])
            assert not any(kept[count + 1 :])


@settings(max_examples=8, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=4), st.randoms(use_true_random=False))
def test_ingest_is_idempotent_in_any_order(pieces: list[list[int]], chance: random.Random) -> None:
    """However records are spread over segments, repeated, and read in whatever order, each is there once."""
    records = [a_record()._replace(call_id=str(number)) for number in range(6)]
    with tempfile.TemporaryDirectory() as folder:
        ledger = empty_ledger(folder)
        order = list(enumerate(pieces))
        chance.shuffle(order)
        for number, piece in order:
            put(ledger.home, lines([records[index] for index in piece]), name=f"{number}.ndjson")
            if chance.random() < 0.5:
                ingest(ledger, PRICES)
        ingest(ledger, PRICES)
        ingest(ledger, PRICES)

        assert ids(ledger) == sorted({records[index].record_id for piece in pieces for index in piece})
        assert select(ledger, "count(*) FROM charge") == [(len(ids(ledger)),)]


def test_two_ingesters_at_once(ledger: Ledger, home: Path) -> None:
    """Two processes that ingest the same spool together take each record once, and between them all."""
    records = [a_record() for _ in range(300)]
    for number in range(6):
        put(home, lines(records[number * 50 : number * 50 + 50]) + b"junk\n", name=f"{number}.ndjson")
    both = [fresh.Program(INGEST, home) for _ in range(2)]
    added = [int(process.end().stdout) for process in both]

    assert sum(added) == 300
    assert ids(ledger) == sorted(record.record_id for record in records)
    assert select(ledger, "count(*) FROM reject") == [(6,)]
    assert segments(home) == []


def test_a_large_spool_comes_in_batches(ledger: Ledger, home: Path) -> None:
    """What is more than one batch is committed batch by batch, and progress is told after each."""
    padded = lines([a_record(reason="x" * 100_000) for _ in range(180)])
    put(home, padded)
    told: list[tuple[int, int]] = []

    report = ingest(ledger, PRICES, progress=lambda done, total: told.append((done, total)))

    assert report == IngestReport(added=180, bytes=len(padded))
    assert len(told) == 2
    assert told[-1] == (len(padded), len(padded))


def test_a_failed_rating_leaves_nothing_half_done(ledger: Ledger, home: Path) -> None:
    """If a batch cannot be committed, neither its rows nor its offsets are, and the next ingest takes it."""
    put(home, lines([a_record()]))
    with ledger.write() as con:
        con.execute("ALTER TABLE charge RENAME TO hidden")
    with pytest.raises(Exception, match="charge"):
        ingest(ledger, PRICES)
    assert ids(ledger) == []
    assert select(ledger, "count(*) FROM segment") == [(0,)]

    with ledger.write() as con:
        con.execute("ALTER TABLE hidden RENAME TO charge")
    assert ingest(ledger, PRICES).added == 1


def test_a_segment_that_cannot_be_read(ledger: Ledger, home: Path) -> None:
    """A segment that is no readable file is named in one sentence."""
    (home / "spool" / "1.ndjson").mkdir(parents=True)

    with pytest.raises(LedgerError, match=r"cannot read .*1\.ndjson"):
        ingest(ledger, PRICES)
