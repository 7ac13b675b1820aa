"""What the commands about budgets do: read, and say what was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from router.periods import span_at

from . import present
from .budget_words import local, period_said, rule_said, said
from .budgets import EACH, Budget, BudgetFile, Rule, in_use
from .exceptions import BudgetFileError
from .prices import PriceTable

_NONE_YET = """\
There are no budgets: {home} has no budgets.yaml. A first one:

recipients: [you@example.com]
budgets:
  - {{name: everything, amount: "500"}}

That is $500 a month; it tells you at 80 %, at 100 %, and when the month is forecast to end over it."""


def check(home: Path, file: Path | None, *, now: datetime, as_json: bool) -> bool:
    """Say what a file of budgets means, and what is doubtful; True if it can be used."""
    path = file or in_use(home)
    if path is None:
        _print({"file": None, "sound": True}, _NONE_YET.format(home=home).splitlines(), as_json=as_json)
        return True
    try:
        found = BudgetFile.load(path)
    except BudgetFileError as error:
        mistakes = str(error).splitlines()
        _print({"file": path, "sound": False, "mistakes": mistakes}, mistakes, as_json=as_json)
        return False
    notes = list(_notes(found))
    answer = {
        "file": path,
        "sound": True,
        "budgets": [_budget_fields(budget, now) for budget in found.budgets],
        "alerts": [_rule_fields(rule) for rule in found.rules],
        "notes": notes,
        "mistakes": [],
    }
    _print(answer, [str(path), *_lines(found, now), *(f"! {note}" for note in notes)], as_json=as_json)
    return True


def _lines(found: BudgetFile, now: datetime) -> Iterator[str]:
    for budget in found.budgets:
        yield f"{budget.name}: {said(budget)}"
        yield f"    {period_said(budget, now)}"
    for rule in found.rules:
        yield f"{rule.name}: {rule_said(rule)}"
    for name, place in found.channels.items():
        yield f"The address of the channel {name} stands in {place.replace(':', ' ', 1)}"
    for often, addresses in (("Every day", found.daily_digest), ("Every Monday", found.weekly_digest)):
        if addresses:
            yield f"{often} at {found.digest_hour}:00 ({found.zone}) a digest goes to {', '.join(addresses)}"


def _notes(found: BudgetFile) -> Iterator[str]:
    """What can be meant so, and most often is not."""
    known = {
        spelling for model in PriceTable.load().file.models.values() for _, spelling, _ in model.ids.spellings()
    } | {EACH}
    for entry in (*found.budgets, *found.rules):
        for dimension in ("model", "requested_model"):
            for name in entry.scope.get(dimension, ()):
                if name not in known:
                    yield f"{entry.name}: found {dimension} {name}, expected a model of the price table"
    for budget in found.budgets:
        if not (budget.told.recipients or budget.told.channels):
            yield f"{budget.name}: found nobody to tell, expected somebody who learns of refused or stepped-down calls"


def _budget_fields(budget: Budget, now: datetime) -> dict[str, object]:
    span, zone = span_at(budget.recurrence, now), budget.recurrence.zone
    return {
        "name": budget.name,
        "says": said(budget),
        "amount": budget.amount,
        "cost": budget.cost,
        "scope": budget.scope,
        "every": budget.recurrence.every,
        "zone": zone,
        "period_start": span and span.start,
        "period_end": span and span.end,
        "resets": span and local(span.end, zone),
        "thresholds": [threshold.text for threshold in budget.thresholds],
        "over": budget.over,
        "recipients": budget.told.recipients,
        "channels": budget.told.channels,
    }


def _rule_fields(rule: Rule) -> dict[str, object]:
    return {
        "name": rule.name,
        "says": rule_said(rule),
        "rule": rule.kind,
        "scope": rule.scope,
        "limit": rule.limit,
        "recipients": rule.told.recipients,
        "channels": rule.told.channels,
    }


def _print(answer: object, lines: Sequence[str], *, as_json: bool) -> None:
    click.echo(present.as_json(answer) if as_json else "\n".join(map(present.plain, lines)))
