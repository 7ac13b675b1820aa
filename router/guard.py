"""BudgetGuard: sets aside what an attempt can cost before it is made; without room, the call steps down or is refused.

Budgets come from budgets.yaml through `tollgate serve` (or `tollgate budgets status`), which also says what the ledger
has of each. A call that no such budget covers costs a look into memory. Where the guard itself cannot work, as on a
full disk, the call goes on and the fault is counted.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import faults
from .bound import at_most, used
from .exceptions import BudgetExceeded
from .features import Body
from .layout import Layout, lay_out
from .periods import Span, span_at
from .reservations import NANO, Claim, Full, Guarded, Over, Reservations
from .spool import default_home

if TYPE_CHECKING:
    from .meter import Clock
    from .record import UsageRecord

_LOOK_SECONDS = 1.0
"""How long a newly published budget may go unnoticed."""
_LEARNT = ("key_fingerprint", "workspace_id", "region")
"""Dimensions that only an answer tells. Until the first one any value is possible, then those that were seen."""
_BATCH_SECONDS = 26 * 3600.0
"""What a Message Batch has not used a while after its 24 hours, it will not."""
_BATCH_DISCOUNT = 2
"""A batch costs half (pricing.yaml, service_tier batch)."""


class Ask(NamedTuple):
    """An attempt that wants to be made."""

    call_id: str
    model: str
    """As the Claude API spells it."""
    members: Mapping[str, str | None]
    """By dimension, as budgets name them (tags apart)."""
    tags: Mapping[str, str]
    platform: str | None = None
    over: Over | None = None
    """What the policy says of budgets that are spent; None: each budget says it itself."""
    stepped_down: bool = False
    """It was: budgets that ask for no more than that have nothing more to say."""


class Spent(NamedTuple):
    """A budget that has no room for an attempt."""

    over: Over
    error: BudgetExceeded


class Hold:
    """What is set aside for one attempt."""

    __slots__ = ("_claims", "_guard", "_layout", "_reservation_id", "metered")

    def __init__(
        self, guard: BudgetGuard, reservation_id: str, claims: Mapping[Claim, _Case], layout: Layout | None
    ) -> None:
        self._guard, self._reservation_id, self._claims, self._layout = guard, reservation_id, claims, layout
        self.metered = False
        """Whether a Meter will say what it came to."""

    def settle(self, record: UsageRecord) -> None:
        """Keep as much as the record says was used."""
        usage = record.usage or {}
        if more := record.estimated_output_tokens:
            usage = {**usage, "output_tokens": max(more, int(usage.get("output_tokens") or 0))}
        model = record.model or record.sent_model
        amount = used(usage, model, layout=self._layout or Layout(0), platform=record.platform) if usage else 0
        self._guard.learn(record)
        wrong = {claim for claim, case in self._claims.items() if not case.fits(record)}
        self._end(amount, record.record_id, wrong)

    def release(self) -> None:
        """Nothing was spent."""
        self._end(0, None, set())

    def name(self, batch_id: str) -> None:
        """It is for a batch that was made; its items are calls of their own."""
        try:
            self._guard.reservations.name(self._reservation_id, batch_id)
        except Exception as error:  # noqa: BLE001  # what is set aside stays so until the batch is gone
            faults.note("naming a reservation", error)

    def _end(self, amount: int, record_id: str | None, wrong: set[Claim]) -> None:
        try:
            right = self._claims.keys() - wrong
            self._guard.reservations.settle(
                self._reservation_id, right, amount=amount, record_id=record_id, wrong=wrong
            )
        except Exception as error:  # noqa: BLE001  # what is set aside stays so until the ledger has the record
            faults.note("settling a reservation", error)


class _Case(NamedTuple):
    """A budget that covers an attempt, and the values that it is held for."""

    budget: Guarded
    members: tuple[tuple[str, str], ...]
    """Of the dimensions that have a budget for each value."""
    span: Span

    def fits(self, record: UsageRecord) -> bool:
        """Whether the answer was of the values that it was taken to be of."""
        each = dict(self.members)
        for dimension, values in self.budget.scope:
            if dimension in _LEARNT:
                found = getattr(record, dimension)
                if found is not None and found not in (values or (each[dimension],)):
                    return False
        return True

    def claim(self, amount: int, *, binding: bool) -> Claim:
        rolling = self.budget.recurrence.every == "rolling"
        return Claim(
            budget=self.budget.name,
            members=members_text(self.members),
            period="rolling" if rolling else self.span.start.isoformat(),
            amount=amount,
            limit=self.budget.amount,
            until=self.span.end.timestamp(),
            binding=binding,
        )


def members_text(members: tuple[tuple[str, str], ...]) -> str:
    """The values of the dimensions that have a budget for each, as the state has them."""
    return json.dumps([value for _, value in members], ensure_ascii=False) if members else ""


class BudgetGuard:
    """Holds calls to the budgets of a home.

    `names`: only these budgets; none: all that cover a call. `over`: what happens to calls when one of them is spent,
    `step_down` or `refuse`, whatever the budget itself says; None: as the policy's `on_budget` or the budget says.
    Every client has one for the home of its spool; give another to have it otherwise.
    """

    def __init__(
        self,
        *names: str,
        over: Over | None = None,
        home: Path | str | None = None,
        clock: Clock = time,
    ) -> None:
        self.over: Over | None = over
        self.reservations = Reservations(Path(home) if home is not None else default_home())
        self._names = frozenset(names)
        self._time_ns = clock.time_ns
        self._looked = float("-inf")
        self._published: int | None = None
        self._budgets = _Covering(())
        self._seen: dict[str, set[str]] = defaultdict(set)

    def hold(self, ask: Ask, body: Body) -> Hold | Spent | None:
        """Set aside what an attempt can cost; None if no hard budget covers it."""
        claims = self._claims(ask, body)
        return self._take(ask, claims, layout=lay_out(body)) if claims else None

    def hold_batch(self, items: Sequence[tuple[Ask, Body]]) -> Hold | Spent | None:
        """The same for a Message Batch, until its results were read or are gone."""
        found: dict[tuple[str, ...], tuple[Claim, _Case]] = {}
        latest = self._now() + _BATCH_SECONDS
        for ask, body in items:
            for claim, case in self._claims(ask, body, discount=_BATCH_DISCOUNT).items():
                key = (claim.budget, claim.members, claim.period)
                before = found[key][0].amount if key in found else 0
                found[key] = claim._replace(amount=claim.amount + before, until=min(claim.until, latest)), case
        return self._take(items[0][0], dict(found.values()), under_way=False)

    def _now(self) -> float:
        """Seconds since 1970."""
        return self._time_ns() / 1e9

    def learn(self, record: UsageRecord) -> None:
        """Remember what only answers tell."""
        for dimension in _LEARNT:
            if (value := getattr(record, dimension)) is not None:
                self._seen[dimension].add(value)

    def _claims(self, ask: Ask, body: Body, *, discount: int = 1) -> dict[Claim, _Case]:
        """What the attempt would take, with what it would take it from."""
        covering = self._covering()
        if not covering:
            return {}
        now = datetime.fromtimestamp(self._now(), UTC)
        found = [(case, self._over(case.budget, ask)) for case in covering.cases(ask, self._seen, now)]
        hard = [(case, over) for case, over in found if over != "notify"]
        if not hard:
            return {}
        most = -(-at_most(body, ask.model, platform=ask.platform) // discount)
        return {case.claim(most, binding=over == "refuse" or not ask.stepped_down): case for case, over in hard}

    def _take(
        self, ask: Ask, claims: Mapping[Claim, _Case], *, layout: Layout | None = None, under_way: bool = True
    ) -> Hold | Spent | None:
        if not claims:
            return None
        now = self._now()
        taken = self.reservations.take(list(claims), call_id=ask.call_id, now=now, under_way=under_way)
        if isinstance(taken, str):
            return Hold(self, taken, claims, layout)
        spent = [Spent(self._over(claims[full.claim].budget, ask), _error(claims[full.claim], full)) for full in taken]
        # Of several reasons one that steps down, as that may make room.
        return min(spent, key=lambda each: each.over != "step_down")

    def _over(self, budget: Guarded, ask: Ask) -> Over:
        return self.over or ask.over or budget.over

    def _covering(self) -> _Covering:
        """The budgets, as they were a second ago at most."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            if not self.reservations.state.path.exists():
                self._published, self._budgets = None, _Covering(())
            elif (published := self.reservations.publications()) != self._published:
                self._published = published
                known = [each for each in self.reservations.budgets() if not self._names or each.name in self._names]
                self._budgets = _Covering(known)
        return self._budgets


