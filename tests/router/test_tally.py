from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.estimate import for_model
from router.eventstream import Frames, encode_frame
from router.tally import EventTally, FrameTally, JsonTally, LineTally, Seen
from router.testing import StandIn
from router.testing.events import encode, stream_events
from router.testing.tokens import count_text, scale

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


def watch(*chunks: bytes) -> Seen:
    """What was seen when it was over; the tally is fed, and reports the end once."""
    reports: list[Seen] = []
    tally = EventTally(lambda seen: reports.append(replace(seen)), lambda: 5)
    for chunk in chunks:
        tally.feed(chunk)
    tally.end()
    *opened, ended = reports
    assert len(opened) <= 1
    assert all(seen.under_way and seen.usage for seen in opened)
    return ended


@given(st.lists(st.integers(0, 900), max_size=8))
def test_the_cuts_between_chunks_do_not_matter(cuts: list[int]) -> None:
    """However the bytes of a stream are cut into chunks, the same is seen, and reported once."""
    whole = sse(START, *DELTAS, *END)
    places = [0, *sorted(cuts), len(whole)]

    assert watch(*(whole[a:b] for a, b in pairwise(places))) == watch(whole)


def test_the_delta_is_laid_over_the_start() -> None:
    """Cumulative counts replace those of the start, and what the delta leaves out stays: the split by TTL does."""
    seen = watch(sse(START, *DELTAS, *END))

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
    seen = watch(sse(START, *DELTAS))

    assert not seen.complete
    assert seen.usage is not None
    assert seen.usage["input_tokens"] == 10
    assert seen.estimated_output_tokens
    assert seen.estimated_output_tokens > 0


def test_a_stream_that_never_began_is_incomplete_without_estimate() -> None:
    """Where nothing was seen, nothing is made up."""
    assert watch() == Seen()
    assert Seen().estimated_output_tokens is None


def test_an_error_event_ends_the_stream() -> None:
    """An overload inside a 200 is an error of its type."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}

    seen = watch(sse(error), sse(START))

    assert seen.error_type == "overloaded_error"
    assert not seen.complete


def test_output_that_the_api_counted_is_not_estimated() -> None:
    """After a `message_delta` only what came since is estimated, on top of what it counted."""
    so_far = {**END[0], "delta": {"stop_reason": None}}
    counted = watch(sse(START, *DELTAS, so_far))
    more = watch(sse(START, *DELTAS, so_far, *DELTAS))

    assert not counted.complete
    assert (counted.usage or {})["output_tokens"] == 42
    assert counted.estimated_output_tokens is None
    assert more.estimated_output_tokens
    assert more.estimated_output_tokens > 42


def test_a_stream_left_after_its_final_counts_is_complete() -> None:
    """Nothing of the usage can still come once the reason to stop was given, as some readers know who close then."""
    assert watch(sse(START, *DELTAS, END[0])).complete


@pytest.mark.parametrize("after", [3, 4, 5])
def test_the_model_is_the_one_that_served(after: int) -> None:
    """After a fallback on the server it is the last `fallback` block, or iteration, that names the model."""
    hops = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "fallback", "to": {"model": name}}}
        for name in ("claude-sonnet-5-5", "claude-opus-5-5")
    ]
    iterations = [{"type": "message", "model": "claude-haiku-5-5"}, {"type": "fallback_message", "model": "claude-x"}]
    end = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 3, "iterations": iterations}}

    seen = watch(sse(*[START, DELTAS[0], *hops, end][:after]))

    assert seen.model == {3: "claude-sonnet-5-5", 4: "claude-opus-5-5", 5: "claude-x"}[after]


@given(cut=st.integers(0, 2000), rubbish=st.binary(max_size=30))
def test_a_stream_cut_at_any_byte_is_read_as_far_as_it_goes(cut: int, rubbish: bytes) -> None:
    """Nothing raises, whatever comes after the cut, and what was seen before holds."""
    whole = sse(START, *DELTAS, *END)

    seen = watch(whole[:cut] + b"\n" + rubbish.replace(b"\n", b""))

    assert seen.complete is (cut >= len(sse(START, *DELTAS, END[0])) - 2)
    assert (seen.usage is not None) is (cut >= len(sse(START)) - 2)


@pytest.mark.parametrize("kind", ["text", "thinking", "tool_use"])
def test_the_estimate_is_near_wherever_the_stream_is_cut(kind: str) -> None:
    """Cut after any delta, the output estimated is within a quarter of what the stand-in would have counted."""
    client = StandIn(seed=3).client()
    tool = {"name": "book", "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}}}
    extra: dict[str, dict[str, Any]] = {
        "text": {},
        "thinking": {"thinking": {"type": "adaptive"}},
        "tool_use": {"tools": [tool], "tool_choice": {"type": "any"}},
    }
    for number in range(8):
        ask: list[Any] = [{"role": "user", "content": f"Question {number}: what then?"}]
        message = client.messages.create(model="claude-opus-5-5", max_tokens=3000, messages=ask, **extra[kind])
        events = list(stream_events({"stop_details": None, **message.model_dump(mode="json")}))
        deltas = [at for at, event in enumerate(events) if event["type"] == "content_block_delta"]
        for at in deltas:
            said = "".join(
                event["delta"].get("text") or event["delta"].get("thinking") or event["delta"].get("partial_json") or ""
                for event in events[: at + 1]
                if event["type"] == "content_block_delta"
            )
            counted = scale(count_text(said) + (35 if kind == "tool_use" else 0), 130)
            found = watch(*map(encode, events[: at + 1])).estimated_output_tokens
            assert found is not None
            assert abs(found - counted) <= max(30, counted / 4)


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-opus-4-6", 10),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 10),
        ("claude-sonnet-4@20250514", 10),
        ("claude-3-7-sonnet-latest", 10),
        ("claude-opus-4-7", 13),
        ("anthropic.claude-opus-4-8-20260528-v1:0", 13),
        ("claude-haiku-5-5", 13),
        (None, 13),
    ],
)
def test_newer_models_count_more_tokens_for_the_same_text(model: str | None, tokens: int) -> None:
    """The tokenizer that came with Opus 4.7 makes about 30 % more tokens; an unknown model is taken for a newer one."""
    assert for_model(10, model) == tokens


@given(st.lists(st.integers(0, 2000), max_size=8))
def test_frames_hold_the_same_events(cuts: list[int]) -> None:
    """The events of a stream in Amazon's frames give the same, however the bytes are cut into chunks."""
    events = [START, *DELTAS, *END]
    whole = b"".join(encode_frame(json.dumps(event).encode()) for event in events)
    ends: list[Seen] = []
    tally = FrameTally(EventTally(ends.append, lambda: 5))
    for a, b in pairwise([0, *sorted(cuts), len(whole)]):
        tally.feed(whole[a:b])
    tally.end()

    assert ends[-1] == watch(sse(*events))


def test_an_exception_among_the_frames_is_an_error_of_its_type() -> None:
    """Bedrock reports an overload inside a stream as an exception frame, here under its own name."""
    ends: list[Seen] = []
    tally = FrameTally(EventTally(ends.append, lambda: 5))
    tally.feed(encode_frame(json.dumps(START).encode()))
    tally.feed(encode_frame(b'{"message":"slow down"}', exception="throttlingException"))

    assert ends[-1].error_type == "throttlingException"
    assert not ends[-1].complete


@given(st.binary(min_size=12, max_size=60))
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    """Bytes whose lengths do not check out are not read as a frame."""
    with pytest.raises(ValueError, match="expected a frame"):
        list(Frames().feed(data))


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
