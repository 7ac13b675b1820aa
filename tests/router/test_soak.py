from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


def test_a_small_soak_leaves_one_record_per_attempt() -> None:
    """Threads and tasks, forked and spawned: every attempt that the API met is exactly one row of the ledger."""
    run = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, SOAK, "--calls", "300", "--processes", "2"], capture_output=True, text=True, check=False
    )

    assert "attempts that are not exactly one record: 0" in run.stdout, run.stdout + run.stderr
    assert run.returncode == 0
