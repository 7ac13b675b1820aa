from __future__ import annotations

import asyncio
import itertools
import json
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Anthropic, AsyncAnthropic, Meter, Policy, Router, Task
from router.fallback import how_far, judged, overloaded, rejected
from router.peek import apeek, peek
from router.record import UsageRecord
from router.testing import Clock, Cut, Failure, Overloaded, RateLimited, ServerError, StandIn, StreamError, Unreachable
from router.testing.server import serve

Records = Callable[[], list[UsageRecord]]
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"


def small(**changes: Any) -> Any:
    """A request that the policy sends to Haiku, as keyword arguments."""
    translate = {"role": "user", "content": "Translate into French: good morning, everybody"}
    return {"model": OPUS, "max_tokens": 200, "messages": [translate], **changes}


@pytest.fixture
def client(api: StandIn, clock: Clock, home: Path) -> Anthropic:
    """The drop-in, talking to the stand-in."""
    return api.client(Anthropic, clock=clock)


def create(client: Anthropic) -> str:
    return client.messages.create(**small()).model


def create_stream(client: Anthropic) -> str:
    (start,) = (event for event in client.messages.create(**small(), stream=True) if event.type == "message_start")
    return start.message.model


def stream(client: Anthropic) -> str:
    with client.messages.stream(**small()) as events:
        return events.get_final_message().model


def beta(client: Anthropic) -> str:
    return client.beta.messages.create(**small()).model


def raw(client: Anthropic) -> str:
    return client.messages.with_raw_response.create(**small()).parse().model


def raw_stream(client: Anthropic) -> str:
    events = client.messages.with_raw_response.create(**small(), stream=True).parse()
    (start,) = (event for event in events if event.type == "message_start")
    return start.message.model


def streaming_response(client: Anthropic) -> str:
    with client.messages.with_streaming_response.create(**small()) as response:
        return response.parse().model


def streaming_response_stream(client: Anthropic) -> str:
    with client.messages.with_streaming_response.create(**small(), stream=True) as response:
        lines = list(response.iter_lines())
    start = next(json.loads(line.removeprefix("data:")) for line in lines if "message_start" in line and "data" in line)
    return start["message"]["model"]


async def create_async(client: AsyncAnthropic) -> str:
    return (await client.messages.create(**small())).model


async def create_stream_async(client: AsyncAnthropic) -> str:
    found = ""
    async for event in await client.messages.create(**small(), stream=True):
        if event.type == "message_start":
            found = event.message.model
    return found


async def stream_async(client: AsyncAnthropic) -> str:
    async with client.messages.stream(**small()) as events:
        return (await events.get_final_message()).model


async def beta_async(client: AsyncAnthropic) -> str:
    return (await client.beta.messages.create(**small())).model


async def raw_async(client: AsyncAnthropic) -> str:
    response: Any = await client.messages.with_raw_response.create(**small())
    return (await response.parse()).model


async def streaming_response_async(client: AsyncAnthropic) -> str:
    async with client.messages.with_streaming_response.create(**small()) as response:
        return (await response.parse()).model


SYNC = [create, create_stream, stream, beta, raw, raw_stream, streaming_response, streaming_response_stream]
ASYNC = [create_async, create_stream_async, stream_async, beta_async, raw_async, streaming_response_async]
STREAMS = [create_stream, stream, raw_stream, streaming_response_stream]
SIGNS = [Overloaded(), RateLimited(), Unreachable(), Cut()]


@pytest.mark.parametrize("style", SYNC)
@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: type(sign).__name__)
def test_every_sign_of_overload_is_followed_by_the_next_model(
    api: StandIn, client: Anthropic, records: Records, style: Callable[[Anthropic], str], sign: Any
) -> None:
    """529, 429 and a connection lost before the first byte are answered by the next model at once, in every style."""
    api.script(sign, model=HAIKU)

    assert style(client) == SONNET

    assert [record.sent_model for record in records()] == [HAIKU, SONNET]
    assert len({record.call_id for record in records()}) == 1


@pytest.mark.parametrize("style", ASYNC)
@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: type(sign).__name__)
def test_the_async_client_falls_back_likewise(
    api: StandIn, clock: Clock, records: Records, style: Callable[[AsyncAnthropic], Any], sign: Any
) -> None:
    """The asynchronous driver drives the same flow."""
    api.script(sign, model=HAIKU)

    assert asyncio.run(style(api.async_client(AsyncAnthropic, clock=clock))) == SONNET

    assert [record.sent_model for record in records()] == [HAIKU, SONNET]


