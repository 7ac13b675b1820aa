"""Anomalies: false alarms a day, and what is found of days and hours that cost half as much again, twice, three times.

    python benchmarks/anomalies.py [--seeds 8]

Every tenth day (every 61st hour) of the last months of made-up scopes is asked twice: as it was, and with its cost
multiplied. What a shape itself brings (a spike, a change for good) is an alarm there too: those shapes are counted
apart. Compared to: more than three deviations above the same weekday of eight weeks, and twice the mean of 28 days.

To reach: under 1 % false alarms a day in quiet shapes, at least 85 % of x2 and 98 % of x3 found there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

import numpy as np
from spend import HELD_OUT, START, TUNED, Floats, Spend, series, spend

from analytics.anomalies import anomaly
from analytics.series import DAY, HOUR, Series

Rule = Callable[[Series, int], bool]
"""Whether the last complete bucket is one, so many hours after START."""
MINIMUM = Decimal(5)
QUIET = ("plain", "growth", "wandering", "batches", "closing")
TIMES = (1.0, 1.5, 2.0, 3.0, 6.0)


def ours(known: Series, until: int) -> bool:
    """What analytics.anomalies says."""
    return anomaly(known, now=START + until * HOUR, minimum=MINIMUM) is not None


def same_weekday(known: Series, _: int) -> bool:
    """Three deviations above the mean of the same weekday, or hour of the week."""
    amounts = known.amounts()
    same = amounts[:-1][::-1][7 * (DAY // known.step) - 1 :: 7 * (DAY // known.step)][:8]
    return bool(len(same) > 2 and amounts[-1] - same.mean() > max(3 * same.std(ddof=1), float(MINIMUM)))


def fixed(known: Series, _: int) -> bool:
    """Twice the mean of 28 days; four times, for hours."""
    amounts = known.amounts()
    mean = amounts[:-1][-28 * (DAY // known.step) :].mean()
    return bool(amounts[-1] > (2 if known.step == DAY else 4) * mean and amounts[-1] - mean > float(MINIMUM))


RULES: dict[str, Rule] = {"anomalies": ours, "same weekday": same_weekday, "fixed factor": fixed}


def multiplied(each: Spend, until: int, step: timedelta, times: float) -> Series:
    """What is known after so many hours, the last bucket times so much."""
    hours: Floats = each.hours.copy()
    hours[until - step // HOUR : until] *= times
    return series(Spend(each.shape, hours), until, step)


def table(title: str, spends: Sequence[Spend], step: timedelta, moments: range) -> None:
    """Each rule's alarms in per cent, by what the last bucket was multiplied with."""
    cases = [
        (each, until) for each in spends for until in moments if each.hours[until - step // HOUR : until].sum() > 1
    ]
    print(f"\n{title}: {len(cases):,} asked")
    print(f"{'alarms, %':16}", *(f"{f'x{times:g}' if times > 1 else 'as it was':>10}" for times in TIMES), f"{'ms':>8}")
    asked = [[(multiplied(each, until, step, times), until) for each, until in cases] for times in TIMES]
    for name, rule in RULES.items():
        began = time.process_time()
        alarms = [100 * float(np.mean([rule(known, until) for known, until in some])) for some in asked]
        spent = 1000 * (time.process_time() - began) / (len(cases) * len(TIMES))
        print(f"{name:16}", *(f"{found:10.1f}" for found in alarms), f"{spent:8.3f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=8)
    count: int = parser.parse_args().seeds
    days, hours = range(24 * 100, 24 * 205, 240), range(24 * 100, 24 * 205, 61)
    for name, shapes, first in (("tuned", TUNED, 0), ("other seeds", TUNED, 5000), ("other shapes", HELD_OUT, 6000)):
        made = spend(shapes, range(first, first + count))
        quiet = [each for each in made if each.shape in QUIET]
        restless = [each for each in made if each.shape not in QUIET]
        for kind, some in (("quiet", quiet), ("restless", restless)):
            table(f"{name}, days of {kind} shapes", some, DAY, days)
            table(f"{name}, hours of {kind} shapes", some, HOUR, hours)


if __name__ == "__main__":
    main()
