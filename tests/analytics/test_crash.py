"""An ingest is cut off at every step, and the next one must make the books that an uninterrupted one makes.

What a kill leaves is the files as they are at that moment: one ingest is copied at each of its steps. Some of the steps
are also killed for real, by a process that has imported everything and opened nothing and forks a child for each.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import itertools
import json
import os
import resource
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb
import pytest

from analytics.exceptions import AnalyticsError
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from router.record import UsageRecord
from router.spool import Spool
from tests import fresh
from tests.conftest import a_record

STEPPED = {
    *("analytics.ingest", "analytics.intake", "analytics.questions", "analytics.ledger", "analytics.rollup"),
    *("analytics.done", "router.spool", "router.segment"),
}
"""The modules through which records go to the disk."""
SEEN_IN_FILES = {"analytics.ledger", "analytics.ingest"}
"""Those that do nothing to it but by the others, or so that it shows in the files."""
BOOKKEEPING = ("segment", "book")
"""How far segments were read, and in how many turns: that may differ."""
PRICES = PriceTable.load()
Found = dict[str, list[str]]
"""What is at a home: of a ledger the rows of each table, sorted, and the names of the files."""
Ends = dict[str, dict[str, Found]]
"""What was found, by the kind of the end and its place."""


def prepare(home: Path) -> None:
    """A ledger with three attempts, and a spool with all that there can be: two segments whose writers are gone."""
    stream, known, new = (a_record() for _ in range(3))
    last = a_record(started_at=known.started_at + timedelta(hours=2))  # so that the hour before is rolled up
    spool = Spool(home)
    for record in (stream._replace(complete=False), known, a_record(model="unheard-of")):
        spool.append(record)
    spool.close()
    ingest(Ledger(home), PRICES)
    put(home, "00000000000000000001-1-aaaaaaaa.ndjson", new, b"junk\n", known, new)
    put(home, "00000000000000000002-2-bbbbbbbb.ndjson", stream._replace(revision=1), last)


def put(home: Path, name: str, *lines: UsageRecord | bytes) -> None:
    data = b"".join(line if isinstance(line, bytes) else line.to_json() for line in lines)
    (home / "spool" / name).write_bytes(data)


def books(home: Path, into: Path) -> None:
    """Ingest, and write down what there is then."""
    ledger = Ledger(home)
    ingest(ledger, PRICES)
    with ledger.read() as con:
        tables = [
            name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
        ]
        found = {
            name: sorted(map(repr, con.execute(f"FROM {name}").fetchall()))
            for name in tables
            if name not in BOOKKEEPING
        }
    # The log of the ledger stays until somebody writes again, and of a file that was to be replaced the new one.
    found["files"] = sorted(
        str(path.relative_to(home)) for path in home.rglob("*") if path.suffix not in (".wal", ".tmp")
    )
    into.write_text(json.dumps(found))


def spooled(home: Path, into: Path) -> None:
    """Write down what a writer said was safe, and which records and torn lines the spool has."""
    lines = [
        line
        for path in sorted((home / "spool").glob("*.ndjson"))
        for line in path.read_bytes().splitlines(keepends=True)
    ]
    found = {
        "safe": list((home / "safe").read_text()) if (home / "safe").exists() else [],
        "whole": [UsageRecord.from_json(line).call_id for line in lines if line.endswith(b"\n")],
        "torn": [line.decode() for line in lines if not line.endswith(b"\n")],
    }
    into.write_text(json.dumps(found))


def take_in(home: Path) -> None:
    """The first of two things that are cut off."""
    ingest(Ledger(home), PRICES)


def append(home: Path) -> None:
    """The other: three records, the first two into one segment; the call id of each is said when it is safe."""
    spool = Spool(home, rotate_bytes=1000, fsync="every")
    for number in range(3):
        if spool.append(a_record(call_id=str(number))):
            with (home / "safe").open("a") as safe:
                safe.write(str(number))
    spool.close()


def append_to_full_disk(home: Path) -> None:
    """The same, but the disk takes no more than half of the second record."""
    limit_files(1000)
    append(home)


def at_steps(act: Callable[[Path], None], home: Path, seen_at: Callable[[int, str], None]) -> None:
    """Act, and say the number and the place of each step: a function begins for the first time, or files changed."""
    begun, files, numbers = set[str](), state(home), itertools.count()

    def step(frame: FrameType, event: str, _: object) -> Any:
        nonlocal files
        if frame.f_globals.get("__name__") not in STEPPED or frame.f_code.co_name.startswith("<"):
            return None  # not ours, or the inside of a comprehension
        what = frame.f_locals.get("name") if frame.f_code.co_name == "run" else ""
        place = f"{frame.f_code.co_qualname}({what}) {event}"
        before, files = files, state(home)
        begins = event == "call" and place not in begun and frame.f_globals["__name__"] not in SEEN_IN_FILES
        if files != before or begins:
            number = next(numbers)
            seen_at(number, f"{number}: {place}, line {frame.f_lineno} of {frame.f_code.co_filename}")
            begun.add(place)
        return step

    threading.settrace(step)  # records are read and rated in a thread of their own
    sys.settrace(step)
    act(home)


def kill_at_step(nth: int, act: Callable[[Path], None], home: Path, said: Path) -> None:
    """Act, and die at the nth step."""

    def die(number: int, place: str) -> None:
        if number == nth:
            said.write_text(place)
            os.kill(os.getpid(), signal.SIGKILL)

    at_steps(act, home, die)


def copy_at_steps(act: Callable[[Path], None], home: Path, copies: Path) -> None:
    """Act to the end, and keep a copy of the files of every step, in a folder with its place."""

    def copy(number: int, place: str) -> None:
        shutil.copytree(home, copies / f"{number:03}" / "home")
        (copies / f"{number:03}" / "place").write_text(place)

    at_steps(act, home, copy)


def kill_within_write(limit: int, home: Path, said: Path) -> None:
    """Ingest, and die where any file outgrows `limit` bytes, of which what is below has been written."""
    said.write_text(f"{limit:,} bytes")
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    limit_files(limit)
    take_in(home)


def refuse_write(limit: int, home: Path, said: Path) -> None:
    """Ingest on a disk that is full, and again in the same process when it is not, and die."""
    said.write_text(f"{limit:,} bytes")
    limit_files(limit)
    with contextlib.suppress(AnalyticsError, duckdb.Error, OSError):
        take_in(home)
    limit_files(resource.RLIM_INFINITY)
    take_in(home)
    os.kill(os.getpid(), signal.SIGKILL)


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def state(home: Path) -> list[tuple[str, int, int]]:
    """Changes whenever a file does. Asked at every line, so quick."""
    folders = (folder for folder in (home, home / "spool", home / "done") if folder.exists())
    files = ((entry.path, entry.stat()) for folder in folders for entry in os.scandir(folder))
    return [(path, stat.st_size, stat.st_mtime_ns) for path, stat in files]


def digest(home: Path) -> str:
    """The same for homes whose files are the same, but for the lock file, which names a process."""
    found = hashlib.sha256()
    for path in sorted(home.rglob("*")):
        found.update(path.name.encode())
        if path.is_file() and path.suffix != ".lock":
            found.update(path.read_bytes())
    return found.hexdigest()


def in_child(act: Callable[[], None]) -> int:
    """Do it in a forked process; how that ended: 0 if by itself, else minus the signal, or 1 for an exception."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        act()
    except BaseException:  # noqa: BLE001  # whatever it is, this process must not go on as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def sizes() -> Iterator[int]:
    """That no file may outgrow, in bytes: the first cut the log of the ledger, and the others the ledger itself."""
    yield from range(0, 30_000, 6000)
    yield from itertools.count(1 << 20, 1 << 20)


