"""The ledger under fault injection: what was acknowledged to a caller is in it once, whatever is killed when.

    python benchmarks/soak.py [--seconds 600] [--writers 8] [--readers 2] [--rate 200] [--kill-every 1] [--seed 1]

Writers append records, some of them in two revisions, some with a clock that went back; an ingester takes them in;
readers ask. Again and again one of them is killed with SIGKILL and replaced, a segment is copied under another name, a
second ingester runs beside the first, or a process finds the disk full: no file of it may then grow beyond a size.
Before and after each append a writer tells a witness, by one write of one line, so that it survives the writer too.
At the end the ledger is compared with the witnesses, record by record. Fails on any difference. POSIX.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import logging
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import duckdb

from analytics.exceptions import AnalyticsError
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.prices import PriceTable
from analytics.reports import Filters, totals
from router.record import UsageRecord, from_nanoseconds, new_record_id
from router.spool import Spool, lost_records

FORK = multiprocessing.get_context("fork")
PRICES = PriceTable.load()
USAGE = {"input_tokens": 1000, "output_tokens": 100, "service_tier": "standard"}
PEACE_SECONDS = 60
"""After the trouble, at most: until an ingest has come to its end, which a slow machine may not let it before."""
Version = tuple[str, int]
"""A record id and a revision."""


class Witness:
    """A file of one process, to which it appends lines that are there whatever becomes of it."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._fd = os.open(folder / f"{kind}-{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, *words: object) -> None:
        """One line."""
        os.write(self._fd, (" ".join(map(str, words)) + "\n").encode())


def heard(folder: Path, kind: str) -> Iterator[list[str]]:
    """The words of every line of every witness of a kind."""
    for path in folder.glob(f"{kind}-*"):
        for line in path.read_text().splitlines():
            yield line.split(" ", 2)


def came_to_an_end(folder: Path) -> bool:
    """Whether any ingest did, however often they were killed."""
    return any(line[0] == "took" for line in heard(folder, "ingester"))


@contextlib.contextmanager
def full_disk(size: int | None) -> Generator[None]:
    """No file of this process grows beyond `size` bytes, which is to it as if the disk were full; None: it is not."""
    if size is None:
        yield
        return
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class Writer:
    """Appends records in bursts, and tells its witness of each."""

    def __init__(self, stage: Stage, spool: Spool) -> None:
        self.stage, self.spool = stage, spool
        self.dice = random.Random(os.getpid())  # noqa: S311  # variety, not secrecy
        self.witness = Witness(stage.folder, "writer")

    def run(self) -> None:
        """Until killed."""
        while True:
            burst = self.dice.choice((1, 1, 1, 5, 20))
            full = self.dice.choice((0, 700, 5_000, 20_000)) if self.dice.random() < 0.05 else None
            back = 300 * 10**9 if self.dice.random() < 0.05 else 0
            for _ in range(burst):
                self.call(back=back, full=full)
            time.sleep(burst / self.stage.rate)

    def call(self, *, back: int = 0, full: int | None = None) -> None:
        """One attempt, by a clock that was put `back` so many nanoseconds; a stream's is written in two revisions."""
        now = time.time_ns() - back
        record = UsageRecord(
            record_id=new_record_id(now),
            call_id=str(now),
            attempt=1,
            started_at=from_nanoseconds(now),
            requested_model="claude-opus-5-5",
            model="claude-haiku-5-5",
            status=200,
            usage=USAGE,
        )
        if self.dice.random() < 0.2:
            self.append(record._replace(stream=True, complete=False), full)
            record = record._replace(stream=True, revision=1)
        if self.append(record, full):
            self.stage.newest.value = max(now, self.stage.newest.value)

    def append(self, record: UsageRecord, full: int | None) -> bool:
        """Append, and say so before and after. The disk is full for the spool alone: the witness must be heard."""
        version = (record.record_id, record.revision or 0)
        self.witness.say("tries", *version)
        with full_disk(full):
            safe = self.spool.append(record)
        self.witness.say("knows" if safe else "doubts", *version)
        return safe


