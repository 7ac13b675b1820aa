from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CALLS = Path(__file__).parents[2] / "benchmarks" / "calls.py"


def test_each_attempt_of_a_few_hundred_calls_is_one_record() -> None:
    """Threads and tasks, forked and spawned: every attempt that the API met is exactly one row of the ledger."""
    run = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, CALLS, "--calls", "300", "--processes", "2"], capture_output=True, text=True, check=False
    )

    assert "attempts that are not exactly one record: 0" in run.stdout, run.stdout + run.stderr
    assert run.returncode == 0
