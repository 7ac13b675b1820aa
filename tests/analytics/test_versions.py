from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
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

for home in map(str.rstrip, sys.stdin):
    spool = Spool(home)
    assert spool.append(a_record())
    spool.close()
    assert ingest(Ledger(home)).added == 1
    print(duckdb.__version__, flush=True)
"""
Add = Callable[[Path], str]


@pytest.fixture(scope="module")
def add() -> Iterator[Add]:
    """Takes one more attempt into a home, by a process that has the DuckDB of the environment; which that is."""
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", ADD], env=here, stdin=pipe, stdout=pipe, text=True) as other:  # noqa: S603  # our own text
        assert other.stdin
        assert other.stdout
        said, told = other.stdin, other.stdout

        def add(home: Path) -> str:
            print(home, file=said, flush=True)
            return told.readline().strip()

        yield add


def test_a_ledger_goes_from_one_duckdb_to_the_other_and_back(add: Add, home: Path) -> None:
    """Of the two versions one makes a ledger, and both read it and write to it. (`make older` runs this on 1.5.)"""
    ledger, spool = Ledger(home), Spool(home)
    for attempts in (2, 4):
        assert add(home).startswith("2.")
        spool.append(a_record())
        ingest(ledger)
        assert health(ledger).attempts == attempts


def test_and_the_other_way_round(add: Add, home: Path) -> None:
    """The same, of a ledger that the other version made."""
    ledger, spool = Ledger(home), Spool(home)
    spool.append(a_record())
    ingest(ledger)

    assert add(home).startswith("2.")
    assert health(ledger).attempts == 2
