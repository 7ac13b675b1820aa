"""Evaluation: what the ledger says now against budgets.yaml; moves the alerts, and tells the guard.

However often it runs, and in how many processes: what was told once is not told again (states.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .. import guarding
from ..budgets import BudgetFile, Threshold, Told
from ..ingest import refresh
from ..ledger import Ledger
from ..links import dashboard_query
from ..period import Period
from ..spending import Spend, spending
from . import budget_conditions, rule_conditions
from .alert import Condition, Key, State
from .case import BudgetCase, Case, Finding
from .details import contributors_to, plot_of
from .headings import Headings
from .notices import compose
from .rule_conditions import World
from .states import Transition, open_keys, step
from .tables import moment, sql, stamp, state

_BACK = timedelta(days=35)
"""What was crossed in a period that ended while nothing ran is told for so long."""
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
    ledger, known = Ledger(home), open_keys(home)
    behind = refresh(ledger)
    crossed, cases = _budgets(ledger, file, known, now=now)
    world = World(ledger, now, file.zone, behind)
    found = [pair for rule in file.rules for pair in rule_conditions.conditions(rule, world)]
    found = [(condition, finding) for condition, finding in found if condition.holds or condition.key in known]
    cases |= {condition.key.alert_id: finding for condition, finding in found}
    conditions = [
        *(each.condition for each in crossed),
        *(condition for condition, _ in found),
        *_forgotten(file, known, now=now),
    ]
    moved = step(home, conditions, now=now, compose=partial(compose, cases=cases, links=_links(file, cases, now)))
    with state(home).transaction() as con:
        con.execute(sql("note_evaluation"), {"now": stamp(now)})
    return moved


def _budgets(
    ledger: Ledger, file: BudgetFile, known: Mapping[Key, State], *, now: datetime
) -> tuple[list[_Crossed], dict[str, Case]]:
    """What is crossed of every budget, and what there is to say about it; tells the guard on the way."""
    with ledger.read() as con:
        spends = list(spending(con, file.budgets, now=now, since=_since(ledger.home, now)))
        guarding.publish(con, ledger.home, file.budgets, spends, now=now)
        headings = Headings(con, filter(_has_forecasts, spends), now=now)
    crossed = [
        _Crossed(spend, threshold, condition)
        for spend in spends
        for threshold, condition in budget_conditions.conditions(
            spend, headings.of, now=now, is_open=known.__contains__
        )
    ]
    telling = [each for each in crossed if each.condition.holds and known.get(each.condition.key) in _UNTOLD]
    detailed = dict(_detailed(telling[:_MOST_DETAILED], ledger, now=now))
    cases: dict[str, Case] = {
        each.condition.key.alert_id: BudgetCase(
            spend=each.spend, threshold=each.threshold, forecast=headings.of(each.spend)
        )
        for each in crossed
    }
    return crossed, cases | detailed


_UNTOLD = (None, "pending", "resolved")


def _detailed(telling: list[_Crossed], ledger: Ledger, *, now: datetime) -> Iterator[tuple[str, Case]]:
    """What may be told now, with all that a message has."""
    if not telling:
        return
    with ledger.read() as con:
        headings = Headings(con, [each.spend for each in telling], now=now)
    for each in telling:
        forecast = headings.of(each.spend)
        yield (
            each.condition.key.alert_id,
            BudgetCase(
                spend=each.spend,
                threshold=each.threshold,
                forecast=forecast,
                contributors=contributors_to(each.spend, ledger, now=now),
                plot=plot_of(each.spend, forecast, ledger, now=now),
            ),
        )


def _since(home: Path, now: datetime) -> datetime | None:
    """Periods that ended since are looked at once more, for what was crossed while nothing ran."""
    with state(home).read() as con:
        row = con.execute(sql("evaluation")).fetchone()
    return None if row is None else max(min(moment(row[0]), now), now - _BACK)


def _has_forecasts(spend: Spend) -> bool:
    return any(threshold.basis == "forecast" for threshold in spend.budget.thresholds)


def _forgotten(file: BudgetFile, known: Iterable[Key], *, now: datetime) -> Iterator[Condition]:
    """Alerts of budgets and rules that are no longer in the file: they end without a message."""
    names = {each.name for each in (*file.budgets, *file.rules)}
    yield from (Condition(key=key, holds=None, told=Told(), over_at=now) for key in known if key.rule not in names)


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
