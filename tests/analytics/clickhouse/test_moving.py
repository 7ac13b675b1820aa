"""Moving a ledger into a shared one and back: everything arrives, and what was cut off goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics import reports
from analytics.clickhouse import logbook
from analytics.clickhouse.address import Address
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.moving import move
from analytics.exceptions import LedgerError
from analytics.feedback import give
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.prune import prune
from router.spool import Spool
from tests.analytics.clickhouse.conftest import a_ledger
from tests.analytics.clickhouse.records import NOW, attempts
from tests.conftest import Tollgate, a_record

EVERYTHING = reports.Filters(period=Period(NOW - timedelta(days=30), NOW + timedelta(days=1)))


@pytest.fixture
def empty(in_process: Address) -> Iterator[Address]:
    with a_ledger(in_process) as address:
        yield address
        forget(address)


@pytest.fixture
def full(home: Path) -> Ledger:
    """With attempts of every kind, a line that holds none, and what somebody said."""
    write(home)
    with (home / "spool" / "torn.ndjson").open("wb") as torn:
        torn.write(b"junk\n")
    ledger = Ledger(home)
    ingest(ledger)
    give(ledger, "call-3", verdict="bad", note="it's 'wrong'", at=NOW)
    return ledger


def write(home: Path) -> None:
    spool = Spool(home)
    assert all(spool.append(record) for record in attempts())
    spool.close()


def silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def everything(ledger: Ledger) -> list[object]:
    rows = reports.cost_by(ledger, EVERYTHING, ["day", "model", "tag:team"])
    with ledger.extract() as con:
        kept = con.execute("SELECT * EXCLUDE given_at FROM feedback").fetchall()
    return [reports.totals(ledger, EVERYTHING), rows, reports.health(ledger), kept]


def test_a_ledger_goes_there_and_back(full: Ledger, empty: Address, tmp_path: Path) -> None:
    """What a file holds is the same in a shared ledger, and the same again in a file of that one's making."""
    shared, again = SharedLedger(full.home, empty), Ledger(tmp_path / "new", file=tmp_path / "again.duckdb")
    before = everything(full)

    there = move(full, shared, now=NOW, progress=silent)
    moved = everything(shared)
    back = move(SharedLedger(tmp_path / "new", empty), again, now=NOW, progress=silent)

    assert (there.attempts, there.different) == (len(attempts()), ())
    assert moved == before
    assert (back.attempts, back.different) == (len(attempts()), ())
    assert everything(again)[:2] == before[:2]
    assert reports.health(again).rejected_lines == 1
    assert move(full, shared, now=NOW, progress=silent).attempts == 0


def test_what_was_cut_off_goes_on(full: Ledger, empty: Address) -> None:
    """Killed in the middle, it moves only the days that are not there yet, and nothing twice."""
    shared, told = SharedLedger(full.home, empty), list[int]()

    def cut_off(done: int, _total: int) -> None:
        told.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(full, shared, now=NOW, progress=cut_off)
    assert logbook.read(full.home) is None  # until then, its spool goes where it went
    rest = move(full, shared, now=NOW, progress=silent)

    assert 0 < told[0] < len(attempts())
    assert (rest.attempts, rest.different) == (len(attempts()) - told[0], ())
    assert everything(shared) == everything(full)


def test_the_spool_goes_on_to_the_new_place(full: Ledger, empty: Address, home: Path, tollgate: Tollgate) -> None:
    """Once moved, `tollgate ship` sends what came since and no more; moved back, ingest goes on where that was."""
    there = ("ledger", "migrate", "--from", str(full.path), "--to", str(empty))
    back = ("ledger", "migrate", "--from", str(empty), "--to", str(full.path))

    moved = tollgate(*there)
    late(home, "late")
    refused, shipped = tollgate("ingest"), tollgate("ship", "--ledger", str(empty))
    late(home, "later")
    returned = tollgate(*back, "--json")
    late(home, "latest")
    ingested = tollgate("ingest", "--json")

    assert moved.stdout.splitlines() == [
        f"moved: {len(attempts()):,} attempts of 3 days",
        "Counts and sums of all 3 days are the same in both.",
    ]
    assert f"go to {empty}" in refused.stderr
    assert shipped.stdout == "attempts sent: 1; damaged lines: 0\n"
    assert json.loads(returned.stdout)["attempts"] == 2  # and nothing that was there already
    assert json.loads(ingested.stdout)["added"] == 1
    assert reports.health(full).attempts == len(attempts()) + 3


def late(home: Path, call_id: str) -> None:
    spool = Spool(home)
    assert spool.append(a_record(call_id=call_id, started_at=NOW + timedelta(days=3)))
    spool.close()


def test_what_was_pruned_keeps_its_sums(full: Ledger, empty: Address, tmp_path: Path) -> None:
    """Of days without attempts the roll-ups are moved, in either direction."""
    prune(full, before=date(2026, 11, 11), now=NOW)
    before = reports.cost_by(full, EVERYTHING, ["day", "model"])
    shared, again = SharedLedger(full.home, empty), Ledger(tmp_path / "new", file=tmp_path / "again.duckdb")

    move(full, shared, now=NOW, progress=silent)
    move(SharedLedger(tmp_path / "new", empty), again, now=NOW, progress=silent)

    assert before[0].group[0] == "2026-11-10"
    assert reports.cost_by(shared, EVERYTHING, ["day", "model"]) == before
    assert reports.cost_by(again, EVERYTHING, ["day", "model"]) == before


def test_two_of_a_kind_are_refused(full: Ledger, tmp_path: Path) -> None:
    """A file is not moved into a file: there are backup and restore for that."""
    with pytest.raises(LedgerError, match="expected a DuckDB file and a shared ledger"):
        move(full, Ledger(tmp_path / "other"), now=NOW, progress=silent)
