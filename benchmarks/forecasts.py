"""Back-tests of the forecast against simpler ones: how far off at several moments of many months, weeks and days.

    python benchmarks/forecasts.py [--seeds 8] [--demo HOME]

Errors are |expected - actual| at the end of the period, in per cent of what the period cost, or of what such a period
cost the scope on average if that is more (a quiet day of a few cents is nobody's error of 1,000 %). The numbers in
analytics/level.py were chosen on the tuned shapes and seeds; none was fitted to the other ones.
HOME: where `tollgate demo` wrote its ledger.

ms are of the processor.

To reach: less wrong than "same as last week" and the run rate, coverage near 80 %, under 0.5 ms a forecast.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from spend import HELD_OUT, START, TUNED, Floats, Spend, series, spend

from analytics.forecast import forecast
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.reports import Filters, cost_by
from analytics.series import DAY, HOUR
from router.periods import Span

CHOSEN = "forecast"
COMPARED = ("run rate", "last week")


@dataclass(frozen=True, slots=True)
class Moment:
    """Hours of a scope's spend, one of which is now."""

    spend: Spend
    start: int
    now: int
    end: int
    step: timedelta

    @property
    def coming(self) -> float:
        """What the rest of the period cost."""
        return float(self.spend.hours[self.now : self.end].sum())

    @property
    def total(self) -> float:
        """What the period cost."""
        return float(self.spend.hours[self.start : self.end].sum())

    def known(self) -> Floats:
        """Buckets of the step that are complete, from the first that cost anything; hours of whole days."""
        size = self.step // HOUR
        past = self.spend.hours[: self.now // size * size].reshape(-1, size).sum(axis=1)
        spent = np.flatnonzero(past)
        if not len(spent):
            return past[:0]
        whole = 24 if self.step == HOUR else 1
        return past[spent[0] // whole * whole :]

    def shares(self) -> Floats:
        """How much of each bucket from the one under way on lies before the end."""
        size = self.step // HOUR
        ends = np.arange(self.now // size + 1, -(-self.end // size) + 1) * size
        return (np.minimum(ends, self.end) - np.maximum(ends - size, self.now)) / size


Method = Callable[[Moment], float]


def run_rate(moment: Moment) -> float:
    """On as since the start of the period."""
    so_far = moment.spend.hours[moment.start : moment.now]
    return float(so_far.mean()) * (moment.end - moment.now)


def _repeated(moment: Moment, week: Callable[[Floats], Floats]) -> float:
    """The next buckets as `week` makes them of a table of weeks; the mean where there is no week."""
    known, size = moment.known(), 7 * (DAY // moment.step)
    if not len(known):
        return 0.0
    table = known[len(known) % size :].reshape(-1, size)
    coming = week(table) if len(table) else np.full(size, known.mean())
    return float(np.resize(coming, len(moment.shares())) @ moment.shares())


def last_week(moment: Moment) -> float:
    """As a week ago."""
    return _repeated(moment, lambda weeks: weeks[-1])


def four_weeks(moment: Moment) -> float:
    """The mean of the last four."""
    return _repeated(moment, lambda weeks: weeks[-4:].mean(axis=0))


def smoothed(moment: Moment) -> float:
    """Seasonal exponential smoothing: each week counts 0.4 of what is left."""

    def week(weeks: Floats) -> Floats:
        state = weeks[0]
        for each in weeks[1:]:
            state = state + 0.4 * (each - state)
        return state

    return _repeated(moment, week)


METHODS: dict[str, Method] = {
    "run rate": run_rate,
    "last week": last_week,
    "mean of 4 weeks": four_weeks,
    "smoothing": smoothed,
}


def moments(spends: Sequence[Spend], days: int, step: timedelta, at: Sequence[int], starts: range) -> list[Moment]:
    """Periods of some days with `at` hours of them gone, where something was spent and three days are known."""
    found = list[Moment]()
    for each in spends:
        for start in starts:
            for hour in at:
                moment = Moment(each, 24 * start, 24 * start + hour, 24 * (start + days), step)
                spent = np.flatnonzero(each.hours[: moment.now])
                if moment.total > 0 and len(spent) and moment.now // 24 - spent[0] // 24 >= 3:
                    found.append(moment)
    return found


def table(title: str, cases: Sequence[Moment]) -> None:
    """Each method's errors by shape, and what the chosen one gains."""
    shapes = list(dict.fromkeys(case.spend.shape for case in cases))
    of = np.array([case.spend.shape for case in cases])
    print(f"\n{title}: {len(cases):,} forecasts")
    print(f"{'mean error, %':16}", *(f"{shape[:9]:>9}" for shape in shapes), f"{'all':>9}{'p90':>8}{'ms':>8}")
    means = dict[str, float]()
    for name, method in METHODS.items():
        began = time.process_time()
        said = [method(case) for case in cases]
        spent = time.process_time() - began
        means[name] = _print_errors(name, errors(said, cases), of, shapes, 1000 * spent / len(cases))
    said, inside, milliseconds = judged(cases)
    means[CHOSEN] = _print_errors(CHOSEN, errors(said, cases), of, shapes, milliseconds)
    covered = " ".join(f"{100 * inside[of == shape].mean():9.0f}" for shape in shapes)
    print(f"{'80 % holds, %':16} {covered} {100 * inside.mean():8.0f}")
    print("; ".join(f"{CHOSEN} / {name}: {means[CHOSEN] / means[name]:.2f}" for name in COMPARED))


def errors(said: Sequence[float], cases: Sequence[Moment]) -> Floats:
    """In per cent of what the period cost, or of the scope's average if that is more."""
    totals = defaultdict[int, list[float]](list)
    for case in cases:
        totals[id(case.spend)].append(case.total)
    average = {scope: sum(found) / len(found) for scope, found in totals.items()}
    pairs = zip(said, cases, strict=True)
    return np.array([100 * abs(one - case.coming) / max(case.total, average[id(case.spend)]) for one, case in pairs])


def judged(cases: Sequence[Moment]) -> tuple[list[float], Floats, float]:
    """What the forecast says, whether its interval holds what came, and the milliseconds each took."""
    said, inside, spent = list[float](), list[bool](), 0.0
    for case in cases:
        known = series(case.spend, case.now, case.step)
        period = Span(START + case.start * HOUR, START + case.end * HOUR)
        began = time.process_time()
        found = forecast(known, now=START + case.now * HOUR, period=period, spent=Decimal(0))
        spent += time.process_time() - began
        assert found is not None  # noqa: S101  # three days are known
        said.append(float(found.expected))
        inside.append(float(found.low) - 1e-6 <= case.coming <= float(found.high) + 1e-6)
    return said, np.array(inside, dtype=np.float64), 1000 * spent / len(cases)


def _print_errors(name: str, wrong: Floats, of: Floats, shapes: Sequence[str], milliseconds: float) -> float:
    by_shape = " ".join(f"{wrong[of == shape].mean():9.1f}" for shape in shapes)
    print(f"{name:16} {by_shape} {wrong.mean():9.2f}{np.quantile(wrong, 0.9):8.1f}{milliseconds:8.3f}")
    return float(wrong.mean())


def demo(home: str) -> list[Spend]:
    """The month of `tollgate demo`, altogether and by team."""
    ledger, start = Ledger(home), datetime(2026, 1, 1, tzinfo=UTC)
    filters = Filters(period=Period(start, start + timedelta(days=4000)))
    rows = cost_by(ledger, filters, ("hour", "tag:team"))
    hours = {row.group[0]: datetime.fromisoformat(f"{row.group[0]}+00:00") for row in rows}
    first = min(hours.values()).replace(hour=0)
    last = max(hours.values()).replace(hour=23)
    size = (last - first) // HOUR + 1
    by_team = dict[str, Floats]()
    for row in rows:
        at = (hours[row.group[0]] - first) // HOUR
        for name in ("all", str(row.group[1])):
            by_team.setdefault(name, np.zeros(size))[at] += float(row.list_cost or 0)
    return [Spend(name, amounts) for name, amounts in sorted(by_team.items())]


def every_table(name: str, spends: Sequence[Spend]) -> None:
    """Months and weeks from days, days from hours."""
    table(f"{name}, months from days", moments(spends, 30, DAY, [24 * d + 12 for d in (4, 9, 14, 19, 24)], months))
    table(f"{name}, weeks from days", moments(spends, 7, DAY, [24 * d + 12 for d in (1, 3, 5)], weeks))
    table(f"{name}, days from hours", moments(spends, 1, HOUR, [6, 10, 14, 18], weeks))


months = range(120, 181, 30)
weeks = range(123, 200, 17)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--demo")
    arguments = parser.parse_args()
    count: int = arguments.seeds
    every_table("tuned", spend(TUNED, range(count)))
    every_table("other seeds", spend(TUNED, range(5000, 5000 + count)))
    every_table("other shapes", spend(HELD_OUT, range(6000, 6000 + 2 * count)))
    if arguments.demo:
        teams = demo(arguments.demo)
        size = len(teams[0].hours) // 24
        table("demo, its month from days", moments(teams, size, DAY, [24 * d + 12 for d in range(9, 27, 2)], range(1)))
        table("demo, weeks from days", moments(teams, 7, DAY, [24 * d + 12 for d in (1, 3, 5)], range(7, size - 7)))
        table("demo, days from hours", moments(teams, 1, HOUR, [8, 12, 16], range(7, size)))


if __name__ == "__main__":
    main()
