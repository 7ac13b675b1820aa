"""How long it takes to rate, to rate again, to take in and to load prices, against a loop over Decimals in Python.

    python benchmarks/rating.py [--attempts 5000000] [--memory 3GB]

To reach, on two cores: re-rating 5 million attempts in under 10 s and under 4 GB; loading and checking pricing.yaml in
under 150 ms; ingest of 40,000 records/s.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics import rating
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.prices import BUCKETS, PriceTable
from analytics.rerate import rerate
from router.record import UsageRecord, from_nanoseconds, new_record_id
from router.spool import Spool

SAMPLE = 20_000
NOON = int(datetime(2026, 11, 10, 12, tzinfo=UTC).timestamp()) * 10**9


@contextmanager
def timed(what: str, count: int | None = None) -> Generator[None]:
    """Print how long the block took, and the most memory that this process ever had."""
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    rate = f", {count / seconds:,.0f}/s" if count else ""
    print(f"{what}: {seconds:.2f} s{rate} (peak so far {peak_gb():.2f} GB)", flush=True)


def peak_gb() -> float:
    """Of resident memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def generate(ledger: Ledger, attempts: int) -> None:
    """Attempts straight into `usage`: this is about rating."""
    text = Path(__file__).with_name("attempts.sql").read_text(encoding="utf-8")
    with ledger.write() as con:
        con.execute(text, {"attempts": attempts, "users": 0})


def rate_all(ledger: Ledger, prices: PriceTable) -> None:
    """The first rating: lines and charges of everything."""
    with ledger.write() as con:
        con.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT record_id FROM usage")
        rating.rate(con, prices)


def dearer(prices: PriceTable, folder: Path, number: int) -> PriceTable:
    """The same table with every price of every model a little higher."""
    data: dict[str, Any] = prices.file.dump()
    for model in data["models"].values():
        for row in model.get("prices", ()):
            row.update(
                {bucket: str(Decimal(row[bucket]) + Decimal("0.01") * number) for bucket in BUCKETS if bucket in row}
            )
    path = folder / f"pricing-{number}.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    return PriceTable.load(path)


def by_hand(ledger: Ledger, prices: PriceTable) -> int:
    """The naive peer: a sample in a loop, each bucket times its price in Decimal. No modifiers, no checks."""
    with ledger.read() as con:
        rows = con.execute("SELECT model, started_at, usage FROM usage LIMIT $1", [SAMPLE]).fetchall()
    owners = {name: model for model in prices.file.models.values() for name in model.ids.anthropic}
    total, lines = Decimal(0), 0
    for name, at, text in rows:
        if text is None or name not in owners:
            continue
        lines += 1
        usage, day = json.loads(text), at.date()
        row = next((row for row in owners[name].prices or () if row.from_ <= day < row.to), None)
        if row is None:
            continue
        split = usage["cache_creation"]
        total += usage["input_tokens"] * row.input / 10**6 + usage["output_tokens"] * row.output / 10**6
        total += split["ephemeral_5m_input_tokens"] * (row.cache_write_5m or 0) / 10**6
        total += split["ephemeral_1h_input_tokens"] * (row.cache_write_1h or 0) / 10**6
        total += usage["cache_read_input_tokens"] * (row.cache_read or 0) / 10**6
    return lines


def a_record(number: int) -> UsageRecord:
    """A plain answered call."""
    moment = NOON + number * 10**6
    usage = {"input_tokens": 900, "output_tokens": 80, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 500}
    return UsageRecord(
        record_id=new_record_id(moment),
        call_id=f"call-{number}",
        attempt=1,
        started_at=from_nanoseconds(moment),
        duration_ms=800.0,
        requested_model="claude-opus-5-5",
        sent_model="claude-haiku-5-5",
        model="claude-haiku-5-5",
        max_tokens=1024,
        task_type="classify",
        tier="haiku",
        tags={"team": f"team-{number % 12}"},
        status=200,
        stop_reason="end_turn",
        content_empty=False,
        usage=usage | {"service_tier": "standard"},
    )


def seconds(work: Callable[[], object]) -> float:
    """How long it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def time_ingest(folder: Path, prices: PriceTable) -> None:
    """Spool -> ledger, rated: a small batch on a ledger that is warm, then a large one."""
    ledger = Ledger(folder / "ingest")
    for count in (1, 1_000, 1_000, 100_000):
        spool = Spool(ledger.home)
        for number in range(count):
            spool.append(a_record(number))
        spool.close()
        took = seconds(lambda: ingest(ledger, prices))
        print(f"ingest and rate {count:,} records: {took * 1000:,.0f} ms, {count / took:,.0f}/s")


def main() -> None:
    """Everything, in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=5_000_000)
    parser.add_argument("--memory", default="3GB", help="what DuckDB may use")
    arguments = parser.parse_args()
    print(f"load and check pricing.yaml: {seconds(PriceTable.load) * 1000:.0f} ms")
    prices, attempts = PriceTable.load(), arguments.attempts
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger = Ledger(folder)
        with ledger.private() as con:
            con.execute(f"SET GLOBAL memory_limit = '{arguments.memory}'")
            con.execute(f"SET GLOBAL threads = 2; SET GLOBAL temp_directory = '{folder / 'spill'}'")
        time_ingest(folder, prices)
        with timed(f"generate {attempts:,} attempts", attempts):
            generate(ledger, attempts)
        with timed("lines and charges, the first time", attempts):
            rate_all(ledger, prices)
        began = time.perf_counter()
        with timed("rate again: every price changed", attempts):
            rerate(ledger, dearer(prices, folder, 1), now=datetime.now(UTC))
        ours = time.perf_counter() - began
        with ledger.write() as con:
            con.execute("UPDATE rule SET lines = 'older'")
        with timed("rate again: prices and rules changed, lines rebuilt", attempts):
            rerate(ledger, dearer(prices, folder, 2), now=datetime.now(UTC))
        sample = seconds(lambda: by_hand(ledger, prices))
        naive = sample * attempts / min(SAMPLE, attempts)
        print(f"a loop over Decimals: {naive:.0f} s, scaled from a sample of {SAMPLE:,}; ratio {naive / ours:.1f}")


if __name__ == "__main__":
    main()
