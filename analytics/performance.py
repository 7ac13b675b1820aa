"""Performance: how long answers took, how long they are, and how attempts ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from .attempts import buckets, check_two, choose
from .exceptions import SettingsError
from .ledger import Ledger
from .period import Period
from .questions import run
from .reports import Filters, grouped

Measure = Literal["duration_ms", "time_to_first_token_ms"]


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Exact, interpolated between neighbours. None: of no attempt was it known."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceRow:
    """One group. An attempt is answered if it succeeded and its answer was seen to its end."""

    group: tuple[str | None, ...]
    calls: int
    """A call counts in the group of its last attempt."""
    attempts: int
    failed_attempts: int
    incomplete_attempts: int
    """Streams that ended before their answer did."""
    open_attempts: int
    """Streams that have begun and not ended."""
    timed_attempts: int
    """Answered ones with a duration: items of batches have none."""
    duration_ms: Quantiles
    timed_streams: int
    """Answered ones that say when their first token came."""
    time_to_first_token_ms: Quantiles
    output_tokens_per_second: float | None
    """All output of the answered over all their time, the wait for the first token included."""
    output_tokens: Quantiles
    """Of the answered, those of batches too."""
    stop_reasons: Mapping[str, int]
    """The API's word -> attempts, the most first."""
    errors: Mapping[str, int]
    """`529 overloaded_error`, or `no answer` and its error -> attempts, the most first. They add up to the failed."""
    used_attempts: int
    """Those that used something: only they have a speed and a service_tier."""
    fast_attempts: int
    batch_attempts: int
    priority_attempts: int

    @property
    def error_rate(self) -> float | None:
        """Failed attempts of all."""
        return _share(self.failed_attempts, self.attempts)

    @property
    def fast_share(self) -> float | None:
        """Of the attempts that used something."""
        return _share(self.fast_attempts, self.used_attempts)

    @property
    def batch_share(self) -> float | None:
        """Of the attempts that used something."""
        return _share(self.batch_attempts, self.used_attempts)

    @property
    def priority_share(self) -> float | None:
        """Of the attempts that used something."""
        return _share(self.priority_attempts, self.used_attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingRow:
    """One group, of the attempts whose usage says how much was thinking."""

    group: tuple[str | None, ...]
    attempts: int
    thinking_tokens: int
    output_tokens: int
    """Thinking included."""

    @property
    def share(self) -> float | None:
        """Thinking of all output."""
        return _share(self.thinking_tokens, self.output_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantilePoint:
    """One bucket of one group."""

    start: datetime
    group: tuple[str | None, ...]
    attempts: int
    value: float
    """Milliseconds."""


def performance(ledger: Ledger, filters: Filters, by: Sequence[str] = ()) -> list[PerformanceRow]:
    """One row per group that occurs, the most calls first; without `by` one row, or none where nothing happened.

    `by` names at most two dimensions of `reports.cost_by`. Raises SettingsError for any other, or for more.
    """
    found = _asked(ledger, "performance", filters, by)
    return [_ordered(row) for row in grouped(PerformanceRow, [_measured(row) for row in found], by)]


def thinking(ledger: Ledger, filters: Filters, by: Sequence[str] = ()) -> list[ThinkingRow]:
    """How much of the output was thinking, by group, the most first. Reads usage objects: slow, and not the pruned."""
    return grouped(ThinkingRow, _asked(ledger, "thinking", filters, by), by)


def quantile_over(
    ledger: Ledger,
    filters: Filters,
    boundaries: Sequence[datetime],
    by: Sequence[str] = (),
    *,
    measure: Measure = "duration_ms",
    quantile: float = 0.95,
) -> list[QuantilePoint]:
    """One quantile of what the answered took, between each boundary and the next, in order of time.

    The boundaries are the period; empty buckets are left out. Raises SettingsError as `performance` does, for a
    quantile outside 0 to 1, and for boundaries out of order.
    """
    if not 0 <= quantile <= 1:
        raise SettingsError(f"quantile: found {quantile}, expected a number from 0 to 1")
    cuts = buckets(boundaries)
    within = replace(filters, period=Period(boundaries[0], boundaries[-1]))
    found = _asked(ledger, "performance_series", within, by, measure=measure, quantile=quantile, **cuts)
    return grouped(QuantilePoint, [{**row, "start": row["start"].replace(tzinfo=UTC)} for row in found], ())


def _asked(ledger: Ledger, name: str, filters: Filters, by: Sequence[str], **more: object) -> list[dict[str, Any]]:
    check_two(by)
    with ledger.read() as con:
        run(con, "counts_of")
        return run(con, name, dimensions=list(by), **choose(con, filters), **more)


def _measured(row: Mapping[str, Any]) -> dict[str, Any]:
    measures = ("duration_ms", "time_to_first_token_ms", "output_tokens")
    return {**row, **{name: Quantiles(*(row[name] or ())) for name in measures}}


def _ordered(row: PerformanceRow) -> PerformanceRow:
    return replace(row, stop_reasons=_most_first(row.stop_reasons), errors=_most_first(row.errors))


def _most_first(counts: Mapping[str, int] | None) -> dict[str, int]:
    return dict(sorted((counts or {}).items(), key=lambda pair: (-pair[1], pair[0])))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
