from __future__ import annotations

import logging
from pathlib import Path

import pytest

from router import Spool, faults
from router.record import UsageRecord
from router.spool import lost_records, segments
from tests import fresh


def note_many(home: Path) -> None:
    spool = Spool(home)
    for _ in range(50):
        faults.note("counting in a test", ValueError("SECRETWORD"))
    spool.close()


def test_faults_of_every_process_are_counted_at_the_home_of_their_spool(tmp_path: Path) -> None:
    """Each is one byte in the file of its kind, which any process can read."""
    noting = [fresh.context.Process(target=note_many, args=(tmp_path,)) for _ in range(2)]
    for process in noting:
        process.start()
    for process in noting:
        process.join()

    assert faults.faults(tmp_path) == {"counting-in-a-test-ValueError": 100}


def test_without_a_spool_faults_are_counted_at_the_default_home(home: Path) -> None:
    """A Router alone has no spool."""
    program = "from router import faults; faults.note('a/b: ../c', ValueError()); faults.note('d', KeyError())"
    fresh.run(program, env={"TOLLGATE_HOME": str(home)}).check_returncode()

    assert faults.faults(home) == {"a-b-c-ValueError": 1, "d-KeyError": 1}


def test_a_fault_is_logged_once_per_kind_without_what_it_says(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The text of an error may quote a request."""
    with caplog.at_level(logging.INFO, "tollgate"):
        for error in (LookupError("SECRETWORD"), LookupError("other"), ArithmeticError("third")):
            faults.note("logging in a test", error)

    assert len(caplog.records) == 2
    assert "SECRETWORD" not in caplog.text


def test_a_count_of_faults_ends_somewhere(home: Path) -> None:
    """A fault that happens all the time does not fill the disk."""
    spool = Spool(home)
    full = home / "faults" / "filling-ValueError"
    full.parent.mkdir(parents=True)
    full.write_bytes(b"." * (1 << 20))
    faults.note("filling", ValueError())

    assert faults.faults(spool.home) == {"filling-ValueError": 1 << 20}


def test_where_nothing_can_be_written_a_fault_raises_nothing(home: Path) -> None:
    """A home that is a file keeps no counts, and the call that noted one goes on."""
    home.write_text("a file where the home should be")
    spool = Spool(home)

    faults.note("writing nowhere", ValueError())

    assert faults.faults(spool.home) == {}
    assert faults.counts["writing-nowhere-ValueError"] == 1


def test_a_home_without_faults_has_none(tmp_path: Path) -> None:
    """A new machine is an empty one."""
    assert faults.faults(tmp_path / "nothing") == {}


def test_a_user_without_a_home_directory_can_call(home: Path) -> None:
    """Where no home directory can be found, as in some containers, the spool goes to the temporary directory."""
    program = (
        "import os, pwd\n"
        "def nobody(_): raise KeyError\n"
        "pwd.getpwuid = nobody\n"
        "from router.spool import default_home\n"
        "print(default_home())"
    )
    done = fresh.run(program, env={"TMPDIR": str(home.parent)})

    assert Path(done.stdout.strip()).parent == home.parent


FULL = """
import resource, sys
from router import Anthropic, Spool, faults
from router.testing import StandIn
spool = Spool()
client = StandIn().client(Anthropic, spool=spool)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # a write beyond takes a part, or fails, as on a full disk
for _ in range(6):
    client.messages.create(model="auto", max_tokens=10, messages=[{"role": "user", "content": "hello"}])
print(spool.lost)
"""


def test_a_disk_that_is_full_costs_nobody_the_call(home: Path) -> None:
    """A record that finds no space is lost and counted; the spool ends on a whole line."""
    done = fresh.run(FULL, env={"TOLLGATE_HOME": str(home)})

    (segment,) = segments(home)
    kept = segment.path.read_bytes()
    assert kept.endswith(b"\n")
    assert [UsageRecord.from_json(line).status for line in kept.splitlines()] == [200] * (6 - int(done.stdout))
    assert lost_records(home) == int(done.stdout) > 0
