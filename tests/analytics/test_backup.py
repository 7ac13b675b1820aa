from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.backup import backup, restore
from analytics.exceptions import LedgerBusy, LedgerError, LedgerTooNew
from analytics.file_copy import copy_file
from analytics.ingest import ingest
from analytics.ledger import Ledger
from tests import fresh
from tests.conftest import Tollgate, fill

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HOLD = (
    "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); print('held', flush=True); sys.stdin.read()"
)
WRITE = "import sys\nfrom analytics.ledger import Ledger\nwith Ledger(sys.argv[1], patience=0.05).write():\n    pass"
READ = "import sys\nfrom analytics.ledger import Ledger\nprint(Ledger(sys.argv[1], patience=5).query('copy_state'))"
DIE = (
    "import os, signal, sys\nfrom analytics.ledger import Ledger\n"
    "with Ledger(sys.argv[1]).write() as con:\n"
    "    con.execute(\"INSERT INTO segment VALUES ('late', 1)\").execute('COMMIT')\n"
    "    os.kill(os.getpid(), signal.SIGKILL)"
)


def attempts(ledger: Ledger) -> int:
    return ledger.query("copy_state")[0]["attempts"]


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return fresh.run(program, *arguments)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(name="template", scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one attempt."""
    home = tmp_path_factory.mktemp("template")
    fill(Ledger(home), {})
    return home


@pytest.fixture(name="ledger")
def _ledger(home: Path, template: Path) -> Ledger:
    """A ledger with one attempt."""
    return Ledger(shutil.copytree(template, home))


def test_a_backup_is_a_ledger(ledger: Ledger) -> None:
    """A backup lies in the home, names its time, and is a ledger with everything in it."""
    fill(ledger, {})

    made = backup(ledger, now=NOW)

    assert made.file == ledger.home / "backups" / "ledger-2026-11-21T093000Z.duckdb"
    assert (made.attempts, made.bytes) == (2, made.file.stat().st_size)
    assert attempts(Ledger(made.file)) == 2


def test_a_log_that_a_killed_writer_left_is_in_the_backup(ledger: Ledger) -> None:
    """What a writer committed before it was killed, and never put into the file, is in the backup as well."""
    assert run(DIE, ledger.home).returncode < 0
    assert ledger.path.with_name("ledger.duckdb.wal").exists()

    made = backup(ledger, now=NOW)

    assert "late" in [row["name"] for row in Ledger(made.file).query("segment_offsets")]


def test_during_a_backup_others_read_and_nobody_writes(ledger: Ledger, tmp_path: Path) -> None:
    """While a ledger is copied, other processes read it, and who would write is told by whom it is copied."""
    seen = list[subprocess.CompletedProcess[str]]()

    def look(_done: int, _total: int) -> None:
        if not seen:
            seen.extend([run(READ, ledger.home), run(WRITE, ledger.home)])

    backup(ledger, tmp_path / "copy.duckdb", now=NOW, progress=look)

    read, write = seen
    assert "'attempts': 1" in read.stdout, read.stderr
    assert f"copied by process {os.getpid()}" in write.stderr
    fill(ledger, {})
    assert attempts(ledger) == 2


def test_the_copy_leaves_the_lock_of_the_ledger_alone(ledger: Ledger, tmp_path: Path) -> None:
    """While this process reads the ledger, a backup of it does not open the file to writers elsewhere."""
    with ledger.read():
        copy_file(ledger.path, tmp_path / "copy.duckdb")
        written = run("import duckdb, sys; duckdb.connect(sys.argv[1])", ledger.path)

    assert "Could not set lock" in written.stderr


def test_a_backup_replaces_nothing(ledger: Ledger, tmp_path: Path) -> None:
    """A file that is there is not written over, not even by the same backup made twice."""
    first = backup(ledger, tmp_path / "copy.duckdb", now=NOW).file
    before = first.read_bytes()

    with pytest.raises(LedgerError, match=r"copy\.duckdb: a file of that name is there already"):
        backup(ledger, first, now=NOW)

    assert first.read_bytes() == before


def test_a_disk_that_is_full_leaves_no_copy(ledger: Ledger, tmp_path: Path) -> None:
    """A copy that cannot be written to its end is one sentence, and leaves nothing behind."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the process that copies inherits it
    try:
        with pytest.raises(LedgerError, match=r"cannot copy .*: File too large"):
            copy_file(ledger.path, tmp_path / "full" / "copy.duckdb")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert names(tmp_path / "full") == []
    assert attempts(ledger) == 1


def test_a_copy_that_is_broken_off_leaves_nothing(ledger: Ledger, tmp_path: Path) -> None:
    """Whoever is interrupted while a copy is made leaves neither the copy nor a part of it."""

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(ledger, tmp_path / "backups" / "copy.duckdb", now=NOW, progress=interrupt)

    assert names(tmp_path / "backups") == []
    fill(ledger, {})
    assert attempts(ledger) == 2


def test_a_folder_that_cannot_be_written(ledger: Ledger, tmp_path: Path) -> None:
    """A place that takes no file is named, with the reason."""
    (tmp_path / "file").touch()

    with pytest.raises(LedgerError, match=r"cannot copy .*file/copy\.duckdb: "):
        backup(ledger, tmp_path / "file" / "copy.duckdb", now=NOW)


def test_a_restored_ledger_is_that_of_the_backup(ledger: Ledger) -> None:
    """What a restore puts in place is what the backup says; the ledger of before is kept under another name."""
    made = backup(ledger, now=NOW)
    fill(ledger, {}, {})

    done = restore(ledger, made.file, now=NOW)

    replaced = ledger.home / "ledger.replaced-2026-11-21T093000Z.duckdb"
    assert done.replaced == replaced
    assert (done.attempts, attempts(ledger), attempts(Ledger(replaced))) == (1, 1, 3)
    assert made.file.exists()


def test_what_came_after_the_backup_is_taken_in_again(ledger: Ledger) -> None:
    """After a restore the next ingest reads the kept segments, and nothing is lost or counted twice."""
    made = backup(ledger, now=NOW)
    fill(ledger, {}, {})
    restore(ledger, made.file, now=NOW)

    ingest(ledger)

    assert attempts(ledger) == 3


def test_a_restore_where_there_is_no_ledger(ledger: Ledger, tmp_path: Path) -> None:
    """A backup becomes the ledger of a home that has none."""
    made = backup(ledger, now=NOW)
    new = Ledger(tmp_path / "new")

    assert restore(new, made.file, now=NOW).replaced is None
    assert attempts(new) == 1


def test_a_restore_where_the_ledger_cannot_be_read(ledger: Ledger) -> None:
    """A ledger that is no database any more is replaced as well, and kept with its log."""
    made = backup(ledger, now=NOW)
    log = ledger.path.with_name("ledger.duckdb.wal")
    ledger.path.write_bytes(b"damaged" * 1000)
    log.write_bytes(b"log")

    replaced = restore(ledger, made.file, now=NOW).replaced

    assert replaced
    assert (replaced.read_bytes()[:7], replaced.with_name(f"{replaced.name}.wal").read_bytes()) == (b"damaged", b"log")
    assert attempts(ledger) == 1


def test_a_ledger_in_use_is_not_replaced(ledger: Ledger) -> None:
    """While another program has the ledger open, a restore names it and changes nothing."""
    made = backup(ledger, now=NOW)
    fill(ledger, {})
    command = [sys.executable, "-c", HOLD, str(ledger.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own text
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LedgerBusy, match=f"process {process.pid}"):
            restore(Ledger(ledger.home, patience=0.05), made.file, now=NOW)
        process.stdin.close()

    assert attempts(ledger) == 2
    assert names(ledger.home) == ["backups", "done", "ledger.duckdb", "ledger.lock", "spool"]


def no_file(folder: Path) -> Path:
    return folder / "none.duckdb"


def no_database(folder: Path) -> Path:
    path = folder / "text.duckdb"
    path.write_text("no database")
    return path


def another_database(folder: Path) -> Path:
    with sqlite3.connect(folder / "other.sqlite") as con:
        con.execute("CREATE TABLE t (a)")
    con.close()
    with duckdb.connect(str(folder / "other.duckdb")) as other:
        other.execute("CREATE TABLE t (a INTEGER)")
    return folder / "other.duckdb"


def an_open_one(folder: Path) -> Path:
    fill(Ledger(folder), {})
    (folder / "ledger.duckdb.wal").touch()
    return folder / "ledger.duckdb"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (no_file, "found no such file"),
        (no_database, "cannot open the ledger .*text.duckdb"),
        (another_database, "is a DuckDB file, but not a ledger of Tollgate"),
        (an_open_one, r"found ledger\.duckdb\.wal beside it"),
    ],
)
def test_what_is_no_backup_replaces_nothing(ledger: Ledger, tmp_path: Path, make: Any, says: str) -> None:
    """A file that is no finished ledger is refused by name, and the ledger stays."""
    with pytest.raises(LedgerError, match=says):
        restore(ledger, make(tmp_path), now=NOW)

    assert attempts(ledger) == 1
    assert names(ledger.home) == ["done", "ledger.duckdb", "ledger.lock", "spool"]