@pytest.mark.parametrize("style", STREAMS)
@pytest.mark.parametrize("kind", ["overloaded_error", "rate_limit_error"])
def test_an_overload_that_begins_a_stream_is_seen(
    api: StandIn, client: Anthropic, records: Records, style: Callable[[Anthropic], str], kind: str
) -> None:
    """An error event that comes first in a 200 counts like an error status, and only the next stream is seen."""
    api.script(StreamError(error_type=kind), model=HAIKU)

    assert style(client) == SONNET

    assert [(record.sent_model, record.status) for record in records()] == [(HAIKU, 200), (SONNET, 200)]
    assert [record.complete for record in records()] == [False, True]


@pytest.mark.parametrize("style", [create_stream_async, stream_async])
def test_an_overload_that_begins_an_async_stream_is_seen(
    api: StandIn, clock: Clock, records: Records, style: Callable[[AsyncAnthropic], Any]
) -> None:
    """As with the synchronous client."""
    api.script(StreamError(), model=HAIKU)

    assert asyncio.run(style(api.async_client(AsyncAnthropic, clock=clock))) == SONNET

    assert [record.sent_model for record in records()] == [HAIKU, SONNET]


@pytest.mark.parametrize(
    "failure",
    [
        *(
            RateLimited(error_code=code, retry_after=0.001)
            for code in ("enforced_spend_limit_reached", "contract_spend_limit_reached", "ramp_limit_exceeded")
        ),
        Overloaded(error_code="compaction_unavailable", retry_after=0.001),
        ServerError(retry_after=0.001),
        Failure(
            status=402, error_type="billing_error", message="m", error_code="linked_organization_spend_limit_reached"
        ),
        Failure(status=401, error_type="authentication_error", message="m"),
    ],
    ids=lambda failure: failure.error_code or failure.status,
)
@pytest.mark.parametrize("style", [create, create_stream])
def test_what_will_fail_again_is_not_tried_elsewhere(
    api: StandIn, client: Anthropic, records: Records, style: Callable[[Anthropic], str], failure: Failure
) -> None:
    """Spend limits, a failed compaction, billing, keys and faults of the server are left to the SDK."""
    api.script(failure)

    with pytest.raises(anthropic.APIStatusError):
        style(client.with_options(max_retries=1))

    assert {record.sent_model for record in records()} == {HAIKU}


def test_nothing_is_tried_after_the_first_event(api: StandIn, client: Anthropic, records: Records) -> None:
    """What breaks a stream later reaches the caller as with the SDK alone."""
    api.script(StreamError(after=1), model=HAIKU)

    with pytest.raises(anthropic.APIStatusError) as error:
        create_stream(client)

    assert error.value.type == "overloaded_error"
    assert [record.sent_model for record in records()] == [HAIKU]


