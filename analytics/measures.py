"""Measures: what can be asked of a group of attempts, by name. A share or an average is of the sums, never a sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from .reports import Totals

Cost = Literal["list_cost", "contracted_cost", "reporting_cost"]
Unit = Literal["money", "count", "tokens", "share", "seconds"]
Amount = Decimal | int | None
Group = tuple[str | None, ...]
"""The members of a group, one for each dimension; None where an attempt has none."""
OTHER = "\ufdd0"
"""The member of all groups together that are not told apart: Unicode sets it aside, so that no caller has it."""
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Measure(Generic[_Found]):
    """One question about what was found of a group."""

    name: str
    unit: Unit
    of: Callable[[_Found], Amount]
    """None: not known. Shares are from 0 to 1."""
    adds_up: bool = True
    """Whether the figures of groups are parts of a whole."""


def measures(cost: Cost) -> Mapping[str, Measure[Totals]]:
    """All of them by name, with what is spent by one basis: the list, the contract, the contract's currency."""

    def spent(totals: Totals) -> Decimal | None:
        found: Decimal | None = getattr(totals, cost)
        return found

    def per_call(totals: Totals) -> Decimal | None:
        amount = None if totals.unpriced_attempts else spent(totals)
        return amount / totals.calls if amount is not None and totals.calls else None

    found: tuple[Measure[Totals], ...] = (
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


def heaviest(found: Mapping[Group, _Found], measure: Measure[_Found]) -> list[Group]:
    """The groups with most of a measure first; those of which it is not known last."""
    figures = {group: measure.of(one) for group, one in found.items()}
    return sorted(figures, key=lambda group: (figures[group] is None, -(figures[group] or 0)))


def folded(found: Mapping[Group, Totals], kept: Collection[Group]) -> dict[Group, Totals]:
    """The groups that are kept as they are, and all others added up as OTHER, which comes last; within each bucket
    where there is a bucket before what is kept.
    """
    length = len(next(iter(kept), ()))
    others: dict[Group, list[Totals]] = defaultdict(list)
    for group, totals in found.items():
        if group[len(group) - length :] not in kept:
            others[(*group[: len(group) - length], *(OTHER,) * length)].append(totals)
    rest = {group: _together(parts) for group, parts in others.items()}
    return {group: totals for group, totals in found.items() if group[len(group) - length :] in kept} | rest


def _together(parts: Sequence[Totals]) -> Totals:
    """Totals of groups as those of one. Unknown amounts are left out, as SQL does, but for the reporting cost."""
    sums: dict[str, Any] = {}
    for name in (field.name for field in fields(Totals)):
        known = [value for part in parts if (value := getattr(part, name)) is not None]
        whole = name != "reporting_cost" or len(known) == len(parts)
        sums[name] = known[0] if name == "reporting_currency" and known else sum(known) if known and whole else None
    return Totals(**sums)


def error_rate(totals: Totals) -> Decimal | None:
    """How many of the attempts failed."""
    return _share(totals.failed_attempts, totals.attempts)


def cache_hit_ratio(totals: Totals) -> Decimal | None:
    """How much of what was sent was read from the cache."""
    sent = totals.input_tokens + totals.cache_write_tokens + totals.cache_read_tokens
    return _share(totals.cache_read_tokens, sent)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None
