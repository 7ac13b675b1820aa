"""Movers: what rose and fell between two periods, and how much of that is volume, mix and price.

Of one member of a dimension, N attempts that cost C, before (0) and now (1); C@ is the cost at one moment's prices:

    volume = (N1 - N0) x C0@ / N0     as many more attempts, each as dear as before; all of C@ where one side has none
    price  = (C0@ - C0) + (C1 - C1@)  the same usage at other prices
    mix    = what is left: longer or shorter prompts and answers, other models, more or less from the cache

The three add up to C1 - C0 exactly, and the members to the total. The moment is the start of the later period.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import NamedTuple

from .contributors import Cost
from .grouping import check_dimensions
from .ledger import Ledger
from .period import Period, naive
from .receipt import exact_sum
from .reports import CostRow, Filters, cost_by
from .what_if import Supposed, what_if

_NOTHING = Decimal(0)
_SMALLEST = Decimal(1).scaleb(-18)
_WORTH_A_WORD = Decimal("0.1")
"""Of the attempts, tokens or share that moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One member of a dimension, or several together. volume + mix + price == cost - before, to the last digit."""

    group: tuple[str | None, ...]
    cost: Decimal
    before: Decimal
    volume: Decimal
    mix: Decimal
    price: Decimal
    attempts: int
    attempts_before: int
    unpriced_attempts: int
    """In both periods; their cost is in no amount."""
    reasons: tuple[str, ...] = ()

    @property
    def change(self) -> Decimal:
        """What it costs more than before; negative where it is less."""
        return exact_sum((self.cost, self.before.copy_negate()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Movers:
    """Risen, fallen and others add up to the total."""

    total: Mover
    risen: tuple[Mover, ...]
    """The largest rise first."""
    fallen: tuple[Mover, ...]
    """The largest fall first."""
    others: Mover


class _Sides(NamedTuple):
    """A member in both periods, by model where the dimension is another."""

    now: list[CostRow]
    before: list[CostRow]


def movers(
    ledger: Ledger, filters: Filters, before: Period, by: str, *, most: int = 5, cost: Cost = "list_cost"
) -> Movers:
    """What moved from `before` to the period of the filters, by a dimension of `reports.cost_by`. Raises SettingsError.

    Read from roll-ups; where a price changed in between, the attempts that had another are priced again.
    """
    check_dimensions((by,))
    earlier = replace(filters, period=before)
    by_model = (by,) if by == "model" else (by, "model")
    sides = _sides(cost_by(ledger, filters, by_model), cost_by(ledger, earlier, by_model))
    then = _at_one_moment(ledger, filters, earlier, by=by, sides=sides, cost=cost)
    found = [_mover(member, one, then.get(member), cost) for member, one in sides.items()]
    risen = sorted((one for one in found if one.change > 0), key=lambda one: (-one.change, one.group[0] or ""))[:most]
    fallen = sorted((one for one in found if one.change < 0), key=lambda one: (one.change, one.group[0] or ""))[:most]
    shown = {one.group for one in (*risen, *fallen)}
    return Movers(
        total=_together(found),
        risen=tuple(risen),
        fallen=tuple(fallen),
        others=_together([one for one in found if one.group not in shown]),
    )


def _sides(now: Sequence[CostRow], before: Sequence[CostRow]) -> dict[str | None, _Sides]:
    members: dict[str | None, _Sides] = {}
    for row in now:
        members.setdefault(row.group[0], _Sides([], [])).now.append(row)
    for row in before:
        members.setdefault(row.group[0], _Sides([], [])).before.append(row)
    return members


def _at_one_moment(
    ledger: Ledger, filters: Filters, earlier: Filters, *, by: str, sides: Mapping[str | None, _Sides], cost: Cost
) -> dict[str | None, tuple[Decimal, Decimal]]:
    """Member -> what it cost before and now at the prices of one moment; empty if no price changed.

    Priced again is only what had other prices than those: the rest is in the books as it would be.
    """
    used = {row.group[-1] for one in sides.values() for row in (*one.now, *one.before)} - {None}
    start = min(filters.period.start, earlier.period.start)
    until = max(filters.period.end, earlier.period.end)
    (found,) = ledger.query(
        "price_steps",
        start=naive(start),
        until=naive(until),
        at=naive(filters.period.start),
        models=sorted(map(str, used)),
        contracted=cost == "contracted_cost",
    )
    models = tuple(found["models"] or ())
    supposed = Supposed(at=filters.period.start)
    then = {member: [_spent(side.before, cost), _spent(side.now, cost)] for member, side in sides.items()}
    for place, one in enumerate((earlier, filters)):
        there = tuple(name for name in models if name in (one.models or models))
        for part in _parts(one.period, found["up_to"], found["since"]) if there else ():
            again = what_if(ledger, replace(one, period=part, models=there), supposed, by=by, cost=cost)
            for row in again.rows:
                amounts = then[row.group[0]]
                amounts[place] = exact_sum(
                    (amounts[place], row.expected or _NOTHING, (row.cost or _NOTHING).copy_negate())
                )
    return {member: (before, now) for member, (before, now) in then.items()} if models else {}


def _parts(period: Period, up_to: datetime | None, since: datetime | None) -> Iterator[Period]:
    """What of a period lies before `up_to` and from `since` on, both naive UTC."""
    if up_to and period.start < (end := min(up_to.replace(tzinfo=UTC), period.end)):
        yield Period(period.start, end)
    if since and (start := max(since.replace(tzinfo=UTC), period.start)) < period.end:
        yield Period(start, period.end)


def _mover(member: str | None, sides: _Sides, then: tuple[Decimal, Decimal] | None, cost: Cost) -> Mover:
    attempts, attempts_before = (sum(row.attempts for row in side) for side in sides)
    amount, before = (_spent(side, cost) for side in sides)
    before_then, amount_then = then or (before, amount)
    price = exact_sum((before_then, before.copy_negate(), amount, amount_then.copy_negate()))
    volume = _volume(attempts, attempts_before, amount_then, before_then)
    return Mover(
        group=(member,),
        cost=amount,
        before=before,
        volume=volume,
        mix=exact_sum((amount, *(part.copy_negate() for part in (before, volume, price)))),
        price=price,
        attempts=attempts,
        attempts_before=attempts_before,
        unpriced_attempts=sum(row.unpriced_attempts for side in sides for row in side),
        reasons=tuple(_reasons(sides, price)),
    )


def _volume(attempts: int, attempts_before: int, amount: Decimal, before: Decimal) -> Decimal:
    if not attempts_before:
        return amount
    with localcontext(prec=100):
        return (before * (attempts - attempts_before) / attempts_before).quantize(_SMALLEST)


def _together(found: Sequence[Mover]) -> Mover:
    return Mover(
        group=(),
        cost=exact_sum(one.cost for one in found),
        before=exact_sum(one.before for one in found),
        volume=exact_sum(one.volume for one in found),
        mix=exact_sum(one.mix for one in found),
        price=exact_sum(one.price for one in found),
        attempts=sum(one.attempts for one in found),
        attempts_before=sum(one.attempts_before for one in found),
        unpriced_attempts=sum(one.unpriced_attempts for one in found),
    )


def _reasons(sides: _Sides, price: Decimal) -> Iterator[str]:
    """What is worth a word, in words."""
    attempts, attempts_before = (sum(row.attempts for row in side) for side in sides)
    if not attempts_before or not attempts:
        yield "new" if attempts else "gone"
        return
    if abs(attempts - attempts_before) >= attempts_before * _WORTH_A_WORD:
        yield f"{attempts:,} attempts, {attempts_before:,} before"
    for name, now, before in (
        ("prompts", _prompt_tokens(sides.now) / attempts, _prompt_tokens(sides.before) / attempts_before),
        ("answers", _answer_tokens(sides.now) / attempts, _answer_tokens(sides.before) / attempts_before),
    ):
        if before and abs(now - before) >= float(_WORTH_A_WORD) * before:
            yield f"{name} {'longer' if now > before else 'shorter'}: {now:,.0f} tokens, {before:,.0f} before"
    ratio, was = _from_cache(sides.now), _from_cache(sides.before)
    if abs(ratio - was) >= float(_WORTH_A_WORD):
        yield f"{ratio:.0%} of prompts read from the cache, {was:.0%} before"
    yield from _models(sides, attempts, attempts_before)
    if price:
        yield "prices rose" if price > 0 else "prices fell"


def _models(sides: _Sides, attempts: int, attempts_before: int) -> Iterator[str]:
    """The model whose share of the attempts moved most."""
    now, before = ({row.group[-1]: row.attempts for row in side} for side in sides)
    moved = {name: now.get(name, 0) / attempts - before.get(name, 0) / attempts_before for name in now | before}
    name = max(moved, key=lambda one: (moved[one], str(one)))
    if moved[name] >= float(_WORTH_A_WORD):
        share = now[name] / attempts
        yield f"more on {name or 'no model'}: {share:.0%} of attempts, {share - moved[name]:.0%} before"


def _spent(side: Sequence[CostRow], cost: Cost) -> Decimal:
    amounts = (row.contracted_cost if cost == "contracted_cost" else row.list_cost for row in side)
    return exact_sum(amount for amount in amounts if amount is not None)


def _prompt_tokens(side: Sequence[CostRow]) -> int:
    return sum(row.input_tokens + row.cache_write_tokens + row.cache_read_tokens for row in side)


def _answer_tokens(side: Sequence[CostRow]) -> int:
    return sum(row.output_tokens for row in side)


def _from_cache(side: Sequence[CostRow]) -> float:
    return sum(row.cache_read_tokens for row in side) / (_prompt_tokens(side) or 1)
