"""Standing: how budgets stand now, and where they are heading: for people who look, and for the guard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from . import guarding
from .alerts.headings import Headings
from .budgets import Budget
from .forecast import Forecast
from .ledger import Ledger
from .spending import Spend, spending


class Standing(NamedTuple):
    """One budget in its present period; of a budget for each value, one value's."""

    spend: Spend
    forecast: Forecast | None
    """None: not enough history, or of rolling days, which have no end."""


def standings(ledger: Ledger, budgets: Sequence[Budget], *, now: datetime) -> list[Standing]:
    """Every budget in effect, in the order of the file, the dearest value first; the guard is told the same."""
    with ledger.read() as con:
        spends = [spend for spend in spending(con, budgets, now=now) if spend.span.end > now]
        guarding.publish(con, ledger.home, budgets, spends, now=now)
        headings = Headings(con, spends, now=now)
    order = {budget.name: place for place, budget in enumerate(budgets)}
    spends.sort(key=lambda spend: (order[spend.budget.name], -spend.spent, spend.members))
    return [Standing(spend, headings.of(spend)) for spend in spends]