class _Covering:
    """Finds the budgets that cover an attempt: by the values of their dimensions, not one by one."""

    def __init__(self, budgets: list[Guarded] | tuple[Guarded, ...]) -> None:
        self._known = len(budgets)
        self._by_shape: dict[tuple[tuple[str, bool], ...], dict[tuple[str, ...], list[Guarded]]] = {}
        for budget in budgets:
            shape = tuple((dimension, bool(values)) for dimension, values in budget.scope)
            listed = [values for _, values in budget.scope if values]
            for key in product(*listed):
                self._by_shape.setdefault(shape, {}).setdefault(key, []).append(budget)

    def __len__(self) -> int:
        return self._known

    def cases(self, ask: Ask, seen: Mapping[str, set[str]], now: datetime) -> Iterator[_Case]:
        """The budgets that cover an attempt; more than once where it is not known yet whose the attempt is."""
        for shape, budgets in self._by_shape.items():
            options = [_options(dimension, ask, seen) for dimension, _ in shape]
            if any(
                not option and dimension not in _LEARNT for option, (dimension, _) in zip(options, shape, strict=True)
            ):
                continue
            unknown = [not option for option in options]
            for values in product(*(option or ("",) for option in options)):
                each = tuple(
                    (dimension, value) for (dimension, listed), value in zip(shape, values, strict=True) if not listed
                )
                if any(dimension in _LEARNT and not value for dimension, value in each):
                    continue  # a budget of its own, and nobody knows whose
                for budget in _listed(budgets, shape, values, unknown):
                    if span := _span(budget, now):
                        yield _Case(budget, each, span)


