from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.calls import MOST_ROWS, AttemptRow, Cursor, Search, search
from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.prune import prune
from analytics.reports import Filters
from tests.conftest import fill

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
EVERYTHING = Filters(period=Period(NOON - timedelta(days=3), NOON + timedelta(days=3)))
EARLIER = Filters(period=Period(NOON - timedelta(days=9), NOON - timedelta(days=8)))
FIRST, SECOND = "0199aaaa-0000-7000-8000-000000000001", "0199aaab-0000-7000-8000-000000000002"


def found(ledger: Ledger, filters: Filters = EVERYTHING, **wanted: Any) -> list[str]:
    """The call ids on the first page."""
    return [row.call_id for row in search(ledger, filters, Search(**wanted)).rows]


def one(ledger: Ledger) -> AttemptRow:
    (row,) = search(ledger, EVERYTHING).rows
    return row


def test_an_empty_ledger(ledger: Ledger) -> None:
    """An empty ledger has one page with nothing on it, whatever is looked for."""
    for wanted in (Search(), Search(id="req_1234"), Search(least_cost=Decimal(1))):
        page = search(ledger, EVERYTHING, wanted)
        assert (page.rows, page.after) == ((), None)


def test_what_a_row_says(ledger: Ledger) -> None:
    """A row has what was asked, sent and served, the tokens by bucket, the exact cost, and the times."""
    cached = {"ephemeral_5m_input_tokens": 2000, "ephemeral_1h_input_tokens": 3000}
    tokens = {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 4000}
    usage = {**tokens, "cache_creation_input_tokens": 5000, "cache_creation": cached}
    fill(ledger, {"usage": usage, "time_to_first_token_ms": 200.0, "user_id": "u", "message_id": "msg_1"})

    row = one(ledger)

    assert (row.requested_model, row.model, row.task_type) == ("claude-opus-5-5", "claude-haiku-5-5", "classify")
    assert (row.started_at, row.duration_ms, row.time_to_first_token_ms) == (NOON, 812.5, 200.0)
    assert (row.tags, row.user_id, row.status, row.stop_reason) == ({"team": "search"}, "u", 200, "end_turn")
    assert (row.input_tokens, row.cache_write_5m_tokens, row.cache_write_1h_tokens) == (1000, 2000, 3000)
    assert (row.cache_read_input_tokens, row.output_tokens) == (4000, 100)
    # 1000 at $0.10, 2000 at $0.125, 3000 at $0.20, 4000 at $0.01 and 100 at $0.50 per million
    assert (row.list_cost, row.unpriced_reason) == (Decimal("0.00104"), None)


def test_unpriced_is_said(ledger: Ledger) -> None:
    """An attempt without a price has no cost and the reason; one that used nothing costs nothing."""
    fill(
        ledger,
        {"model": "claude-unheard-of"},
        {"started_at": NOON - timedelta(hours=1), "status": 529, "error_type": "overloaded_error", "usage": None},
    )

    unpriced, failed = search(ledger, EVERYTHING).rows

    assert unpriced.list_cost is None
    assert "unknown model claude-unheard-of" in (unpriced.unpriced_reason or "")
    assert (failed.list_cost, failed.unpriced_reason, failed.input_tokens, failed.succeeded) == (0, None, 0, False)


def test_ids(ledger: Ledger) -> None:
    """Each kind of id finds its attempt, whole or by how it begins, in all of time; the other filters hold."""
    one_id = {"call_id": "call-one", "request_id": "req_one", "message_id": "msg_one", "batch_id": "msgbatch_one"}
    other = {"call_id": "call-two", "request_id": "req_two", "message_id": "msg_two", "batch_id": "msgbatch_two"}
    fill(ledger, {**one_id, "record_id": FIRST}, {**other, "record_id": SECOND})

    for beginning in (
        "call-one",
        "call-o",
        " req_one ",
        "req_o",
        "msg_one",
        "msgbatch_one",
        FIRST,
        "0199AAAA",
        FIRST[:15],
    ):
        assert found(ledger, EARLIER, id=beginning) == ["call-one"], beginning
    assert found(ledger, Filters(period=EARLIER.period, tags={"team": "other"}), id="call-one") == []


