"""How fast the shared ledger is, with ClickHouse in this process; beside it DuckDB, of the same attempts.

    python benchmarks/engine.py ship reports [--records 200000] [--attempts 10000000] [--home FOLDER] [--engine FOLDER]

Needs the tests' extra (chdb). `ship` is a machine that ships, beside one that ingests. The parts of a batch are timed
alone, before all of it is timed as it is run: there batches are read and rated while those before are sent. `reports`
asks what the dashboard asks, over the ledger in --home and over a copy in --engine; what is not there is made, and
stays. Seconds of the processor, the engine's too, stand beside those of the clock: on a machine that does other
things, they are what can be compared.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from engine_reports import compare
from ledger import fill

from analytics import intake, slices
from analytics.clickhouse.address import Address
from analytics.clickhouse.schema import migrate
from analytics.clickhouse.shipping import BATCH_BYTES, ship
from analytics.clickhouse.store import Store
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.questions import run
from router.spool import segments


@contextlib.contextmanager
def timed(what: str, records: int) -> Generator[None]:
    """Say how long it took."""
    began, used = time.perf_counter(), time.process_time()
    yield
    seconds, worked = time.perf_counter() - began, time.process_time() - used
    rate = f"{records / seconds:,.0f} records/s, {records / worked:,.0f} a second of processor"
    print(f"{what}: {seconds:.2f} s ({worked:.2f} s of processor), {rate}")


def parts(home: Path, address: Address, terms: intake.Terms) -> None:
    """One batch, step by step."""
    batch = next(slices.unread(segments(home), {}, batch_bytes=BATCH_BYTES))
    lines = [line for piece in batch for line in piece.lines()]
    print(f"one batch: {len(lines):,} records, {sum(len(piece.data) for piece in batch) / 1e6:.1f} MB of spool")
    intake.offer(terms, lambda con: intake.stage(con, lines)).close()  # has the private DuckDB made
    file = home / "cargo.parquet"
    began = time.process_time()
    with contextlib.closing(intake.offer(terms, lambda con: intake.stage(con, lines))) as con:
        offered = time.process_time()
        run(con, "ship_attempts", file=str(file), machine="one", rules="", rated_at=0)
        written = time.process_time()
        columns = [row["column_name"] for row in run(con, "ship_columns", file=str(file))]
    parquet = file.read_bytes()
    with contextlib.closing(Store(address)) as store:
        store.insert("attempt", parquet, token="first", columns=columns)  # noqa: S106  # no secret
        sending = time.process_time()
        store.insert("attempt", parquet, token="second", columns=columns)  # noqa: S106  # none
        inserted = time.process_time()
        store.command("TRUNCATE TABLE attempt")
    print(
        f"  of the processor: parse and rate {offered - began:.2f} s, write Parquet {written - offered:.2f} s "
        f"({len(parquet) / 1e6:.2f} MB), insert {inserted - sending:.2f} s"
    )


def shipping(records: int) -> None:
    """Ship and ingest the same records."""
    terms = intake.terms_of(Path("nowhere"))
    with tempfile.TemporaryDirectory() as name:
        shipped, ingested = Path(name) / "shipped", Path(name) / "ingested"
        fill(shipped, records)
        shutil.copytree(shipped, ingested)
        address = replace(Address.parse(f"chdb://{name}/engine"), database="tollgate")
        migrate(address)
        parts(shipped, address, terms)
        before = _memory()
        with timed("ship into ClickHouse, in this process", records):
            report = ship(shipped, address, terms, now=datetime.now(UTC))
        assert report.sent == records  # noqa: S101  # else the figures mean nothing
        print(f"  most memory: {_memory():,} MB, of which {before:,} MB before, with the engine and one batch")
        with timed("ingest into DuckDB", records):
            ingest(Ledger(ingested), terms[0])


def main() -> None:
    """The parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=["ship", "reports"])
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--home", type=Path, help="where the large ledger is, or is made")
    parser.add_argument("--engine", type=Path, help="where ClickHouse keeps a copy of it")
    given = parser.parse_args()
    if "ship" in given.parts:
        shipping(given.records)
    if "reports" in given.parts:
        with tempfile.TemporaryDirectory() as name:
            compare(given.home or Path(name) / "large", given.engine or Path(name) / "engine", given.attempts)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