def _options(dimension: str, ask: Ask, seen: Mapping[str, set[str]]) -> tuple[str, ...]:
    if dimension in _LEARNT:
        return tuple(sorted(seen.get(dimension, ())))
    value = ask.tags.get(dimension[4:]) if dimension.startswith("tag:") else ask.members.get(dimension)
    return () if value is None else (value,)


def _listed(
    budgets: Mapping[tuple[str, ...], list[Guarded]],
    shape: tuple[tuple[str, bool], ...],
    values: tuple[str, ...],
    unknown: list[bool],
) -> list[Guarded]:
    """The budgets of a shape that list these values; where one is unknown, those with any."""
    at = [place for place, (_, listed) in enumerate(shape) if listed]
    if not any(unknown[place] for place in at):
        return budgets.get(tuple(values[place] for place in at), [])
    found = {
        budget.name: budget
        for key, many in budgets.items()
        if all(unknown[place] or values[place] == part for place, part in zip(at, key, strict=True))
        for budget in many
    }
    return list(found.values())


def _span(budget: Guarded, now: datetime) -> Span | None:
    begun = budget.effective_from is None or budget.effective_from <= now
    if not begun or (budget.effective_to is not None and budget.effective_to <= now):
        return None
    return span_at(budget.recurrence, now)


def _error(case: _Case, full: Full) -> BudgetExceeded:
    return BudgetExceeded(
        budget=case.budget.name,
        members=dict(case.members),
        spent=Decimal(full.spent) / NANO,
        limit=Decimal(full.limit) / NANO,
        wanted=Decimal(full.claim.amount) / NANO,
        period=case.span,
        reset_at=case.span.end,
    )
