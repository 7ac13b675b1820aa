"""Time for the stand-in: the `time` module itself, or a `Clock` that only moves when told to."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class TimeSource(Protocol):
    """What the stand-in asks of a clock; the `time` module is one."""

    def time_ns(self) -> int:
        """Nanoseconds since 1970, UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds since some moment; never goes back."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Return after so many seconds."""
        ...


class Clock:
    """A simulated clock: `sleep` advances it and returns at once, so a month passes in a moment.

    It has the functions of the `time` module that a caller needs to tell the time, so it can be passed wherever that
    module can. Threads share it: when two of them sleep, both sleeps are added.
    """

    def __init__(self, start: datetime) -> None:
        """Start at `start`, which must be timezone-aware."""
        self._lock = threading.Lock()
        self._wall_ns = _to_nanoseconds(start)
        self._elapsed_ns = 0

    def time_ns(self) -> int:
        """The simulated wall time, in nanoseconds since 1970."""
        return self._wall_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds that were slept or advanced since the start; `set` leaves it alone."""
        return self._elapsed_ns

    def now(self) -> datetime:
        """The simulated wall time, aware, in UTC."""
        return _EPOCH + timedelta(microseconds=self._wall_ns // 1000)

    def sleep(self, seconds: float, /) -> None:
        """Advance by so many seconds; never waits."""
        if seconds < 0:
            raise ValueError(f"sleep length must be non-negative, found {seconds}")
        self._advance_ns(round(seconds * 1_000_000_000))

    def advance(self, by: timedelta) -> None:
        """Let so much time pass."""
        if by < timedelta(0):
            raise ValueError(f"a clock advances forward, found {by}; to go back, use set()")
        self._advance_ns(by // _MICROSECOND * 1000)

    def set(self, moment: datetime) -> None:
        """Put the wall time to `moment` (aware), forward or back; no time passes on `monotonic_ns`."""
        wall_ns = _to_nanoseconds(moment)
        with self._lock:
            self._wall_ns = wall_ns

    def _advance_ns(self, nanoseconds: int) -> None:
        with self._lock:
            self._wall_ns += nanoseconds
            self._elapsed_ns += nanoseconds


def pause(clock: TimeSource, seconds: float) -> None:
    """Wait on the given clock."""
    if seconds > 0:
        clock.sleep(seconds)


async def pause_async(clock: TimeSource, seconds: float) -> None:
    """Wait on the given clock; where the wait is real, the event loop goes on."""
    if seconds <= 0:
        return
    if isinstance(clock, Clock):
        clock.sleep(seconds)
    else:
        await anyio.sleep(seconds)


def rfc3339(time_ns: int) -> str:
    """The moment as the API writes it: UTC, with a `Z`."""
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).isoformat().replace("+00:00", "Z")


def _to_nanoseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError(f"a clock needs a time with a time zone, found {moment.isoformat()}")
    return (moment - _EPOCH) // _MICROSECOND * 1000
