"""One typed function per question. Each runs one file in sql/; money is Decimal US dollars, tokens are ints.

Unknown is never zero: an amount that includes unpriced attempts is the sum of the priced ones, and the count of
the unpriced stands beside it. `None` means that nothing could be said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from .period import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a report looks at: made once from the sidebar or the command line, passed to every report."""

    period: Period
    models: tuple[str, ...] = ()
    """Served models; empty for all."""
    task_types: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """All of these must match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A period in figures."""

    calls: int
    attempts: int
    failed_attempts: int
    fallback_calls: int
    """Calls that another model answered, after the first one did not."""
    incomplete_attempts: int
    unpriced_attempts: int
    list_cost: Decimal | None
    requested_list_cost: Decimal | None
    """What the comparable calls would have cost on the models that were asked for, with the same tokens."""
    routing_saved: Decimal | None
    """requested_list_cost minus list_cost, over the attempts where both are known; negative where routing cost more."""
    routing_compared_attempts: int
    """How many priced attempts the comparison covers (`auto` asks for no model, so it cannot be compared)."""
    cache_saved: Decimal | None
    """What reads saved against the input price, less what writes cost above it."""
    input_tokens: int
    output_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """One group of a breakdown."""

    group: tuple[str | None, ...]
    """One value per asked dimension; None where the attempt has none."""
    calls: int
    attempts: int
    unpriced_attempts: int
    list_cost: Decimal | None
    routing_saved: Decimal | None
    input_tokens: int
    output_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the figures can be trusted."""

    attempts: int
    first_at: datetime | None
    last_at: datetime | None
    waiting_bytes: int
    """In the spool and not yet in the ledger."""
    lost_records: int
    rejected_lines: int
    unpriced: tuple[tuple[str, int], ...]
    """Reason (naming the model or the bucket) and attempts."""
    flagged: tuple[tuple[str, int], ...]
    """Flag of a line, and how many lines carry it."""
    price_table_version: str | None
    price_table_checked_on: date | None
    demo: bool
