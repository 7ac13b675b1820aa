"""Latency: how long answers took until they were there, and until they began, by any groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .attempts import MOST_DIMENSIONS, choose
from .buckets import Buckets
from .exceptions import SettingsError
from .grouping import BUCKET, check_dimensions
from .ledger import Ledger
from .measures import OTHER, Group, Measure
from .questions import run
from .reports import Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """One group, of the attempts that were answered to their end; items of batches have no duration. In seconds."""

    answers: int
    answer_p50: Decimal | None
    answer_p95: Decimal | None
    streams: int
    """Those that say when their first token came."""
    first_token_p50: Decimal | None
    first_token_p95: Decimal | None


_MEASURES: tuple[Measure[Latency], ...] = (
    Measure("Answer p50", "seconds", lambda latency: latency.answer_p50, adds_up=False),
    Measure("Answer p95", "seconds", lambda latency: latency.answer_p95, adds_up=False),
    Measure("First token p50", "seconds", lambda latency: latency.first_token_p50, adds_up=False),
    Measure("First token p95", "seconds", lambda latency: latency.first_token_p95, adds_up=False),
)
LATENCIES: Mapping[str, Measure[Latency]] = {measure.name: measure for measure in _MEASURES}
"""How long answers took, which no total knows."""


def latency_by(
    ledger: Ledger,
    filters: Filters,
    by: Sequence[str],
    *,
    buckets: Buckets | None = None,
    kept: Collection[Group] | None = None,
) -> dict[Group, Latency]:
    """By the members of each group that has answers, in their order; with `kept`, all groups but those are OTHER.

    `by` names one or two dimensions of `reports.cost_by`, after BUCKET where there are `buckets`. Raises SettingsError
    for any other. The quantiles are exact, of the attempts of a group, so that those of two groups make none of both.
    """
    check_dimensions(by, bucketed=buckets is not None)
    over_time = by[0] == BUCKET
    dimensions = list(by[1:] if over_time else by)
    if not 1 <= len(dimensions) <= MOST_DIMENSIONS:
        raise SettingsError(f"by: found {len(dimensions)} dimensions together, expected 1 to {MOST_DIMENSIONS}")
    period = filters.period
    parts = buckets if over_time and buckets else Buckets(period=period, starts=(period.start,), names=("",))
    with ledger.read() as con:
        run(con, "in_seconds")
        parts.prepare(con)
        chosen = choose(con, filters)
        apart = [list(group) for group in kept or ()]
        rows = run(con, "latency", dimensions=dimensions, gathered=kept is not None, kept=apart, other=OTHER, **chosen)
    return {tuple(row.pop("members"))[0 if over_time else 1 :]: Latency(**row) for row in rows}
