from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_a_ledger_goes_from_one_duckdb_to_the_other_and_back(home: Path) -> None:
    """Of the two versions one makes a ledger, and both read it and write to it. (`make older` runs this on 1.5.)"""
    ledger, spool = Ledger(home), Spool(home)
    for attempts in (2, 4):
        assert add(home).startswith("2.")
        spool.append(a_record())
        ingest(ledger)
        assert health(ledger).attempts == attempts


def test_and_the_other_way_round(home: Path) -> None:
    """The same, of a ledger that the other version made."""
    ledger, spool = Ledger(home), Spool(home)
    spool.append(a_record())
    ingest(ledger)

    assert add(home).startswith("2.")
    assert health(ledger).attempts == 2
