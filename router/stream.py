"""Watch a response body go by: every byte passes on unchanged, a tally sees a copy. Sync and async twins.

The habits are those of the SDK's own tracing (`anthropic/_tracing.py`, SpanEndingStream): keep the kind of the body,
forward `elapsed`, report the first end and no other, and report a body that is dropped unread when it is collected.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from datetime import timedelta

import httpx2

from . import faults
from .tally import Tally

Decode = Callable[[bytes], bytes]


class _Watch:
    """Feeds the tally and keeps its faults from the caller."""

    def __init__(self, tally: Tally, decode: Decode) -> None:
        self._tally: Tally | None = tally
        self._decode = decode

    def see(self, chunk: bytes) -> None:
        if self._tally is not None:
            try:
                self._tally.feed(self._decode(chunk))
            except Exception as error:  # noqa: BLE001  # what we cannot read, the caller still gets
                faults.note("reading a response", error)
                self.end()

    def end(self) -> None:
        tally, self._tally = self._tally, None
        if tally is not None:
            try:
                tally.end()
            except Exception as error:  # noqa: BLE001  # as above
                faults.note("recording a response", error)


class WatchedStream(httpx2.SyncByteStream):
    """A body that the synchronous client reads."""

    def __init__(self, body: httpx2.SyncByteStream, tally: Tally, decode: Decode) -> None:
        self._body = body
        self._watch = _Watch(tally, decode)

    @property
    def elapsed(self) -> timedelta | None:
        """What `httpx2.Response.elapsed` reads from its stream."""
        return getattr(self._body, "elapsed", None)

    def __iter__(self) -> Iterator[bytes]:
        """Pass the chunks on; whatever ends the iteration ends the tally."""
        try:
            for chunk in self._body:
                self._watch.see(chunk)
                yield chunk
        finally:
            self._watch.end()

    def close(self) -> None:
        """The reader is done with it."""
        self._watch.end()
        self._body.close()

    def __del__(self) -> None:
        """A body may be dropped without being closed or read."""
        self._watch.end()


class AsyncWatchedStream(httpx2.AsyncByteStream):
    """A body that the asynchronous client reads."""

    def __init__(self, body: httpx2.AsyncByteStream, tally: Tally, decode: Decode) -> None:
        self._body = body
        self._watch = _Watch(tally, decode)

    @property
    def elapsed(self) -> timedelta | None:
        """What `httpx2.Response.elapsed` reads from its stream."""
        return getattr(self._body, "elapsed", None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Pass the chunks on; whatever ends the iteration ends the tally."""
        chunks = self._body.__aiter__()
        try:
            async for chunk in chunks:
                self._watch.see(chunk)
                yield chunk
        finally:
            self._watch.end()
            # Otherwise the event loop would close the generator later, in another task than the one that read it.
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()

    async def aclose(self) -> None:
        """The reader is done with it."""
        self._watch.end()
        await self._body.aclose()

    def __del__(self) -> None:
        """A body may be dropped without being closed or read."""
        self._watch.end()


def watch(response: httpx2.Response, tally: Tally) -> None:
    """Have the tally see the body of a response: at once if it was read already, else while it is being read."""
    if response.is_closed or response.is_stream_consumed:
        tally.feed(response.content)
        tally.end()
        return
    decode = _decoder(response.headers.get("content-encoding", ""))
    if isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = WatchedStream(response.stream, tally, decode)
    else:
        response.stream = AsyncWatchedStream(response.stream, tally, decode)


def _decoder(encoding: str) -> Decode:
    """Wire bytes to text bytes. Raises ValueError when it meets an encoding that the stdlib cannot read."""
    match encoding.strip().lower():
        case "" | "identity":
            return bytes
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
        case other:
            return lambda _: _unreadable(other)


def _unreadable(encoding: str) -> bytes:
    raise ValueError(f"found content-encoding {encoding}, expected identity, gzip or deflate")
