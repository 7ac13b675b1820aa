"""Reconcile: what the provider bills beside what we charged, day by day, and what explains the difference.

Ours is the contracted cost of attempts on the Claude API, less the priority tier, which the report lacks. Other
platforms are billed by others. Unknown is not zero: a day without a report, one before the ledger begins, or one on
which nothing has a price, is no difference. A call counts on the day on which it began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from .ledger import Ledger
from .period import Period, midnight
from .period import naive as without_zone
from .present import money, plain
from .provider import days_of
from .reports import CostRow, Filters, cost_by

FINAL_AFTER = timedelta(days=1)
"""A report says something final of a day when it is fetched so long after its end: its two newest days are not."""
BILLED_HERE = "anthropic"
"""The platform that is in the report. Claude Platform on AWS, Bedrock, Vertex and Foundry are billed by others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of two amounts in US dollars."""

    ours: Decimal
    theirs: Decimal
    amount: Decimal
    """Theirs less ours: positive where the provider bills more than we know of."""
    percent: Decimal
    """Of the larger of the two, with its sign; zero if both are."""

    @classmethod
    def of(cls, ours: Decimal, theirs: Decimal) -> Self:
        """What lies between them."""
        amount, larger = theirs - ours, max(abs(ours), abs(theirs))
        percent = round(amount / larger * 100, 4) if larger else Decimal(0)
        return cls(ours=ours, theirs=theirs, amount=amount, percent=percent)

    def exceeds(self, *, percent: Decimal, dollars: Decimal) -> bool:
        """Whether it is more than both, in either direction."""
        return abs(self.percent) > percent and abs(self.amount) > dollars


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One UTC day; amounts in US dollars."""

    day: date
    ours: Decimal | None
    """None: not `complete`, or there are attempts and none of them has a price."""
    list_cost: Decimal | None
    theirs: Decimal | None
    """None: no report of this day was fetched."""
    final: bool
    """Whether the report of this day was fetched late enough not to change."""
    difference: Difference | None
    complete: bool
    """Whether the ledger began on an earlier day, so that it has all of this one."""
    attempts: int
    unpriced_attempts: int
    priority_cost: Decimal
    """Left out of `ours`."""
    elsewhere_cost: Decimal
    """On platforms that others bill; left out of `ours`."""
    code_execution_cost: Decimal
    """Part of `theirs`; in no response, so never in `ours`."""
    refusals: int
    """Lines that are taken to be free, as the model refused before it wrote anything."""
    estimated: int
    """Lines of answers that were not seen to their end: their output is estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One that both sides name, over the final days."""

    workspace_id: str
    difference: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A period, compared."""

    days: tuple[Day, ...]
    total: Difference | None
    """Over the final days on which both sides are known; None if there are none."""
    workspaces: tuple[Workspace, ...]
    reasons: tuple[str, ...]
    """What may explain the difference, and what was left out; one sentence each."""


def reconcile(ledger: Ledger, period: Period) -> Reconciliation:
    """Compare the UTC days that a period touches, as far as the ledger has reports of them."""
    facts = _ask(ledger, period)
    days = tuple(_day(found) for found in facts)
    sure = [found for found, day in zip(facts, days, strict=True) if day.final and day.difference]
    total = _total([day.difference for day in days if day.final])
    reasons = (*_gaps(days), *_left_out(days), *_strangers(facts, sure), *_assumed(days), *_guess(days, total))
    return Reconciliation(days=days, total=total, workspaces=tuple(_workspaces(sure)), reasons=reasons)


def difference(ledger: Ledger, *, now: datetime, days: int = 7) -> Difference | None:
    """Over the final ones of the last whole days; None if no report of them was fetched. Nothing is taken in."""
    today = now.astimezone(UTC).date()
    period = Period.days(today - timedelta(days=days), today - timedelta(days=1))
    if not _reported(ledger, period):
        return None
    return reconcile(ledger, period).total


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of one day, or of one workspace on that day."""

    day: date
    ours: Sequence[CostRow]
    """By day, platform and workspace."""
    theirs: Sequence[Mapping[str, Any]]
    aside: Sequence[Mapping[str, Any]]
    complete: bool
    """Whether the ledger began on an earlier day."""

    def of(self, workspace: str | None) -> _Facts:
        theirs, aside = (
            [row for row in rows if row["workspace_id"] == workspace] for rows in (self.theirs, self.aside)
        )
        return replace(self, ours=[row for row in self.ours if row.group[2] == workspace], theirs=theirs, aside=aside)

    @property
    def here(self) -> list[CostRow]:
        return [row for row in self.ours if row.group[1] == BILLED_HERE]

    @property
    def charged(self) -> Decimal | None:
        amount = _known(row.contracted_cost for row in self.here) if self.complete else None
        return None if amount is None else amount - _sum(row["priority_cost"] for row in self.aside)

    @property
    def billed(self) -> Decimal | None:
        return _sum(row["billed_cost"] for row in self.theirs) if self.theirs else None

    @property
    def final(self) -> bool:
        end = midnight(self.day + timedelta(days=1))
        return bool(self.theirs) and self.theirs[0]["fetched_at"] >= without_zone(end + FINAL_AFTER)


def _ask(ledger: Ledger, period: Period) -> list[_Facts]:
    first, until = days_of(period)
    whole = Period(midnight(first), midnight(until))
    ours = defaultdict[str, list[CostRow]](list)
    for row in cost_by(ledger, Filters(period=whole), ("day", "platform", "workspace_id")):
        ours[row.group[0] or ""].append(row)
    theirs = _by_day(_reported(ledger, period))
    bounds = {"start": without_zone(whole.start), "until": without_zone(whole.end)}
    aside = _by_day(ledger.query("reconcile_lines", **bounds))
    ((begin,),) = (row.values() for row in ledger.query("reconcile_begin"))
    days = (first + timedelta(days=number) for number in range((until - first).days))
    return [
        _Facts(day, ours[f"{day}"], theirs[day], aside[day], complete=begin is not None and day > begin.date())
        for day in days
    ]


