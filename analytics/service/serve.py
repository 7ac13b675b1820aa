"""Serve: the jobs on their schedule, for as long as nobody says stop, and while the lease is ours."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from .job import Job, Turns
from .journal import Journal
from .lease import Holder, Lease
from .logs import facts, log
from .notify import notify
from .schedule import Schedule

PATIENCE_SECONDS = 25.0
"""For jobs under way when it is told to stop: less than a lease, and than service managers wait before they kill."""
_JUMP_SECONDS = 5.0
"""The clock was set, or the machine slept: the schedule, which runs by the clock, would wait, or be late."""
Signals = queue.SimpleQueue[int]
"""Of all queues the one that a signal's handler may write to."""


class Watch:
    """Looks at the lease and the clock in every beat, and lets the schedule go on or stand still."""

    def __init__(self, home: Path, jobs: Sequence[Job], lease: Lease, *, clock: Callable[[], datetime]) -> None:
        self._home, self._jobs, self._lease, self._clock = home, jobs, lease, clock
        self._journal = Journal(home)
        self.schedule = Schedule(jobs, Turns(lease, self._journal, clock).take)
        self._news: str | None = None
        self._works = False
        self._beaten = time.monotonic()
        self._was_ahead = self._ahead()

    def beat(self) -> None:
        """Renew the lease, or see whether it is free."""
        self._beaten = time.monotonic()
        try:
            other = self._lease.take(self._clock())
            if not other and not self._works:
                _open(self._journal, self._jobs)
        except (sqlite3.Error, OSError) as error:
            self._stand_still(f"cannot use the state of {self._home}: {error}", event="no_state")
        else:
            self._stand_still(_standing_by(other), event="stands_by") if other else self._go_on()

    def is_alive(self) -> bool:
        """Whether it has beaten in the last three beats."""
        return time.monotonic() - self._beaten < 3 * beat_seconds(self._lease)

    def stop(self, signals: Signals | None = None, *, patience: float = PATIENCE_SECONDS) -> tuple[str, ...]:
        """Begin nothing more, wait for what is under way, give the lease back; the jobs that did not end in time."""
        deadline = time.monotonic() + patience
        with contextlib.suppress(sqlite3.Error, OSError):
            self._lease.take(self._clock())  # it lasts longer than the patience
        self.schedule.stop()
        while (late := self.schedule.under_way(patience=0.05)) and time.monotonic() < deadline:
            if signals and not signals.empty():
                os._exit(128 + signals.get())
        with contextlib.suppress(sqlite3.Error, OSError):
            self._lease.release()
        return late

    def _go_on(self) -> None:
        jumped = abs(self._ahead() - self._was_ahead) > _JUMP_SECONDS
        self._was_ahead = self._ahead()
        if jumped and self._works:
            log.warning("the clock jumped; every job runs now", extra=facts("clock_jumped"))
        if jumped or not self._works:
            self._say(f"works on {self._home}", event="works")
            self._works = True
            self.schedule.go_on(self._clock())

    def _stand_still(self, why: str, *, event: str) -> None:
        self._works = False
        self.schedule.stand_still()
        self._say(why, event=event)

    def _say(self, news: str, *, event: str) -> None:
        """Each thing once, until it is another."""
        if news != self._news:
            self._news = news
            log.info("%s", news, extra=facts(event, home=str(self._home), pid=os.getpid()))
            notify(f"STATUS={news}")

    def _ahead(self) -> float:
        """Seconds that the clock is ahead of one that nobody sets: the same at every beat, unless it was set."""
        return self._clock().timestamp() - time.monotonic()


def serve(watch: Watch, *, beat: float) -> int:
    """Run until a signal says stop; the exit code. A second signal ends it at once."""
    with _heard() as signals:
        try:
            watch.beat()
            notify("READY=1")
            while (heard := _next(signals, beat)) is None:
                watch.beat()
                notify("WATCHDOG=1")
            log.info("stops: %s", signal.Signals(heard).name, extra=facts("stops"))
        finally:
            notify("STOPPING=1")
            late = watch.stop(signals)
    if late:
        log.error("did not end in time: %s; done again at the next start", ", ".join(late), extra=facts("late"))
        os._exit(1)  # their threads would keep the process
    log.info("stopped", extra=facts("stopped"))
    return 0


def once(home: Path, jobs: Sequence[Job], lease: Lease, *, clock: Callable[[], datetime]) -> int:
    """Run each job once, in their order; the exit code: 1 if one failed. Where others work, there is nothing to do."""
    journal = Journal(home)
    if other := lease.take(clock()):
        log.info("%s", _standing_by(other), extra=facts("stands_by"))
        return 0
    try:
        _open(journal, jobs)
        turns = Turns(lease, journal, clock)
        outcomes = [turns.take(job) for job in jobs]
    finally:
        lease.release()
    return int("failure" in outcomes)


def _open(journal: Journal, jobs: Sequence[Job]) -> None:
    journal.open({job.name: job.every for job in jobs})
    journal.see("version", version("tollgate"))


def beat_seconds(lease: Lease) -> float:
    """A lease may be renewed in vain twice."""
    return lease.lasts.total_seconds() / 3


def _standing_by(other: Holder) -> str:
    return f"stands by: {other} works since {other.since:%Y-%m-%d %H:%M} UTC"


@contextlib.contextmanager
def _heard() -> Generator[Signals]:
    """What SIGTERM and SIGINT say."""
    signals = Signals()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda heard, _: signals.put(heard)) for number in numbers]
    try:
        yield signals
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _next(signals: Signals, seconds: float) -> int | None:
    try:
        return signals.get(timeout=seconds)
    except queue.Empty:
        return None
