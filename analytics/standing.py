"""Standing: how budgets stand now, and where they are heading: for people who look, and for the guard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from . import guarding
from .alerts.headings import Headings
from .budgets import Budget
from .forecast import Forecast
from .ledger import Ledger
from .spending import Spend, spending

Course = Literal["spent", "over", "within", "unknown"]
"""Spent already, expected to go over, expected to last, or no forecast to say."""


class Standing(NamedTuple):
    """One budget in its present period; of a budget for each value, one value's."""

    spend: Spend
    forecast: Forecast | None
    """None: not enough history, or of rolling days, which have no end."""

    @property
    def left(self) -> Decimal:
        """US dollars; below zero where more was spent than the limit."""
        return self.spend.limit - self.spend.spent

    @property
    def share(self) -> Decimal:
        """Spent of the limit, which is never zero."""
        return self.spend.spent / self.spend.limit

    @property
    def course(self) -> Course:
        """Whether it lasts."""
        if self.left <= 0:
            return "spent"
        if self.forecast is None:
            return "unknown"
        return "over" if self.forecast.expected > self.spend.limit else "within"

    @property
    def runs_out_at(self) -> datetime | None:
        """When it is expected to be spent; None where it is already, is not expected to be, or nobody can say."""
        return self.forecast.runs_out(self.spend.limit) if self.forecast and self.left > 0 else None


def standings(ledger: Ledger, budgets: Sequence[Budget], *, now: datetime, tell_guard: bool = True) -> list[Standing]:
    """Every budget in effect, in the order of the file, the dearest value first; the guard is told the same.

    Telling it writes to the home: raises sqlite3.Error or OSError where that cannot be done.
    """
    with ledger.read() as con:
        settled: guarding.Settled = guarding.settled(con, ledger.home) if tell_guard else {}
        spends = [spend for spend in spending(con, budgets, now=now) if spend.span.end > now]
        if tell_guard:
            guarding.publish(ledger.home, budgets, spends, settled, now=now)
        headings = Headings(con, spends, now=now)
    order = {budget.name: place for place, budget in enumerate(budgets)}
    spends.sort(key=lambda spend: (order[spend.budget.name], -spend.spent, spend.members))
    return [Standing(spend, headings.of(spend)) for spend in spends]