def _reported(ledger: Ledger, period: Period) -> list[dict[str, Any]]:
    first, until = days_of(period)
    return ledger.query("provider_days", first=first, until=until)


def _by_day(rows: Sequence[dict[str, Any]]) -> Mapping[date, list[dict[str, Any]]]:
    by_day = defaultdict[date, list[dict[str, Any]]](list)
    for row in rows:
        by_day[row["day"]].append(row)
    return by_day


def _day(facts: _Facts) -> Day:
    here, ours, billed = facts.here, facts.charged, facts.billed
    return Day(
        day=facts.day,
        ours=ours,
        list_cost=None if ours is None else _known(row.list_cost for row in here),
        theirs=billed,
        final=facts.final,
        difference=None if ours is None or billed is None else Difference.of(ours, billed),
        complete=facts.complete,
        attempts=sum(row.attempts for row in here),
        unpriced_attempts=sum(row.unpriced_attempts for row in here),
        priority_cost=_sum(row["priority_cost"] for row in facts.aside),
        elsewhere_cost=_sum(row.contracted_cost or Decimal(0) for row in facts.ours if row.group[1] != BILLED_HERE),
        code_execution_cost=_sum(row["code_execution_cost"] for row in facts.theirs),
        refusals=sum(row["refusals"] for row in facts.aside),
        estimated=sum(row["estimated"] for row in facts.aside),
    )


def _known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Their sum, of those that are known; None if there are some and none is."""
    found = list(amounts)
    known = [amount for amount in found if amount is not None]
    return None if found and not known else _sum(known)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _total(differences: Iterable[Difference | None]) -> Difference | None:
    known = [one for one in differences if one]
    return Difference.of(_sum(one.ours for one in known), _sum(one.theirs for one in known)) if known else None


def _workspaces(sure: Sequence[_Facts]) -> Iterator[Workspace]:
    for workspace in sorted(_named_by_us(sure) & _named_by_them(sure)):
        parts = [facts.of(workspace) for facts in sure]
        ours = _known(part.charged for part in parts if part.here)
        if ours is not None:
            theirs = _sum(part.billed or Decimal(0) for part in parts)
            yield Workspace(workspace_id=workspace, difference=Difference.of(ours, theirs))


def _named_by_us(days: Iterable[_Facts]) -> set[str]:
    return {row.group[2] for facts in days for row in facts.here if row.group[2] is not None}


def _named_by_them(days: Iterable[_Facts]) -> set[str]:
    return {row["workspace_id"] for facts in days for row in facts.theirs if row["workspace_id"] is not None}


def _gaps(days: Sequence[Day]) -> Iterator[str]:
    if unreported := [day.day for day in days if day.theirs is None]:
        yield f"There is no report of {_named(unreported)}: tollgate reconcile --fetch."
    if young := [day.day for day in days if day.theirs is not None and not day.final]:
        yield f"Not final when the report was fetched, so not in the total: {_named(young)}."
    if unseen := [day.day for day in days if not day.complete]:
        yield f"The ledger began on the last of these days or later, so they cannot be compared: {_named(unseen)}."


def _left_out(days: Sequence[Day]) -> Iterator[str]:
    if unpriced := sum(day.unpriced_attempts for day in days):
        yield f"Attempts without a price, which ours lacks: {unpriced:,} (see tollgate doctor)."
    if priority := _sum(day.priority_cost for day in days):
        yield f"Priority tier, which the report lacks: {money(priority)}, left out of ours."
    if elsewhere := _sum(day.elsewhere_cost for day in days):
        yield f"On platforms that others bill: {money(elsewhere)}, left out of ours."
    if executed := _sum(day.code_execution_cost for day in days):
        yield f"Code execution, which is in no response: {money(executed)} of theirs."


def _strangers(facts: Sequence[_Facts], sure: Sequence[_Facts]) -> Iterator[str]:
    """Workspaces that the provider bills and no attempt is of; unless the answers name no workspace at all."""
    seen = _named_by_us(facts)
    for workspace in sorted(_named_by_them(sure) - seen) if seen else ():
        billed = _sum(one.of(workspace).billed or Decimal(0) for one in sure)
        yield f"Workspace {plain(workspace)}, of which no call passed through Tollgate: {money(billed)} of theirs."


def _assumed(days: Sequence[Day]) -> Iterator[str]:
    if refusals := sum(day.refusals for day in days):
        yield f"Refusals before any output are taken to be free: {refusals:,}."
    if estimated := sum(day.estimated for day in days):
        yield f"Answers not seen to their end, of which the output is estimated: {estimated:,}."


def _guess(days: Sequence[Day], total: Difference | None) -> Iterator[str]:
    """What else it may be."""
    if total and total.amount > 0:
        yield "What they bill beyond may be calls that never passed through Tollgate: other keys, programs, people."
    discounted = any(day.ours is not None and day.list_cost != day.ours + day.priority_cost for day in days)
    if total and total.amount < 0 and not discounted:
        yield "No discount is known here: one that was negotiated belongs in contract.yaml."


def _named(days: Sequence[date]) -> str:
    """`2026-11-01 to 2026-11-07`, or one by one where there are gaps."""
    if len(days) > 2 and (days[-1] - days[0]).days == len(days) - 1:
        return f"{days[0]} to {days[-1]}"
    more = f" and {len(days) - 5:,} more" if len(days) > 5 else ""
    return ", ".join(f"{day}" for day in days[:5]) + more
