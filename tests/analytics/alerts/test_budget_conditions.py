from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from analytics.alerts.budget_conditions import asks_ahead, conditions, key_of
from analytics.budgets import Budget, Threshold, Told
from analytics.forecast import Forecast
from analytics.spending import Spend
from router.periods import Recurrence, Span

NOVEMBER = Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
TENTH = datetime(2026, 11, 10, tzinfo=UTC)


def a_spend(spent: str) -> Spend:
    """So much of $100 in November, of which only the forecast tells."""
    threshold = Threshold.parse("forecast 100 %")
    assert threshold
    budget = Budget(
        name="cap", amount=Decimal(100), recurrence=Recurrence("month"), thresholds=(threshold,), told=Told()
    )
    return Spend(budget, (), NOVEMBER, Decimal(spent), 0, Decimal(100))


def nobody(_: Spend) -> Forecast | None:
    """Whom it would be a waste to ask."""
    raise AssertionError("a forecast was asked for")


@pytest.mark.parametrize(
    ("spent", "asked"), [("1", False), ("5.9", False), ("6.1", True), ("99", True), ("100", False)]
)
def test_only_an_open_question_asks_for_a_forecast(spent: str, *, asked: bool) -> None:
    """What is spent, and what five times its pace would not bring over the line, needs no forecast."""
    assert asks_ahead(a_spend(spent), now=TENTH) is asked


def test_what_has_slowed_down_ends_its_alert() -> None:
    """An alert that fires ends, without a forecast, when the pace has become far too slow for its line."""
    spend = a_spend("1")
    key = key_of(spend, spend.budget.thresholds[0])

    ((_, condition),) = conditions(spend, nobody, now=TENTH, open_keys={key})

    assert (condition.holds, condition.clears) == (False, True)
    assert list(conditions(spend, nobody, now=TENTH)) == []


def test_the_first_tenth_of_a_period_tells_nothing() -> None:
    """What a period comes to is nobody's guess in its first days."""
    assert not asks_ahead(a_spend("50"), now=datetime(2026, 11, 3, tzinfo=UTC))
