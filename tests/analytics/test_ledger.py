from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from analytics.exceptions import LedgerBusy, LedgerError, LedgerTooNew
from analytics.ledger import Ledger
from analytics.reports import health
from tests.conftest import oldest_ledger

HOLD = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
WRITE = (
    "import sys\nfrom analytics.ledger import Ledger\n"
    "with Ledger(sys.argv[1]).write():\n    print('held', flush=True)\n    sys.stdin.read()"
)


@contextmanager
def another_process(program: str, argument: Path) -> Generator[int]:
    """Runs a program that holds the ledger until the block ends; its pid."""
    command = [sys.executable, "-c", program, str(argument)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own text
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.stdin.close()


@pytest.fixture
def ledger(home: Path) -> Ledger:
    """The ledger of `home`, which is made when it is first needed."""
    return Ledger(home)


def add(ledger: Ledger, name: str) -> None:
    with ledger.write() as con:
        con.execute("INSERT INTO segment VALUES (?, 1)", [name])


def names(ledger: Ledger) -> list[str]:
    return sorted(row["name"] for row in ledger.query("segment_offsets"))


def test_reading_makes_an_empty_ledger(ledger: Ledger) -> None:
    """On a new machine a question finds an empty ledger rather than an error."""
    assert names(ledger) == []
    assert sorted(path.name for path in ledger.home.iterdir()) == ["ledger.duckdb", "ledger.lock"]


def test_a_folder_or_a_file(home: Path) -> None:
    """A ledger is named by its home or by its file."""
    assert Ledger(home).path == Ledger(home / "ledger.duckdb").path


def test_what_is_written_is_read(ledger: Ledger) -> None:
    """What a transaction wrote is there for the next reader."""
    add(ledger, "a")

    assert names(ledger) == ["a"]


def test_a_stamp(ledger: Ledger) -> None:
    """Whatever is written gives a ledger another stamp, and whatever is read leaves it as it is."""
    assert ledger.stamp() == ()
    stamps = {ledger.stamp()}
    for name in "abc":
        add(ledger, name)
        stamps.add(ledger.stamp())
        assert name in names(ledger)
        assert ledger.stamp() in stamps
    assert len(stamps) == 4


def test_a_failed_block_leaves_nothing(ledger: Ledger) -> None:
    """A block that raises is rolled back as a whole, and the ledger is free again."""
    with pytest.raises(duckdb.ConversionException), ledger.write() as con:
        con.execute("INSERT INTO segment VALUES ('a', 1); INSERT INTO segment VALUES ('b', 'x')")

    assert names(ledger) == []


def test_a_symbolic_link_is_the_same_ledger(home: Path, tmp_path: Path) -> None:
    """A second name for a home leads to the same file, also while the first is in use."""
    add(Ledger(home), "a")
    (tmp_path / "link").symlink_to(home)

    with Ledger(home).read():
        assert names(Ledger(tmp_path / "link")) == ["a"]


def test_two_ledgers_at_once(tmp_path: Path) -> None:
    """Two homes do not see each other, also when one process reads both."""
    first, second = Ledger(tmp_path / "first"), Ledger(tmp_path / "second")
    add(first, "a")

    with second.read():
        assert (names(first), names(second)) == (["a"], [])


def test_threads_share_one_ledger(ledger: Ledger) -> None:
    """Threads read and write at the same time, each with a cursor of its own, and nothing is lost."""

    def work(number: int) -> None:
        for step in range(5):
            add(ledger, f"{number}-{step}")
            names(ledger)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(names(ledger)) == 20


def test_times_are_utc(ledger: Ledger) -> None:
    """Whatever the machine's time zone, the ledger's is UTC."""
    with ledger.read() as con:
        assert con.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)


def test_another_program_holds_the_file(ledger: Ledger) -> None:
    """When another program has the file open, LedgerBusy names its process."""
    names(ledger)
    impatient = Ledger(ledger.path, patience=0.05)

    with another_process(HOLD, ledger.path) as pid:
        with pytest.raises(LedgerBusy, match=f"process {pid}"):
            names(impatient)
        with pytest.raises(LedgerBusy, match=f"process {pid}"):
            add(impatient, "a")

    assert names(impatient) == []


def test_another_tollgate_writes(ledger: Ledger) -> None:
    """While another process of Tollgate writes, LedgerBusy names it; afterwards the ledger is free."""
    with another_process(WRITE, ledger.home) as pid, pytest.raises(LedgerBusy, match=f"written by process {pid}"):
        names(Ledger(ledger.home, patience=0.05))

    assert names(ledger) == []


def test_a_writer_that_is_killed_holds_nothing(ledger: Ledger) -> None:
    """A writer that dies in its transaction leaves neither a lock nor a row."""
    program = WRITE.replace("print", "import os; print").replace("sys.stdin.read()", "sys.stdin.read(); os.abort()")
    with another_process(program, ledger.home):
        pass

    assert names(ledger) == []


def test_this_process_has_the_file_open(ledger: Ledger) -> None:
    """A connection of the caller's own, outside Tollgate, is named as the holder."""
    names(ledger)
    with duckdb.connect(str(ledger.path)), pytest.raises(LedgerBusy, match="another DuckDB connection of this process"):
        names(Ledger(ledger.path, patience=0.05))


def test_a_writer_waits_for_readers(home: Path) -> None:
    """Within one process a writer waits for the readers inside, and says so when it has waited in vain."""
    ledger = Ledger(home, patience=0.05)
    with ledger.read(), pytest.raises(LedgerBusy, match="being read by another thread"):
        add(ledger, "a")
    with ledger.write(), pytest.raises(LedgerBusy, match="another thread"):
        names(ledger)


def test_a_newer_ledger_is_refused(ledger: Ledger) -> None:
    """A ledger with a migration that this version does not know is neither read nor written."""
    with ledger.write() as con:
        con.execute("INSERT INTO migration VALUES (9999, '9999_tomorrow.sql')")

    for use in (names, lambda ledger: add(ledger, "a")):
        with pytest.raises(LedgerTooNew, match=r"9999_tomorrow\.sql.*upgrade"):
            use(ledger)


def test_an_older_ledger_is_migrated(ledger: Ledger) -> None:
    """The migrations that a ledger lacks are applied before it is used, by a reader too."""
    oldest_ledger(ledger.path)

    assert health(ledger).attempts == 0
    assert ledger.query("migration_last")[0]["number"] > 1


@pytest.mark.parametrize("content", [b"not a database" * 500, None])
def test_a_foreign_file_is_left_alone(home: Path, content: bytes | None) -> None:
    """A file that is no ledger is named, and not touched."""
    home.mkdir()
    path = home / "ledger.duckdb"
    if content is None:
        duckdb.connect(str(path)).close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()

    with pytest.raises(LedgerError, match=r"ledger\.duckdb"):
        names(Ledger(home))
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """A home that cannot be made is one sentence."""
    (tmp_path / "file").touch()

    with pytest.raises(LedgerError, match="cannot use the ledger's folder"):
        names(Ledger(tmp_path / "file" / "home"))


def test_nothing_is_left_of_a_ledger_that_could_not_be_made(ledger: Ledger) -> None:
    """What a killed process left of a half-made ledger is in nobody's way."""
    ledger.home.mkdir()
    for leftover in ("ledger.1.new", "ledger.1.new.wal"):
        (ledger.home / leftover).write_bytes(b"half")

    assert names(ledger) == []
