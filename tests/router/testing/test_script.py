from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import Message, RawMessageStreamEvent

from router.testing import (
    BATCH_ITEM,
    BATCHES,
    COUNT_TOKENS,
    Canceled,
    Clock,
    Cut,
    Expired,
    Failure,
    Overloaded,
    RateLimited,
    Refusal,
    ServerError,
    Slow,
    StandIn,
    StreamError,
    Unreachable,
)

ASK: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 400,
    "messages": [{"role": "user", "content": "What is new?"}],
}


@pytest.fixture
def api() -> StandIn:
    return StandIn(seed=1)


@pytest.mark.parametrize(
    ("effect", "error", "kind"),
    [
        (Overloaded(), anthropic.InternalServerError, "overloaded_error"),
        (RateLimited(retry_after=7), anthropic.RateLimitError, "rate_limit_error"),
        (ServerError(), anthropic.InternalServerError, "api_error"),
        (
            Failure(status=403, error_type="permission_error", message="No."),
            anthropic.PermissionDeniedError,
            "permission_error",
        ),
    ],
)
def test_error_statuses(api: StandIn, effect: Failure, error: type[anthropic.APIStatusError], kind: str) -> None:
    """An error status raises the SDK's own error, with type, request id and retry-after."""
    api.script(effect)
    with pytest.raises(error) as caught:
        api.client(max_retries=0).messages.create(**ASK)
    assert caught.value.type == kind
    assert caught.value.status_code == effect.status
    assert caught.value.request_id == api.requests[0].request_id
    expected = None if effect.retry_after is None else f"{effect.retry_after:g}"
    assert caught.value.response.headers.get("retry-after") == expected


def test_error_codes_reach_the_sdk(api: StandIn) -> None:
    """An error code makes the SDK raise the class it has for it."""
    code = "enforced_spend_limit_reached"
    api.script(Failure(status=429, error_type="rate_limit_error", message="Spent.", error_code=code))
    with pytest.raises(anthropic.RateLimitError) as caught:
        api.client(max_retries=0).messages.create(**ASK)
    assert type(caught.value).__name__ == "EnforcedSpendLimitReachedError"


def test_times_and_model(api: StandIn) -> None:
    """A rule applies to its model only, and only so many times; the SDK's retry then succeeds."""
    api.script(Overloaded(retry_after=0.001), model="claude-opus-5-5", times=2)
    client = api.client()
    haiku: Any = {**ASK, "model": "claude-haiku-5-5"}
    client.messages.create(**haiku)
    client.messages.create(**ASK)
    assert [request.status for request in api.requests] == [200, 529, 529, 200]


def test_a_predicate_picks_requests(api: StandIn) -> None:
    """`when` sees the body of the request."""
    api.script(ServerError(), when=lambda body: body["max_tokens"] > 500)
    client = api.client(max_retries=0)
    client.messages.create(**ASK)
    longer: Any = {**ASK, "max_tokens": 501}
    with pytest.raises(anthropic.InternalServerError):
        client.messages.create(**longer)


def test_probability_repeats_with_the_seed() -> None:
    """With a probability some requests are hit, and the same ones for the same seed."""

    def statuses() -> list[int | None]:
        api = StandIn(seed=11)
        api.script(Overloaded(), probability=0.5)
        client = api.client(max_retries=0)
        for _ in range(20):
            try:
                client.messages.create(**ASK)
            except anthropic.APIStatusError:
                continue
        return [request.status for request in api.requests]

    first = statuses()
    assert first == statuses()
    assert set(first) == {200, 529}


def test_unscript_forgets(api: StandIn) -> None:
    """After unscript() nothing happens any more."""
    api.script(Overloaded())
    api.unscript()
    api.client().messages.create(**ASK)
    assert [request.status for request in api.requests] == [200]


@pytest.mark.parametrize("after", [None, 0, 2, 10_000])
def test_error_inside_a_stream(api: StandIn, after: int | None) -> None:
    """A stream error is an `error` event inside a 200, and the stream never gets to its proper end."""
    api.script(StreamError(after=after))
    with pytest.raises(anthropic.APIStatusError) as caught, api.client().messages.stream(**ASK) as stream:
        stream.until_done()
    assert caught.value.status_code == 200
    assert caught.value.type == "overloaded_error"
    assert [request.status for request in api.requests] == [200]


def events_until_error(api: StandIn) -> list[str]:
    """The types of the events that came, however the stream ended."""
    stream: anthropic.Stream[RawMessageStreamEvent]
    stream = api.client(max_retries=0).messages.create(**ASK, stream=True)
    seen: list[str] = []
    with suppress(anthropic.APIStatusError, httpx2.RemoteProtocolError):
        seen.extend(event.type for event in stream)
    return seen