def failure_of(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as error:  # noqa: BLE001  # it is the result
        return error
    raise AssertionError("it did not fail")


def told(error: BaseException | None) -> object:
    """What a caller can see of an exception, ids of the request left out, with all that hangs on it."""
    if error is None:
        return None
    shown = (type(error), str(error).partition("req_")[0], getattr(error, "status_code", None))
    return shown, error.__suppress_context__, told(error.__cause__), told(error.__context__)


@pytest.mark.parametrize("style", SYNC)
@pytest.mark.parametrize(
    "sign",
    [Overloaded(retry_after=0.001), RateLimited(retry_after=0.001), Unreachable(), Cut(), StreamError()],
    ids=lambda sign: type(sign).__name__,
)
def test_an_exhausted_chain_fails_as_the_sdk_does(
    api: StandIn, clock: Clock, client: Anthropic, style: Callable[[Anthropic], str], sign: Any
) -> None:
    """The caller's exception is that of the last attempt: class, text, cause and context as with the SDK alone."""
    plain = StandIn(clock=Clock(clock.now()), seed=1)
    for each in (api, plain):
        each.script(sign)

    if isinstance(sign, StreamError) and style not in STREAMS:
        assert style(client) == HAIKU
        return
    if isinstance(sign, StreamError) and style is streaming_response_stream:
        with pytest.raises(StopIteration):  # raw lines: the event is there to read, and no exception
            style(client)
        return
    ours = failure_of(lambda: style(client.with_options(max_retries=0)))
    theirs = failure_of(lambda: style(plain.client(max_retries=0)))  # pyright: ignore[reportArgumentType]  # as ours

    assert told(ours) == told(theirs)
    assert api.requests[-1].body["model"] == OPUS
    if isinstance(ours, anthropic.APIStatusError):
        assert ours.request_id == api.requests[-1].request_id
        assert ours.response.headers.get("retry-after") == getattr(sign, "retry_after", None) or "0.001"


@pytest.mark.parametrize("style", [create_async, create_stream_async])
@pytest.mark.parametrize("sign", [Overloaded(), Unreachable(), StreamError()], ids=lambda sign: type(sign).__name__)
def test_an_exhausted_chain_fails_as_the_async_sdk_does(
    api: StandIn, clock: Clock, home: Path, style: Callable[[Any], Any], sign: Any
) -> None:
    """As with the synchronous client."""
    if isinstance(sign, StreamError) and style is create_async:
        return
    plain = StandIn(clock=Clock(clock.now()), seed=1)
    for each in (api, plain):
        each.script(sign)

    ours = failure_of(lambda: asyncio.run(style(api.async_client(AsyncAnthropic, max_retries=0))))
    theirs = failure_of(lambda: asyncio.run(style(plain.async_client(max_retries=0))))

    assert told(ours) == told(theirs)
    assert len(api.requests) == 3


@given(
    statuses=st.lists(st.sampled_from([400, 404, 422, 429, 500, 529]), max_size=11),
    retries=st.integers(0, 2),
    streamed=st.booleans(),
)
def test_attempts_are_bounded(*, statuses: list[int], retries: int, streamed: bool) -> None:
    """A call makes at most len(chain) * (max_retries + 1) attempts, and one more to go back to the model named."""
    api = StandIn()
    for status in statuses:
        api.script(Failure(status=status, error_type="e", message="m", retry_after=0.001), times=1)

    try:
        answer: Any = api.client(middleware=[Router()], max_retries=retries).messages.create(**small(), stream=streamed)
        list(answer)
    except anthropic.APIStatusError:
        pass

    assert len(api.requests) <= 3 * (retries + 1) + 1


def test_after_the_time_for_it_no_other_model_is_tried(api: StandIn, clock: Clock, home: Path) -> None:
    """Past `fallback_seconds` from the start of the call the SDK's retries stay with the model chosen."""
    policy = Policy(fallback_seconds=5)
    router = Router(policy, clock=lambda: clock.monotonic_ns() / 1e9)
    api.script(Overloaded(retry_after=0.001), when=lambda _: clock.advance(timedelta(seconds=3)) is None)

    with pytest.raises(anthropic.APIStatusError):
        api.client(middleware=[router], max_retries=1).messages.create(**small())

    assert [request.body["model"] for request in api.requests] == [HAIKU, SONNET, HAIKU]


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422])
@pytest.mark.parametrize("style", [create, create_stream])
def test_a_wrong_guess_goes_back_to_the_model_named_and_is_remembered(
    api: StandIn, client: Anthropic, records: Records, style: Callable[[Anthropic], str], status: int
) -> None:
    """What another model rejects is sent once to the model named, with the reason; the next call goes there at once."""
    api.script(Failure(status=status, error_type="invalid_request_error", message="not on this model"), model=HAIKU)

    assert style(client) == OPUS
    assert style(client) == OPUS

    rejected, back, after = records()
    assert [record.sent_model for record in (rejected, back, after)] == [HAIKU, OPUS, OPUS]
    assert [record.attempt for record in (rejected, back, after)] == [1, 2, 1]
    assert back.reason
    assert back.reason.startswith(f"back to the model named: {HAIKU} answered {status}")
    assert after.reason == f"kept as named: {HAIKU} answered {status} before"


def test_a_rejection_is_remembered_for_its_shape_only(api: StandIn, client: Anthropic) -> None:
    """A 400 tells against a model for requests that use the same things, and no others."""
    invalid = Failure(status=400, error_type="invalid_request_error", message="m")
    api.script(invalid, model=HAIKU, when=lambda body: "metadata" in body)

    client.messages.create(**small(metadata={"user_id": "u"}))
    client.messages.create(**small())

    assert [request.body["model"] for request in api.requests] == [HAIKU, OPUS, HAIKU]


def test_what_no_model_accepts_is_not_remembered(api: StandIn, client: Anthropic) -> None:
    """When the model named rejects the request as well, the caller gets that error, and nothing was learnt."""
    api.script(Failure(status=400, error_type="invalid_request_error", message="for haiku"), model=HAIKU, times=1)
    api.script(Failure(status=400, error_type="invalid_request_error", message="for opus"), model=OPUS, times=1)

    with pytest.raises(anthropic.BadRequestError, match="for opus"):
        create(client)
    assert create(client) == HAIKU


