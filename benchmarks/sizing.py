"""What a shared ledger needs at 1, 10 and 100 million calls a day: the table in deploy/README.md.

    python benchmarks/sizing.py [--records 100000]

Records with ids as random as the API's are shipped into ClickHouse in this process, and what each takes of the spool,
the network, the disk and the processor is multiplied. Needs the tests' extra (chdb). What a roll-up takes is from
`engine.py reports` over 10 million attempts.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import random
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from engine_reports import COLUMNS, alone, at
from ledger import a_record

from analytics.clickhouse import cargo, shipping
from analytics.clickhouse.schema import migrate
from analytics.clickhouse.store import Store
from analytics.intake import terms_of
from analytics.slices import unread
from router.spool import Spool, segments

CALLS = (1_000_000, 10_000_000, 100_000_000)
ROLL_UP_SECONDS = 3.8
"""Of one processor, for a million attempts."""
PEAK = 4
"""The busiest hour, in average hours."""


class Measured(NamedTuple):
    """Of one record: bytes, and seconds of one processor."""

    spool: float
    network: float
    disk: float
    usage: float
    """Of `disk`."""
    seconds: float


def measure(folder: Path, records: int) -> Measured:
    """Ship so many."""
    spool, home, dice = Spool(folder / "home"), folder / "home", random.Random(7)  # noqa: S311  # no secret
    for _ in range(records):
        made = a_record()
        counts = {"input_tokens": 9_000, "output_tokens": 900, "cache_read_input_tokens": 60_000}
        counts |= {"cache_creation_input_tokens": 6_000}
        usage = {name: dice.randrange(most) for name, most in counts.items()}
        request, message = (f"{kind}_01{uuid.uuid4().hex[:24]}" for kind in ("req", "msg"))
        spool.append(
            made._replace(
                call_id=f"stainless-python-retry-{uuid.uuid4()}",
                duration_ms=dice.uniform(300, 9000),
                usage={**(made.usage or {}), **usage},
                request_id=request,
                message_id=message,
            )
        )
    spool.close()
    size = sum(segment.path.stat().st_size for segment in segments(home))
    engine, terms, now = at(folder / "engine"), terms_of(home), datetime.now(UTC)
    migrate(engine)
    batch = next(unread(segments(home), {}, batch_bytes=shipping.BATCH_BYTES))
    packed = cargo.pack(shipping.Plan((), 0), batch, terms, machine="one", file=folder / "cargo.parquet")
    used = time.process_time()
    shipping.ship(home, engine, terms, now=now)
    seconds = time.process_time() - used
    with contextlib.closing(Store(engine)) as store:
        store.command("OPTIMIZE TABLE attempt FINAL")
        columns = {name: size for name, size, _ in store.rows(COLUMNS.replace("LIMIT 12", ""))[1]}
    return Measured(
        spool=size / records,
        network=len(packed.attempts) / packed.sent,
        disk=sum(columns.values()) / records,
        usage=columns["usage"] / records,
        seconds=seconds / records,
    )


def table(one: Measured) -> str:
    """In Markdown, a column a size."""
    without, day = one.disk - one.usage, 86_400
    rows = {
        "attempts a second, on average": [f"{calls / day:,.0f}" for calls in CALLS],
        "spool, if the engine is away for a day": [giga(calls * one.spool) for calls in CALLS],
        "network, a day": [giga(calls * one.network) for calls in CALLS],
        "rating, shipping, inserting: processors, on average": [f"{calls * one.seconds / day:.3f}" for calls in CALLS],
        f"the same in an hour {PEAK} times as busy": [f"{PEAK * calls * one.seconds / day:.2f}" for calls in CALLS],
        "roll-ups: minutes of one processor a day": [f"{calls / 60e6 * ROLL_UP_SECONDS:.1f}" for calls in CALLS],
        "disk of the engine, a day": [giga(calls * one.disk) for calls in CALLS],
        "a month, with usage objects": [giga(30 * calls * one.disk) for calls in CALLS],
        "a month, without": [giga(30 * calls * without) for calls in CALLS],
        "a year, with usage objects": [giga(365 * calls * one.disk) for calls in CALLS],
        "a year, those of 90 days alone": [giga(calls * (365 * without + 90 * one.usage)) for calls in CALLS],
    }
    heads = ["Calls a day", *(f"{calls // 10**6} million" for calls in CALLS)]
    lines = [heads, ["---", *("---:" for _ in CALLS)], *([name, *cells] for name, cells in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def giga(size: float) -> str:
    """Bytes in GB."""
    return f"{size / 1e9:,.1f} GB" if size < 1e11 else f"{size / 1e12:,.1f} TB"


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    with tempfile.TemporaryDirectory() as name:
        one = alone("measuring", measure, Path(name), parser.parse_args().records)
    print(
        f"one attempt: {one.spool:.0f} bytes of spool, {one.network:.0f} of network, {one.disk:.0f} of the engine's "
        f"disk, of which {one.usage:.0f} of the usage object; {one.seconds * 1e6:.0f} us of processor"
    )
    print(table(one))


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