@pytest.mark.parametrize(("after", "deltas"), [(0, 0), (2, 2)])
@pytest.mark.parametrize("effect", [StreamError, Cut])
def test_breaks_come_after_so_many_deltas(
    api: StandIn, effect: type[StreamError | Cut], after: int, deltas: int
) -> None:
    """What comes before the break is a proper beginning of the answer."""
    api.script(effect(after=after))
    seen = events_until_error(api)
    assert seen[:2] == ["message_start", "content_block_start"]
    assert seen.count("content_block_delta") == deltas
    assert "message_delta" not in seen


def test_stream_errors_leave_other_requests_alone(api: StandIn) -> None:
    """A request without a stream neither meets a stream error nor uses it up."""
    api.script(StreamError(), times=1)
    client = api.client(max_retries=0)
    client.messages.create(**ASK)
    assert events_until_error(api) == []
    client.messages.create(**ASK)


def test_unreachable_and_cut(api: StandIn) -> None:
    """Without a connection, or with one that breaks, the SDK raises its connection error from httpx2's."""
    client = api.client(max_retries=0)
    for effect, cause in [
        (Unreachable(), httpx2.ConnectError),
        (Cut(), httpx2.ReadError),
        (Cut(after=0), httpx2.RemoteProtocolError),
    ]:
        api.script(effect, times=1)
        with pytest.raises(anthropic.APIConnectionError) as caught:
            client.messages.create(**ASK)
        assert isinstance(caught.value.__cause__, cause)
    assert [request.status for request in api.requests] == [None, None, 200]


def test_async_breaks_alike(api: StandIn) -> None:
    """An async stream breaks as a sync one does."""
    api.script(Cut(after=1))

    async def read() -> None:
        async with api.async_client(max_retries=0) as client, client.messages.stream(**ASK) as stream:
            await stream.until_done()

    with pytest.raises(httpx2.RemoteProtocolError):
        asyncio.run(read())


def test_cut_answers_still_fill_the_cache(api: StandIn) -> None:
    """A connection that broke on the way back had its work done; one that failed before had not."""
    cached: Any = [{"type": "text", "text": "Page. " * 900, "cache_control": {"type": "ephemeral"}}]
    client = api.client(max_retries=0)
    api.script(Overloaded(), times=1)
    api.script(Cut(), times=1)
    for error in (anthropic.InternalServerError, anthropic.APIConnectionError):
        with pytest.raises(error):
            client.messages.create(**ASK, system=cached)
    message: Message = client.messages.create(**ASK, system=cached)
    assert message.usage.cache_read_input_tokens


def test_slow_first_byte() -> None:
    """A slow answer begins late, on any path."""
    clock = Clock(datetime(2026, 11, 2, tzinfo=UTC))
    api = StandIn(clock=clock)
    api.script(Slow(seconds=3))
    api.script(Slow(seconds=4), path=COUNT_TOKENS)
    client = api.client()
    client.messages.create(**ASK)
    assert clock.monotonic_ns() == 3 * 10**9
    client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])
    assert clock.monotonic_ns() == 7 * 10**9


def test_other_paths_can_fail(api: StandIn) -> None:
    """A rule for another path fails that path and no other."""
    api.script(Unreachable(), path=BATCHES, times=1)
    api.script(Overloaded(), path=BATCHES, times=1)
    api.script(Cut(), path=BATCHES, times=1)
    client = api.client(max_retries=0)
    client.messages.create(**ASK)
    for error in (anthropic.APIConnectionError, anthropic.InternalServerError, anthropic.APIConnectionError):
        with pytest.raises(error):
            client.messages.batches.list()
    assert client.messages.batches.list().data == []


@pytest.mark.parametrize(
    ("effect", "path"),
    [
        (Expired(), "/v1/messages"),
        (Canceled(), "/v1/messages"),
        (Refusal(), COUNT_TOKENS),
        (StreamError(), BATCH_ITEM),
        (Cut(), BATCH_ITEM),
    ],
)
def test_impossible_rules_are_refused(api: StandIn, effect: Any, path: str) -> None:
    """A rule that could never do anything is an error that names effect and path."""
    with pytest.raises(ValueError, match="cannot happen at path"):
        api.script(effect, path=path)


def test_a_probability_is_one(api: StandIn) -> None:
    """A probability outside 0 to 1 is refused."""
    with pytest.raises(ValueError, match="from 0 to 1, found 50"):
        api.script(Overloaded(), probability=50)
