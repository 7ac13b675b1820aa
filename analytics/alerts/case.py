"""Case: what an alert is about, for its message: a budget and how it stands, or what another rule found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..budgets import Rule, Threshold
from ..forecast import Forecast
from ..spending import Spend
from .notice import Contributor, Figure, Plot, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetCase:
    """A budget in one period, past one of its thresholds or back from it."""

    spend: Spend
    threshold: Threshold
    forecast: Forecast | None
    """None: not enough history, the period is over, or nobody asked."""
    looked_ahead: bool = True
    """Whether somebody asked where it is heading."""
    contributors: tuple[Contributor, ...] = ()
    plot: Plot | None = None

    @property
    def percent(self) -> Decimal | None:
        """How much of the limit is used; None of a limit of nothing."""
        return self.spend.spent / self.spend.limit * 100 if self.spend.limit else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What another rule found."""

    rule: Rule
    whose: str
    """The value, of a scope that has a rule for each; or empty."""
    subject: str
    headline: str
    figures: tuple[Figure, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    actions: tuple[str, ...] = ()
    severity: Severity = "warning"


Case = BudgetCase | Finding
Cases = Mapping[str, Case]
"""By the id of the alert."""
