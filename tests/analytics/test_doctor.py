from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from router import faults
from router.spool import Spool
from tests.conftest import Tollgate, a_record


def opened(age: timedelta, **changes: Any) -> Any:
    """The record of a stream that has begun so long ago."""
    then = datetime.now(UTC) - age
    return a_record(stream=True, complete=False, duration_ms=None, stop_reason=None, started_at=then, **changes)


@pytest.fixture
def lossy(home: Path, spool: Spool) -> Spool:
    """A home where records were lost, lines damaged and streams left open, and where the router was at fault."""
    for record in (a_record(), opened(timedelta(hours=2)), opened(timedelta(minutes=5))):
        spool.append(record)
    (home / "lost").write_bytes(b"...")
    (home / "spool" / "0.ndjson").write_bytes(b"junk\n")
    faults.note("classifying", ValueError("secret"))
    faults.note("classifying", ValueError("secret"))
    return spool


def test_every_loss_is_named_and_counted(lossy: Spool, tollgate: Tollgate) -> None:
    """Lost records, damaged lines, streams never closed and faults of the router are problems, each with its count."""
    result = tollgate("doctor")

    assert result.exit_code == 1
    assert "Lost records: 3. They could not be written" in result.stdout
    assert "Damaged lines of the spool: 1." in result.stdout
    assert "Streams opened more than an hour ago and never closed: 1." in result.stdout
    assert "Faults of the router, classifying-ValueError: 2." in result.stdout
    assert "secret" not in result.stdout


def test_what_is_acknowledged_is_no_longer_wrong(lossy: Spool, tollgate: Tollgate) -> None:
    """`doctor --acknowledge` takes note of the losses so far: they stay shown, and the exit code is 0 again."""
    assert tollgate("doctor", "--acknowledge").exit_code == 0
    result = tollgate("doctor")

    assert result.exit_code == 0
    assert "Nothing is wrong." in result.stdout
    for what in ("Lost records: 3", "Faults of the router, classifying-ValueError: 2"):
        assert f"acknowledged: {what}\n" in result.stdout
    shown = json.loads(tollgate("doctor", "--json").stdout)
    assert (shown["problems"], len(shown["acknowledged"])) == ([], 4)


def test_a_further_loss_is_wrong_again(lossy: Spool, tollgate: Tollgate, home: Path) -> None:
    """What is lost after an acknowledgement is a problem, told apart from what was acknowledged."""
    tollgate("doctor", "--acknowledge")
    (home / "lost").write_bytes(b".....")
    result = tollgate("doctor")

    assert result.exit_code == 1
    assert "Lost records: 5, of which 3 acknowledged." in result.stdout
    assert result.stdout.count("! ") == 1


def test_an_acknowledgement_is_of_losses_alone(spool: Spool, tollgate: Tollgate) -> None:
    """What can be put right, such as a missing price, stays a problem."""
    spool.append(a_record(model="claude-unheard-of"))

    assert tollgate("doctor", "--acknowledge").exit_code == 1


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"lost records": "many"}'])
def test_a_damaged_acknowledgement_is_none(lossy: Spool, tollgate: Tollgate, home: Path, text: str) -> None:
    """An acknowledgement that cannot be read hides nothing."""
    (home / "acknowledged.json").write_text(text)

    assert "Lost records: 3." in tollgate("doctor").stdout


def test_an_acknowledgement_that_cannot_be_kept(lossy: Spool, tollgate: Tollgate, home: Path) -> None:
    """If it cannot be written, that is one sentence."""
    (home / "acknowledged.json").mkdir()
    result = tollgate("doctor", "--acknowledge")

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "acknowledged.json" in result.stderr


def test_batches_that_nobody_read(tollgate: Tollgate, home: Path) -> None:
    """A batch that must have ended and that nobody has read is a problem, with the command that solves it."""
    (home / "batches").mkdir(parents=True)
    for name, days in (("msgbatch_old.json", 2), ("msgbatch_new.json", 0), ("msgbatch_done.read.json", 9)):
        (home / "batches" / name).write_text("{}")
        then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(home / "batches" / name, (then, then))

    assert "whose results nobody read: 1. Run tollgate batches pull." in tollgate("doctor").stdout


def test_the_contract_in_use(tollgate: Tollgate, home: Path) -> None:
    """Doctor names the version of the contract, where there is one."""
    assert "contract" not in json.loads(tollgate("doctor", "--json").stdout)["facts"]
    home.mkdir(exist_ok=True)
    (home / "contract.yaml").write_text("discounts:\n  - {from: 2026-01-01, percent_off: '10'}\n")

    facts = json.loads(tollgate("doctor", "--json").stdout)["facts"]
    assert facts["contract"].startswith("version ")
