"""Contributors: which model, tag or task type made a period dearer than the one before, and whether the cache did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from .alerts.notice import Contributor
from .reports import CostRow

Breakdowns = Mapping[str, Sequence[CostRow]]
"""By dimension, as reports.cost_by names them: the rows of a breakdown by it alone."""
Cost = Literal["contracted_cost", "list_cost"]

_FALLEN = Decimal("0.2")
"""How much of the prompt less from the cache is worth a word."""
_ENOUGH_TOKENS = 10_000
"""Of prompts. Fewer make no ratio."""


class _Member(NamedTuple):
    """One value of a dimension, now and before."""

    name: str
    cost: Decimal
    before: Decimal
    fall: str | None
    """What its cache did, in words."""

    @property
    def rise(self) -> Decimal:
        return max(self.cost - self.before, Decimal(0))


def contributors(
    now: Breakdowns, before: Breakdowns, *, scale: Decimal = Decimal(1), cost: Cost = "contracted_cost", most: int = 5
) -> tuple[Contributor, ...]:
    """What a period's cost is made of: what rose most comes first, then what is dearest.

    `before`: the period to compare with; `scale`: what its costs are multiplied with to be as long as this one. Without
    any rows there, no change is told. A dimension with one value says nothing, unless all are like that. What has no
    price is left out.
    """
    known = any(before.values())
    values = {name: _members(name, rows, before.get(name, ()), scale, cost) for name, rows in now.items()}
    telling = [members for members in values.values() if len(members) > 1] or list(values.values())
    found = sorted(
        (member for members in telling for member in members), key=lambda one: (-one.rise, -one.cost, one.name)
    )
    return tuple(
        Contributor(name=one.name, cost=one.cost, change=_change(one) if known else None)
        for one in found[:most]
        if one.cost or one.before
    )


def _members(
    dimension: str, now: Sequence[CostRow], before: Sequence[CostRow], scale: Decimal, cost: Cost
) -> list[_Member]:
    """Every value that has cost anything, now or before."""
    rows = {row.group[0]: row for row in now}
    old = {row.group[0]: row for row in before}
    members = list[_Member]()
    for value in dict.fromkeys((*rows, *old)):
        row, was = rows.get(value), old.get(value)
        amount, earlier = _amount(row, cost), _amount(was, cost) * scale
        if amount or earlier:
            members.append(_Member(_name(dimension, value), amount, earlier, _fall(row, was)))
    return members


def _amount(row: CostRow | None, cost: Cost) -> Decimal:
    found = row and (row.contracted_cost if cost == "contracted_cost" else row.list_cost)
    return found or Decimal(0)


def _name(dimension: str, value: str | None) -> str:
    """`team search`, `task type code`, `without team`."""
    what = dimension.removeprefix("tag:") if dimension.startswith("tag:") else dimension.replace("_", " ")
    return f"without {what}" if value is None else f"{what} {value}"


def _change(member: _Member) -> str:
    """`+$31.20 (+45 %)` or `new`, and what the cache did."""
    if not member.before:
        return "new"
    change = member.cost - member.before
    sign = "-" if change < 0 else "+"
    said = f"{sign}${abs(change):,.2f} ({sign}{abs(change) / member.before * 100:,.0f} %)"
    return f"{said}, {member.fall}" if member.fall else said


def _fall(now: CostRow | None, before: CostRow | None) -> str | None:
    ratio, was = _hit_ratio(now), _hit_ratio(before)
    if ratio is None or was is None or was - ratio < _FALLEN:
        return None
    return f"cache hit ratio fell from {was * 100:.0f} % to {ratio * 100:.0f} %"


def _hit_ratio(row: CostRow | None) -> Decimal | None:
    """How much of the prompts was read from the cache."""
    if row is None:
        return None
    prompts = row.input_tokens + row.cache_write_tokens + row.cache_read_tokens
    return Decimal(row.cache_read_tokens) / prompts if prompts >= _ENOUGH_TOKENS else None
