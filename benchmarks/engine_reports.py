"""The reports behind the dashboard, of the same attempts in DuckDB and in ClickHouse: `engine.py reports`.

Each step is a process of its own, so that the memory of one engine is not that of the other. Figures are the median of
some runs after a first one that is not counted; beside the clock stand the seconds of the processor.
"""

from __future__ import annotations

import contextlib
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from asked import QUESTIONS
from ledger import generate

from analytics import reports
from analytics.clickhouse import logbook
from analytics.clickhouse.address import Address
from analytics.clickhouse.ledger import SharedLedger
from analytics.clickhouse.making import make
from analytics.clickhouse.moving import move
from analytics.clickhouse.store import Store
from analytics.exceptions import LedgerError
from analytics.ledger import Ledger

GOAL_MS = 500
RUNS = 5
FRESH_SECONDS = 61
"""So long roll-ups of what has just come do not count: more may be on its way."""
_Answer = TypeVar("_Answer")


class Asked(NamedTuple):
    """How long a question took, in milliseconds, and its answer; or why there is none."""

    clock: float = 0
    processor: float = 0
    answer: object = None
    trouble: str = ""


def compare(home: Path, engine: Path, attempts: int) -> None:
    """Make what is missing, ask both, and say how long each took."""
    if not (home / "ledger.duckdb").exists():
        generate(Ledger(home), attempts)
    if not engine.exists():
        alone("moving into ClickHouse", load, home, engine)
        time.sleep(FRESH_SECONDS)
        alone("rolling up again what came just before", roll_up, engine)
    alone("", sizes, home, engine)
    theirs = alone("the questions, in DuckDB", ask, home, None)
    ours = alone("the questions, in ClickHouse", ask, home, engine)
    print(f"{'milliseconds: clock (processor)':<42} {'DuckDB':>16} {'ClickHouse':>16}  ratio")
    for name in QUESTIONS:
        print(f"{name:<42} {_compared(theirs[name], ours[name])}")


def _compared(theirs: Asked, ours: Asked) -> str:
    if trouble := theirs.trouble or ours.trouble:
        return f"{theirs.clock:7,.0f} ({theirs.processor:6,.0f})  not yet in ClickHouse: {trouble}"
    said = f"{theirs.clock:7,.0f} ({theirs.processor:6,.0f}) {ours.clock:7,.0f} ({ours.processor:6,.0f})"
    said += f"  {ours.clock / max(theirs.clock, 0.1):5.1f}"
    said += f"   over {GOAL_MS} ms" if ours.clock > GOAL_MS else ""
    return said + ("" if theirs.answer == ours.answer else "   ANOTHER ANSWER")


def alone(what: str, work: Callable[..., _Answer], *given: object) -> _Answer:
    """In a process of its own; says what it took."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        answer, clock, processor, memory = pool.submit(_measured, work, *given).result()
    if what:
        print(f"{what}: {clock:,.0f} s ({processor:,.0f} of processor), most memory {memory:,} MB", flush=True)
    return answer


def _measured(work: Callable[..., Any], *given: object) -> tuple[Any, float, float, int]:
    began, used = time.perf_counter(), time.process_time()
    answer = work(*given)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return answer, time.perf_counter() - began, time.process_time() - used, memory


def at(engine: Path) -> Address:
    """The ledger of an engine in this process."""
    return Address(host="", port=0, database="tollgate", user="", password="", secure=False, folder=str(engine))


def shared(engine: Path) -> SharedLedger:
    """What asks it, of a machine that has shipped all it had."""
    logbook.folder(engine / "home").mkdir(parents=True, exist_ok=True)
    logbook.write(engine / "home", logbook.Logbook(ledger=str(at(engine))))
    return SharedLedger(engine / "home", at(engine))


def load(home: Path, engine: Path) -> None:
    """As `tollgate ledger migrate` does, roll-ups and the comparison of every day included."""
    target = SharedLedger(engine / "home", at(engine))
    done = move(
        Ledger(home),
        target,
        now=datetime.now(UTC),
        progress=lambda done, due: print(f"  {done:,} of {due:,}", end="\r", flush=True),
    )
    assert not done.different  # noqa: S101  # else the figures mean nothing


def roll_up(engine: Path) -> None:
    """As the scheduler does once a minute."""
    make(shared(engine), every=True)


def ask(home: Path, engine: Path | None) -> dict[str, Asked]:
    """Each question of one engine."""
    ledger = shared(engine) if engine else Ledger(home)
    last = reports.health(ledger).last_at
    if last is None:
        raise SystemExit(f"{home} has no attempts")
    return {name: _asked(partial(question, ledger, last)) for name, question in QUESTIONS.items()}


def _asked(question: Callable[[], object]) -> Asked:
    try:
        answer = question()
    except LedgerError as error:
        return Asked(trouble=str(error).partition(": ")[2][:90])
    clocks: list[float] = []
    processors: list[float] = []
    for _ in range(RUNS):
        began, used = time.perf_counter(), time.process_time()
        question()
        clocks.append(time.perf_counter() - began)
        processors.append(time.process_time() - used)
    return Asked(statistics.median(clocks) * 1e3, statistics.median(processors) * 1e3, answer)


PARTS = """
SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts WHERE active AND database = currentDatabase()
GROUP BY table HAVING sum(rows) > 0 ORDER BY 3 DESC
"""
COLUMNS = """
SELECT if(startsWith(name, 'lines.'), 'lines', name) AS which, sum(data_compressed_bytes), sum(data_uncompressed_bytes)
FROM system.columns WHERE database = currentDatabase() AND table = 'attempt' GROUP BY which ORDER BY 2 DESC LIMIT 12
"""


def sizes(home: Path, engine: Path) -> None:
    """What each takes of the disk."""
    with contextlib.closing(Store(at(engine))) as store:
        parts, columns = store.rows(PARTS)[1], store.rows(COLUMNS)[1]
    attempts = next(rows for table, rows, *_ in parts if table == "attempt")
    file = (home / "ledger.duckdb").stat().st_size
    print(f"DuckDB's file, roll-ups and all: {file / 1e6:,.0f} MB, {file / attempts:.1f} bytes an attempt")
    for table, rows, size, count in parts[:3]:
        print(f"{table}: {rows:,} rows in {count} parts, {size / 1e6:,.0f} MB, {size / attempts:.1f} bytes an attempt")
    for name, size, plain in columns:
        print(f"  {name:<16} {size / attempts:6.1f} bytes an attempt, {plain / attempts:7.1f} before compression")
