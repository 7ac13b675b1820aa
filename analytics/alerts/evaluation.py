"""Evaluation: what the ledger says now against budgets.yaml; moves the alerts, and tells the guard.

However often it runs, and in how many processes: what was told once is not told again (states.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from router.periods import Span

from .. import guarding
from ..budgets import BudgetFile, Threshold, Told
from ..exceptions import LedgerBusy
from ..ingest import refresh
from ..ledger import Ledger
from ..links import dashboard_query
from ..period import Period
from ..spending import Members, Spend, spending
from ..switch import ledger_at
from . import budget_conditions, rule_conditions
from .alert import Condition, Key, State
from .budget_conditions import key_of
from .case import BudgetCase, Case, Finding
from .details import contributors_to, plot_of
from .headings import Headings
from .notices import compose
from .rule_conditions import World
from .states import Transition, open_keys, seen, step
from .tables import moment, sql, stamp, state

_BACK = timedelta(days=35)
"""What was crossed in a period that ended while nothing ran is told for so long."""
_LATE = timedelta(hours=1)
"""So long after a period's end attempts that began in it may still arrive: they are recorded when they are over."""
_MOST_DETAILED = 20
"""Messages of one evaluation that get a plot and contributors: each takes a tenth of a second."""


class _Crossed(NamedTuple):
    """A threshold of a budget, and how it stands."""

    spend: Spend
    threshold: Threshold
    condition: Condition


def evaluate(home: Path, *, now: datetime, file: BudgetFile | None = None) -> list[Transition]:
    """Look at every budget and rule, and move its alerts. Raises LedgerBusy, BudgetFileError."""
    file = file or BudgetFile.of(home)
    ledger, known = ledger_at(home), open_keys(home)
    behind = refresh(ledger, now=now)
    world = World(ledger, now, file.zone, behind)
    try:
        crossed, cases, said = _budgets(ledger, file, known, now=now)
    except LedgerBusy as busy:
        _tell_of_lag(file, world._replace(behind=str(busy)), known)
        raise
    found = [pair for rule in file.rules for pair in rule_conditions.conditions(rule, world)]
    said |= {condition.key for condition, _ in found}
    found = [(condition, finding) for condition, finding in found if condition.holds or condition.key in known]
    cases |= {condition.key.alert_id: finding for condition, finding in found}
    conditions = [
        *(each.condition for each in crossed),
        *(condition for condition, _ in found),
        *_forgotten(file, known.keys() - said, now=now),
    ]
    moved = step(home, conditions, now=now, compose=partial(compose, cases=cases, links=_links(file, cases, now)))
    with state(home).transaction() as con:
        con.execute(sql("note_evaluation"), {"now": stamp(now)})
    return moved


def _tell_of_lag(file: BudgetFile, world: World, known: Mapping[Key, State]) -> None:
    """What can be said while somebody else holds the ledger: that it falls behind."""
    rules = [rule for rule in file.rules if rule.kind == "ingest_lag"]
    found = [pair for rule in rules for pair in rule_conditions.conditions(rule, world)]
    cases: dict[str, Case] = {condition.key.alert_id: finding for condition, finding in found}
    told = [condition for condition, _ in found if condition.holds or condition.key in known]
    links = _links(file, cases, world.now)
    step(world.ledger.home, told, now=world.now, compose=partial(compose, cases=cases, links=links))


