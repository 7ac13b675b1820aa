from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from analytics.alerts import outbox
from analytics.alerts.notice import Notice
from analytics.alerts.parcel import Result
from analytics.alerts.tables import state
from analytics.service.health import in_words, look
from analytics.service.journal import Journal
from analytics.service.lease import Lease
from analytics.service.probes import Source, answering
from router.periods import Recurrence
from router.reservations import NANO, Guarded, Reservations, Spend
from tests.conftest import Tollgate

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
INTERVALS = {"ingest": 10 * SECOND, "retention": 3600 * SECOND}


@pytest.fixture(name="journal")
def _journal(home: Path) -> Journal:
    """Of a home where somebody began to work at NOW."""
    Lease(home).take(NOW)
    journal = Journal(home)
    journal.open(INTERVALS)
    return journal


def test_a_home_where_nobody_works(home: Path) -> None:
    """Without a serve that is a problem, and looking makes no home."""
    status = look(home, now=NOW)

    assert status.problems == (f"No tollgate serve works on {home}. Start it; if it runs, see its log.",)
    assert not home.exists()


def test_who_just_began_has_time(home: Path, journal: Journal) -> None:
    """A job that did not succeed yet is no problem in the first two minutes of a holder."""
    journal.start("ingest", now=NOW)
    journal.end("ingest", "failure", "the disk is full", seconds=0.1, now=NOW)

    status = look(home, now=NOW + 29 * SECOND)

    assert status.healthy
    assert status.jobs[0].trouble == "the disk is full"
    assert look(home, now=NOW + 31 * SECOND).holder is None


def test_a_job_that_does_not_succeed(home: Path) -> None:
    """After two minutes, or three of its intervals, it is a problem, which says since when and why."""
    Lease(home, lasts=timedelta(days=1)).take(NOW)
    journal = Journal(home)
    journal.open(INTERVALS)
    for job in INTERVALS:
        journal.end(job, "success", None, seconds=0.1, now=NOW)
    journal.end("ingest", "delay", "the ledger is in use by DBeaver", seconds=10, now=NOW + 90 * SECOND)

    assert look(home, now=NOW + 120 * SECOND).healthy
    (problem,) = look(home, now=NOW + 121 * SECOND).problems
    assert problem == (
        "The job ingest has not succeeded since 2026-11-21 09:30 UTC, though it is due every 10 s."
        " It says: the ledger is in use by DBeaver."
    )
    assert len(look(home, now=NOW + 3 * 3600 * SECOND).problems) == 1
    assert len(look(home, now=NOW + 3 * 3600 * SECOND + SECOND).problems) == 2

    journal.end("ingest", "success", None, seconds=0.1, now=NOW + 200 * SECOND)
    assert look(home, now=NOW + 201 * SECOND).jobs[0].trouble is None


def test_what_was_counted_outlives_a_restart(home: Path, journal: Journal) -> None:
    """Another holder goes on counting, and knows nothing of jobs that are no more."""
    journal.end("ingest", "success", None, seconds=0.25, now=NOW)
    journal.end("retention", "success", None, seconds=0.25, now=NOW)

    again = Journal(home)
    again.open({"ingest": 5 * SECOND})
    again.end("ingest", "failure", "no", seconds=0.25, now=NOW)

    (runs,) = again.runs()
    assert (runs.every, runs.successes, runs.failures, runs.seconds) == (5 * SECOND, 1, 1, 0.5)


def say(home: Path, result: Result, *, now: datetime) -> None:
    """Say of the only message what became of a try."""
    (parcel,) = outbox.claim(home, "mail", holder="me", now=now)
    outbox.settle(home, parcel, result, holder="me", now=now)


def test_messages_that_do_not_arrive(home: Path, journal: Journal) -> None:
    """A message is a problem once it was tried three times, with what the other side says, and when it is given up."""
    notice = Notice(
        kind="test", severity="info", notice_id="1", thread="1", subject="s", headline="h", rule="r", created_at=NOW
    )
    with state(home).transaction() as con:
        outbox.put(con, notice, [outbox.Addressee("mail", "ana@example.com")], now=NOW - timedelta(hours=3))
    for hours in (-2, -1):
        say(home, Result(delivered=False, said="451"), now=NOW + timedelta(hours=hours))
    assert look(home, now=NOW).healthy

    say(home, Result(delivered=False, said="421 no room"), now=NOW)
    assert look(home, now=NOW).problems == (
        "Messages that are still not delivered after 3 tries: 1. The last answer: 421 no room.",
    )

    say(home, Result(delivered=False, said="550", permanent=True), now=NOW + timedelta(hours=1))
    status = look(home, now=NOW + timedelta(hours=1))
    assert status.parcels["undelivered"] == 1
    assert status.problems[1:] == ("Messages that could not be delivered: 1. tollgate alerts list says why.",)