def test_a_rejection_for_a_named_reason_is_the_callers(api: StandIn, client: Anthropic) -> None:
    """An error code says what is wrong, and it is not the model: no other attempt is made."""
    failure = Failure(status=400, error_type="invalid_request_error", message="m", error_code="unsupported_charset")
    api.script(failure, model=HAIKU)

    with pytest.raises(anthropic.BadRequestError):
        create(client)

    assert len(api.requests) == 1


def test_for_auto_the_default_answers_for_a_wrong_guess(api: StandIn, client: Anthropic) -> None:
    """Where no model was named, the one to go back to is that of the policy's default tier."""
    api.script(Failure(status=404, error_type="not_found_error", message="m"), model=HAIKU)

    assert client.messages.create(**small(model="auto")).model == SONNET
    assert client.messages.create(**small(model="auto")).model == SONNET

    assert [request.body["model"] for request in api.requests] == [HAIKU, SONNET, SONNET]


def test_copies_of_a_client_know_what_it_learnt(api: StandIn, client: Anthropic) -> None:
    """`with_options` gives a client with the same Router, so with the same memory."""
    api.script(Failure(status=403, error_type="permission_error", message="m"), model=HAIKU)

    create(client)
    create(client.with_options(max_retries=1))

    assert [request.body["model"] for request in api.requests] == [HAIKU, OPUS, OPUS]


def broken(_: object) -> Task:
    raise RuntimeError("no answer")


class Broken(Policy):
    """A policy that fails at run time."""

    def tier_of(self, model: str) -> Any:
        """Fail."""
        raise RuntimeError(model)


@pytest.mark.parametrize("router", [lambda: Router(classifier=broken), lambda: Router(Broken())])
@pytest.mark.parametrize(("named", "sent"), [(OPUS, OPUS), ("auto", SONNET)])
def test_a_broken_judgement_leaves_the_call_as_it_was(
    api: StandIn, router: Callable[[], Router], named: str, sent: str
) -> None:
    """Whatever a classifier or a policy raises, the call goes on with the model named, for `auto` with the default."""
    assert api.client(middleware=[router()]).messages.create(**small(model=named)).model == sent