def _budgets(
    ledger: Ledger, file: BudgetFile, known: Mapping[Key, State], *, now: datetime
) -> tuple[list[_Crossed], dict[str, Case], set[Key]]:
    """What is crossed of every budget, what to say about it, and which alerts were looked at; tells the guard."""
    with ledger.read() as con:
        settled = guarding.settled(con, ledger.home)
        spends = list(spending(con, file.budgets, now=now, since=_since(ledger.home, now)))
        guarding.publish(ledger.home, file.budgets, spends, settled, now=now)
        near = [spend for spend in spends if budget_conditions.asks_ahead(spend, now=now)]
        headings = Headings(con, near, now=now)
    names = {key.rule for key in known}
    crossed = [
        _Crossed(spend, threshold, condition)
        for spend in spends
        for threshold, condition in budget_conditions.conditions(
            spend, headings.of, now=now, open_keys=known if spend.budget.name in names else ()
        )
    ]
    ended = [each.condition.key for each in crossed if each.spend.span.end <= now]
    told = seen(ledger.home, [key for key in ended if key not in known])
    crossed = [each for each in crossed if each.condition.key not in told]
    telling = [each for each in crossed if each.condition.holds and known.get(each.condition.key) in _UNTOLD]
    detailed = dict(_detailed(telling, ledger, now=now))
    cases: dict[str, Case] = {
        each.condition.key.alert_id: BudgetCase(
            spend=each.spend,
            threshold=each.threshold,
            forecast=headings.of(each.spend),
            looked_ahead=budget_conditions.asks_ahead(each.spend, now=now),
        )
        for each in crossed
    }
    looked_at = {
        key_of(spend, threshold)
        for spend in spends
        for threshold in spend.budget.thresholds
        if spend.budget.name in names
    }
    return crossed, cases | detailed, looked_at


_UNTOLD = (None, "pending")


def _detailed(telling: list[_Crossed], ledger: Ledger, *, now: datetime) -> Iterator[tuple[str, Case]]:
    """What may be told now, with all that a message about one has; where several are told together, it has less."""
    by_budget: dict[str, list[_Crossed]] = defaultdict(list)
    for each in telling:
        by_budget[each.spend.budget.name].append(each)
    alone = [many for many in by_budget.values() if len({_one(each.spend) for each in many}) == 1][:_MOST_DETAILED]
    if not alone:
        return
    with ledger.read() as con:
        headings = Headings(con, [many[0].spend for many in alone], now=now)
        for many in alone:
            spend = many[0].spend
            forecast = headings.of(spend)
            case = BudgetCase(
                spend=spend,
                threshold=many[0].threshold,
                forecast=forecast,
                contributors=contributors_to(spend, ledger, now=now),
                plot=plot_of(spend, forecast, ledger, now=now),
            )
            yield from ((each.condition.key.alert_id, replace(case, threshold=each.threshold)) for each in many)


def _one(spend: Spend) -> tuple[Members, Span]:
    return spend.members, spend.span


def _since(home: Path, now: datetime) -> datetime | None:
    """Periods that ended since are looked at once more, for what was crossed while nothing ran, or is known late."""
    with state(home).read() as con:
        row = con.execute(sql("evaluation")).fetchone()
    return None if row is None else max(min(moment(row[0]), now) - _LATE, now - _BACK)


def _forgotten(file: BudgetFile, unsaid: Iterable[Key], *, now: datetime) -> Iterator[Condition]:
    """Alerts of what the file no longer has, or whose value has no usage any more: they end without a message.

    That of an anomaly is about a day that is over, and ends by itself.
    """
    kept = {rule.name for rule in file.rules if rule.kind == "anomaly"}
    yield from (Condition(key=key, holds=None, told=Told(), over_at=now) for key in unsaid if key.rule not in kept)


def _links(file: BudgetFile, cases: Mapping[str, Case], now: datetime) -> dict[str, str]:
    """To the dashboard, by the id of the alert."""
    if file.dashboard is None:
        return {}
    return {alert_id: f"{file.dashboard.rstrip('/')}/{_query(case, file, now)}" for alert_id, case in cases.items()}


def _query(case: Case, file: BudgetFile, now: datetime) -> str:
    if isinstance(case, Finding):
        return dashboard_query(Period(now - timedelta(days=7), now), zone=file.zone, scope={})
    span = case.spend.span
    return dashboard_query(Period(span.start, span.end), zone=case.spend.budget.recurrence.zone, scope=case.spend.scope)