def test_status_in_words(home: Path, journal: Journal) -> None:
    """People read who works, what waits, how each job does, and that nothing is wrong."""
    journal.see("version", "1.2.3")
    journal.see("spool_waiting_bytes", "1234")
    journal.see("newest_attempt_at", (NOW - 90 * SECOND).isoformat())
    journal.end("ingest", "success", None, seconds=0.25, now=NOW - 3 * SECOND)

    first, *others = in_words(look(home, now=NOW))

    assert first.startswith("tollgate 1.2.3, process ")
    assert first.endswith("works since 2026-11-21 09:30 UTC")
    assert others == [
        "waiting in the spool: 1,234 bytes; the newest attempt is 90 s old",
        "ingest: every 10 s, last success 3 s ago",
        "retention: every 60 min, last success never",
        "Nothing is wrong.",
    ]


def test_the_command(home: Path, tollgate: Tollgate) -> None:
    """`tollgate status` is 1 where something is wrong, else 0, and as JSON says the same."""
    assert tollgate("status").exit_code == 1

    Lease(home, lasts=timedelta(days=1)).take(datetime.now(UTC))

    asked = tollgate("status", "--json")
    assert (asked.exit_code, json.loads(asked.output)["healthy"]) == (0, True)


def test_a_state_that_cannot_be_read(home: Path, tollgate: Tollgate) -> None:
    """A damaged state.sqlite is one sentence and exit code 1."""
    home.mkdir()
    (home / "state.sqlite").write_bytes(b"junk" * 1000)

    asked = tollgate("status")

    assert asked.exit_code == 1
    assert asked.output == f"Error: cannot use the state of {home}: file is not a database\n"


@pytest.fixture(name="site")
def _site(home: Path) -> Iterator[str]:
    """Where probes of `home` are answered."""
    source = Source(home, clock=lambda: NOW, is_alive=(home / "alive").exists)
    with answering(("127.0.0.1", 0), source) as (host, port):
        yield f"http://{host}:{port}"


def fetch(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310  # our own
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_probes_over_http(home: Path, journal: Journal, site: str) -> None:
    """/healthz is 200 or 503 with the reasons, /livez says whether the process beats, and the rest is 404."""
    assert fetch(f"{site}/livez") == (503, "stuck\n")
    (home / "alive").touch()
    assert fetch(f"{site}/livez?from=here") == (200, "alive\n")

    code, body = fetch(f"{site}/healthz")
    assert (code, json.loads(body)["healthy"]) == (200, True)
    Lease(home).take(NOW + timedelta(days=1))
    code, body = fetch(f"{site}/healthz")
    assert (code, len(json.loads(body)["problems"])) == (503, 1)

    assert fetch(f"{site}/elsewhere")[0] == 404


def test_metrics_over_http(journal: Journal, home: Path, site: str) -> None:
    """/metrics is what Prometheus reads: runs by job and result, how long they took, what waits, what is spent."""
    budget = Guarded("cap", 5 * NANO, "notify", (), Recurrence("month"))
    Reservations(home).publish([budget], [Spend("cap", "", "now", NANO // 4, 5 * NANO)], {}, now=0)
    journal.see("spool_waiting_bytes", "1234")
    journal.see("ingested_attempts", "7")
    journal.end("ingest", "success", None, seconds=0.25, now=NOW)
    journal.end("ingest", "failure", "no", seconds=0.5, now=NOW)

    code, text = fetch(f"{site}/metrics")

    assert code == 200
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["tollgate_job_runs_total", "ingest", "failure"] == 1
    assert samples["tollgate_job_duration_seconds_sum", "ingest"] == 0.75
    assert samples["tollgate_job_duration_seconds_count", "ingest"] == 2
    assert samples["tollgate_spool_waiting_bytes",] == 1234
    assert samples["tollgate_ingested_attempts_total",] == 7
    assert samples["tollgate_healthy",] == 1
    assert samples["tollgate_budget_spent_dollars", "cap"] == 0.25
    assert samples["tollgate_budget_limit_dollars", "cap"] == 5


def test_metrics_without_their_package(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package of the extra, /metrics says what to install, and the other probes go on."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    code, text = fetch(f"{site}/metrics")

    assert code == 501
    assert text == "prometheus_client is not installed, and metrics need it: pip install 'tollgate[metrics]'\n"
    assert fetch(f"{site}/healthz")[0] == 503
