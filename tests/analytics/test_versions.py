from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.reports import health
from router.spool import Spool
from tests.conftest import a_record

ADD = """
import sys
import duckdb
from analytics.ingest import ingest
from analytics.ledger import Ledger
from router.spool import Spool
from tests.conftest import a_record

spool = Spool(sys.argv[1])
assert spool.append(a_record())
spool.close()
assert ingest(Ledger(sys.argv[1])).added == 1
print(duckdb.__version__)
"""


def add(home: Path) -> str:
    """One more attempt, taken in by a process that has the DuckDB of the environment; which that is."""
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", ADD, str(home)]
    return subprocess.run(command, env=here, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  # our own text


@pytest.mark.parametrize("first", ["this", "other"])
def test_a_ledger_goes_from_one_duckdb_to_the_other_and_back(home: Path, first: str) -> None:
    """Whichever of the two versions made a ledger, both read it and write to it. (`make older` runs this on 1.5.)"""
    ledger, spool = Ledger(home), Spool(home)
    if first == "other":
        assert add(home).startswith("2.")
    for attempts in (1, 3, 5):
        spool.append(a_record())
        ingest(ledger)
        assert health(ledger).attempts == attempts + (first == "other")
        assert add(home).startswith("2.")
