from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.record import UsageRecord, batch_record_id, from_nanoseconds, new_record_id

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # st wants naive bounds
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


@given(
    started_at=MOMENTS,
    tags=st.dictionaries(TEXTS, TEXTS, max_size=4),
    usage=st.none() | st.dictionaries(TEXTS, JSON, max_size=4),
    confidence=st.none() | st.floats(0, 1),
    model=st.none() | TEXTS,
)
def test_a_record_comes_back_from_its_line_as_it_was(**fields: Any) -> None:
    """What goes into a line of the spool comes out of it."""
    record = UsageRecord(record_id="r", call_id="c", attempt=1, duration_ms=1.5, **fields)

    line = record.to_json()

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert UsageRecord.from_json(line) == record


def test_text_that_is_no_unicode_is_written_as_a_question_mark() -> None:
    """A lone surrogate, as a tag can hold, does not make a line that other readers refuse."""
    record = UsageRecord(
        record_id="r",
        call_id="c",
        attempt=1,
        started_at=datetime(2026, 11, 1, tzinfo=UTC),
        tags={"team": "\ud800"},
    )

    assert UsageRecord.from_json(record.to_json().decode("utf-8")).tags == {"team": "?"}


def test_a_key_from_a_newer_writer_is_passed_over() -> None:
    """An older reader reads a newer writer's line."""
    line = (
        b'{"record_id":"r","call_id":"c","attempt":1,"started_at":"2026-11-01 00:00:00.000000","duration_ms":1,"new":2}'
    )

    assert UsageRecord.from_json(line).record_id == "r"


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"record_id":"r"}', "not json", '{"started_at":"yesterday"}', "null"]
)
def test_a_line_that_is_no_record_is_a_value_error(line: str) -> None:
    """A damaged line is told from a record."""
    with pytest.raises(ValueError, match=r"found|not a usage record|Expecting|time data"):
        UsageRecord.from_json(line)


@given(st.lists(st.integers(1, 2**47), min_size=2, max_size=9, unique=True))
def test_record_ids_sort_by_time(milliseconds: list[int]) -> None:
    """UUIDv7: later records have greater ids, to the millisecond."""
    ids = [new_record_id(moment * 1_000_000) for moment in sorted(milliseconds)]

    assert ids == sorted(ids)
    assert {record_id[14] for record_id in ids} == {"7"}


def test_a_batch_item_has_one_id_wherever_it_is_read() -> None:
    """The id of a batch result depends on the batch and the custom id, and on both."""
    assert batch_record_id("msgbatch_1", "a") == batch_record_id("msgbatch_1", "a")
    assert batch_record_id("msgbatch_1", "a") != batch_record_id("msgbatch_1", "b")
    assert batch_record_id("msgbatch_1", "a") != batch_record_id("msgbatch_2", "a")


def test_nanoseconds_become_an_exact_time() -> None:
    """No microsecond is lost on the way through a float."""
    assert from_nanoseconds(1_795_251_600_123_456_789) == datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)
