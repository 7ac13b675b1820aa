"""Buckets: what a chart over time adds up, in a person's own time: their hours, days, weeks or months as UTC instants.

The ledger's times are UTC, and SQL is told where each bucket begins: it needs to know of no time zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from router.periods import Recurrence, Span, after, span_at

from .period import Period, naive
from .questions import Connection, run

Grain = Literal["hour", "day", "week", "month"]
GRAINS: tuple[Grain, ...] = ("hour", "day", "week", "month")
_SPELLING = {"hour": "%Y-%m-%d %H:%M"}
_DAY = "%Y-%m-%d"
_MOST_HOURS = timedelta(days=3)
_MOST_DAYS = timedelta(days=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """A period in parts without a gap; the first and the last may be cut off by its ends.

    Buckets of the same name are added up: an hour that the clocks show twice, or all Mondays at nine.
    """

    period: Period
    starts: tuple[datetime, ...]
    """UTC-aware; the first is the period's."""
    names: tuple[str, ...]
    """Local: `2026-11-02`, the first day of a week or month, or `2026-11-02 13:00`."""

    @property
    def ends(self) -> tuple[datetime, ...]:
        """Where each ends."""
        return (*self.starts[1:], self.period.end)

    def prepare(self, con: Connection) -> None:
        """Have them in the temporary table `bucket`: start and until, naive UTC, and name."""
        starts, ends = [naive(start) for start in self.starts], [naive(end) for end in self.ends]
        run(con, "buckets", starts=starts, ends=ends, names=list(self.names))

    def cuts(self) -> list[datetime]:
        """Those that do not begin with an hour of UTC, as rollup.read has to know; naive."""
        return [naive(start) for start in self.starts if start.minute or start.second or start.microsecond]


def usual_grain(period: Period) -> Grain:
    """Hours up to three days, days up to a hundred and twenty, else weeks."""
    length = period.end - period.start
    return "hour" if length <= _MOST_HOURS + timedelta(hours=1) else "day" if length <= _MOST_DAYS else "week"


@lru_cache(maxsize=64)
def buckets(period: Period, grain: Grain, zone: str) -> Buckets:
    """The hours, days, weeks (from Monday) or months of a zone in a period. Raises ValueError for an unknown zone."""
    spelling = _SPELLING.get(grain, _DAY)
    spans = list(_spans(period, grain, zone))
    return Buckets(
        period=period,
        starts=tuple(max(span.start, period.start) for span in spans),
        names=tuple(span.start.astimezone(ZoneInfo(zone)).strftime(spelling) for span in spans),
    )


@lru_cache(maxsize=16)
def hours_of_week(period: Period, zone: str) -> Buckets:
    """The 168 hours of a week, `1 09` for Mondays at nine, each wherever it occurs in the period."""
    hours = buckets(period, "hour", zone)
    local = [start.astimezone(ZoneInfo(zone)) for start in hours.starts]
    return Buckets(period=period, starts=hours.starts, names=tuple(f"{at.isoweekday()} {at:%H}" for at in local))


def _spans(period: Period, grain: Grain, zone: str) -> Iterator[Span]:
    every = Recurrence(grain, zone)
    span = span_at(every, period.start)
    while span is not None and span.start < period.end:
        yield span
        span = after(every, span)
