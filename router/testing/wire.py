"""What goes over the wire, and when: replies, their bytes, and the streams that httpx2 reads them from."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from .clock import TimeSource, pause, pause_async
from .events import encode, stream_events
from .failures import Cut, Failure, StreamError, error_body
from .turns import Turn

_HALF_WAY = "peer closed connection without sending complete message body (incomplete chunked read)"
_RESET = "connection reset by peer"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some bytes, and the seconds that pass before them."""

    data: bytes
    pause: float = 0


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer on its way to the client."""

    status: int | None
    """None: no answer comes, only the error in `lost`."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    chunks: list[Chunk] = field(default_factory=list[Chunk])
    wait: float = 0
    """Seconds until the status line."""
    lost: httpx2.TransportError | None = None
    """What the client gets instead of an answer, or instead of the rest of it."""

    def response(self, request: httpx2.Request, clock: TimeSource) -> httpx2.Response:
        """The response, or the error that stands for it."""
        if self.lost is not None:
            self.lost.request = request
        if self.status is None:
            raise self.lost or httpx2.ReadError("no answer", request=request)
        if self.lost is None and len(self.chunks) == 1:
            return httpx2.Response(self.status, headers=self.headers, content=self.chunks[0].data, request=request)
        return httpx2.Response(self.status, headers=self.headers, stream=_Body(self, clock), request=request)


class _Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """The chunks of a reply at their pace, for sync and async clients."""

    def __init__(self, reply: Reply, clock: TimeSource) -> None:
        self._reply = reply
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._reply.chunks:
            pause(self._clock, chunk.pause)
            yield chunk.data
        if self._reply.lost is not None:
            raise self._reply.lost

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._reply.chunks:
            await pause_async(self._clock, chunk.pause)
            yield chunk.data
        if self._reply.lost is not None:
            raise self._reply.lost


def json_reply(body: Any, *, status: int = 200, wait: float = 0) -> Reply:
    """A JSON body."""
    data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Reply(status=status, headers={"content-type": "application/json"}, chunks=[Chunk(data)], wait=wait)


def jsonl_reply(lines: list[dict[str, Any]]) -> Reply:
    """One JSON object per line."""
    data = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-8", "replace")
    return Reply(status=200, headers={"content-type": "application/x-jsonl"}, chunks=[Chunk(data)])


def failure_reply(failure: Failure, request_id: str) -> Reply:
    """An error status with the API's error object."""
    reply = json_reply(failure.body(request_id), status=failure.status)
    reply.headers |= failure.headers()
    return reply


def unreachable_reply() -> Reply:
    """No connection."""
    return Reply(status=None, lost=httpx2.ConnectError("connection refused"))


def turn_reply(turn: Turn, request_id: str, *, stream: bool) -> Reply:
    """A finished turn as JSON or as a stream, broken where the script says so."""
    if isinstance(turn.broken, Cut) and turn.broken.after is None:
        return Reply(status=None, wait=turn.first_token, lost=httpx2.ReadError(_RESET))
    if stream:
        return _stream_reply(turn, request_id)
    reply = json_reply(turn.message, wait=turn.first_token + turn.per_token * _output_tokens(turn))
    if isinstance(turn.broken, Cut):
        cut(reply, turn.broken)
    return reply


def cut(reply: Reply, effect: Cut) -> None:
    """Break a reply that is no stream: before it begins, or half-way."""
    if effect.after is None:
        reply.status, reply.lost = None, httpx2.ReadError(_RESET)
    else:
        data = reply.chunks[0].data
        reply.chunks, reply.lost = [Chunk(data[: len(data) // 2])], httpx2.RemoteProtocolError(_HALF_WAY)


def _stream_reply(turn: Turn, request_id: str) -> Reply:
    headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    reply = Reply(status=200, headers=headers, wait=turn.first_token)
    events = list(stream_events(turn.message))
    deltas = sum(event["type"] == "content_block_delta" for event in events)
    per_delta = turn.per_token * _output_tokens(turn) / max(1, deltas)
    if turn.broken is not None:
        events = events[: _break_at(events, turn.broken.after)]
    reply.chunks = [Chunk(encode(event), per_delta if "delta" in event else 0) for event in events]
    if isinstance(turn.broken, Cut):
        reply.lost = httpx2.RemoteProtocolError(_HALF_WAY)
    elif isinstance(turn.broken, StreamError):
        reply.chunks.append(Chunk(encode(error_body(turn.broken.error_type, turn.broken.message, request_id))))
    return reply


def _output_tokens(turn: Turn) -> int:
    """The length of the answer; 0 where a scripted usage does not tell."""
    count = turn.message["usage"].get("output_tokens")
    return count if isinstance(count, int) else 0


def _break_at(events: list[dict[str, Any]], after: int | None) -> int:
    """How many events still come: none, or all before the content delta number `after`, but never the end."""
    if after is None:
        return 0
    deltas = [index for index, event in enumerate(events) if event["type"] == "content_block_delta"]
    return deltas[after] if after < len(deltas) else len(events) - 2
