"""Which mistakes in budgets.yaml a schema cannot see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .budget_file import OWN_KEYS, AlertEntry, BudgetEntry, BudgetsYaml, Period, Scope, Told
from .grouping import MOST_DIMENSIONS
from .threshold import Threshold
from .yaml_file import Key, Problem

_KNOWN_AFTERWARDS = ("workspace_id", "region")
"""Only the answer says them: too late to refuse the call."""


def mistakes(file: BudgetsYaml) -> Iterator[Problem]:
    """What the schema cannot say: names used twice or unknown, contradictions, alerts that nobody would get."""
    yield from _names(file)
    for name, channel in file.channels.items():
        if channel.place is None:
            expected = "{env: NAME} or {file: /PATH}, which hold its address: that is a secret, and stands elsewhere"
            yield Problem(("channels", name), "no such place", expected)
    for index, budget in enumerate(file.budgets):
        key = ("budgets", index)
        yield from _scope((*key, "scope"), budget.scope)
        yield from _hard((*key, "scope"), budget)
        yield from _period((*key, "period"), budget.period)
        yield from _days(key, budget.from_, budget.until)
        yield from _against_period(key, budget)
        yield from _thresholds(key, budget)
        yield from _told(key, budget, file, must=budget.over == "notify")
    for index, alert in enumerate(file.alerts):
        key = ("alerts", index)
        yield from _scope((*key, "scope"), alert.scope)
        yield from _keys(key, alert)
        yield from _told(key, alert, file, must=True)


def _names(file: BudgetsYaml) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for section, entries in (("budgets", file.budgets), ("alerts", file.alerts)):
        for index, entry in enumerate(entries):
            here = f"{section}[{index}]"
            owner = owners.setdefault(entry.name, here)
            if owner != here:
                yield Problem((section, index, "name"), f'"{entry.name}", the name of {owner}', "a name of its own")


def _scope(key: Key, scope: Scope) -> Iterator[Problem]:
    if (count := len(scope.dimensions())) > MOST_DIMENSIONS:
        yield Problem(key, f"{count} dimensions", f"at most {MOST_DIMENSIONS}, as reports have them")
    for name in scope.tags:
        if not name or not name.isprintable():
            yield Problem((*key, "tags"), f"the tag {name!r}", "the name of a tag, such as team")


def _hard(key: Key, budget: BudgetEntry) -> Iterator[Problem]:
    if budget.over == "notify":
        return
    for dimension in _KNOWN_AFTERWARDS:
        if dimension in budget.scope.dimensions():
            expected = f"over: notify, or a scope that is known before a call: only the answer tells its {dimension}"
            yield Problem((*key, dimension), f"a scope of a budget with over: {budget.over}", expected)


def _period(key: Key, period: Period) -> Iterator[Problem]:
    ways = [period.every is not None, period.rolling_days is not None, bool(period.from_ or period.until)]
    if sum(ways) != 1:
        found = "several kinds of period" if any(ways) else "no period"
        yield Problem(key, found, "a word such as month, {rolling_days: 30}, or {from: DAY, until: DAY}")
    elif ways[2] and not (period.from_ and period.until):
        yield Problem(key, "from without until" if period.from_ else "until without from", "both")
    yield from _days(key, period.from_, period.until)


def _days(key: Key, first: date | None, last: date | None) -> Iterator[Problem]:
    if first and last and last < first:
        yield Problem((*key, "until"), str(last), f"{first} or a later day; it is included")


def _against_period(key: Key, budget: BudgetEntry) -> Iterator[Problem]:
    """What only some periods can have."""
    if budget.period.every is None and budget.roll_over is not None:
        expected = "none for this period: there is none before it that could have left something"
        yield Problem((*key, "roll_over"), "a roll-over", expected)
    if budget.period.from_ and (budget.from_ or budget.until):
        name = "from" if budget.from_ else "until"
        yield Problem((*key, name), "days beside those of the period", "one of the two")


def _thresholds(key: Key, budget: BudgetEntry) -> Iterator[Problem]:
    seen: dict[tuple[object, ...], Threshold] = {}
    most = budget.amount + ((budget.roll_over.at_most or budget.amount) if budget.roll_over else 0)
    for index, threshold in enumerate(budget.thresholds or ()):
        at, found = (*key, "thresholds", index), f'"{threshold.text}"'
        first = seen.setdefault((threshold.basis, threshold.line(budget.amount), threshold.line(most)), threshold)
        if first is not threshold:
            yield Problem(at, f'{found}, which is "{first.text}" again', "each threshold once")
        elif threshold.basis == "forecast" and budget.period.rolling_days:
            expected = "one on what is spent: rolling days never end, so there is nothing to forecast"
            yield Problem(at, f"{found} of rolling days", expected)
        elif threshold.left and threshold.line(budget.amount) <= 0:
            yield Problem(at, found, f"less than the amount, ${budget.amount:f}")
        elif budget.over == "refuse" and threshold.basis == "actual" and threshold.line(most) > most:
            yield Problem(at, f"{found} of a budget with over: refuse", "at most the amount, as more is never spent")


def _keys(key: Key, alert: AlertEntry) -> Iterator[Problem]:
    own = OWN_KEYS[alert.rule]
    for name in sorted(alert.model_fields_set - {*own, *Told.model_fields, "name", "rule"}):
        expected = f"one of {', '.join(own)}" if own else "only who is told"
        yield Problem((*key, name), f"a key that rule: {alert.rule} does not have", expected)
    if alert.from_percent and alert.to_percent and alert.from_percent <= alert.to_percent:
        yield Problem((*key, "to_percent"), f"{alert.to_percent:f}", f"less than from_percent, {alert.from_percent:f}")


def _told(key: Key, entry: Told, file: BudgetsYaml, *, must: bool) -> Iterator[Problem]:
    for index, name in enumerate(entry.channels):
        if name not in file.channels:
            expected = f"one of {', '.join(file.channels)}" if file.channels else "the name of an entry under channels"
            yield Problem((*key, "channels", index), f'"{name}"', expected)
    recipients = file.recipients if entry.recipients is None else entry.recipients
    if must and not (recipients or entry.owner or entry.channels):
        yield Problem(key, "nobody to tell", "owner, recipients or channels, here, or recipients for all of the file")