class Trials:
    """Ends something in every way, each time on a copy of the same home, and looks at what is there then."""

    def __init__(self, folder: Path, prepare: Callable[[Path], None], look: Callable[[Path, Path], None]) -> None:
        self.folder, self.look = folder, look
        self.known = dict[str, Found]()
        in_child(partial(prepare, folder / "template"))

    def run(self, ends: Iterable[Callable[[Path, Path], None]]) -> dict[str, Found]:
        """Until one lets it come to its own end; what is found, by the place."""
        found = dict[str, Found]()
        gc.freeze()  # else each child copies whatever its collector looks at
        for end in ends:
            home, said = self.home(), self.folder / "said"
            said.write_text("before it began")
            code = in_child(partial(end, home, said))
            if code < 0:
                found[said.read_text()] = self.found(home)
                continue
            if code:
                found[said.read_text()] = {"ended with": [str(code)]}
            break
        gc.unfreeze()
        return found

    def run_once(self, act: Callable[[Path], None]) -> dict[str, Found]:
        """What is found of the files as each step of it leaves them, by the place."""
        copies = self.folder / "copies"
        assert in_child(partial(copy_at_steps, act, self.home(), copies)) == 0
        return {(step / "place").read_text(): self.found(step / "home") for step in sorted(copies.iterdir())}

    def home(self) -> Path:
        """As it was prepared."""
        home = self.folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        return Path(shutil.copytree(self.folder / "template", home))

    def found(self, home: Path) -> Found:
        """What `look` sees. Asked only once of homes that are equal: many ends leave the same files."""
        key = digest(home)
        if key not in self.known:
            into = self.folder / "found"
            code = in_child(partial(self.look, home, into))
            self.known[key] = {"ended with": [str(code)]} if code else json.loads(into.read_text())
        return self.known[key]


