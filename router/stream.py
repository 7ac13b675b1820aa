"""Watch a response body go by: every byte passes on unchanged, a tally sees a copy. Sync and async twins.

The habits are those of the SDK's own tracing (`anthropic/_tracing.py`, SpanEndingStream): keep the kind of the body,
forward `elapsed`, report the first end and no other, report a body that is dropped unread when it is collected, and
hold no reference to the response, which would make a cycle of them and the collection late.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from datetime import timedelta

import httpx2

from . import faults
from .encoding import Decode, decoder
from .tally import Tally


class _Watch:
    """Feeds the tally and keeps its faults from the caller."""

    def __init__(self, tally: Tally, decode: Decode) -> None:
        self._tally: Tally | None = tally
        self._decode = decode
        self._process = os.getpid()
        _WATCHES.add(self)

    def see(self, chunk: bytes) -> None:
        if self._tally is not None:
            try:
                self._tally.feed(self._decode(chunk))
            except Exception as error:  # noqa: BLE001  # what we cannot read, the caller still gets
                faults.note("reading a response", error)
                self.end()

    def end(self) -> None:
        tally, self._tally = self._tally, None
        if tally is not None and self._process == os.getpid():  # a stream is its opener's, not a forked child's
            try:
                tally.end()
            except Exception as error:  # noqa: BLE001  # as above
                faults.note("recording a response", error)


_WATCHES: weakref.WeakSet[_Watch] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """Report what is still open while there is an interpreter to do it."""
    with contextlib.suppress(RuntimeError):  # a thread that outlives the main one has opened another
        for watch in list(_WATCHES):
            watch.end()


def _end_with_process() -> None:
    """Have multiprocessing end them too: its processes may end without atexit, and do away with what was registered."""
    if util := sys.modules.get("multiprocessing.util"):
        _end_with(_end_all)
        util.register_after_fork(_end_all, _end_with)


def _end_with(end: Callable[[], None]) -> None:
    sys.modules["multiprocessing.util"].Finalize(None, end, exitpriority=0)


_end_with_process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_end_with_process)


class WatchedStream(httpx2.SyncByteStream):
    """A body that the synchronous client reads."""

    def __init__(self, body: httpx2.SyncByteStream, watch: _Watch) -> None:
        self._body = body
        self._watch = watch

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

    def __init__(self, body: httpx2.AsyncByteStream, watch: _Watch) -> None:
        self._async_body = body
        self._watch = watch

    @property
    def elapsed(self) -> timedelta | None:
        """What `httpx2.Response.elapsed` reads from its stream."""
        return getattr(self._async_body, "elapsed", None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Pass the chunks on; whatever ends the iteration ends the tally."""
        chunks = self._async_body.__aiter__()
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
        await self._async_body.aclose()

    def __del__(self) -> None:
        """A body may be dropped without being closed or read."""
        self._watch.end()


class EitherWatchedStream(WatchedStream, AsyncWatchedStream):
    """A body that both clients can read, such as middleware may make up."""

    def __init__(self, body: httpx2.SyncByteStream, async_body: httpx2.AsyncByteStream, watch: _Watch) -> None:
        WatchedStream.__init__(self, body, watch)
        AsyncWatchedStream.__init__(self, async_body, watch)


def watch(response: httpx2.Response, tally: Tally) -> None:
    """Have the tally see the body of a response: at once if it was read already, else while it is being read."""
    if response.is_closed or response.is_stream_consumed:
        tally.feed(response.content)
        tally.end()
        return
    try:
        decode = decoder(response.headers.get("content-encoding", ""))
    except (ImportError, ValueError) as error:
        faults.note("reading an encoding", error)
        tally.end()  # incomplete: nothing will be seen of it
        return
    body, watching = response.stream, _Watch(tally, decode)
    if not isinstance(body, httpx2.SyncByteStream):
        response.stream = AsyncWatchedStream(body, watching)
    elif isinstance(body, httpx2.AsyncByteStream):
        response.stream = EitherWatchedStream(body, body, watching)
    else:
        response.stream = WatchedStream(body, watching)
