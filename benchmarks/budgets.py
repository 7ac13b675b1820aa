"""How fast budgets are: all of them evaluated over 10 million attempts, and what the guard adds to a call.

    python benchmarks/budgets.py evaluate [--attempts 10000000] [--home FOLDER]
    python benchmarks/budgets.py guard

`evaluate` keeps the ledger that it makes in FOLDER, if one is given. Beside it, in the same run: each budget asked by
itself, and a bare transaction of SQLite.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from ledger import generate, spread  # beside this file

from analytics.alerts.budget_conditions import conditions
from analytics.budgets import Budget, Threshold, Told
from analytics.ledger import Ledger
from analytics.spending import spending
from router.guard import Ask, BudgetGuard, Hold
from router.periods import Every, Recurrence
from router.reservations import Guarded, Reservations

USERS = 100_000
PROCESSES, CALLS = 8, 1_500
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
KINDS: tuple[Every, ...] = ("day", "week", "month")
BODY: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hi " * 300}],
}


def budgets() -> list[Budget]:
    """999 over teams, features, models and task types, in three kinds of periods and four zones; one for each user."""
    scopes: list[dict[str, tuple[str, ...]]] = [
        *({"tag:team": (f"team-{number % 12}",), "tag:feature": (f"feature-{number % 40}",)} for number in range(333)),
        *({"tag:feature": (f"feature-{number % 40}",), "model": ("*",)} for number in range(333)),
        *({"task_type": ("*",), "tag:feature": ("*",)} for _ in range(333)),
    ]
    rules = [
        a_budget(f"budget {number}", scope, Recurrence(KINDS[number % 3], ZONES[number % 4]))
        for number, scope in enumerate(scopes)
    ]
    return [*rules, a_budget("each user", {"user_id": ("*",)}, Recurrence("month"))]


def a_budget(name: str, scope: dict[str, tuple[str, ...]], recurrence: Recurrence) -> Budget:
    thresholds = tuple(threshold for text in ("80 %", "100 %") if (threshold := Threshold.parse(text)))
    return Budget(
        name=name, amount=Decimal(10**6), scope=scope, recurrence=recurrence, thresholds=thresholds, told=Told()
    )


def evaluate(home: Path, attempts: int) -> None:
    """Spend of every budget and value, and which thresholds it crosses."""
    ledger = Ledger(home)
    if not ledger.path.exists():
        generate(ledger, attempts, users=USERS)
    rules, now = budgets(), datetime.now(UTC)
    seconds, values = timed(lambda: crossed(ledger, rules, now), 3)
    print(f"{len(rules):,} budgets, {values:,} values of them: {spread(seconds)} (to reach: 2 s)")
    without, _ = timed(lambda: crossed(ledger, rules[:-1], now), 3)
    print(f"  without the one for each user: {spread(without)}")
    alone, _ = timed(lambda: sum(crossed(ledger, [rule], now) for rule in rules[:10]), 3)
    ratio = min(alone) * len(rules) / 10 / min(without)
    print(f"  each budget asked by itself, of ten: {spread(alone)}; all of them so: {ratio:.0f} times as long")


def crossed(ledger: Ledger, rules: list[Budget], now: datetime) -> int:
    """How many values there are; as an evaluation goes through them."""
    count = 0
    with ledger.read() as con:
        for spend in spending(con, rules, now=now):
            count += 1
            for _ in conditions(spend, lambda _: None, now=now):
                pass
    return count


def timed(work: Callable[[], int], times: int) -> tuple[list[float], int]:
    """Seconds of each time, and what it came to."""
    seconds: list[float] = []
    found = 0
    for _ in range(times):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
    return seconds, found


def guard() -> None:
    """What holding and settling take, with eight processes at one budget; and with a call that none covers."""
    for processes, pause in ((1, 0.0), (PROCESSES, 0.0), (PROCESSES, 0.02)):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            cap = Guarded("cap", 10**18, "refuse", (("tag:team", ("search",)),), Recurrence("month"))
            Reservations(home).publish([cap], [], {}, now=0)
            held, settled = side_by_side(processes, _hold, home, pause)
            bare, _ = side_by_side(processes, _insert, home, pause)
        often = "one after the other" if not pause else f"every {pause * 1000:.0f} ms"
        print(f"{processes} processes, {often}:")
        print(f"  hold {spread(held)} (to reach at 8: 200 us), settle {spread(settled)}")
        print(f"  a bare transaction of SQLite {spread(bare)}; hold against it {median(held) / median(bare):.1f}")
    with tempfile.TemporaryDirectory() as folder:
        watch, ask = BudgetGuard(home=folder), Ask("call", "claude-haiku-5-5", {}, {})
        seconds = [_timed(lambda: watch.hold(ask, BODY))[0] for _ in range(10_000)]
        print(f"a call that no budget covers: {spread(seconds)}")


def median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def side_by_side(
    processes: int, work: Callable[..., None], home: Path, pause: float
) -> tuple[list[float], list[float]]:
    """What each of the processes measured, together."""
    queue: multiprocessing.Queue[tuple[list[float], list[float]]] = multiprocessing.Queue()
    barrier = multiprocessing.Barrier(processes)
    running = [multiprocessing.Process(target=work, args=(home, pause, barrier, queue)) for _ in range(processes)]
    for process in running:
        process.start()
    found = [queue.get() for _ in running]
    for process in running:
        process.join()
    first, second = zip(*found, strict=True)
    return list(itertools.chain(*first)), list(itertools.chain(*second))


def _hold(home: Path, pause: float, barrier: Barrier, queue: Any) -> None:
    watch = BudgetGuard(home=home)
    ask = Ask("call", "claude-haiku-5-5", {"model": "claude-haiku-5-5"}, {"team": "search"})
    watch.hold(ask, BODY)
    barrier.wait()
    held: list[float] = []
    settled: list[float] = []
    for number in range(CALLS if not pause else CALLS // 10):
        seconds, hold = _timed(lambda number=number: watch.hold(ask._replace(call_id=str(number)), BODY))
        assert isinstance(hold, Hold)  # noqa: S101  # the budget is without end
        held.append(seconds)
        settled.append(_timed(hold.release)[0])
        time.sleep(pause)
    queue.put((held, settled))


def _insert(home: Path, pause: float, barrier: Barrier, queue: Any) -> None:
    con = sqlite3.connect(home / "bare.sqlite", timeout=60, isolation_level=None)
    con.execute("PRAGMA busy_timeout = 60000")
    con.execute("PRAGMA journal_mode = WAL")
    con.execute("PRAGMA synchronous = NORMAL")
    con.execute("CREATE TABLE IF NOT EXISTS bare (number INTEGER)")
    barrier.wait()
    seconds: list[float] = []
    for number in range(CALLS if not pause else CALLS // 10):
        seconds.append(_timed(lambda number=number: con.execute("INSERT INTO bare VALUES (?)", (number,)))[0])
        time.sleep(pause)
    queue.put((seconds, []))


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["evaluate", "guard"], nargs="+")
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    if "guard" in given.what:
        guard()
    if "evaluate" in given.what:
        with tempfile.TemporaryDirectory() as folder:
            evaluate(given.home or Path(folder), given.attempts)


if __name__ == "__main__":
    main()
