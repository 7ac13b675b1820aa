"""View: one look at the ledger, made once from the controls and given to the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.buckets import Buckets, Grain
from analytics.measures import Cost
from analytics.reports import Dimensions, Filters

from . import theme
from .charts import Axis
from .data import Source
from .theme import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is looked at, and what it is compared with."""

    source: Source
    dimensions: Dimensions
    filters: Filters
    earlier: Filters | None
    """The same over the period compared with; None where nobody asks, or the ledger does not reach back so far."""
    grain: Grain
    buckets: Buckets
    """The filters' period in parts of that grain, in the zone."""
    zone: str
    """IANA: whose days they are."""
    cost: Cost = "list_cost"
    now: datetime

    @property
    def axis(self) -> Axis:
        """The time axis of its charts."""
        return Axis(self.buckets, self.grain, self.zone, self.now)

    def looks(self, names: Iterable[str | None], *by: str) -> Mapping[str, Look]:
        """What each of the names looks like: models as on every page, members of other dimensions among themselves."""
        return theme.looks(self.dimensions.models if by == ("model",) else [name for name in names if name])

    @property
    def currency(self) -> str:
        """What the chosen cost is in. What was saved is always in US dollars, at list prices."""
        return self.dimensions.currency or "USD" if self.cost == "reporting_cost" else "USD"

    def spent(self, figures: Any) -> Decimal | None:
        """The chosen cost of a Totals or a CostRow."""
        found: Decimal | None = getattr(figures, self.cost)
        return found

    def headed(self, name: str) -> str:
        """The heading of a column in the chosen cost: `Spend`, or `Spend (EUR)`."""
        return name if self.currency == "USD" else f"{name} ({self.currency})"

    def money(self, amount: Decimal | None) -> str:
        """The chosen cost, written for people."""
        return theme.money(amount, self.currency)
