"""What `tollgate budgets status` and `simulate` do: ask, and print the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from . import present
from .budget_words import local, span_named
from .budgets import BudgetFile, in_use
from .commands import fresh
from .exceptions import SettingsError
from .period import Period
from .present import money, plain
from .simulation import Fired, simulate
from .standing import Standing, standings
from .switch import ledger_at

_MOST_VALUES = 10
"""Of a budget for each value, as many are shown; --json has all."""
_BAR = 20


def status(home: Path, file: Path | None, *, now: datetime, as_json: bool) -> None:
    """Take in what is new, and say how every budget stands."""
    ledger, found = ledger_at(home), _file(home, file)
    behind = fresh(ledger)
    if not found.budgets:
        raise _nothing(home, file)
    standing = standings(ledger, found.budgets, now=now)
    if as_json:
        click.echo(present.as_json({"budgets": [_fields(each) for each in standing], "behind": behind}))
        return
    out = present.console()
    if behind:
        out.print(plain(f"! {behind}"), style="yellow")
    out.print(_table(standing))
    _say_what_is_left_out(standing)


def simulation(
    home: Path, file: Path | None, *, since: str | None, until: str | None, now: datetime, as_json: bool
) -> None:
    """Take in what is new, and say what would have fired over a period."""
    ledger, found = ledger_at(home), _file(home, file)
    if not found.budgets and not found.rules:
        raise _nothing(home, file)
    fresh(ledger)
    period = Period.parse(since, until, now=now)
    period = Period(period.start, min(period.end, now))
    with present.working("Going through the hours") as progress:
        fired = simulate(ledger, found, period, progress=progress)
    left_out = sorted({rule.kind for rule in found.rules} - {"anomaly"})
    if as_json:
        click.echo(present.as_json({"period": period, "fired": fired, "not_simulated": left_out}))
        return
    if fired:
        present.console().print(_fired_table(fired, found.zone))
    else:
        click.echo(
            f"Nothing would have fired from {local(period.start, found.zone)} to {local(period.end, found.zone)}."
        )
    if left_out:
        click.echo(f"Not simulated: {', '.join(left_out)}.")


def _file(home: Path, file: Path | None) -> BudgetFile:
    return BudgetFile.load(file) if file else BudgetFile.of(home)


def _nothing(home: Path, file: Path | None) -> SettingsError:
    place = file or in_use(home) or home / "budgets.yaml"
    return SettingsError(f"{place}: found no budgets, expected some (tollgate budgets check)")


def _table(standing: Sequence[Standing]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Budget", "Period"):
        table.add_column(column, overflow="fold")
    for column in ("Spent", "Of", "", "Forecast", "Runs out"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for spend, forecast in _shown(standing):
        share = spend.spent / spend.limit if spend.limit else Decimal(1)
        filled = min(_BAR, int(share * _BAR))
        style = "red" if share >= 1 else "yellow" if share >= Decimal("0.8") else "green"
        zone = spend.budget.recurrence.zone
        runs_out = forecast.runs_out(spend.limit) if forecast and share < 1 else None
        table.add_row(
            plain(f"{spend.budget.name} {spend.whose}".strip()),
            span_named(spend.budget.recurrence, spend.span),
            money(spend.spent),
            money(spend.limit),
            f"[{style}]{'█' * filled}{'░' * (_BAR - filled)}[/] {int(share * 100):>3,} %",
            money(forecast.expected) if forecast else "–",
            "spent" if share >= 1 else local(runs_out, zone) if runs_out else "–",
        )
    return table


def _shown(standing: Sequence[Standing]) -> Iterator[Standing]:
    count: dict[str, int] = {}
    for each in standing:
        name = each.spend.budget.name
        count[name] = count.get(name, 0) + 1
        if count[name] <= _MOST_VALUES:
            yield each


def _say_what_is_left_out(standing: Sequence[Standing]) -> None:
    shown = len(list(_shown(standing)))
    if len(standing) > shown:
        click.echo(f"And {len(standing) - shown:,} values more, which cost less; --json has all.")
    if unpriced := max((each.spend.unpriced_attempts for each in standing), default=0):
        click.echo(f"Attempts without a price, in none of these amounts: {unpriced:,} (tollgate doctor).")


def _fields(standing: Standing) -> dict[str, Any]:
    spend, forecast = standing
    return {
        "budget": spend.budget.name,
        "scope": spend.scope,
        "whose": spend.whose,
        "period_start": spend.span.start,
        "period_end": spend.span.end,
        "spent": spend.spent,
        "limit": spend.limit,
        "left": spend.limit - spend.spent,
        "unpriced_attempts": spend.unpriced_attempts,
        "over": spend.budget.over,
        "forecast": forecast
        and {
            "expected": forecast.expected,
            "low": forecast.low,
            "high": forecast.high,
            "confidence": forecast.confidence,
            "method": forecast.method,
            "runs_out_at": forecast.runs_out(spend.limit),
        },
    }


def _fired_table(fired: Sequence[Fired], zone: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("When", "Rule", "Scope", "Threshold"):
        table.add_column(column, overflow="fold")
    for column in ("Amount", "Of"):
        table.add_column(column, justify="right", no_wrap=True)
    for each in fired:
        style = "red" if each.severity == "critical" else None
        names = (local(each.moment, zone), *map(plain, (each.rule, each.scope, each.threshold)))
        table.add_row(*names, money(each.amount), money(each.limit), style=style)
    return table
