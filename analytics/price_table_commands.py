"""What the commands about prices do: ask, and print the answer."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from . import present, present_prices
from .exceptions import SettingsError
from .period import Period
from .price_diff import compare
from .price_history import price_history
from .prices import PriceTable
from .rerate import Rerating, history
from .rerate import rerate as rate_again
from .switch import ledger_at

_BEGINNING = "1970-01-01"


def show(name: str, *, day: str | None, now: datetime, as_json: bool) -> None:
    """The history of one model's price, and the rows in force on a day."""
    found = price_history(PriceTable.load(), name, on=_day(day, now))
    if as_json:
        click.echo(present.as_json(found))
    else:
        present_prices.show_history(present.console(), found)


def diff(*, day: str | None, now: datetime, as_json: bool) -> None:
    """Where others' tables differ from ours on a day."""
    comparisons = compare(PriceTable.load(), on=_day(day, now))
    if as_json:
        click.echo(present.as_json(comparisons))
    else:
        present_prices.show_comparisons(present.console(), comparisons)


def rerate(home: Path, *, since: str | None, until: str | None, now: datetime, dry_run: bool, as_json: bool) -> None:
    """Rate again, and say what that changes."""
    period = Period.parse(since or _BEGINNING, until, now=now) if since or until else None
    ledger = ledger_at(home)
    with present.working("Rating again") as progress:
        done = rate_again(ledger, PriceTable.load(), now=now, period=period, dry_run=dry_run, progress=progress)
    if as_json:
        click.echo(present.as_json({"dry_run": dry_run, **_as_object(done)}))
    else:
        present_prices.show_rerating(present.console(), done, dry_run=dry_run)


def reratings(home: Path, *, as_json: bool) -> None:
    """The audit trail."""
    found = history(ledger_at(home))
    if as_json:
        click.echo(present.as_json([_as_object(done) for done in found]))
    else:
        present_prices.show_reratings(present.console(), found)


def _as_object(done: Rerating) -> dict[str, object]:
    names = (*Rerating.__slots__, "lines", "changed_lines", "list_cost_before", "list_cost_after")
    return {name: getattr(done, name) for name in names}


def _day(text: str | None, now: datetime) -> date:
    try:
        return date.fromisoformat(text) if text else now.date()
    except ValueError:
        raise SettingsError(f"at: found {text}, expected a day such as 2026-11-21") from None