def test_what_to_look_for(ledger: Ledger) -> None:
    """Each thing that can be looked for leaves what matches it, the newest first; cost counts all lines together."""
    steps = [{"type": "message", "model": "claude-haiku-5-5", "input_tokens": 1000, "output_tokens": 100}] * 2
    twice = {"usage": {"input_tokens": 2000, "output_tokens": 200, "iterations": steps}}
    failed = {"status": 529, "error_type": "overloaded_error", "stop_reason": None, "usage": None}
    fill(
        ledger,
        {"call_id": "a"},
        {
            "call_id": "b",
            "started_at": NOON + timedelta(hours=1),
            "user_id": "ann",
            "stop_reason": "max_tokens",
            **twice,
        },
        {"call_id": "c", "started_at": NOON + timedelta(hours=2), **failed},
    )

    assert found(ledger, user_id="ann") == found(ledger, stop_reason="max_tokens") == ["b"]
    assert found(ledger, status=529) == found(ledger, failed=True) == ["c"]
    assert found(ledger, failed=False) == found(ledger, least_cost=Decimal("0.00015")) == ["b", "a"]
    assert found(ledger, least_cost=Decimal("0.000151")) == ["b"]
    assert found(ledger, id="nothing-like-it") == found(ledger, id="%%%%") == []


@settings(max_examples=4, deadline=None)
@given(minutes=st.lists(st.integers(0, 2), max_size=9), size=st.integers(1, 4))
def test_pages(tmp_path_factory: pytest.TempPathFactory, minutes: list[int], size: int) -> None:
    """Page after page shows each attempt once, the newest first, also those of the same moment."""
    ledger = Ledger(tmp_path_factory.mktemp("home"))
    fill(ledger, *({"started_at": NOON + timedelta(minutes=minute)} for minute in minutes))

    seen: list[AttemptRow] = []
    page = search(ledger, EVERYTHING, size=size)
    while page.after:
        seen += page.rows
        page = search(ledger, EVERYTHING, after=Cursor.parse(str(page.after)), size=size)
    seen += page.rows

    keys = [(row.started_at, row.record_id) for row in seen]
    assert keys == sorted(set(keys), reverse=True)
    assert len(keys) == len(minutes)


def test_pruned_calls_are_gone(ledger: Ledger) -> None:
    """What was pruned is not found."""
    fill(ledger, {"call_id": "gone"}, {"call_id": "here", "started_at": NOON + timedelta(days=1)})

    prune(ledger, before=NOON.date() + timedelta(days=1), now=NOON + timedelta(days=3))

    assert found(ledger) == ["here"]
    assert found(ledger, id="gone") == []


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"id": "req"}, "id: found 3 characters, expected 4 to 200 of an id"),
        ({"id": "r" * 201}, "id: found 201 characters"),
        ({"id": "req_1 req_2"}, "expected one id without spaces"),
        ({"id": "req_\x00\x1b[31m"}, "expected one id without spaces"),
        ({"status": 20}, "status: found 20, expected a status of HTTP"),
        ({"least_cost": Decimal("NaN")}, "least_cost: found NaN, expected an amount of dollars"),
        ({"least_cost": Decimal(-1)}, "least_cost: found -1"),
    ],
)
def test_what_cannot_be_looked_for(ledger: Ledger, wanted: dict[str, Any], sentence: str) -> None:
    """What cannot be looked for is one sentence, with what was found and what was expected."""
    with pytest.raises(SettingsError) as raised:
        found(ledger, **wanted)

    assert sentence in str(raised.value)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-10T12:00:00", "2026-11-10T12:00:00_1", f"noon_{FIRST}"])
def test_odd_cursors(text: str) -> None:
    """A cursor that no page has written is one sentence."""
    with pytest.raises(SettingsError, match="expected where a page ended"):
        Cursor.parse(text)


def test_sizes(ledger: Ledger) -> None:
    """A page has one row at least, and not more than a page can show."""
    for size in (0, MOST_ROWS + 1):
        with pytest.raises(SettingsError, match="size: found"):
            search(ledger, EVERYTHING, size=size)


def test_cursors_keep_microseconds() -> None:
    """A cursor comes back from a URL as it was."""
    cursor = Cursor(started_at=NOON + timedelta(microseconds=1), record_id=UUID(FIRST))

    assert Cursor.parse(str(cursor)) == cursor
