from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.tally import EventTally, JsonTally, LineTally, Seen

START: dict[str, Any] = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "model": "claude-haiku-5-5",
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 10, "output_tokens": 1, "cache_creation": {"ephemeral_1h_input_tokens": 7}},
    },
}
DELTAS = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Grüße, 世界" * 5}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "line\nbreak"}},
    {"type": "content_block_stop", "index": 0},
]
END = [
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 42, "input_tokens": None},
    },
    {"type": "message_stop"},
]


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events)


def watch(*chunks: bytes) -> tuple[list[Seen], int]:
    ends: list[Seen] = []
    firsts: list[None] = []
    tally = EventTally(lambda: firsts.append(None), ends.append)
    for chunk in chunks:
        tally.feed(chunk)
    tally.end()
    return ends, len(firsts)


@given(st.lists(st.integers(0, 900), max_size=8))
def test_the_cuts_between_chunks_do_not_matter(cuts: list[int]) -> None:
    """However the bytes of a stream are cut into chunks, the same is seen, and reported once."""
    whole = sse(START, *DELTAS, *END)
    places = [0, *sorted(cuts), len(whole)]

    ends, firsts = watch(*(whole[a:b] for a, b in pairwise(places)))

    assert ends == watch(whole)[0]
    assert firsts == 1


def test_the_delta_is_laid_over_the_start() -> None:
    """Cumulative counts replace those of the start, and what the delta leaves out stays: the split by TTL does."""
    ((seen,), _) = watch(sse(START, *DELTAS, *END))

    assert seen.usage == {
        "input_tokens": 10,
        "output_tokens": 42,
        "cache_creation": {"ephemeral_1h_input_tokens": 7},
    }
    assert (seen.model, seen.message_id, seen.stop_reason) == ("claude-haiku-5-5", "msg_1", "end_turn")
    assert seen.complete
    assert seen.estimated_output_tokens is None
    assert seen.content_empty is False


def test_a_stream_that_breaks_off_is_incomplete_and_estimated() -> None:
    """What was seen so far is kept, with an estimate of the output, marked as one."""
    ((seen,), _) = watch(sse(START, *DELTAS))

    assert not seen.complete
    assert seen.usage is not None
    assert seen.usage["input_tokens"] == 10
    assert seen.estimated_output_tokens
    assert seen.estimated_output_tokens > 0


def test_a_stream_that_never_began_is_incomplete_without_estimate() -> None:
    """Where nothing was seen, nothing is made up."""
    ((seen,), firsts) = watch()

    assert (seen.complete, seen.usage, seen.estimated_output_tokens, firsts) == (False, None, None, 0)


def test_an_error_event_ends_the_stream() -> None:
    """An overload inside a 200 is an error of its type."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}

    ((seen,), _) = watch(sse(error), sse(START))

    assert seen.error_type == "overloaded_error"
    assert not seen.complete


def test_a_json_answer_is_read_at_its_end() -> None:
    """A Message in one document is seen whole, in whatever pieces it came; half of one is not."""
    message = json.dumps({**START["message"], "stop_reason": "end_turn", "content": [{"type": "text"}]}).encode()
    seen: list[Seen] = []
    for pieces in ([message], [message[:50], message[50:]], [message[:50]]):
        tally = JsonTally(seen.append)
        for piece in pieces:
            tally.feed(piece)
        tally.end()
        tally.end()

    assert [each.complete for each in seen] == [True, True, False]
    assert seen[0] == seen[1]
    assert seen[0].content_empty is False


@given(st.lists(st.integers(0, 60), max_size=4))
def test_lines_are_seen_once_each(cuts: list[int]) -> None:
    """Results come line by line however they are cut; a damaged line is passed over, its neighbours are not."""
    whole = b'{"custom_id":"a"}\n{"custom_id": damaged}\n\n[]\n{"custom_id":"b"}'
    places = [0, *sorted(cuts), len(whole)]
    rows: list[Any] = []
    tally = LineTally(rows.append)
    for a, b in pairwise(places):
        tally.feed(whole[a:b])
    tally.end()

    assert [row["custom_id"] for row in rows] == ["a", "b"]
