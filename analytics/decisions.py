"""Decisions: what the Router decided over a period, and why; and what it would decide on a request that is pasted.

What that saved is `routing_report.routing`: against the models asked for, and against Opus for everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from router.policy import Policy

from .attempts import choose
from .exceptions import SettingsError
from .judging import Judgement, judge, policy_of
from .ledger import Ledger
from .period import naive
from .questions import run
from .reports import Filters, grouped
from .routing_report import RoutingRow

ASPECTS = (
    "slot",
    "tier",
    "task_type",
    "requested_model",
    "model",
    "shadow_model",
    "budget",
    "decision",
    "reason",
    "outcome",
    "confidence",
)
"""What decisions may be grouped by. `slot`: the number of the time slot, from 0; `decision`: kept, stepped_down,
left_open, pinned, shadow, budget (a spent one stepped the call down), taken_back, second_opinion, undecided; `reason`:
what the reason begins with; `outcome`: how it ends, such as `up from haiku`; `confidence`: the lower end of a tenth;
`budget`: the one that was spent; `shadow_model`: what would have been chosen."""
MOST_ASPECTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """The decisions of one group; each is of one call, and its cost is that of all its attempts."""

    group: tuple[str | None, ...]
    calls: int
    """Counted at their first attempts."""
    attempts: int
    would_differ: int
    """Calls in shadow that would have gone elsewhere."""
    unpriced_attempts: int
    list_cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """A period, in all and by aspect."""

    total: DecisionRow | None
    """None: there was no call."""
    tables: Mapping[tuple[str, ...], tuple[DecisionRow, ...]]
    """Aspects -> groups, the dearest first; in order if the first aspect is slot or confidence."""


def decisions(
    ledger: Ledger,
    filters: Filters,
    tables: Iterable[Sequence[str]] = (("decision",),),
    *,
    cuts: Sequence[datetime] = (),
) -> Decisions:
    """What was decided in a period; each table by one or two of ASPECTS. Raises SettingsError for others.

    `cuts`: the moments, aware and in order, at which slots begin; without them all is slot 0.
    """
    asked = [tuple(by) for by in tables]
    for by in asked:
        _check(by)
    with ledger.read() as con:
        run(con, "decision_of")
        run(con, "aspect_of")
        cut = [naive(moment) for moment in cuts or (filters.period.start,)]
        run(con, "decided", **choose(con, filters), cuts=cut)
        found = {by: run(con, "decisions", aspects=list(by)) for by in [(), *asked]}
    rows = {by: tuple(grouped(DecisionRow, _in_order(by, answers), by)) for by, answers in found.items()}
    total = rows.pop(())
    return Decisions(total=total[0] if total else None, tables=rows)


def dearer(rows: Iterable[RoutingRow]) -> tuple[RoutingRow, ...]:
    """The groups of a routing report where routing cost more than it saved, the worst first."""
    worse = [(row.saved, row) for row in rows if row.saved is not None and row.saved < 0]
    return tuple(row for _, row in sorted(worse, key=lambda pair: pair[0]))


def decide(text: str, policy: Policy | None = None) -> Judgement:
    """What the Router would do with a pasted request, and why; `sound` is false where the reason says what is wrong.

    No call is made, and nothing of it is kept.
    """
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        wanted = 'expected one request such as {"model": "auto", "messages": [...]}'
        return Judgement(reason=f"found no JSON ({error}), {wanted}", sound=False)
    return judge(document, policy or policy_of(None))


def _check(by: Sequence[str]) -> None:
    if not 1 <= len(by) <= MOST_ASPECTS:
        raise SettingsError(f"by: found {len(by)} aspects together, expected 1 or {MOST_ASPECTS}")
    for aspect in by:
        if aspect not in ASPECTS:
            raise SettingsError(f"by: found {aspect!r}, expected one of {', '.join(ASPECTS)}")


def _in_order(by: Sequence[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By number, if the first aspect is one; nothing known comes last."""
    if by and by[0] in ("slot", "confidence"):
        return sorted(rows, key=lambda row: Decimal(row["members"][0] or 99))
    return rows