def write(stage: Stage, spool: Spool) -> None:
    """A writer, with a spool that its parent has opened."""
    Writer(stage, spool).run()


def write_alone(stage: Stage, _: Spool) -> None:
    """A writer with a spool of its own."""
    Writer(stage, stage.spool()).run()


def take_in(stage: Stage, _: Spool, *, rounds: int | None = None) -> None:
    """An ingester: every fraction of a second, and sometimes on a full disk."""
    dice, witness = random.Random(os.getpid()), Witness(stage.folder, "ingester")  # noqa: S311  # variety, not secrecy
    ledger = Ledger(stage.home)
    for _round in range(rounds) if rounds else itertools.count():
        size = ledger.path.stat().st_size if ledger.path.exists() else 0
        full = dice.choice((0, 4_000, 50_000, size, size + 50_000)) if dice.random() < 0.1 else None
        try:
            with full_disk(full):
                report = ingest(ledger, PRICES)
            witness.say("took", report.added + report.revised, report.duplicates)
        except (AnalyticsError, duckdb.Error, OSError) as error:
            witness.say("failed", "with room" if full is None else "on a full disk", reason(error))
        time.sleep(dice.uniform(0.2, 1))


def take_in_beside(stage: Stage, spool: Spool) -> None:
    """A second ingester, for a moment."""
    take_in(stage, spool, rounds=2)


def reason(error: Exception) -> str:
    """The first line, without what differs from one failure to the next, and where it was raised."""
    words = [word for word in str(error).partition("\n")[0].split() if not set(word) & set("/0123456789")]
    place = [frame.name for frame in traceback.extract_tb(error.__traceback__) if "/analytics/" in frame.filename][-1]
    return f"{type(error).__name__} in {place}: {' '.join(words)}"


def read(stage: Stage, _: Spool) -> None:
    """A reader: how long it waited, and how much older its newest record is than the newest acknowledged one."""
    witness, ledger = Witness(stage.folder, "reader"), Ledger(stage.home)
    while True:
        acknowledged, began = stage.newest.value, time.perf_counter()
        try:
            totals(ledger, today())
            waited = time.perf_counter() - began
            with ledger.read() as con:
                (newest,) = con.execute("SELECT epoch_ns(max(started_at)) FROM usage").fetchall()[0]
        except (AnalyticsError, duckdb.Error) as error:
            witness.say("failed", reason(error))
        else:
            witness.say("read", waited, max(0, acknowledged - (newest or acknowledged)) / 1e9)
        time.sleep(0.1)


