"""Job: something that is done again and again, and what becomes of each of its turns."""

from __future__ import annotations

import sqlite3
import threading
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from ..exceptions import AnalyticsError, LedgerBusy
from .journal import Journal, Outcome
from .lease import Lease
from .logs import facts, log


class Job(NamedTuple):
    """Something that is done again and again."""

    name: str
    every: timedelta
    run: Callable[[datetime], object]
    """Told the time. May raise, and is then done at its next turn. A text that it returns is logged."""


class Turns:
    """Runs jobs while the lease is ours, and writes down what became of them. Safe to share between threads."""

    def __init__(self, lease: Lease, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._lease, self._journal, self._clock = lease, journal, clock
        self._troubles = dict[str, str]()
        self._lock = threading.Lock()

    def take(self, job: Job) -> Outcome | None:
        """Run a job, whatever it raises; None if it is for somebody else to do."""
        began = time.monotonic()
        try:
            now = self._clock()
            if self._lease.take(now):
                return None
            self._journal.start(job.name, now=now)
            outcome, said = self._run(job, now)
            seconds = time.monotonic() - began
            self._journal.end(job.name, outcome, said, seconds=seconds, now=self._clock())
        except (sqlite3.Error, OSError) as error:  # the state itself cannot be written: then the log alone says it
            outcome, said, seconds = "failure", f"cannot use the state: {error}", time.monotonic() - began
        self._tell(job.name, outcome, said, seconds)
        return outcome

    def _run(self, job: Job, now: datetime) -> tuple[Outcome, str | None]:
        try:
            result = job.run(now)
        except LedgerBusy as busy:
            return "delay", str(busy)
        except Exception as error:  # noqa: BLE001  # no job may stop the others
            log.debug("%s failed", job.name, exc_info=True)
            return "failure", sentence(error)
        return "success", result if isinstance(result, str) else None

    def _tell(self, job: str, outcome: Outcome, said: str | None, seconds: float) -> None:
        """What is as it was is for debugging; a trouble is said when it comes, changes, and goes."""
        also = facts(f"job_{outcome}", job=job, duration_ms=round(seconds * 1000, 1))
        with self._lock:
            before = self._troubles.pop(job, None)
            if outcome != "success":
                self._troubles[job] = said or outcome
        if outcome == "success":
            text = said or ("works again" if before else "nothing to do")
            (log.info if said or before else log.debug)("%s: %s", job, text, extra=also)
        elif before == said:
            log.debug("%s: %s", job, said, extra=also)
        elif outcome == "delay":
            log.info("%s waits: %s", job, said, extra=also)
        else:
            log.error("%s failed: %s", job, said, extra=also)


def sentence(error: Exception) -> str:
    """What went wrong. Only of errors that are known to hold no secret the text is told; of others, the place."""
    if isinstance(error, AnalyticsError | sqlite3.Error):
        first, *more = str(error).splitlines() or [type(error).__name__]
        return f"{first} (and {len(more):,} more lines)" if more else first
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno} (serve --debug says more)"
