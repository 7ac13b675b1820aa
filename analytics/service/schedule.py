"""Schedule: jobs at intervals, each alone, none held up by another. The only module that knows APScheduler.

Intervals only: its cron triggers skip or repeat a day when local clocks change. What belongs to a local hour asks at
each of its turns whether it is due (nightly.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor  # pyright: ignore[reportMissingTypeStubs]  # has none
from apscheduler.jobstores.memory import MemoryJobStore  # pyright: ignore[reportMissingTypeStubs]  # has none
from apscheduler.schedulers.background import BackgroundScheduler  # pyright: ignore[reportMissingTypeStubs]  # has none

from .job import Job


class Schedule:
    """Gives each job its turn, in threads. Stands still until it is told to go on."""

    def __init__(self, jobs: Sequence[Job], turn: Callable[[Job], object]) -> None:
        """`turn` runs a job and never raises."""
        self._turn = turn
        self._jobs = {job.name: job for job in jobs}
        self._busy = set[str]()
        self._changed = threading.Condition()
        self._stopped = False
        self._scheduler: Any = BackgroundScheduler(
            timezone="UTC",
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(max(1, len(jobs)))},
            # A turn that comes late is still taken, several that were missed are one, and none begins beside another.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        for job in jobs:
            seconds = job.every.total_seconds()
            self._scheduler.add_job(self._take, "interval", args=[job], id=job.name, seconds=seconds)
        self._scheduler.start(paused=True)

    def go_on(self, now: datetime) -> None:
        """Every job is due now: at the start, after standing still, and when the clock was set, which it runs by."""
        for name in self._jobs:
            self._scheduler.modify_job(name, next_run_time=now)
        self._scheduler.resume()

    def stand_still(self) -> None:
        """Begin nothing; what is under way goes on."""
        self._scheduler.pause()

    def stop(self) -> None:
        """Begin nothing any more."""
        with self._changed:
            self._stopped = True
        self._scheduler.shutdown(wait=False)

    def under_way(self, *, patience: float = 0.0) -> tuple[str, ...]:
        """The names of the jobs that are running, after at most so many seconds for them to end."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, patience)
            return tuple(sorted(self._busy))

    def _take(self, job: Job) -> None:
        with self._changed:
            if self._stopped:  # it was queued already
                return
            self._busy.add(job.name)
        try:
            self._turn(job)
        finally:
            with self._changed:
                self._busy.discard(job.name)
                self._changed.notify_all()
