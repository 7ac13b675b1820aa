from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.cli import cli
from analytics.clickhouse.address import Address
from analytics.exceptions import LedgerBusy
from analytics.service.jobs import jobs
from analytics.service.journal import Journal
from analytics.service.retention import Keep
from tests.analytics.clickhouse.conftest import StandIn
from tests.analytics.clickhouse.test_shipping import in_it, put, write
from tests.conftest import Tollgate, a_record


def url(address: Address) -> str:
    return f"clickhouse://writer:a-secret@127.0.0.1:{address.port}/{address.database}"


def test_a_ledger_is_made_filled_and_looked_after(
    home: Path, served: Address, stand_in: StandIn, tollgate: Tollgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ledger init`, `ship` and `doctor` say what they did and what waits; no password is shown."""
    monkeypatch.setenv("TOLLGATE_LEDGER", url(served))
    put(home, "1.ndjson", a_record(call_id="a").to_json() + b"junk\n")

    made, shipped = tollgate("ledger", "init"), tollgate("ship")
    stand_in.fail(refuse=1000)
    write(home, "b")
    failed, sick, told = (tollgate(*words) for words in (("ship", "--json"), ("doctor",), ("doctor", "--json")))
    waiting = sum(path.stat().st_size for path in (home / "spool").iterdir())
    stand_in.fail()
    again, noted, sound = tollgate("ship", "--json"), tollgate("doctor", "--acknowledge"), tollgate("doctor")

    shown = f"clickhouse://writer@127.0.0.1:{served.port}/{served.database}"
    assert made.stdout == f"{shown} is up to date\n"
    assert shipped.stdout == "attempts sent: 1; damaged lines: 1\n"
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith(f"Error: the shared ledger {shown} cannot be reached: ")
    assert sick.exit_code == 1
    assert f"records go to          {shown}" in sick.stdout
    assert "Records were not shipped: the shared ledger" in sick.stdout
    facts = json.loads(told.stdout)
    assert (facts["health"], facts["shipping"]["oldest_at"]) == (None, "2026-11-10T12:00:00+00:00")
    assert facts["shipping"]["bytes"] == waiting
    assert json.loads(again.stdout)["sent"] == 1
    assert (sound.exit_code, "Nothing is wrong." in sound.stdout) == (0, True)
    assert "Damaged lines of the spool: 1" in sound.stdout
    assert not (home / "ledger.duckdb").exists()
    said = [run.stdout + run.stderr for run in (made, shipped, failed, sick, told, again, noted, sound)]
    assert not any("a-secret" in text for text in said)
    assert not any("a-secret" in path.read_text("utf-8") for path in (home / "ship").iterdir())


def test_following_goes_on_until_told_to_stop(home: Path, served: Address, stand_in: StandIn) -> None:
    """`ship --follow` outlives an engine that is away, says so once, and ends well on SIGTERM."""
    write(home, "a")
    stand_in.fail(hang_up=3)
    program = "from analytics.start import main; main()"
    command = [sys.executable, "-c", program, "--home", str(home), "ship", "--follow", "--ledger", url(served)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:  # noqa: S603  # our own words
        deadline = time.monotonic() + 60
        while not in_it(served) and time.monotonic() < deadline:
            time.sleep(0.1)
        following.send_signal(signal.SIGTERM)
        said, complaints = following.communicate(timeout=30)

    assert following.returncode == 0
    assert said.splitlines()[1:] == ["attempts sent: 1; damaged lines: 0"]
    assert len(complaints.splitlines()) == 1
    assert in_it(served) == ["a"]


def test_serve_does_all_its_work_where_the_ledger_is_shared(
    home: Path, served: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a shared ledger, `tollgate serve` ships what is here, rolls up what came in, and does its other jobs."""
    monkeypatch.setenv("TOLLGATE_LEDGER", url(served))
    write(home, "a")
    found = {job.name: job for job in jobs(home, keep=Keep(None, None), every={})}
    said = {name: job.run(datetime.now(UTC)) for name, job in found.items()}

    assert list(found) == ["ingest", "roll_up", "evaluate", "deliver", "digest", "retention"]
    assert said == {**dict.fromkeys(found), "ingest": "attempts sent: 1; damaged lines: 0"}
    assert Journal(home).sightings()["spool_waiting_bytes"] == "0"
    assert in_it(served) == ["a"]


def test_one_machine_tells(tmp_path: Path, served: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two machines that serve a shared ledger the first evaluates budgets; the other waits, and says for whom."""
    monkeypatch.setenv("TOLLGATE_LEDGER", url(served))
    first, second = (
        {job.name: job for job in jobs(tmp_path / name, keep=Keep(None, None), every={})} for name in ("a", "b")
    )
    now = datetime.now(UTC)

    assert first["evaluate"].run(now) is None
    for job in ("evaluate", "digest"):
        with pytest.raises(LedgerBusy, match="and one machine does: here, tollgate ship --follow is enough"):
            second[job].run(now)
    assert first["evaluate"].run(now) is None
    assert first["digest"].run(now) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ship",), "Missing option '--ledger' (env var: 'TOLLGATE_LEDGER')"),
        (("ship", "--ledger", "postgres://u:a-secret@h/d"), "found 'postgres://h/d', expected clickhouse://USER"),
        (("ship", "--follow", "--json", "--ledger", "clickhouse://h"), "found --follow and --json, expected one"),
    ],
)
def test_what_cannot_be_used_is_said(tollgate: Tollgate, words: tuple[str, ...], said: str) -> None:
    """An address that is none is named without its password."""
    result = tollgate(*words)

    assert result.exit_code in (1, 2)
    assert said in " ".join(result.stderr.split())
    assert "a-secret" not in result.stderr


def test_what_is_not_installed_is_said(home: Path) -> None:
    """Without clickhouse-connect, whoever ships is told what to install."""
    program = "import sys; sys.modules['clickhouse_connect'] = None; from analytics.start import main; main()"
    command = [sys.executable, "-c", program, "--home", str(home), "ship", "--ledger", "clickhouse://h"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))  # noqa: S603  # our own words

    assert (run.returncode, run.stderr) == (
        1,
        "Error: a shared ledger needs clickhouse-connect: pip install 'tollgate[clickhouse]'\n",
    )


def test_an_engine_that_nobody_answers_for(home: Path, served: Address) -> None:
    """Where nothing listens, the sentence says so, and ingest says how a ledger can be kept here after all."""
    write(home, "a")
    nowhere = url(replace(served, port=9))
    runs = [
        CliRunner().invoke(cli, ["--home", str(home), *words]) for words in (("ship", "--ledger", nowhere), ("ingest",))
    ]

    assert [run.exit_code for run in runs] == [1, 1]
    assert "cannot be reached: Connection refused" in runs[0].stderr
    assert f"remove {home / 'ship'} to keep a ledger here" in runs[1].stderr
