"""The errors of the router. The API's own errors pass through untouched.

anthropic.AnthropicError
  RouterError
    PolicyError (also ValueError)
    BudgetExceeded
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from anthropic import AnthropicError


class RouterError(AnthropicError):
    """The root of what the router raises on purpose."""


class PolicyError(RouterError, ValueError):
    """A policy that cannot be used. The message names file, key, what was found and what was expected."""


class BudgetExceeded(RouterError):
    """A budget has no room for a call, and says to refuse it. Nothing was sent."""

    def __init__(  # noqa: PLR0913  # what whoever catches it wants to know
        self,
        *,
        budget: str,
        spent: Decimal,
        limit: Decimal,
        wanted: Decimal,
        period: tuple[datetime, datetime],
        reset_at: datetime,
        members: Mapping[str, str],
    ) -> None:
        self.budget = budget
        """Its name."""
        self.spent = spent
        """US dollars of this period, with what is set aside for calls under way."""
        self.limit = limit
        self.wanted = wanted
        """What this call can cost at most."""
        self.period = period
        """From its start up to its end, UTC."""
        self.reset_at = reset_at
        """When there is room again, at the latest or, of rolling days, at the earliest."""
        self.members = members
        """Of a budget for each value of a dimension: whose it is."""
        whose = "".join(f" for {dimension} {value}" for dimension, value in members.items())
        start, end = period
        super().__init__(
            f"budget {budget}{whose} has no room: ${spent:,.4f} of ${limit:,.2f} is spent or set aside from "
            f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC, and this call can cost up to ${wanted:,.4f}; "
            f"it resets at {reset_at:%Y-%m-%d %H:%M} UTC"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Carried between processes like any exception, as task queues do."""
        return _again, ({name: getattr(self, name) for name in _PARTS},)


_PARTS = ("budget", "spent", "limit", "wanted", "period", "reset_at", "members")


def _again(parts: dict[str, Any]) -> BudgetExceeded:
    return BudgetExceeded(**parts)
