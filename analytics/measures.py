"""Measures: what can be asked of a group of attempts, by name. A share or an average is of the sums, never a sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .reports import Totals

Cost = Literal["list_cost", "contracted_cost", "reporting_cost"]
Unit = Literal["money", "count", "tokens", "share"]
Amount = Decimal | int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One question about Totals."""

    name: str
    unit: Unit
    of: Callable[[Totals], Amount]
    """None: not known. Shares are from 0 to 1."""
    adds_up: bool = True
    """Whether the figures of groups are parts of a whole."""


def measures(cost: Cost) -> Mapping[str, Measure]:
    """All of them by name, with what is spent by one basis: the list, the contract, the contract's currency."""

    def spent(totals: Totals) -> Decimal | None:
        found: Decimal | None = getattr(totals, cost)
        return found

    def per_call(totals: Totals) -> Decimal | None:
        amount = None if totals.unpriced_attempts else spent(totals)
        return amount / totals.calls if amount is not None and totals.calls else None

    found = (
        Measure("Spend", "money", spent),
        Measure("Calls", "count", lambda totals: totals.calls),
        Measure("Attempts", "count", lambda totals: totals.attempts),
        Measure("Tokens", "tokens", lambda totals: totals.tokens),
        Measure("Input tokens", "tokens", lambda totals: totals.input_tokens),
        Measure("Output tokens", "tokens", lambda totals: totals.output_tokens),
        Measure("Cache reads", "tokens", lambda totals: totals.cache_read_tokens),
        Measure("Cache writes", "tokens", lambda totals: totals.cache_write_tokens),
        Measure("Saved by routing", "money", lambda totals: totals.routing_saved),
        Measure("Saved by caching", "money", lambda totals: totals.cache_saved),
        Measure("Cost per call", "money", per_call, adds_up=False),
        Measure("Error rate", "share", error_rate, adds_up=False),
        Measure("Cache hit ratio", "share", cache_hit_ratio, adds_up=False),
        Measure("Unpriced attempts", "count", lambda totals: totals.unpriced_attempts),
    )
    return {measure.name: measure for measure in found}


def error_rate(totals: Totals) -> Decimal | None:
    """How many of the attempts failed."""
    return _share(totals.failed_attempts, totals.attempts)


def cache_hit_ratio(totals: Totals) -> Decimal | None:
    """How much of what was sent was read from the cache."""
    sent = totals.input_tokens + totals.cache_write_tokens + totals.cache_read_tokens
    return _share(totals.cache_read_tokens, sent)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None
