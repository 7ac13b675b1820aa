from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.ingest import IngestReport, ingest
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from router.record import UsageRecord
from tests import fresh
from tests.analytics.test_ingest import INGEST, lines, put, select
from tests.conftest import Tollgate, a_record, empty_ledger

PRICES = PriceTable.load()
FACTS = """
    record_id, revision, complete, usage.model, usage.usage::VARCHAR, line_number, output_tokens, list_cost
    FROM usage LEFT JOIN line USING (record_id) LEFT JOIN charge USING (record_id, line_number) ORDER BY ALL
"""


@dataclass(frozen=True)
class Stream:
    """The records that one streamed answer leaves in the spool."""

    opened: UsageRecord
    closed: UsageRecord


def a_stream(**changes: Any) -> Stream:
    closed = a_record(stream=True, revision=1, **changes)
    begun = {**(closed.usage or {}), "output_tokens": 2}
    opened = closed._replace(complete=False, duration_ms=None, stop_reason=None, usage=begun, revision=None)
    return Stream(opened, closed)


def facts(ledger: Ledger) -> list[tuple[Any, ...]]:
    return select(ledger, FACTS)


@pytest.mark.parametrize("first", ["opened", "closed"])
@pytest.mark.parametrize("together", [True, False])
def test_the_closing_of_a_stream_holds(ledger: Ledger, home: Path, first: str, together: bool) -> None:
    """Of the opening and the closing of a stream the closing holds, whichever comes first, together or apart."""
    stream = a_stream()
    records = [stream.opened, stream.closed] if first == "opened" else [stream.closed, stream.opened]

    report = IngestReport()
    for number, part in enumerate([records] if together else [[record] for record in records]):
        put(home, lines(part), name=f"{number}.ndjson")
        report += ingest(ledger, PRICES)

    late = first == "closed" and not together
    assert (report.added, report.revised, report.duplicates) == (1, 0 if late else 1, 1 if late else 0)
    assert select(ledger, "complete, duration_ms, stop_reason FROM usage") == [(True, 812.5, "end_turn")]
    assert select(ledger, "output_tokens FROM line") == [(100,)]
    assert select(ledger, "count(*), count(list_cost) FROM charge") == [(1, 1)]


def test_a_later_revision_may_have_other_lines(ledger: Ledger, home: Path) -> None:
    """The lines and charges of a lower revision go with it, also where the higher one has more of them or none."""
    hop = {"type": "message", "model": "claude-haiku-5-5", "input_tokens": 10, "output_tokens": 5}
    many = a_record(revision=2, usage={"iterations": [hop, hop, hop], "input_tokens": 10, "output_tokens": 5})
    put(home, lines([many._replace(revision=1, usage={"input_tokens": 10, "output_tokens": 5})]), name="1.ndjson")
    ingest(ledger, PRICES)
    put(home, lines([many]), name="2.ndjson")
    ingest(ledger, PRICES)
    assert select(ledger, "count(*) FROM line JOIN charge USING (record_id, line_number)") == [(3,)]

    put(home, lines([many._replace(revision=3, usage=None, status=529)]), name="3.ndjson")
    ingest(ledger, PRICES)
    assert select(ledger, "(SELECT count(*) FROM line), (SELECT count(*) FROM charge)") == [(0, 0)]


STREAMS = [a_stream(call_id=str(number)) for number in range(3)]
PLAIN = a_record(call_id="plain")
GROWING = [a_record()._replace(record_id=PLAIN.record_id[:-4] + "beef", revision=number) for number in range(1, 5)]
WRITTEN = [PLAIN, *GROWING, *(record for stream in STREAMS for record in (stream.opened, stream.closed))]


def highest(records: Sequence[UsageRecord]) -> dict[str, UsageRecord]:
    """The law: of records with one id the highest revision holds."""
    return {record.record_id: record for record in sorted(records, key=lambda record: record.revision or 0)}


@settings(max_examples=6, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(range(len(WRITTEN))), min_size=2, max_size=6), min_size=2, max_size=5),
    st.randoms(use_true_random=False),
)
def test_any_order_gives_the_same_ledger(pieces: list[list[int]], chance: random.Random) -> None:
    """However revisions and duplicates are ordered and split over segments and ingests, the ledger is the same."""
    with tempfile.TemporaryDirectory() as together, tempfile.TemporaryDirectory() as apart:
        written = [WRITTEN[index] for piece in pieces for index in piece]
        one, other = empty_ledger(together), empty_ledger(apart)
        put(one.home, lines(written))
        ingest(one, PRICES)

        report, order = IngestReport(), list(enumerate(pieces))
        chance.shuffle(order)
        for number, piece in order:
            put(other.home, lines([WRITTEN[index] for index in piece]), name=f"{number}.ndjson")
            if chance.random() < 0.6:
                report += ingest(other, PRICES)
        report += ingest(other, PRICES)

        assert facts(one) == facts(other)
        assert {str(row[0]): row[1] for row in facts(other)} == {
            record_id: record.revision for record_id, record in highest(written).items()
        }
        assert report.added == len(highest(written))
        assert report.added + report.revised + report.duplicates == len(written)


def test_two_ingesters_at_once_agree(ledger: Ledger, home: Path) -> None:
    """Two processes that take in openings and closings together leave each closing once, with its charge."""
    streams = [a_stream() for _ in range(120)]
    for number in range(6):
        some = streams[number::6]
        put(home, lines([stream.opened for stream in some]), name=f"{number}.ndjson")
        put(home, lines([stream.closed for stream in some]), name=f"{5 - number}-closed.ndjson")
    both = [fresh.Program(INGEST, home) for _ in range(2)]
    added = [int(process.end().stdout) for process in both]

    assert sum(added) == 120
    assert select(ledger, "count(*), count(DISTINCT record_id), bool_and(complete) FROM usage") == [(120, 120, True)]
    assert select(ledger, "count(*), count(list_cost) FROM charge") == [(120, 120)]


def test_a_failed_replacement_leaves_the_lower_revision(ledger: Ledger, home: Path) -> None:
    """If the transaction cannot be committed, the lower revision is there as it was, with its charge."""
    stream = a_stream()
    put(home, lines([stream.opened]), name="1.ndjson")
    ingest(ledger, PRICES)
    before = facts(ledger)
    put(home, lines([stream.closed]), name="2.ndjson")
    with ledger.write() as con:
        con.execute("ALTER TABLE charge RENAME TO hidden")
    with pytest.raises(Exception, match="charge"):
        ingest(ledger, PRICES)
    with ledger.write() as con:
        con.execute("ALTER TABLE hidden RENAME TO charge")

    assert facts(ledger) == before
    assert ingest(ledger, PRICES).revised == 1


def test_an_open_stream_is_shown_as_one(tollgate: Tollgate, home: Path) -> None:
    """A stream that has not ended is counted with what its first event said, and said to be open."""
    stream = a_stream(call_id="call-open")
    put(home, lines([stream.opened]))

    report = tollgate("report", "--since", "2026-11-10", "--until", "2026-11-10")
    receipt = tollgate("receipt", "call-open")

    assert "1 calls, 1 attempts" in report.stdout
    assert "streams not ended, counted as far as their first event says: 1" in report.stdout
    assert "answers not seen to their end" not in report.stdout
    assert "! incomplete" in receipt.stdout
    assert "Total $" in receipt.stdout