def every_end_of_an_ingest(folder: Path) -> Ends:
    """By its kind and place; `uninterrupted` is what all the others are compared with."""
    trials = Trials(folder, prepare, books)
    killed = trials.run(partial(kill_within_write, size) for size in sizes())
    return {
        "uninterrupted": {"": trials.found(trials.home())},
        "left at a step": trials.run_once(take_in),
        "killed at a step": trials.run(partial(kill_at_step, nth, take_in) for nth in itertools.count(step=7)),
        "killed within a write": killed,
        "refused a write": trials.run(partial(refuse_write, size) for size in itertools.islice(sizes(), len(killed))),
    }


def every_end_of_a_writer(folder: Path) -> Ends:
    """By its kind and place."""
    trials = Trials(folder, Path.mkdir, spooled)
    return {
        "killed at a step": trials.run(partial(kill_at_step, nth, append) for nth in itertools.count()),
        "on a full disk": trials.run(partial(kill_at_step, nth, append_to_full_disk) for nth in itertools.count()),
    }


@pytest.fixture(scope="module")
def forking() -> Iterator[ProcessPoolExecutor]:
    """A process to fork in: it has no threads of DuckDB, as this one may."""
    with ProcessPoolExecutor(1, mp_context=fresh.context) as pool:
        yield pool


@pytest.fixture(scope="module")
def ends(forking: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Ends:
    return forking.submit(every_end_of_an_ingest, tmp_path_factory.mktemp("ends")).result()


def test_an_uninterrupted_ingest(ends: Ends) -> None:
    """What is compared is right itself: each record once, in its highest revision, rated; a damaged line set aside."""
    found = ends["uninterrupted"][""]

    assert [len(found[table]) for table in ("usage", "line", "charge", "reject")] == [5, 5, 5, 1]
    assert not [name for name in found["files"] if name.startswith("spool/")]


@pytest.mark.parametrize(
    ("kind", "least"),
    [("left at a step", 50), ("killed at a step", 7), ("killed within a write", 6), ("refused a write", 6)],
)
def test_an_ingest_that_was_cut_off_is_made_good_by_the_next(ends: Ends, kind: str, least: int) -> None:
    """Wherever an ingest ends, the next one leaves the same books as if it had not, to the last row of every table."""
    expected = ends["uninterrupted"][""]

    assert len(ends[kind]) >= least
    assert {place: found for place, found in ends[kind].items() if found != expected} == {}


def test_a_killed_writer_leaves_what_was_safe(forking: ProcessPoolExecutor, tmp_path: Path) -> None:
    """Wherever a writer dies, its spool has each record that was safe, in order, at most one more, or a torn line."""
    ends = forking.submit(every_end_of_a_writer, tmp_path).result()

    assert sorted(ends) == ["killed at a step", "on a full disk"]
    for place, found in [item for places in ends.values() for item in places.items()]:
        safe, whole, torn = (found[what] for what in ("safe", "whole", "torn"))
        assert whole in (safe, [*safe, str(len(safe))]), (place, found)
        assert len(whole) + len(torn) <= len(safe) + 1, (place, found)
    assert len(ends["killed at a step"]) >= 20
    assert any(found["torn"] for found in ends["on a full disk"].values())
