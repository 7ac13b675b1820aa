"""Spending: what was spent of budgets in their periods, many budgets at once; exact, over what the ledger has now.

Scopes are asked about by shape, the dimensions they name: one question for all that name the same. A budget for each
value of a dimension is one for every value that occurs.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple, cast

from router.periods import Recurrence, Span, before, span_at

from . import rollup
from .budgets import EACH, Budget, Cost, Scope
from .period import naive
from .questions import Connection, rows, run

_ROLL_OVERS = 12
"""Periods back from which what was left is carried on."""
_FIRST_MEMBER = 2
"""The columns of a row: number of the span, hour, four members, list cost, contracted cost, unpriced attempts."""
_ODD = re.compile(r'[,"\\\x00-\x1f]')
Members = tuple[str, ...]


class Amount(NamedTuple):
    """What something cost."""

    list_cost: Decimal = Decimal(0)
    contracted_cost: Decimal = Decimal(0)
    unpriced_attempts: int = 0
    """Whose cost is unknown, and so in neither figure."""

    def of(self, cost: Cost) -> Decimal:
        """The one or the other."""
        return self.list_cost if cost == "list_cost" else self.contracted_cost

    def plus(self, other: Amount) -> Amount:
        """The two together."""
        return Amount(
            self.list_cost + other.list_cost,
            self.contracted_cost + other.contracted_cost,
            self.unpriced_attempts + other.unpriced_attempts,
        )


NOTHING = Amount()
_ZERO = Decimal(0)


class Spend(NamedTuple):
    """One budget in one period; of a budget for each value, one value's."""

    budget: Budget
    members: Members
    """The values of `budget.each`."""
    span: Span
    spent: Decimal
    """US dollars, of the attempts that have a price."""
    unpriced_attempts: int
    limit: Decimal
    """The amount, with what was carried over."""

    @property
    def whose(self) -> str:
        """`user_id=ana, tag:team=search`; empty where the budget is one."""
        return whose(self.budget.each, self.members)

    @property
    def counted(self) -> Span:
        """The part of the period in which the budget is in effect."""
        return in_effect(self.budget, self.span)

    @property
    def scope(self) -> Scope:
        """What it is about, with the value in place of `*`."""
        own = {name: (value,) for name, value in zip(self.budget.each, self.members, strict=True)}
        return {**self.budget.scope, **own}


def whose(dimensions: Sequence[str], members: Members) -> str:
    """`user_id=ana, tag:team=search`; a value in quotes where it would not be told from the rest otherwise."""
    shown = (json.dumps(each, ensure_ascii=False) if _ODD.search(each) else each for each in members)
    return ", ".join(f"{name}={value}" for name, value in zip(dimensions, shown, strict=True))


def in_effect(budget: Budget, span: Span) -> Span:
    """The part of a period in which the budget is in effect."""
    return Span(max(span.start, budget.effective_from or span.start), min(span.end, budget.effective_to or span.end))


def spending(
    con: Connection, budgets: Sequence[Budget], *, now: datetime, since: datetime | None = None
) -> Iterator[Spend]:
    """Every budget in effect, in the period of `now` and in those that ended after `since`, the oldest period first.

    `con` reads the ledger. A budget for each value says nothing of values that spent nothing.
    """
    asked = [(budget, spans_of(budget, now, since)) for budget in budgets]
    found = Found.of(con, [(budget.scope, in_effect(budget, span)) for budget, spans in asked for span in spans])
    for budget, spans in asked:
        amounts = ((span, found.of_each(budget.scope, in_effect(budget, span))) for span in spans)
        yield from (spend for spend in spends_of(budget, amounts) if spend.span.end > (since or now))


def spends_of(budget: Budget, amounts: Iterable[tuple[Span, Mapping[Members, Amount]]]) -> Iterator[Spend]:
    """What stands where, given what each period cost, the oldest first; of one without values, also if nothing.

    Rests are carried over from when the budget took effect, or else from the first period in which anything was spent.
    """
    carry, begun = _Carry(budget), budget.effective_from is not None
    for span, by_value in amounts:
        found = by_value if budget.each else {(): by_value.get((), NOTHING)}
        spends = [
            Spend(budget, members, span, amount.of(budget.cost), amount.unpriced_attempts, carry.limit(members))
            for members, amount in found.items()
        ]
        yield from spends
        begun = begun or bool(by_value)
        if begun:
            carry.close(spends)


class _Carry:
    """What is left of a budget from the periods before, by value."""

    def __init__(self, budget: Budget) -> None:
        self._amount, self._most = budget.amount, budget.roll_over
        self._left: dict[Members, Decimal] = {}
        self._idle = _ZERO
        """Of who has spent nothing yet."""

    def limit(self, members: Members) -> Decimal:
        """The amount, with what is left."""
        return self._amount + self._left.get(members, self._idle)

    def close(self, spends: Iterable[Spend]) -> None:
        """A period is over."""
        if self._most is None:
            return
        rest = {members: self._amount + left for members, left in self._left.items()}
        rest |= {spend.members: spend.limit - spend.spent for spend in spends}
        self._left = {members: min(max(left, _ZERO), self._most) for members, left in rest.items()}
        self._idle = min(self._amount + self._idle, self._most)


