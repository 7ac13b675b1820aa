"""Processes that serve: forked from one that has imported everything, and so are quick to start."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from analytics.exceptions import SettingsError
from analytics.service import logs
from analytics.service.job import Job
from analytics.service.lease import Lease
from analytics.service.serve import Watch, serve
from tests import fresh

LASTS = timedelta(seconds=1.5)
EVERY = timedelta(seconds=0.05)
_PATIENCE_SECONDS = 20.0
_Found = TypeVar("_Found")


class Serving:
    """One process that serves, and what it logged."""

    def __init__(self, home: Path, log: Path, jobs: tuple[str, ...]) -> None:
        self._log = log
        self._process = fresh.context.Process(target=_work, args=(home, log, jobs))
        self._process.start()

    def wait_for(self, event: str, **values: object) -> dict[str, Any]:
        """The first such event of its log."""
        return until(lambda: next((line for line in self.events(event) if values.items() <= line.items()), None))

    def events(self, event: str) -> list[dict[str, Any]]:
        """All such events so far."""
        lines = self._log.read_text("utf-8").splitlines(keepends=True) if self._log.exists() else []
        read = [json.loads(line) for line in lines if line.endswith("\n")]
        return [line for line in read if line["event"] == event]

    def end(self, number: signal.Signals) -> int | None:
        """Send a signal; the exit code."""
        self.send(number)
        self._process.join(_PATIENCE_SECONDS)
        return self._process.exitcode

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process.pid
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """Make an end of it."""
        self._process.kill()
        self._process.join()


Start = Callable[..., Serving]


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts processes that serve `home`; with which jobs, see `_JOBS`."""
    started: list[Serving] = []

    def start(*jobs: str) -> Serving:
        started.append(Serving(home, tmp_path / f"log-{len(started)}", jobs))
        return started[-1]

    yield start
    for serving in started:
        serving.kill()


def until(look: Callable[[], _Found | None]) -> _Found:
    """What is there as soon as it is."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def _work(home: Path, log: Path, names: tuple[str, ...]) -> None:
    sys.stderr = log.open("a", encoding="utf-8", buffering=1)
    logs.begin("json", debug=True)
    lease = Lease(home, lasts=LASTS)
    jobs = [Job(name, EVERY, partial(_JOBS[name], home)) for name in names]
    sys.exit(serve(Watch(home, jobs, lease, clock=lambda: datetime.now(UTC)), beat=LASTS.total_seconds() / 3))


def _good(_home: Path, _now: datetime) -> str:
    return "did it"


def _bad(_home: Path, _now: datetime) -> None:
    raise SettingsError("budgets.yaml: found nothing")


def _slow(home: Path, _now: datetime) -> str:
    """Ends when there is a file `enough`."""
    (home / "begun").touch()
    until(lambda: (home / "enough").exists() or None)
    return "did it at last"


_JOBS: dict[str, Callable[[Path, datetime], object]] = {"good": _good, "bad": _bad, "slow": _slow}
