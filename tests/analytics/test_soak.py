from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"
SMALL = ("--seconds", "6", "--writers", "3", "--readers", "1", "--kill-every", "0.3")
LAWS = (
    "acknowledged and not in the ledger",
    "in the ledger more than once",
    "in the ledger and never tried",
    "lines and charges that are not one to one",
    "rejects that are not the last line of a killed writer",
    "attempts more or fewer in the report",
    "more lost records counted than were doubted",
    "segments left in the spool",
    "processes that ended by themselves",
    "no ingest came to its end",
)


@pytest.fixture(scope="module")
def said() -> str:
    """What a small soak prints: processes killed, disks full, segments copied."""
    run = subprocess.run([sys.executable, SOAK, *SMALL], capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    return run.stdout + run.stderr


@pytest.mark.parametrize("law", LAWS)
def test_a_small_soak_keeps_the_law(said: str, law: str) -> None:
    """Whatever is killed when, and however full the disk is, nothing differs between the ledger and the witnesses."""
    assert f"{law}: 0\n" in said, said


def test_a_small_soak_is_not_idle(said: str) -> None:
    """Records were acknowledged, and processes of each kind that must survive a kill were killed."""
    assert not said.startswith("acknowledged 0 ")
    assert "killed: {'" in said