def test_a_tool_runner_keeps_to_one_model(api: StandIn, client: Anthropic, records: Records) -> None:
    """The SDK's tool runner goes over a message thread: every turn is sent to the model named, overloaded or not."""
    thinking_of = {"n": 0}

    @anthropic.beta_tool
    def add(a: int, b: int) -> str:
        """Add two numbers."""
        return str(a + b)

    def call_the_tool(message: dict[str, Any]) -> None:
        thinking_of["n"] += 1
        if thinking_of["n"] == 1:
            message["content"] = [{"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1, "b": 2}}]
            message["stop_reason"] = "tool_use"

    api.script(call_the_tool)
    api.script(Overloaded(retry_after=0.001), when=lambda body: len(body.get("tools") or ()) == 0, times=1)
    runner = client.beta.messages.tool_runner(
        model=OPUS, max_tokens=200, tools=[add], messages=[{"role": "user", "content": "Translate 1 + 2."}]
    )

    answer = runner.until_done()

    assert answer.stop_reason == "end_turn"
    assert {record.sent_model for record in records()} == {OPUS}
    assert {record.reason for record in records()} == {"a message thread keeps one model"}
    assert [request.body["thread"]["type"] for request in api.requests if request.status == 200] == [
        "create",
        "continue",
    ]


EVENT = b'event: message_start\ndata: {"type": "message_start"}\n\n'
BUSY = b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n'


class Chunks(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in the given chunks, that may break and that knows whether it was closed."""

    elapsed = timedelta(seconds=3)

    def __init__(self, chunks: Iterable[bytes], failure: Exception | None = None) -> None:
        self._chunks = list(chunks)
        self._failure = failure
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        """The chunks, then the failure."""
        yield from self._chunks
        if self._failure:
            raise self._failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """As above."""
        for chunk in self:
            await asyncio.sleep(0)
            yield chunk

    def close(self) -> None:
        """Count it."""
        self.closed += 1

    async def aclose(self) -> None:
        """Count it."""
        self.closed += 1


class Sync(httpx2.SyncByteStream):
    """The synchronous half of a body alone, as a real one has it."""

    def __init__(self, chunks: Chunks) -> None:
        self.elapsed = chunks.elapsed
        self.__iter = chunks.__iter__
        self.close = chunks.close

    def __iter__(self) -> Iterator[bytes]:
        """The chunks."""
        return self.__iter()


class Async(httpx2.AsyncByteStream):
    """The asynchronous half."""

    def __init__(self, chunks: Chunks) -> None:
        self.elapsed = chunks.elapsed
        self.__aiter = chunks.__aiter__
        self.aclose = chunks.aclose

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks."""
        return self.__aiter()


def parts(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(
    data=st.sampled_from([EVENT * 3, BUSY + EVENT, b"", b"no event"]) | st.binary(max_size=200),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    encoding=st.sampled_from(["", "gzip", "deflate", "br"]),
    breaks=st.booleans(),
    far=st.integers(0, 300),
)
def test_what_was_read_ahead_is_handed_on_byte_for_byte(
    *, data: bytes, cuts: list[int], encoding: str, breaks: bool, far: int
) -> None:
    """For any chunks, encoding and break, a reader gets the chunks that came and then what broke them."""
    wire = {"gzip": zlib.compress(data, wbits=31), "deflate": zlib.compress(data)}.get(encoding, data)
    failure = httpx2.ReadError("broken") if breaks else None
    chunks = parts(wire, cuts)
    headers = {"content-encoding": encoding}

    def collect_sync() -> tuple[list[bytes], BaseException | None, Any]:
        body = Chunks(chunks, failure)
        response = httpx2.Response(200, headers=headers, stream=Sync(body))
        head = peek(response, lambda text: len(text) >= far)
        found: list[bytes] = []
        assert not response.is_closed
        assert response.elapsed == body.elapsed
        try:
            found.extend(response.iter_raw())
        except httpx2.ReadError as error:
            return found, error, head
        finally:
            response.close()
            assert body.closed == 1
        return found, None, head

    async def collect_async() -> tuple[list[bytes], BaseException | None, Any]:
        body = Chunks(chunks, failure)
        response = httpx2.Response(200, headers=headers, stream=Async(body))
        head = await apeek(response, lambda text: len(text) >= far)
        found: list[bytes] = []
        try:
            async for chunk in response.aiter_raw():
                found.append(chunk)  # noqa: PERF401  # what came before a break counts
        except httpx2.ReadError as error:
            return found, error, head
        finally:
            await response.aclose()
            assert body.closed == 1
        return found, None, head

    for found, error, head in (collect_sync(), asyncio.run(collect_async())):
        assert [chunk for chunk in found if chunk] == [chunk for chunk in chunks if chunk]
        assert error is failure
        assert data.startswith(head.text)


def test_a_reader_cancelled_while_reading_ahead_leaves_nothing_open() -> None:
    """Nobody else could close a response whose reader was cancelled before it was handed on."""
    body = Chunks([b"a"] * 5)

    async def cancelled() -> None:
        response = httpx2.Response(200, stream=Async(body))
        task = asyncio.create_task(apeek(response, lambda _: False))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert body.closed == 1


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (BUSY, True),
        (BUSY.replace(b"\n", b"\r\n"), True),
        (b": hello\n\n" + BUSY, True),
        (b'event: ping\ndata: {"type": "ping"}\n\n' + BUSY, True),
        (BUSY.replace(b"overloaded_error", b"api_error"), False),
        (EVENT + BUSY, False),
        (BUSY[:-2], False),
        (b"event: error\ndata: not json\n\n", False),
        (b'event: error\ndata: {"error": "a text"}\n\n', False),
    ],
)
def test_the_first_event_tells(head: bytes, *, expected: bool) -> None:
    """An overload is an error event of that type before any other event but pings."""
    response = httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Sync(Chunks([head])))

    assert overloaded(judged(response, head)) is expected


def a_frame(payload: bytes, **headers: str) -> bytes:
    """A frame of Amazon's event stream; an underscore in a header's name stands for its dash."""
    named = [(f":{name.replace('_', '-')}".encode(), value.encode()) for name, value in headers.items()]
    head = b"".join(struct.pack(f">B{len(n)}sBH", len(n), n, 7, len(v)) + v for n, v in named)
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (a_frame(b"{}", message_type="exception", exception_type="throttlingException"), True),
        (a_frame(b"{}", message_type="exception", exception_type="validationException"), False),
        (a_frame(b'{"bytes": "e30="}', message_type="event", event_type="chunk"), False),
    ],
)
def test_the_first_frame_of_bedrock_tells(frame: bytes, *, expected: bool) -> None:
    """On Bedrock the events are in binary frames, and an overload is an exception of Amazon's."""
    headers = {"content-type": "application/vnd.amazon.eventstream"}
    response = httpx2.Response(200, headers=headers, stream=Sync(Chunks([frame])))
    enough = how_far(response)

    assert enough
    assert not enough(frame[:-1])
    assert enough(frame)
    assert overloaded(judged(response, frame)) is expected


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (httpx2.Response(529), True),
        (httpx2.Response(529, content=b"<html>"), True),
        (httpx2.Response(429), False),
        (httpx2.Response(429, content=b"<html>"), False),
        (httpx2.Response(429, json={"message": "Too many requests"}), True),
        (httpx2.Response(429, json={"error": {"type": "rate_limit_error"}}), True),
        (httpx2.Response(429, json={"error": {}}, headers={"x-should-retry": "false"}), False),
        (httpx2.Response(503), False),
    ],
)
def test_the_status_and_the_body_tell(response: httpx2.Response, *, expected: bool) -> None:
    """A 529 needs no body; a 429 that cannot be read may be a spend limit; `x-should-retry: false` is believed."""
    assert overloaded(judged(response)) is expected
    assert not rejected(judged(response))


