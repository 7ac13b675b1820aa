from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics.exceptions import LedgerBusy, SettingsError
from analytics.service import logs
from analytics.service.job import Job, Turns
from analytics.service.journal import Journal, Runs
from analytics.service.lease import Lease
from analytics.service.notify import notify

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SECRET = "hooks.example/T0/secret"  # noqa: S105  # none


def job(run: Callable[[], object]) -> Job:
    return Job("ingest", timedelta(seconds=10), lambda _now: run())


def raising(error: Exception) -> Job:
    def run() -> None:
        raise error

    return job(run)


@pytest.fixture(name="turns")
def _turns(home: Path) -> Turns:
    """Of whoever has the lease."""
    lease, journal = Lease(home), Journal(home)
    lease.take(NOW)
    journal.open({"ingest": timedelta(seconds=10)})
    return Turns(lease, journal, lambda: NOW)


def runs(home: Path) -> Runs:
    (found,) = Journal(home).runs()
    return found


def test_what_becomes_of_a_turn(home: Path, turns: Turns) -> None:
    """A turn succeeds, fails, or has to wait for the ledger, and the journal counts which."""
    assert turns.take(job(lambda: None)) == "success"
    assert turns.take(raising(SettingsError("zone: found 'X'"))) == "failure"
    assert turns.take(raising(LedgerBusy("the ledger is in use by DBeaver"))) == "delay"

    found = runs(home)
    assert (found.successes, found.failures, found.delays) == (1, 1, 1)
    assert (found.said, found.due_at) == ("the ledger is in use by DBeaver", NOW + timedelta(seconds=10))


def test_nothing_runs_without_the_lease(home: Path) -> None:
    """A turn that comes when somebody else works is not taken."""
    Lease(home).take(NOW)

    assert Turns(Lease(home), Journal(home), lambda: NOW).take(raising(AssertionError())) is None


def test_an_unknown_error_tells_no_secret(home: Path, turns: Turns, caplog: pytest.LogCaptureFixture) -> None:
    """Of an error that nobody foresaw the class and the place are told, as its text may hold anything."""
    turns.take(raising(ValueError(f"cannot post to {SECRET}")))

    said = runs(home).said or ""
    assert said.startswith("ValueError at test_job.py:")
    assert SECRET not in said
    assert SECRET not in caplog.text


def test_a_state_that_cannot_be_written(home: Path) -> None:
    """Without a state nothing runs, and nothing is raised into the schedule."""
    home.mkdir()
    (home / "state.sqlite").mkdir()

    assert Turns(Lease(home), Journal(home), lambda: NOW).take(raising(AssertionError())) == "failure"


def test_a_trouble_is_told_once(turns: Turns, caplog: pytest.LogCaptureFixture) -> None:
    """What fails in the same way turn after turn is logged when it begins, and when it is over."""
    caplog.set_level(logging.INFO, "tollgate.serve")
    for _ in range(3):
        turns.take(raising(SettingsError("no budgets")))
    turns.take(raising(SettingsError("no prices")))
    turns.take(job(lambda: None))
    turns.take(job(lambda: "records added: 2"))
    turns.take(job(lambda: None))

    assert [record.getMessage() for record in caplog.records] == [
        "ingest failed: no budgets",
        "ingest failed: no prices",
        "ingest: works again",
        "ingest: records added: 2",
    ]


def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """States go to the socket that systemd names; without one, or with nobody there, nothing happens."""
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    notify("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        notify("READY=1")
        assert systemd.recv(100) == b"READY=1"


def test_a_line_for_people_stays_one_line() -> None:
    """A name with control characters in it can neither break a line nor colour a terminal."""
    record = logging.LogRecord("tollgate", logging.INFO, "", 0, "team \x1b[31m\nfake", None, None)

    assert logs.Human().format(record).partition(" INFO ")[2] == "team �[31m�fake"
