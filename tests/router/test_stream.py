"""Streams, to the last token: however one ends, its record says what is known, and the caller sees no difference."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import inspect
import signal
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Meter, Spool, faults
from router.eventstream import encode_frame
from router.record import UsageRecord
from router.spool import segments
from router.testing import Answer, Clock, Cut, Served, ServerFallback, StandIn, StreamError
from router.testing.events import encode, stream_events

Records = Callable[[], list[UsageRecord]]
OPUS = "claude-opus-5-5"
WORDS = "Nine words that are said again and again, forever. " * 30
ASK: dict[str, Any] = {"model": OPUS, "max_tokens": 900, "messages": [{"role": "user", "content": "Go on."}]}


@pytest.fixture(autouse=True)
def _a_long_answer(api: StandIn) -> None:  # pyright: ignore[reportUnusedFunction]  # autouse
    api.script(Answer(WORDS))


@pytest.fixture
def client(api: StandIn, clock: Clock, home: Path) -> anthropic.Anthropic:
    """The SDK's client with the Meter alone, which changes nothing."""
    return api.client(middleware=[Meter(clock=clock)])


def written(home: Path) -> list[UsageRecord]:
    """Everything in the spool, revised or not."""
    lines = b"".join(segment.read(0) for segment in segments(home)).splitlines()
    return [UsageRecord.from_json(line) for line in lines]


def consumed(client: anthropic.Anthropic) -> None:
    for _ in client.messages.create(**ASK, stream=True):
        pass


