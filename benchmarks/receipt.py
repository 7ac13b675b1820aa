"""What one receipt takes: the first of a process, a call that was priced before, a new one, and one of many.

    python benchmarks/receipt.py [--calls 200]

To reach: under 2 ms per call after the first.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from analytics.rating import price, price_all

AT = datetime(2026, 11, 10, tzinfo=UTC)


def usage(number: int) -> dict[str, Any]:
    return {"input_tokens": number, "output_tokens": 425, "cache_read_input_tokens": 20_000, "service_tier": "batch"}


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def one(number: int) -> object:
    return price(model="claude-opus-5-5", at=AT, usage=usage(number))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200)
    calls: int = parser.parse_args().calls
    print(f"first                {milliseconds(lambda: one(0)):9.2f} ms")
    again = [milliseconds(lambda: one(0)) for _ in range(calls)]
    new = [milliseconds(lambda number=number: one(number)) for number in range(1, calls + 1)]
    print(f"the same call again  {statistics.median(again):9.3f} ms")
    print(f"a new call, alone    {statistics.median(new):9.2f} ms")
    many = [{"model": "claude-opus-5-5", "at": AT, "usage": usage(number)} for number in range(10_000, 20_000)]
    print(f"a new call of 10,000 {milliseconds(lambda: price_all(many)) / len(many):9.3f} ms")


if __name__ == "__main__":
    main()