def today() -> Filters:
    """All that this run writes."""
    now = datetime.now(UTC)
    return Filters(period=Period(now - timedelta(days=1), now + timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where it happens."""

    home: Path
    folder: Path
    """Of the witnesses."""
    rate: float
    newest: Any
    """When the newest acknowledged record was sent, in nanoseconds: shared memory, without a lock to die with."""

    def spool(self) -> Spool:
        """One that begins a new segment often."""
        return Spool(self.home, rotate_bytes=20_000, rotate_seconds=2)


PARTS = {
    "writer, forked from a process with an open segment": write,
    "writer": write_alone,
    "ingester": take_in,
    "second ingester": take_in_beside,
    "reader": read,
}


class Soak:
    """Starts the processes, and kills them."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.dice = random.Random(seed)  # noqa: S311  # variety, not secrecy
        self.parent = Writer(stage, stage.spool())
        self.playing = dict[ForkProcess, str]()
        self.killed = dict[int, str]()
        self.failed = list[str]()
        self.copies = 0

    def start(self, part: str) -> None:
        """One more process."""
        self.parent.call()
        process = FORK.Process(target=PARTS[part], args=(self.stage, self.parent.spool), daemon=True)
        process.start()
        self.playing[process] = part

    def kill(self, process: ForkProcess) -> str:
        """At once, wherever it is; which part it played."""
        process.kill()
        process.join()
        assert process.pid is not None  # noqa: S101  # it was started
        part = self.playing.pop(process)
        self.killed[process.pid] = part
        return part

    def look(self) -> None:
        """Replace what has ended by itself, which only a second ingester may."""
        for process in [process for process in self.playing if process.exitcode is not None]:
            part = self.playing.pop(process)
            if process.exitcode or part != "second ingester":
                self.failed.append(f"{part} with {process.exitcode}")
                self.start(part)

    def trouble(self) -> None:
        """Kill somebody; copy a segment, or start a second ingester, now and then."""
        self.look()
        part = self.kill(self.dice.choice(list(self.playing)))
        if part != "second ingester":
            self.start(part)
        if self.dice.random() < 0.3:
            self.start("second ingester")
        if self.dice.random() < 0.5:
            self.copy_segment()

    def copy_segment(self) -> None:
        """The whole lines of some segment, waiting or taken in, under another name."""
        segments = [path for folder in ("spool", "done") for path in (self.stage.home / folder).glob("*.ndjson")]
        with contextlib.suppress(FileNotFoundError):  # taken in meanwhile
            data = self.dice.choice(segments).read_bytes()
            self.copies += 1
            hidden = self.stage.home / "spool" / f"{time.time_ns():020d}-copy-{self.copies}.tmp"
            hidden.write_bytes(data[: data.rfind(b"\n") + 1])
            hidden.rename(hidden.with_suffix(".ndjson"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the witnesses say."""

    tried: set[Version]
    acknowledged: set[Version]
    doubted: set[Version]

    @classmethod
    def of(cls, folder: Path) -> Heard:
        """From their files."""
        said: dict[str, set[Version]] = {"tries": set(), "knows": set(), "doubts": set()}
        for what, record_id, revision in heard(folder, "writer"):
            said[what].add((record_id, int(revision)))
        return cls(tried=said["tries"], acknowledged=said["knows"], doubted=said["doubts"])


def compare(soak: Soak, said: Heard) -> dict[str, int]:
    """What differs between the ledger and the witnesses: nothing may."""
    ledger = Ledger(soak.stage.home)
    with ledger.read() as con:
        rows = con.execute("SELECT record_id::VARCHAR, coalesce(revision, 0) FROM usage").fetchall()
        (unpaired,) = con.execute(
            "SELECT count(*) FROM line FULL JOIN charge USING (record_id, line_number) "
            "WHERE line.record_id IS NULL OR charge.record_id IS NULL OR list_cost IS NULL"
        ).fetchall()[0]
        (unrated,) = con.execute("SELECT count(*) FROM usage ANTI JOIN charge USING (record_id)").fetchall()[0]
        rejects = con.execute("SELECT segment, reason FROM reject").fetchall()
    revisions = dict[str, int](rows)
    torn = Counter(segment for segment, reason in rejects if reason.startswith("cut off"))
    explained = [name for name, count in torn.items() if count == 1 and int(name.split("-")[1]) in soak.killed]
    return {
        "acknowledged and not in the ledger": sum(
            revisions.get(known, -1) < number for known, number in said.acknowledged
        ),
        "in the ledger more than once": len(rows) - len(revisions),
        "in the ledger and never tried": len(set(rows) - said.tried),
        "lines and charges that are not one to one": unpaired + unrated,
        "rejects that are not the last line of a killed writer": len(rejects) - len(explained),
        "attempts more or fewer in the report": abs(totals(ledger, today()).attempts - len(rows)),
        "more lost records counted than were doubted": max(0, lost_records(soak.stage.home) - len(said.doubted)),
        "segments left in the spool": len(list((soak.stage.home / "spool").glob("*.ndjson"))),
        "processes that ended by themselves": len(soak.failed),
        "no ingest came to its end": int(not came_to_an_end(soak.stage.folder)),
    }


def quantiles(values: list[float], unit: str) -> str:
    """Of what readers saw."""
    if len(values) < 2:
        return "not measured"
    cuts = statistics.quantiles(values, n=100)
    return f"p50 {cuts[49]:.3g} {unit}, p99 {cuts[98]:.3g} {unit}, max {max(values):.3g} {unit}"


def figures(soak: Soak, said: Heard) -> None:
    """Print what happened."""
    stage = soak.stage
    with Ledger(stage.home).read() as con:
        there = dict[str, int](con.execute("SELECT record_id::VARCHAR, coalesce(revision, 0) FROM usage").fetchall())
        rejects = Counter(row[0] for row in con.execute("SELECT reason FROM reject").fetchall())
    unanswered = said.tried - said.acknowledged - said.doubted
    late, unsaid = (
        sum(there.get(known, -1) >= number for known, number in some) for some in (said.doubted, unanswered)
    )
    ingests, reads = list(heard(stage.folder, "ingester")), list(heard(stage.folder, "reader"))
    print(f"acknowledged {len(said.acknowledged):,} (records and revisions), in the ledger {len(there):,} records")
    print(f"not acknowledged {len(said.doubted):,}, of them in the ledger after all {late:,}")
    print(
        f"lost {len(said.doubted) - late:,}, of them counted {lost_records(stage.home):,}: the count, too, needs a disk"
    )
    print(f"killed before an answer {len(unanswered):,}, of them in the ledger {unsaid:,}")
    print(f"ingests that came to their end {sum(line[0] == 'took' for line in ingests):,}, ", end="")
    print(f"taken in {sum(int(line[1]) for line in ingests if line[0] == 'took'):,}, ", end="")
    print(f"duplicates left out {sum(int(line[2]) for line in ingests if line[0] == 'took'):,}, as far as told")
    print(f"segments copied {soak.copies:,}; rejects {dict(rejects) or 'none'}")
    print(f"killed: {dict(Counter(soak.killed.values()))}")
    for failure, count in Counter(" ".join(line[1:]) for line in [*ingests, *reads] if line[0] == "failed").items():
        print(f"failed {count:,} times: {failure}")
    for failure in soak.failed:
        print(f"ended by itself: {failure}")
    measured = [line for line in reads if line[0] == "read"]
    print(f"{len(measured):,} reads: {quantiles([1000 * float(line[1]) for line in measured], 'ms')}")
    print(f"newest acknowledged before newest seen: {quantiles([float(line[2]) for line in measured], 's')}")


def play(soak: Soak, given: argparse.Namespace) -> None:
    """Start everybody, make trouble for as long as was asked, and end it."""
    writers = ("writer", "writer, forked from a process with an open segment")
    for number in range(given.writers):
        soak.start(writers[number % 2])
    for part in ("ingester", *["reader"] * given.readers):
        soak.start(part)
    until = time.monotonic() + given.seconds
    while time.monotonic() < until:
        time.sleep(given.kill_every)
        soak.trouble()
    peace = time.monotonic() + PEACE_SECONDS
    while not came_to_an_end(soak.stage.folder) and time.monotonic() < peace:
        time.sleep(0.1)
    soak.look()
    for process in list(soak.playing):
        soak.kill(process)
    soak.parent.spool.close()
    ingest(Ledger(soak.stage.home), PRICES)


def main() -> None:
    """Play, compare, say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=200, help="records a second and writer")
    parser.add_argument("--kill-every", type=float, default=1, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as name:
        tempfile.tempdir = name  # where lost records are counted if not at the home
        (witnesses := Path(name) / "witnesses").mkdir()
        newest = FORK.Value("q", 0, lock=False)
        soak = Soak(Stage(home=Path(name) / "home", folder=witnesses, rate=given.rate, newest=newest), given.seed)
        play(soak, given)
        said = Heard.of(witnesses)
        figures(soak, said)
        differences = compare(soak, said)
    for what, count in differences.items():
        print(f"{what}: {count:,}")
    sys.exit(any(differences.values()))


if __name__ == "__main__":
    main()
