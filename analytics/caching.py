"""Caching: what prompt caches saved and cost, and what usage tells of writes for nothing and of reads that were missed.

Amounts are list prices in US dollars, at the price rows that the charges were made with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from .attempts import buckets, check_two, choose
from .ledger import Ledger
from .period import Period, naive
from .questions import Connection, run
from .reports import Filters, grouped

Cause = Literal["first", "gap", "switch", "prefix"]
_BESIDE = timedelta(hours=1)
"""So far cache_turns.sql looks beyond a period."""

COUNTED = (
    "Counted: tokens written and read, and what they cost. Estimated: which write a read was of. The ledger knows no "
    "prefixes: attempts with the same tags, requested model, key, workspace, platform and region are taken for one "
    "owner's, and its cache on one model for one thing. So more writes than these were never read where several "
    "prompts share their tags, and fewer where calls that are not in this ledger read them. Another time to live is "
    "reckoned for the same calls at the same moments. Items of batches and attempts with several lines are left out."
)
"""How the figures came about, for whoever reads them."""

CAUSES: dict[Cause, str] = {
    "first": "No cache of this owner was used in the hour before: nothing was there to miss.",
    "gap": (
        "The cache of this owner had been used in the hour before, too long ago for its time to live. Likely; how long "
        "an entry lives is known of its last write only."
    ),
    "switch": (
        "The cache of another model was warm: the call before went there. Likely, if the prompt was the same; each "
        "model has a cache of its own."
    ),
    "prefix": (
        "The cache of this owner was warm and nothing of it was read: the prompt began otherwise. Unsure: another "
        "prompt with the same tags, or two calls at the same moment, look the same."
    ),
}
"""Why an attempt wrote to a cache and read nothing, and how sure that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachingRow:
    """One group in one bucket of time."""

    start: datetime
    group: tuple[str | None, ...]
    attempts: int
    """Those that used something."""
    reading_attempts: int
    writing_attempts: int
    unpriced_lines: int
    """Their tokens count, their money does not."""
    input_tokens: int
    """Neither written nor read."""
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    cache_read_input_tokens: int
    read_saved: Decimal | None
    """What reads saved against the input price."""
    write_extra: Decimal | None
    """What writes cost above the input price."""
    saved: Decimal | None
    """read_saved less write_extra: `Totals.cache_saved`. Negative where caches cost more than they saved."""

    @property
    def hit_ratio(self) -> float | None:
        """Prompt tokens that came from a cache, of all."""
        written = self.cache_write_5m_tokens + self.cache_write_1h_tokens
        prompt = self.input_tokens + written + self.cache_read_input_tokens
        return self.cache_read_input_tokens / prompt if prompt else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """A period, in all, over time and by group."""

    whole: CachingRow | None
    """None: nothing was used."""
    over_time: tuple[CachingRow, ...]
    """In order of time."""
    groups: tuple[CachingRow, ...]
    """The most saved first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritesRow:
    """What became of the writes of one group, and what the other time to live would have cost: see COUNTED."""

    group: tuple[str | None, ...]
    writing_attempts: int
    unpriced_attempts: int
    """Writing ones, not in the amounts."""
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    cache_read_input_tokens: int
    unread_5m_tokens: int
    """Written, and nothing was read from that owner's cache within five minutes."""
    unread_1h_tokens: int
    """The same within an hour."""
    undecided_tokens: int
    """Not read yet, and young enough that they may be."""
    unread_extra: Decimal | None
    """What the unread cost above the input price."""
    rewriting_attempts: int
    rewritten_tokens: int
    """Written five minutes to an hour after the cache was last used: at most as many would an hour's life have kept."""
    late_attempts: int
    late_read_tokens: int
    """Read five minutes to an hour after the cache was last used: only an hour's life kept them."""
    cost: Decimal | None
    """Of all writes and reads here."""
    cost_all_5m: Decimal | None
    """Had all been written for five minutes: late reads would have been writes."""
    cost_all_1h: Decimal | None
    """Had all been written for an hour: rewritten tokens would have been reads."""
    would_save_5m: Decimal | None
    """cost less cost_all_5m; negative: it would have cost more."""
    would_save_1h: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissesRow:
    """Attempts of one group that wrote to a cache and read nothing, for one cause."""

    group: tuple[str | None, ...]
    cause: Cause
    """See CAUSES."""
    attempts: int
    unpriced_attempts: int
    missed_tokens: int
    """Written, and could have been read at most: as many as the cache had. Zero for `first`."""
    extra_cost: Decimal | None
    """What writing them cost above reading them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """What became of cache writes."""

    writes: tuple[WritesRow, ...]
    """The dearest first."""
    misses: tuple[MissesRow, ...]
    """The dearest first."""


def caching(
    ledger: Ledger, filters: Filters, by: Sequence[str] = (), *, boundaries: Sequence[datetime] = ()
) -> list[CachingRow]:
    """What caches did by group, the most saved first; with `boundaries`, between each and the next, in order of time.

    `by` names at most two dimensions of `reports.cost_by`; boundaries take the place of the period. Buckets and groups
    in which nothing was used are left out. Raises SettingsError for other dimensions and boundaries out of order.
    """
    check_two(by)
    within = _within(filters, boundaries)
    with ledger.read() as con:
        _sum(con, within, by, boundaries)
        return _caching(con, within, len(by), over_time=bool(boundaries))


def caches(ledger: Ledger, filters: Filters, by: Sequence[str], boundaries: Sequence[datetime]) -> Caches:
    """The same as a whole, over time and by group, read once; boundaries take the place of the period, as there."""
    check_two(by)
    within = _within(filters, boundaries)
    with ledger.read() as con:
        _sum(con, within, by, boundaries)
        whole = _caching(con, within, 0)
        return Caches(
            whole=whole[0] if whole else None,
            over_time=tuple(_caching(con, within, 0, over_time=True)),
            groups=tuple(_caching(con, within, len(by))),
        )


def _within(filters: Filters, boundaries: Sequence[datetime]) -> Filters:
    if not boundaries:
        return filters
    buckets(boundaries)  # raises, if they are out of order
    return replace(filters, period=Period(boundaries[0], boundaries[-1]))


def _sum(con: Connection, filters: Filters, by: Sequence[str], boundaries: Sequence[datetime]) -> None:
    """Prepare to be asked by bucket and by group."""
    cuts = buckets(boundaries or (filters.period.start, filters.period.end))
    run(con, "cost_at")
    run(con, "caching", dimensions=list(by), **choose(con, filters), **cuts)


def _caching(con: Connection, filters: Filters, groups: int, *, over_time: bool = False) -> list[CachingRow]:
    """By the first `groups` of the dimensions that were prepared."""
    found = run(con, "caching_rows", start=naive(filters.period.start), over_time=over_time, groups=groups)
    return grouped(CachingRow, [{**row, "start": row["start"].replace(tzinfo=UTC)} for row in found], ())


def reuse(ledger: Ledger, filters: Filters, by: Sequence[str] = (), *, now: datetime) -> Reuse:
    """Writes that were never read, the time to live, and missed reads, by group: estimates, see COUNTED.

    What an owner did is looked at whole, an hour beyond the period, whatever else the filters leave out. Raises
    SettingsError as `caching` does.
    """
    check_two(by)
    start, until = naive(filters.period.start), naive(filters.period.end)
    with ledger.extract(start - _BESIDE, until + _BESIDE) as con:
        asked = choose(con, filters)
        run(con, "cost_at")
        run(con, "cache_turns", start=asked["start"], until=asked["until"])
        writes = run(con, "cache_writes", dimensions=list(by), **asked, now=naive(now))
        misses = run(con, "cache_misses", dimensions=list(by), **asked)
    return Reuse(writes=tuple(grouped(WritesRow, writes, by)), misses=tuple(grouped(MissesRow, misses, by)))