def helped(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        assert stream.get_final_text()


def broken_off(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        for _ in zip(stream.text_stream, range(5), strict=False):
            pass


def closed(client: anthropic.Anthropic) -> None:
    events = client.messages.create(**ASK, stream=True)
    for _ in zip(events, range(8), strict=False):
        pass
    events.close()


def collected(client: anthropic.Anthropic) -> None:
    events = client.messages.create(**ASK, stream=True)
    for _ in zip(events, range(8), strict=False):
        pass


def raised(client: anthropic.Anthropic) -> None:
    def consume() -> None:
        with client.messages.create(**ASK, stream=True) as events:
            for _ in zip(events, range(8), strict=False):
                pass
            raise KeyError

    with pytest.raises(KeyError):
        consume()


async def consumed_async(client: anthropic.AsyncAnthropic) -> None:
    async for _ in await client.messages.create(**ASK, stream=True):
        pass


async def helped_async(client: anthropic.AsyncAnthropic) -> None:
    async with client.messages.stream(**ASK) as stream:
        assert await stream.get_final_text()


async def broken_off_async(client: anthropic.AsyncAnthropic) -> None:
    async with client.messages.stream(**ASK) as stream:
        async for _ in stream.text_stream:
            break


async def closed_async(client: anthropic.AsyncAnthropic) -> None:
    events = await client.messages.create(**ASK, stream=True)
    async for event in events:
        if event.type == "content_block_delta":
            break
    await events.close()


async def cancelled(client: anthropic.AsyncAnthropic) -> None:
    reading = asyncio.Event()

    async def consume() -> None:
        async for event in await client.messages.create(**ASK, stream=True):
            if event.type == "content_block_delta":
                reading.set()
                await asyncio.sleep(60)

    task = asyncio.create_task(consume())
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("ending", [consumed, helped, consumed_async, helped_async])
def test_a_stream_read_to_its_end_is_opened_and_closed(
    api: StandIn, clock: Clock, home: Path, ending: Callable[[Any], Any]
) -> None:
    """Its record is in the spool when it begins, and revised when it is over; nothing of the usage is lost between."""
    api.script(Served(inference_geo="us", speed="fast", service_tier="priority"))
    go(api, clock, ending)

    opened, final = written(home)
    assert (opened.revision, opened.complete, opened.duration_ms, opened.stop_reason) == (None, False, None, None)
    assert opened.estimated_output_tokens is None
    assert (final.revision, final.complete, final.stop_reason) == (1, True, "end_turn")
    assert final.duration_ms is not None
    assert opened.record_id == final.record_id
    before, after = opened.usage, final.usage
    assert before
    assert after
    assert before["output_tokens"] == 1
    assert after["output_tokens"] > 100
    for name in ("inference_geo", "speed", "service_tier", "cache_creation", "input_tokens"):
        assert after[name] == before[name] is not None
    assert (after["inference_geo"], after["speed"], after["service_tier"]) == ("us", "fast", "priority")


@pytest.mark.parametrize("ending", [broken_off, closed, collected, raised, broken_off_async, closed_async, cancelled])
def test_a_stream_left_early_is_closed_with_an_estimate(
    api: StandIn, clock: Clock, home: Path, ending: Callable[[Any], Any]
) -> None:
    """Whoever leaves a stream, and however, the input is counted and the output estimated."""
    go(api, clock, ending)

    opened, final = written(home)
    assert (final.record_id, final.revision, final.complete) == (opened.record_id, 1, False)
    assert (final.status, final.error_type, final.model) == (200, None, OPUS)
    assert opened.usage == final.usage
    assert final.usage
    assert final.usage["input_tokens"] > 0
    assert final.estimated_output_tokens
    assert 3 <= final.estimated_output_tokens <= 200


def go(api: StandIn, clock: Clock, ending: Callable[[Any], Any]) -> None:
    meter = Meter(clock=clock)
    if inspect.iscoroutinefunction(ending):
        asyncio.run(ending(api.async_client(middleware=[meter])))
    else:
        ending(api.client(middleware=[meter]))


@pytest.mark.parametrize(("effect", "error"), [(Cut(after=9), None), (StreamError(after=9), "overloaded_error")])
def test_a_stream_that_breaks_keeps_what_was_seen(
    api: StandIn, client: anthropic.Anthropic, home: Path, effect: Any, error: str | None
) -> None:
    """The network or an `error` event ends it: the caller gets the SDK's error, and the record what came by."""
    api.script(effect)
    with pytest.raises((httpx2.RemoteProtocolError, anthropic.APIStatusError)):
        consumed(client)

    opened, final = written(home)
    assert (final.error_type, final.complete, final.usage) == (error, False, opened.usage)
    assert final.estimated_output_tokens


def test_a_stream_that_nobody_reads_is_recorded_when_it_is_dropped(client: anthropic.Anthropic, home: Path) -> None:
    """At once, without waiting for the garbage collector; what is not known is not made up."""
    gc.disable()
    try:
        events = client.messages.create(**ASK, stream=True)
        assert written(home) == []
        del events

        (record,) = written(home)
    finally:
        gc.enable()
    assert (record.status, record.complete, record.revision) == (200, False, None)
    assert (record.usage, record.model, record.estimated_output_tokens) == (None, None, None)


def test_a_stream_handed_over_on_the_server_names_who_served(
    api: StandIn, client: anthropic.Anthropic, home: Path
) -> None:
    """The record opens with the model that declined and closes with the one that answered, and with both hops."""
    api.script(ServerFallback(model="claude-sonnet-5-5", after_output=True))
    for _ in client.beta.messages.create(**ASK, stream=True):
        pass

    opened, final = written(home)
    assert (opened.model, final.model) == (OPUS, "claude-sonnet-5-5")
    assert final.usage
    assert [entry["type"] for entry in final.usage["iterations"]] == ["message", "fallback_message"]


class MakesUp(anthropic.Middleware):
    """Middleware that answers by itself, with a body that can be read both ways."""

    def handle(self, request: anthropic.APIRequest, call_next: anthropic.CallNext) -> Any:
        """Answer."""
        del request, call_next
        return httpx2.Response(200, stream=Chunks([b'{"id": "made', b'-up"}']))

    async def handle_async(self, request: anthropic.APIRequest, call_next: anthropic.AsyncCallNext) -> Any:
        """Answer."""
        return self.handle(request, call_next)  # pyright: ignore[reportArgumentType]  # it is not called


def test_a_body_of_both_kinds_stays_one(records: Records) -> None:
    """What other middleware made up can be read with and without await, as before, and is counted."""
    middleware = [Meter(), MakesUp()]
    client = anthropic.Anthropic(api_key="k", middleware=middleware)
    assert client.post("/v1/messages", cast_to=httpx2.Response, body=ASK).read() == b'{"id": "made-up"}'

    async def read_async() -> bytes:
        async with anthropic.AsyncAnthropic(api_key="k", middleware=middleware) as client:
            return await (await client.post("/v1/messages", cast_to=httpx2.Response, body=ASK)).aread()

    assert asyncio.run(read_async()) == b'{"id": "made-up"}'
    assert [record.message_id for record in records()] == ["made-up", "made-up"]


class Chunks(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in given chunks."""

    def __init__(self, chunks: list[bytes]) -> None:
        """Keep them."""
        self.chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        """Give them."""
        yield from self.chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The same, awaited."""
        for chunk in self.chunks:
            yield chunk


def serve(chunks: list[bytes], **headers: str) -> httpx2.MockTransport:
    """A server that answers with these bytes."""
    return httpx2.MockTransport(lambda _: httpx2.Response(200, headers=headers, stream=Chunks(chunks)))


def wire(api: StandIn) -> bytes:
    """The bytes of a streamed answer."""
    message = api.client().messages.create(**ASK).model_dump(mode="json")
    return b"".join(encode(event) for event in stream_events({"stop_details": None, **message}))


def read(chunks: list[bytes], home: Path, **headers: str) -> bytes:
    """What the caller receives through a watched stream."""
    transport = serve(chunks, **{"content-type": "text/event-stream", **headers})
    with httpx2.Client(transport=transport) as http, contextlib.closing(Spool(home)) as spool:
        client = anthropic.Anthropic(api_key="k", http_client=http, middleware=[Meter(spool)])
        with client.messages.with_streaming_response.create(**ASK, stream=True) as response:
            return b"".join(response.iter_bytes())


def about(record: UsageRecord) -> UsageRecord:
    """What does not depend on when and where it was made."""
    return record._replace(
        record_id="", call_id="", started_at=record.started_at.min, duration_ms=0, time_to_first_token_ms=0
    )


@given(cuts=st.lists(st.integers(0, 5000), max_size=12))
def test_any_chunks_give_the_same_record(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    """However the network cuts the bytes, the caller gets all of them and the record is the same."""
    home, other = tmp_path_factory.mktemp("chunks"), tmp_path_factory.mktemp("whole")
    whole = wire(StandIn(seed=1))
    chunks = [whole[a:b] for a, b in pairwise([0, *sorted(cuts), len(whole)])]

    assert read(chunks, home) == read([whole], other) == whole
    assert [about(each) for each in written(home)] == [about(each) for each in written(other)]


@given(cut=st.integers(0, 3000), rubbish=st.binary(max_size=40))
def test_a_body_cut_anywhere_reaches_the_caller_as_it_came(
    tmp_path_factory: pytest.TempPathFactory, cut: int, rubbish: bytes
) -> None:
    """Nothing of ours raises, whatever the bytes are, and the call has a record."""
    home = tmp_path_factory.mktemp("cut")
    body = wire(StandIn(seed=1))[:cut] + rubbish

    assert read([body], home) == body
    assert written(home)[-1].status == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_a_compressed_stream_is_read_as_any_other(api: StandIn, home: Path, encoding: str) -> None:
    """The bytes on the wire are decoded for the record, in chunks, and the caller's are not touched."""
    whole = wire(api)
    body = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[encoding](whole)

    assert read([body[at : at + 7] for at in range(0, len(body), 7)], home, **{"content-encoding": encoding}) == whole
    assert written(home)[-1].complete


def test_a_stream_that_we_cannot_decode_is_incomplete_and_noted(home: Path) -> None:
    """An unknown content-encoding, or one whose package is missing, costs the caller nothing."""
    assert read([b"whatever"], home, **{"content-encoding": "rot13"}) == b"whatever"

    (record,) = written(home)
    assert (record.complete, record.usage) == (False, None)
    assert faults.faults(home) == {"reading-an-encoding-ValueError": 1}


def test_a_body_that_is_not_what_it_says_is_incomplete_and_noted(home: Path) -> None:
    """Bytes that are no frames, under the name of frames, reach the caller all the same."""
    kind = {"content-type": "application/vnd.amazon.eventstream"}
    assert read([b"no frames at all"], home, **kind) == b"no frames at all"

    (record,) = written(home)
    assert (record.complete, record.usage) == (False, None)
    assert faults.faults(home) == {"reading-a-response-ValueError": 1}


def test_a_stream_in_frames_is_counted(api: StandIn, home: Path) -> None:
    """What Bedrock sends, in binary frames, gives the record that events give, under Amazon's request id."""
    lines = [line[5:].strip() for line in wire(api).split(b"\n") if line.startswith(b"data:")]
    frames = [encode_frame(line) for line in lines]
    headers = {"content-type": "application/vnd.amazon.eventstream", "x-amzn-requestid": "amzn-1"}

    assert read(frames, home, **headers) == b"".join(frames)
    opened, final = written(home)
    assert (opened.complete, final.complete, final.stop_reason) == (False, True, "end_turn")
    assert final.request_id == "amzn-1"
    assert final.usage
    assert final.usage["output_tokens"] > 100


READING = """
import itertools, os, signal, sys
import anthropic
from router import Meter
from router.testing import Answer, StandIn
api = StandIn()
api.script(Answer("words " * 200))
client = api.client(middleware=[Meter()])
events = client.messages.create(
    model="claude-opus-5-5", max_tokens=900, messages=[{"role": "user", "content": "Go on."}], stream=True
)
for event in itertools.islice(events, 6):
    pass
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "forked":
    if os.fork() == 0:
        sys.exit()
    os.wait()
    for event in events:
        pass
"""


def leave(how: str, home: Path) -> Any:
    """A process that leaves a stream open."""
    return subprocess.run(  # noqa: S603  # our own text
        [sys.executable, "-c", READING, how],
        capture_output=True,
        text=True,
        check=False,
        env={"TOLLGATE_HOME": str(home)},
    )


def test_a_process_that_is_killed_leaves_the_record_it_opened(home: Path) -> None:
    """After SIGKILL in the middle of a stream, its input is known."""
    assert leave("killed", home).returncode == -signal.SIGKILL

    (record,) = written(home)
    assert (record.complete, record.revision, record.duration_ms) == (False, None, None)
    assert record.usage
    assert record.usage["input_tokens"] > 0


def test_a_process_that_ends_closes_its_open_streams(home: Path) -> None:
    """At exit the record is closed with an estimate, and nothing is printed."""
    done = leave("at exit", home)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    _, final = written(home)
    assert (final.complete, final.revision) == (False, 1)
    assert final.estimated_output_tokens


WORKER = """
import multiprocessing, sys
from router import Meter
from router.testing import Answer, StandIn
kept = []
def leave_open():
    api = StandIn()
    api.script(Answer("words " * 200))
    ask = {"model": "claude-opus-5-5", "max_tokens": 900, "messages": [{"role": "user", "content": "Go on."}]}
    kept.append(api.client(middleware=[Meter()]).messages.create(**ask, stream=True))
if __name__ == "__main__":
    worker = multiprocessing.get_context(sys.argv[1]).Process(target=leave_open)
    worker.start()
    worker.join()
    sys.exit(worker.exitcode)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_of_multiprocessing_closes_its_open_streams(home: Path, tmp_path: Path, method: str) -> None:
    """It may end without what others call the end of a process; what it left unread is recorded all the same."""
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    command = [sys.executable, tmp_path / "worker.py", method]
    places = {"TOLLGATE_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(command, check=True, env=places)  # noqa: S603  # our own text

    (record,) = written(home)
    assert (record.status, record.complete, record.usage) == (200, False, None)


def test_a_forked_child_does_not_close_the_streams_of_its_parent(home: Path) -> None:
    """Only who opened a stream says how it ended."""
    done = leave("forked", home)

    assert (done.returncode, done.stderr) == (0, "")
    assert [(record.complete, record.revision) for record in written(home)] == [(False, None), (True, 1)]


def test_a_stream_collected_in_the_middle_of_a_write_waits_for_it(home: Path, a_record: Any) -> None:
    """The garbage collector may end a stream in a thread that is just appending another record: both arrive."""
    spool = Spool(home)
    first, second = a_record(), a_record()
    seen: list[bool] = []

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and not seen and str(home) in str(arguments[0]):  # under the lock of the spool
            seen.append(spool.append(second))

    sys.addaudithook(audit)
    assert spool.append(first)

    assert len(seen) == 1
    assert {record.record_id for record in written(home)} == {first.record_id, second.record_id}