def test_a_backup_of_a_newer_tollgate(ledger: Ledger) -> None:
    """A ledger that this Tollgate does not know yet is refused as such."""
    made = backup(ledger, now=NOW)
    with duckdb.connect(str(made.file)) as con:
        con.execute("INSERT INTO migration VALUES (9999, '9999_later.sql')")

    with pytest.raises(LedgerTooNew, match=r"9999_later\.sql"):
        restore(ledger, made.file, now=NOW)


def test_the_ledger_is_no_backup_of_itself(ledger: Ledger) -> None:
    """Under whatever name, the ledger itself is refused."""
    other = ledger.home / "same.duckdb"
    other.symlink_to(ledger.path)

    with pytest.raises(LedgerError, match="found the ledger itself"):
        restore(ledger, other, now=NOW)


def test_compacting_changes_no_row(ledger: Ledger) -> None:
    """A ledger written anew has every table and row that it had, and the next migration."""
    fill(ledger, {})
    before = everything(ledger)

    ledger.compact()

    assert everything(ledger) == before
    fill(ledger, {})
    assert attempts(ledger) == 3


def everything(ledger: Ledger) -> Mapping[str, Sequence[Any]]:
    with ledger.read() as con:
        tables = [row[0] for row in con.execute("SELECT sql FROM duckdb_tables() WHERE NOT temporary").fetchall()]
        tables += [row[0] for row in con.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()]
        names = [row[0] for row in con.execute("SHOW TABLES").fetchall()]
        return {"": sorted(tables)} | {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in names}


def test_the_commands(tollgate: Tollgate, ledger: Ledger, tmp_path: Path) -> None:
    """`backup` and `restore` say in words, and as JSON, what they did and where."""
    file = str(tmp_path / "copy.duckdb")

    assert f'"file": "{file}"' in tollgate("backup", file, "--json").output
    assert "The ledger has 1 attempts" in tollgate("restore", file).output
    refused = tollgate("backup", file)
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
