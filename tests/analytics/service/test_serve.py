from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics.exceptions import SettingsError
from analytics.service.health import look
from analytics.service.job import Job
from analytics.service.lease import Lease, held_by
from analytics.service.serve import Watch, once
from router.spool import Spool
from tests.conftest import Tollgate, a_record

from .conftest import Start, until

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def holder(home: Path) -> int | None:
    """The pid of whoever works."""
    found = held_by(home, now=datetime.now(UTC))
    return found.pid if found else None


def test_a_job_that_fails_stops_no_other(home: Path, start: Start) -> None:
    """One job fails at every turn, one never ends, and the third goes on; all that stands in the status."""
    serving = start("good", "bad", "slow")

    until(lambda: len(serving.events("job_success")) > 3 or None)
    until(lambda: len(serving.events("job_failure")) > 3 or None)

    bad, good, slow = look(home, now=datetime.now(UTC)).jobs
    assert bad.trouble == "budgets.yaml: found nothing"
    assert (good.failures, bad.successes) == (0, 0)
    assert slow.started_at is not None
    assert slow.due_at is not None
    assert slow.succeeded_at is None


def test_a_graceful_stop(home: Path, start: Start) -> None:
    """On SIGTERM what is under way ends, nothing begins, the lease is given back, and the exit code is 0."""
    serving = start("slow", "good")
    until(lambda: (home / "begun").exists() or None)

    serving.send(signal.SIGTERM)
    serving.wait_for("stops")
    assert holder(home) is not None
    (home / "enough").touch()

    assert serving.end(signal.SIGCONT) == 0
    assert [line["job"] for line in serving.events("job_success")].count("slow") == 1
    assert serving.events("stopped")
    assert holder(home) is None


def test_a_second_signal_stops_at_once(home: Path, start: Start) -> None:
    """Who says it twice means it: what is under way is cut off."""
    serving = start("slow")
    until(lambda: (home / "begun").exists() or None)

    serving.send(signal.SIGINT)
    serving.wait_for("stops")

    assert serving.end(signal.SIGTERM) == 128 + signal.SIGTERM


def test_two_at_one_home(home: Path, start: Start) -> None:
    """One works and the other stands by, until the first is killed, or stops."""
    first = start("good")
    first.wait_for("works")
    second = start("good")
    said = second.wait_for("stands_by")["message"]
    assert said.startswith(f"stands by: process {holder(home)} on ")
    assert not second.events("job_success")

    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    second.wait_for("job_success")
    third = start("good")
    third.wait_for("stands_by")
    assert second.end(signal.SIGTERM) == 0
    third.wait_for("job_success")
    assert third.end(signal.SIGINT) == 0


def test_a_clock_that_is_set_back(home: Path) -> None:
    """When the clock is set back an hour, every job runs at once, and nothing waits for the hour to come again."""
    clock = [NOW]
    turns: list[datetime] = []
    job = Job("good", timedelta(seconds=10), turns.append)
    watch = Watch(home, [job], Lease(home), clock=lambda: clock[0])
    try:
        watch.beat()
        until(lambda: turns == [NOW] or None)
        clock[0] -= HOUR
        watch.beat()
        until(lambda: turns == [NOW, NOW - HOUR] or None)
        watch.beat()
    finally:
        assert watch.stop() == ()
    assert turns == [NOW, NOW - HOUR]


def test_patience_has_an_end(home: Path) -> None:
    """A job that does not end is named after a while, and the lease is given back all the same."""
    enough = threading.Event()
    watch = Watch(home, [Job("slow", HOUR, lambda _now: enough.wait(20))], Lease(home), clock=lambda: NOW)
    try:
        watch.beat()
        until(lambda: watch.schedule.under_way() or None)
        assert watch.stop(patience=0.01) == ("slow",)
        assert held_by(home, now=NOW) is None
    finally:
        enough.set()
    assert watch.schedule.under_way(patience=20) == ()


def test_without_a_state_it_waits(home: Path) -> None:
    """While the state cannot be used nothing runs, and as soon as it can, everything does."""
    (home / "state.sqlite").mkdir(parents=True)
    turns: list[datetime] = []
    watch = Watch(home, [Job("good", HOUR, turns.append)], Lease(home), clock=lambda: NOW)
    try:
        watch.beat()
        assert turns == []
        (home / "state.sqlite").rmdir()
        watch.beat()
        until(lambda: turns or None)
    finally:
        watch.stop()


def test_once(home: Path) -> None:
    """Every job has its turn, in order, though one fails, which the exit code says; the lease is given back."""
    turns: list[str] = []

    def fail(_now: datetime) -> None:
        raise SettingsError("no")

    good = [Job(name, HOUR, lambda _now, name=name: turns.append(name)) for name in ("a", "b")]

    assert once(home, good, Lease(home), clock=lambda: NOW) == 0
    assert once(home, [good[0], Job("bad", HOUR, fail), good[1]], Lease(home), clock=lambda: NOW) == 1
    assert turns == ["a", "b", "a", "b"]
    assert held_by(home, now=NOW) is None


def test_once_where_others_work(home: Path) -> None:
    """Where somebody works already there is nothing to do, and that is no failure."""
    Lease(home).take(NOW)
    turns: list[datetime] = []

    assert once(home, [Job("good", HOUR, turns.append)], Lease(home), clock=lambda: NOW) == 0
    assert turns == []


def test_the_command(home: Path, spool: Spool) -> None:
    """`tollgate serve` takes in what is recorded, answers probes, and ends with 0 on SIGTERM, its lease given back."""
    program, options = "from analytics.start import main; main()", ("--every", "ingest=1s", "--listen", "127.0.0.1:0")
    command = [sys.executable, "-c", program, "serve", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:  # noqa: S603  # our own text
        try:
            assert serving.stderr
            listens = next(line for line in map(json.loads, serving.stderr) if line["event"] == "listens")
            spool.append(a_record())
            address = f"http://127.0.0.1:{listens['port']}/healthz"
            until(lambda: look(home, now=datetime.now(UTC)).ingested_attempts or None)
            with urllib.request.urlopen(address, timeout=5) as answer:  # our own
                assert json.load(answer)["holder"]["pid"] == serving.pid
            serving.send_signal(signal.SIGTERM)
            assert serving.wait(20) == 0
        finally:
            serving.kill()
    assert holder(home) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--every", "ingest=soon"), "found 'soon', expected a number and its unit, such as 30s, 5m, 1h or 400d"),
        (("--every", "breakfast=1h"), "every: found the job 'breakfast', expected one of ingest, roll_up"),
        (("--listen", "9464"), "found '9464', expected host and port, such as 127.0.0.1:9464"),
    ],
)
def test_settings_that_cannot_be_used(options: tuple[str, ...], said: str, tollgate: Tollgate) -> None:
    """A wrong option is a sentence that says what was found and what was expected."""
    result = tollgate("serve", "--once", *options)

    assert result.exit_code in (1, 2)
    assert said in result.output