def test_a_full_pool_is_no_overload() -> None:
    """A time-out in the caller's own connection pool says nothing of the model."""
    error = anthropic.APITimeoutError(request=httpx2.Request("POST", "https://api.anthropic.com"))
    error.__cause__ = httpx2.PoolTimeout("full")

    assert not overloaded(error)
    assert not overloaded(ValueError("a caller's own middleware"))


@pytest.mark.parametrize(
    "sign", [Overloaded(), RateLimited(), StreamError(), Unreachable()], ids=lambda s: type(s).__name__
)
def test_real_connections_fall_back_likewise(api: StandIn, home: Path, sign: Any) -> None:
    """Over sockets, where bodies are unread until someone reads them, streams fall back and come whole."""
    api.script(sign, model=HAIKU)

    with serve(api) as url, Anthropic(api_key="test", base_url=url) as client:
        assert create_stream(client) == SONNET
        assert stream(client) == SONNET


@pytest.mark.parametrize("status", [400, 429, 529])
@pytest.mark.parametrize("code", ["ramp_limit_exceeded", "compaction_unavailable"])
def test_an_error_that_was_read_ahead_is_raised_whole(api: StandIn, home: Path, status: int, code: str) -> None:
    """Over sockets an error that is handed on has its body, its request id and its type as with the SDK alone."""
    api.script(Failure(status=status, error_type="e", message="m", error_code=code))

    with serve(api) as url:
        with Anthropic(api_key="test", base_url=url, max_retries=0) as client:
            ours = failure_of(lambda: create_stream(client))
        with anthropic.Anthropic(api_key="test", base_url=url, max_retries=0) as plain:
            theirs = failure_of(lambda: plain.messages.create(**small(), stream=True))

    assert told(ours) == told(theirs)
    assert isinstance(ours, anthropic.APIStatusError)
    assert ours.request_id == api.requests[0].request_id
    assert len(api.requests) == 2


def test_superseded_answers_are_closed(home: Path, api: StandIn) -> None:
    """The connection of an answer that nobody will read goes back to the pool."""
    seen: list[httpx2.Response] = []

    def note(request: anthropic.APIRequest, call_next: anthropic.CallNext) -> anthropic.APIResponse[Any]:
        response = call_next(request)
        seen.append(response.http_response)
        return response

    api.script(Overloaded(), model=HAIKU)
    api.script(StreamError(), model=SONNET)
    events = api.client(Anthropic, middleware=[note]).messages.create(**small(), stream=True)

    assert [response.is_closed for response in seen] == [True, True, False]
    events.close()
    assert seen[-1].is_closed


def test_other_peoples_middleware_may_answer_itself(api: StandIn) -> None:
    """What is no HTTP response is handed on as it is."""

    def cached(request: anthropic.APIRequest, call_next: anthropic.CallNext) -> Any:
        return "an answer"

    client = api.client(middleware=[Router(), cached, Meter()])

    assert client.messages.create(**small()) == "an answer"  # pyright: ignore[reportUnnecessaryComparison]  # it lies