def spans_of(budget: Budget, now: datetime, since: datetime | None = None) -> list[Span]:
    """The periods to ask about, the oldest first: also those whose rest is carried over."""
    span = _latest(budget.recurrence, now)
    spans: list[Span] = []
    while span is not None and (budget.effective_from is None or span.end > budget.effective_from):
        carried = budget.roll_over is not None and len(spans) <= _ROLL_OVERS
        if spans and not carried and (since is None or span.end <= since):
            break
        spans.append(span)
        span = before(budget.recurrence, span)
    if budget.effective_to is not None:
        spans = [span for span in spans if span.start < budget.effective_to]
    return spans[::-1]


def _latest(recurrence: Recurrence, now: datetime) -> Span | None:
    """The period of now; of a fixed one that is over, that one."""
    if recurrence.start is not None and recurrence.end is not None and recurrence.end <= now:
        return Span(recurrence.start, recurrence.end)
    return span_at(recurrence, now)


class Found:
    """Answers of the ledger about scopes and spans, ready to be asked by value."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Members, Span], list[tuple[Any, ...]]] = {}
        self._indexed: dict[tuple[Members, Span, Members], dict[Members, dict[Members, Amount]]] = {}

    @classmethod
    def of(
        cls, con: Connection, wanted: Iterable[tuple[Scope, Span]], *, users: Sequence[str] = (), hourly: bool = False
    ) -> Found:
        """Ask about all of it at once.

        `users`: of them alone, where users are asked about; none: of all. `hourly`: the spans are hours of UTC.
        """
        found = cls()
        by_shape: dict[Members, dict[Span, None]] = defaultdict(dict)
        for scope, span in wanted:
            by_shape[tuple(scope)][span] = None
        spans = list(dict.fromkeys(span for shape in by_shape.values() for span in shape))
        if not spans:
            return found
        asked = [Span(min(span.start for span in spans), max(span.end for span in spans))] if hourly else spans
        prepare(con, asked, roll_ups=any("user_id" not in shape for shape in by_shape))
        number = {span: at for at, span in enumerate(spans)}
        hour_of = {naive(span.start): span for span in spans}
        for shape, of_shape in by_shape.items():
            numbers = [0] if hourly else [number[span] for span in of_shape]
            for row in ask(con, shape, numbers, asked, hourly=hourly, users=users):
                at: Span = hour_of[cast("datetime", row[1])] if hourly else spans[cast("int", row[0])]
                found._rows.setdefault((shape, at), []).append(row)
        return found

    def of_each(self, scope: Scope, span: Span) -> dict[Members, Amount]:
        """What a scope cost, by the values of the dimensions that have (EACH,); of none, under ()."""
        shape = tuple(scope)
        each = tuple(name for name in shape if scope[name] == (EACH,))
        index = self._index(shape, span, each)
        listed = [scope[name] for name in shape if name not in each]
        if all(len(values) == 1 for values in listed):
            return index.get(tuple(values[0] for values in listed), {})
        found: dict[Members, Amount] = {}
        for values in product(*listed):
            for members, amount in index.get(values, {}).items():
                found[members] = found[members].plus(amount) if members in found else amount
        return found

    def _index(self, shape: Members, span: Span, each: Members) -> dict[Members, dict[Members, Amount]]:
        """By the values that a scope lists, and then by those of the dimensions of which each counts."""
        key = (shape, span, each)
        if key not in self._indexed:
            index: dict[Members, dict[Members, Amount]] = {}
            end = _FIRST_MEMBER + len(shape)
            own = [_FIRST_MEMBER + at for at, name in enumerate(shape) if name in each]
            listed = [at for at in range(_FIRST_MEMBER, end) if at not in own]
            for row in self._rows.get((shape, span), ()):
                if None not in row[_FIRST_MEMBER:end]:
                    amounts = index.setdefault(tuple([row[at] for at in listed]), {})
                    amounts[tuple([row[at] for at in own])] = _amount(row)
            self._indexed[key] = index
        return self._indexed[key]


def prepare(con: Connection, spans: Sequence[Span], *, roll_ups: bool = True) -> None:
    """Have the ledger's reader ready to be asked about these spans, by their place in the list."""
    starts, ends = [naive(span.start) for span in spans], [naive(span.end) for span in spans]
    run(con, "member_of")
    run(con, "spans", starts=starts, ends=ends)
    if roll_ups:
        rollup.read(con, min(starts), max(ends), cuts=[*starts, *ends])


def ask(
    con: Connection,
    shape: Sequence[str],
    numbers: Sequence[int],
    spans: Sequence[Span],
    *,
    hourly: bool = False,
    users: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Rows of spent.sql: what was spent within the spans of these numbers, by the dimensions of a shape."""
    asked = {
        "dimensions": list(shape),
        "spans": list(numbers),
        "start": naive(min(spans[number].start for number in numbers)),
        "until": naive(max(spans[number].end for number in numbers)),
        "hourly": hourly,
    }
    if "user_id" in shape:
        return rows(con, "spent_by_user", **asked, users=list(users))
    return rows(con, "spent", **asked)


def _amount(row: tuple[Any, ...]) -> Amount:
    """What has no price is counted, and adds nothing."""
    return Amount(row[6] or _ZERO, row[7] or _ZERO, row[8])
