"""Segments that are in the ledger are kept, and a ledger from a backup catches up with them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from analytics import done
from analytics.exceptions import LedgerError
from analytics.ingest import IngestReport, ingest, refresh, retry_rejects, waiting_bytes
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from router.spool import Spool, segments
from tests import fresh
from tests.conftest import a_record, empty_ledger, oldest_ledger

PRICES = PriceTable.load()
HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
print("held", flush=True)
sys.stdin.read()
"""


def add(ledger: Ledger, count: int = 1) -> list[str]:
    """Ingest so many more attempts, in a segment of their own; their ids."""
    spool, records = Spool(ledger.home), [a_record() for _ in range(count)]
    assert all(spool.append(record) for record in records)
    spool.close()
    ingest(ledger, PRICES)
    return [record.record_id for record in records]


def ids(ledger: Ledger) -> list[str]:
    with ledger.read() as con:
        return sorted(str(row[0]) for row in con.execute("SELECT record_id FROM usage").fetchall())


def test_a_ledger_from_a_backup_catches_up(ledger: Ledger, tmp_path: Path) -> None:
    """What came after the backup was made is read again from the segments that are kept, once."""
    first = add(ledger, 2)
    shutil.copyfile(ledger.path, tmp_path / "backup")
    later = add(ledger, 3) + add(ledger, 1)
    shutil.copyfile(tmp_path / "backup", ledger.path)
    assert ids(ledger) == sorted(first)

    report = ingest(ledger, PRICES)

    assert ids(ledger) == sorted(first + later)
    assert report.added == 4
    assert ingest(ledger, PRICES) == IngestReport()
    further = add(ledger)
    assert ids(ledger) == sorted(first + later + further)


def test_a_live_segment_is_read_on_from_where_the_backup_was(ledger: Ledger, spool: Spool, tmp_path: Path) -> None:
    """Of a segment that was still being written the part that came after the backup is read again."""
    spool.append(a_record())
    ingest(ledger, PRICES)
    shutil.copyfile(ledger.path, tmp_path / "backup")
    spool.append(a_record())
    ingest(ledger, PRICES)
    shutil.copyfile(tmp_path / "backup", ledger.path)

    assert ingest(ledger, PRICES).added == 1
    assert len(ids(ledger)) == 2
    assert len(segments(ledger.home)) == 1


def test_a_ledger_that_was_deleted_catches_up(ledger: Ledger) -> None:
    """Where there is no ledger any more, one is made of what is kept."""
    found = add(ledger, 3)
    ledger.path.unlink()

    ingest(ledger, PRICES)

    assert ids(ledger) == sorted(found)


def test_an_interrupted_catching_up_is_taken_up_again(ledger: Ledger) -> None:
    """A ledger that read only some of what is kept is still behind."""
    found = add(ledger, 1) + add(ledger, 1)
    ledger.path.unlink()
    away = ledger.home / "away"
    oldest, newest = done.kept(ledger.home)
    newest.path.rename(away)
    batches = done.seen(ledger.home)
    ingest(ledger, PRICES)
    away.rename(newest.path)
    with ledger.write() as con:
        con.execute("UPDATE book SET batches = 0")
    assert (oldest.path.exists(), batches) == (True, 2)

    ingest(ledger, PRICES)

    assert ids(ledger) == sorted(found)


def test_the_oldest_segments_make_room(home: Path) -> None:
    """Of what is in the ledger only so much is kept, the newest of it."""
    for name in "abc":
        segment = home / "spool" / f"{name}.ndjson"
        segment.parent.mkdir(parents=True, exist_ok=True)
        segment.write_bytes(b"." * 100)
        done.keep(home, segments(home), at_most=250)

    assert [segment.name for segment in done.kept(home)] == ["b.ndjson", "c.ndjson"]
    assert segments(home) == []


def test_what_a_killed_writer_left_is_swept_away(ledger: Ledger, spool: Spool) -> None:
    """A file that never became a segment goes, unless its writer lives."""
    spool.append(a_record())
    (live,) = segments(ledger.home)
    left, alive = live.path.with_name("left.tmp"), live.path.with_name("alive.tmp")
    left.touch()
    alive.hardlink_to(live.path)

    ingest(ledger, PRICES)

    assert (left.exists(), alive.exists()) == (False, True)


def test_a_count_that_cannot_be_kept_is_an_error(ledger: Ledger, home: Path) -> None:
    """If the number of batches cannot be written down, no segment is put away."""
    (home / "done").write_text("a file where the folder should be")

    with pytest.raises(LedgerError, match=r"cannot write to .*done.seen"):
        add(ledger)
    assert len(segments(home)) == 1


