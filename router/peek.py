"""Read the beginning of a body, then hand on one that starts with what was read, byte for byte. Sync and async twins.

What breaks the reading is raised again after the bytes that came before it: where the caller would have met it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import NamedTuple

import httpx2

from . import faults
from .encoding import decoder
from .fallback import Enough


class Head(NamedTuple):
    """What was read."""

    text: bytes
    """Decoded; empty where it cannot be."""
    failure: Exception | None


class ReplayedStream(httpx2.SyncByteStream):
    """A body whose beginning was read ahead."""

    def __init__(self, body: httpx2.SyncByteStream, begun: list[bytes], rest: Iterator[bytes]) -> None:
        self._body = body
        self._begun = begun
        self._rest = rest
        self.failure: Exception | None = None

    @property
    def elapsed(self) -> timedelta | None:
        """What `httpx2.Response.elapsed` reads from its stream."""
        return getattr(self._body, "elapsed", None)

    def __iter__(self) -> Iterator[bytes]:
        """What was read, chunk by chunk as it came, then what is left or what broke it."""
        yield from self._begun
        if self.failure is not None:
            raise self.failure
        yield from self._rest

    def close(self) -> None:
        """The reader is done with it."""
        self._body.close()


class AsyncReplayedStream(httpx2.AsyncByteStream):
    """A body whose beginning was read ahead."""

    def __init__(self, body: httpx2.AsyncByteStream, begun: list[bytes], rest: AsyncIterator[bytes]) -> None:
        self._body = body
        self._begun = begun
        self._rest = rest
        self.failure: Exception | None = None

    @property
    def elapsed(self) -> timedelta | None:
        """What `httpx2.Response.elapsed` reads from its stream."""
        return getattr(self._body, "elapsed", None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """What was read, chunk by chunk as it came, then what is left or what broke it."""
        for chunk in self._begun:
            yield chunk
        if self.failure is not None:
            raise self.failure
        async for chunk in self._rest:
            yield chunk

    async def aclose(self) -> None:
        """The reader is done with it."""
        try:
            if aclose := getattr(self._rest, "aclose", None):  # or the event loop closes it later, in another task
                with contextlib.suppress(RuntimeError):  # a task is reading it: closing the body will end that
                    await aclose()
        finally:
            await self._body.aclose()


def peek(response: httpx2.Response, enough: Enough) -> Head:
    """Read until it is enough, or as far as it goes."""
    body = response.stream
    if not isinstance(body, httpx2.SyncByteStream):
        return Head(b"", None)
    begun, reading = list[bytes](), _Reading(response, enough)
    rest = iter(body)
    response.stream = replayed = ReplayedStream(body, begun, rest)
    try:
        for chunk in rest:
            begun.append(chunk)
            if reading.far_enough(chunk):
                break
    except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets it
        replayed.failure = error
    except BaseException:
        response.close()
        raise
    return Head(reading.text, replayed.failure)


async def apeek(response: httpx2.Response, enough: Enough) -> Head:
    """`peek` for the asynchronous client. A cancelled reader closes the response, for nobody else could."""
    body = response.stream
    if not isinstance(body, httpx2.AsyncByteStream):
        return Head(b"", None)
    begun, reading = list[bytes](), _Reading(response, enough)
    rest = body.__aiter__()
    response.stream = replayed = AsyncReplayedStream(body, begun, rest)
    try:
        async for chunk in rest:
            begun.append(chunk)
            if reading.far_enough(chunk):
                break
    except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets it
        replayed.failure = error
    except BaseException:
        await response.aclose()
        raise
    return Head(reading.text, replayed.failure)


class _Reading:
    """Judges whether it is enough, on text and not on wire bytes."""

    def __init__(self, response: httpx2.Response, enough: Enough) -> None:
        self.text = b""
        self._enough = enough
        try:
            self._decode = decoder(response.headers.get("content-encoding", ""))
        except (ImportError, ValueError):
            self._decode = None

    def far_enough(self, chunk: bytes) -> bool:
        if self._decode is None:
            return True
        try:
            self.text += self._decode(chunk)
            return self._enough(self.text)
        except Exception as error:  # noqa: BLE001  # not what the headers say: the caller gets it all the same
            faults.note("reading ahead", error)
            self.text = b""
            return True
