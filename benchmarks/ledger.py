"""How fast the ledger is: appending, taking in, reading while others write, reports over 10 or 100 million attempts.

    python benchmarks/ledger.py append ingest reads size reports [--attempts 10000000] [--home FOLDER]

Each part prints its figures beside a limit measured in the same run: a bare write and fdatasync, a DuckDB INSERT of the
same rows, the same report over the attempts themselves. `reports` keeps the ledger that it makes in FOLDER, if one is
given: 10 million attempts take 2 GB and some minutes, 100 million ten times that.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from analytics import rating, reports, rollup
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period, midnight
from analytics.prices import PriceTable
from analytics.questions import Connection
from router.record import UsageRecord, from_nanoseconds, new_record_id
from router.spool import Fsync, Spool

CHUNK = 1_000_000
DAYS = 90
SHIFTED = (
    "('0199' || lpad(to_hex(('0x' || substr(replace(record_id::VARCHAR, '-', ''), 5, 12))::BIGINT + $ids), 12, '0') \
|| substr(replace(record_id::VARCHAR, '-', ''), 17))::UUID"
)


def a_record() -> UsageRecord:
    """An answered call, now."""
    now = time.time_ns()
    split = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}
    usage = {"input_tokens": 900, "output_tokens": 80, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 500}
    return UsageRecord(
        record_id=new_record_id(now),
        call_id=f"stainless-python-retry-{now:032x}",
        attempt=1,
        started_at=from_nanoseconds(now),
        duration_ms=812.5,
        requested_model="claude-opus-5-5",
        sent_model="claude-haiku-5-5",
        model="claude-haiku-5-5",
        max_tokens=1024,
        task_type="classify",
        tier="haiku",
        confidence=0.9,
        reason="classify: haiku is worth it",
        tags={"team": f"team-{now % 12}", "feature": f"feature-{now % 40}"},
        status=200,
        stop_reason="end_turn",
        content_empty=False,
        request_id=f"req_{now:020x}",
        message_id=f"msg_{now:020x}",
        usage=usage | {"cache_creation": split, "service_tier": "standard", "inference_geo": "not_available"},
    )


def spread(seconds: Sequence[float]) -> str:
    """p50 and p99 in words."""
    ordered = sorted(seconds)
    return f"p50 {written(statistics.median(ordered))}, p99 {written(ordered[int(len(ordered) * 0.99)])}"


def written(seconds: float) -> str:
    """In the unit that suits."""
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def timed(work: Callable[[], object], times: int, *, pause: float = 0) -> list[float]:
    """How long each of so many rounds took."""
    found: list[float] = []
    for _ in range(times):
        if pause:
            time.sleep(pause)
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


def appending() -> None:
    """One record on the calling thread, records made beforehand; beside it, what the operating system alone takes."""
    levels: tuple[Fsync, ...] = ("never", "interval", "every")
    for fsync in levels:
        with tempfile.TemporaryDirectory() as folder:
            spool = Spool(folder, fsync=fsync)
            append = partial(spool.append, a_record())
            append()
            busy = timed(append, 300 if fsync == "every" else 20_000)
            print(f"append, fsync {fsync}, in a tight loop: {spread(busy)}")
            if fsync == "never":
                print(f"append, fsync {fsync}, 50 a second: {spread(timed(append, 300, pause=0.02))}")
            spool.close()
    line = a_record().to_json()
    with tempfile.TemporaryFile(buffering=0) as file:
        write = partial(file.write, line)
        print(f"  beside it, write(2) alone: {spread(timed(write, 20_000))}")
        print(f"  50 a second: {spread(timed(write, 300, pause=0.02))}")

        def write_and_sync() -> None:
            write()
            os.fdatasync(file.fileno())

        print(f"  write(2) and fdatasync alone: {spread(timed(write_and_sync, 300))}")


class Watched(Ledger):
    """A ledger that notes how long it was locked."""

    def __init__(self, home: Path | str) -> None:
        super().__init__(home)
        self.locked: list[float] = []

    @contextlib.contextmanager
    def write(self, using: Connection | None = None) -> Generator[Connection]:
        """As ever."""
        began = time.perf_counter()
        with super().write(using) as con:
            yield con
        self.locked.append(time.perf_counter() - began)


def fill(home: Path, count: int) -> None:
    """So many records in the spool, of a writer that is gone."""
    spool = Spool(home)
    for _ in range(count):
        spool.append(a_record())
    spool.close()


def taking_in(ledger: Watched, sizes: Sequence[int] = (1, 100, 1_000, 10_000, 100_000)) -> dict[int, float]:
    """How long an ingest takes, and how long of it the ledger is locked; the median of five, or one of the largest."""
    prices, found = PriceTable.load(), dict[int, float]()
    for size in sizes:
        took: list[float] = []
        held: list[float] = []
        for _ in range(1 if size > 10_000 else 7):
            fill(ledger.home, size)
            ledger.locked.clear()
            took += timed(lambda: ingest(ledger, prices), 1)
            held.append(max(ledger.locked))
        found[size] = statistics.median(took)
        print(
            f"ingest of {size:7,}: {written(found[size])}, {size / found[size]:,.0f} a second, "
            f"the ledger locked for {written(statistics.median(held))} (at most {written(max(held))})"
        )
    return found


def peer_insert(home: Path) -> None:
    """What DuckDB alone takes: 1,000 rows of the same width, into a table of a file, nothing checked or rated."""
    rows = [json.loads(a_record().to_json()) for _ in range(1_000)]
    with duckdb.connect(str(home / "peer.duckdb")) as con:
        con.execute("CREATE TABLE peer (row JSON)")
        insert = timed(lambda: con.executemany("INSERT INTO peer VALUES (?)", [[json.dumps(row)] for row in rows]), 1)
    print(f"  beside it, 1,000 INSERTs of one JSON column, the file held open: {written(insert[0])}")


def write_steadily(home: Path, rate: float, seconds: float) -> None:
    """What one of several programs does."""
    spool, until = Spool(home), time.monotonic() + seconds
    while time.monotonic() < until:
        spool.append(a_record())
        time.sleep(1 / rate)


def ingest_steadily(home: Path, seconds: float) -> None:
    """What a scheduler does."""
    ledger, prices, until = Ledger(home), PriceTable.load(), time.monotonic() + seconds
    while time.monotonic() < until:
        ingest(ledger, prices)
        time.sleep(0.7)


def reading(home: Path, seconds: float = 30) -> None:
    """Reports of today, while 200 records a second stream in from four programs and a fifth takes them in."""
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=write_steadily, args=(home, 50, seconds)) for _ in range(4)]
    others.append(context.Process(target=ingest_steadily, args=(home, seconds)))
    ledger, took, stale = Ledger(home), list[float](), list[float]()
    reports.health(ledger)
    for process in others:
        process.start()
    time.sleep(5)
    until = time.monotonic() + seconds - 10
    while time.monotonic() < until:
        today = midnight(datetime.now(UTC).date())
        filters = reports.Filters(period=Period(today, today + timedelta(days=1)))
        took += timed(lambda filters=filters: reports.totals(ledger, filters), 1)
        with ledger.read() as con:
            newest: Any = con.execute("SELECT max(started_at) FROM usage").fetchall()[0][0]
        stale.append((datetime.now(UTC) - newest.replace(tzinfo=UTC)).total_seconds())
        time.sleep(0.1)
    for process in others:
        process.join()
    print(f"totals of today, 200 records a second streaming in: {spread(took)} of {len(took)}")
    print(f"the newest attempt they saw was old: {spread(stale)}, at most {max(stale):.2f} s")


def generate(ledger: Ledger, attempts: int, *, users: int = 0) -> None:
    """A ledger of so many rated attempts over 90 days up to now: a million is made, rated, and repeated."""
    text = Path(__file__).with_name("attempts.sql").read_text(encoding="utf-8")
    began, chunk = time.perf_counter(), min(CHUNK, attempts)
    chunks = attempts // chunk
    with ledger.private() as con:
        with ledger.write(using=con):
            con.execute(text, {"attempts": chunk, "users": users})
            con.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT record_id FROM usage")
            rating.rate(con, PriceTable.load())
            for table in ("usage", "line", "charge"):
                con.execute(f"CREATE TEMP TABLE one_{table} AS FROM {table}; DELETE FROM {table}")  # noqa: S608  # our own words
        (first, last), *_ = con.execute("SELECT min(started_at), max(started_at) FROM one_usage").fetchall()
        newest = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=2)
        span = timedelta(days=DAYS) / chunks
        shrink = span / (last - first)
        for number in range(chunks):
            start = newest - span * (chunks - number)
            with ledger.write(using=con):
                for table in ("usage", "line", "charge"):
                    repeat(con, table, ids=number * chunk, start=start, first=first, shrink=shrink)
        with ledger.write(using=con):
            con.execute("INSERT INTO stale SELECT DISTINCT time_bucket(INTERVAL 5 MINUTES, started_at) FROM usage")
    made = time.perf_counter() - began
    rollup.refresh(ledger)
    rolled = time.perf_counter() - began - made
    print(f"{attempts:,} attempts made in {made:,.0f} s, rolled up in {rolled:,.0f} s (a day in {rolled / DAYS:.2f} s)")


def repeat(con: Connection, table: str, **where: object) -> None:
    """Rows of the million once more, at other times and under other ids."""
    moved = "$start + to_microseconds(((epoch_us(started_at) - epoch_us($first)) * $shrink)::BIGINT) AS started_at"
    call = ", 'call-' || (substr(call_id, 6)::BIGINT + $ids) AS call_id" if table == "usage" else ""
    text = f"INSERT INTO {table} BY NAME SELECT * REPLACE ({SHIFTED} AS record_id, {moved}{call}) FROM one_{table}"  # noqa: S608  # our own words
    con.execute(text, where)


def sizes(ledger: Ledger) -> None:
    """What the file takes of the disk."""
    with ledger.write() as con:
        con.execute("SELECT 1")
    with ledger.read() as con:
        ((count,),) = con.execute("SELECT count(*) FROM usage").fetchall()
        ((rolled,),) = con.execute("SELECT count(*) FROM hourly").fetchall()
    size = ledger.path.stat().st_size
    print(f"file: {size / 1e6:,.0f} MB, {size / count:.0f} bytes an attempt; {rolled:,} rows of roll-ups")


def reporting(ledger: Ledger) -> None:
    """What the dashboard asks, warm: the median of five."""
    today = midnight(datetime.now(UTC).date())
    tomorrow = today + timedelta(days=1)
    days = {"30 days": 30, "90 days": 90, "today": 1}
    questions: dict[str, Callable[[reports.Filters], object]] = {
        "totals": lambda filters: reports.totals(ledger, filters),
        "by day and model": lambda filters: reports.cost_by(ledger, filters, ("day", "model")),
        "by task type": lambda filters: reports.cost_by(ledger, filters, ("task_type",)),
        "by team": lambda filters: reports.cost_by(ledger, filters, ("tag:team",)),
    }
    for name, ask in questions.items():
        for words, count in days.items():
            filters = reports.Filters(period=Period(tomorrow - timedelta(days=count), tomorrow))
            print(f"{name}, {words}: {written(statistics.median(timed(lambda ask=ask, f=filters: ask(f), 5)))}")
    one = reports.Filters(period=Period(tomorrow - timedelta(days=30), tomorrow), tags={"team": "team-3"})
    print(f"totals of a team, 30 days: {written(statistics.median(timed(lambda: reports.totals(ledger, one), 5)))}")
    print(f"health: {written(statistics.median(timed(lambda: reports.health(ledger), 5)))}")
    print(f"dimensions: {written(statistics.median(timed(lambda: reports.dimensions(ledger), 5)))}")
    before = reports.totals(ledger, reports.Filters(period=Period(today, tomorrow))).attempts
    fill(ledger.home, 1)
    began = time.perf_counter()
    ingest(ledger)
    after = reports.totals(ledger, reports.Filters(period=Period(today, tomorrow))).attempts
    print(
        f"a record of now in the totals of today: {after - before} more, {written(time.perf_counter() - began)} later"
    )
    print(f"most memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.2f} GB")
    with ledger.read() as con:
        plain = timed(lambda: con.execute(PLAIN, [today - timedelta(days=29)]).fetchall(), 1)
    print(f"  beside it, charges summed by day and model over the attempts, 30 days: {written(plain[0])}")


PLAIN = """
SELECT date_trunc('day', line.started_at), model, sum(list_cost), count(*)
FROM line JOIN charge USING (record_id, line_number) WHERE line.started_at >= ? GROUP BY ALL
"""


def main() -> None:
    """The parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=["append", "ingest", "reads", "size", "reports"])
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--home", type=Path, help="where the large ledger is, or is made")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        empty, large = Path(name) / "empty", given.home or Path(name) / "large"
        if "append" in given.parts:
            appending()
        if {"size", "reports"} & set(given.parts) and not (large / "ledger.duckdb").exists():
            generate(Ledger(large), given.attempts)
        if "size" in given.parts:
            sizes(Ledger(large))
        if "reports" in given.parts:
            reporting(Ledger(large))
        if "ingest" in given.parts:
            print("into an empty ledger:")
            small = taking_in(Watched(empty))
            peer_insert(Path(name))
            if (large / "ledger.duckdb").exists():
                print("into the large ledger:")
                found = taking_in(Watched(large))
                print(", ".join(f"{size:,}: {found[size] / small[size]:.2f} times" for size in found))
        if "reads" in given.parts:
            reading(large if (large / "ledger.duckdb").exists() else empty)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