def test_who_reads_is_told_that_somebody_is_in_the_way(ledger: Ledger, spool: Spool) -> None:
    """While a person's own DuckDB reads the ledger, reports go on with what is there and say who holds it."""
    add(ledger)
    spool.append(a_record())
    command = [sys.executable, "-c", HOLD, str(ledger.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own text
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        said = refresh(ledger, now=datetime.now(UTC))
        known = ids(ledger)
        process.stdin.close()

    assert said
    assert f"{waiting_bytes(ledger):,} bytes wait" in said
    assert f"process {process.pid}" in said
    assert len(known) == 1
    assert refresh(ledger, now=datetime.now(UTC)) is None
    assert len(ids(ledger)) == 2


def test_rejects_can_be_tried_again(ledger: Ledger, home: Path) -> None:
    """A line that can be read after all becomes a record, once; the others stay as they were."""
    good, bad = a_record(), a_record()
    put = home / "spool" / "1.ndjson"
    put.parent.mkdir(parents=True)
    put.write_bytes(good.to_json().replace(b'"attempt":1', b'"attempt":"?"') + b"junk\n" + bad.to_json()[:50])
    assert ingest(ledger, PRICES).damaged == 3
    with ledger.write() as con:
        con.execute("UPDATE reject SET line = replace(line, '\"?\"', '1')")

    again = retry_rejects(ledger, PRICES)

    assert (again.added, again.damaged) == (1, 2)
    assert ids(ledger) == [good.record_id]
    with ledger.read() as con:
        left = con.execute("SELECT reason FROM reject ORDER BY byte_offset").fetchall()
    assert left == [("not a JSON object",), ("cut off: its writer died in the middle of it",)]
    assert retry_rejects(ledger, PRICES).added == 0


def test_what_is_older_than_all_that_is_kept_is_set_aside(ledger: Ledger) -> None:
    """A record from before the attempts that are kept cannot be known to be new; it is not counted."""
    add(ledger)
    with ledger.write() as con:
        con.execute("UPDATE book SET attempts_from = '2026-11-11'")

    add(ledger)

    assert len(ids(ledger)) == 1
    with ledger.read() as con:
        assert con.execute("SELECT reason FROM reject").fetchall() == [("older than what is kept",)]


FULL = """
import os, pathlib, resource, sys
from analytics.exceptions import LedgerError
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.prices import PriceTable

prices = PriceTable.load()

def fill_up(room):
    home = pathlib.Path(sys.argv[1], str(room))
    ledger = Ledger(home)
    ingest(ledger, prices)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    (home / "later.ndjson").rename(home / "spool" / "9.ndjson")
    try:
        ingest(ledger, prices)
        print("went in")
    except LedgerError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(ingest(ledger, prices).added, flush=True)

for room in sys.argv[2:]:
    if child := os.fork():  # a process for each, before any of them has a DuckDB
        assert os.waitpid(child, 0)[1] == 0
    else:
        fill_up(int(room))
        break
"""


def test_a_full_disk_while_ingesting_loses_nothing(tmp_path: Path) -> None:
    """Wherever the disk is full, an ingest is refused in a sentence or whole, and the next has every record once."""
    ledgers = [empty_ledger(tmp_path / room) for room in ("0", "4096", "100000", "4000000")]
    found = {ledger.home: add(ledger) for ledger in ledgers}
    records = [a_record() for _ in range(2000)]
    for home in found:
        (home / "later.ndjson").write_bytes(b"".join(record.to_json() for record in records))
    run = fresh.run(FULL, tmp_path, *(home.name for home in found))

    ends = run.stdout.splitlines()
    assert len(ends) == 2 * len(ledgers)
    for ledger, said, added in zip(ledgers, ends[::2], ends[1::2], strict=True):
        assert (said, added) == ("went in", "0") or (said.startswith("cannot ") and added == "2000")
        assert ids(ledger) == sorted(found[ledger.home] + [record.record_id for record in records])
        assert not any(ledger.home.glob("spool/*"))


def test_a_migration_begins_with_a_copy(home: Path) -> None:
    """Before an older ledger is changed, a copy of it is made, which an older Tollgate could read."""
    ledger = Ledger(home)
    oldest_ledger(ledger.path)

    assert ids(ledger) == []

    (copy,) = (home / "backups").iterdir()
    assert copy.name == "ledger-before-0002_charge.duckdb"
    with duckdb.connect(str(copy), read_only=True) as con:
        assert con.execute("SELECT max(number) FROM migration").fetchall() == [(1,)]
