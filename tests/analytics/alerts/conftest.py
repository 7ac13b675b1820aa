"""A notice as a budget that is nearly spent makes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.alerts.notice import Contributor, Figure, Notice, Plot, Point

START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def a_plot(**changes: Any) -> Plot:
    """Twenty days of November, busier on weekdays, with `changes`."""
    spent, points = Decimal(0), list[Point]()
    for day in range(1, 21):
        moment = START + timedelta(days=day)
        spent += Decimal("6.31") if (moment - timedelta(days=1)).weekday() >= 5 else Decimal("24.73")
        points.append(Point(moment=moment, spent=spent))
    points.append(Point(moment=NOW, spent=Decimal("412.07")))
    told: dict[str, Any] = {
        "start": START,
        "end": datetime(2026, 12, 1, tzinfo=UTC),
        "points": tuple(points),
        "limit": Decimal(500),
        "expected": Decimal("563.20"),
        "low": Decimal("521.40"),
        "high": Decimal("611.85"),
    }
    return Plot(**told | changes)


def a_notice(**changes: Any) -> Notice:
    """The budget `search` at 82 % of November's $500, with `changes`."""
    told: dict[str, Any] = {
        "kind": "firing",
        "severity": "warning",
        "notice_id": "5f0c1d2e3a4b5c6d",
        "thread": "search|team=search|2026-11",
        "subject": "Tollgate: search at 82 % of $500.00 for November 2026",
        "headline": "The budget search has used 82 % of its $500.00 for November 2026, and is likely to be spent on 26 November.",  # noqa: E501  # one sentence
        "figures": (
            Figure(label="Spent so far", value="$412.07 of $500.00 (82 %)"),
            Figure(label="Left", value="$87.93 until 1 December 00:00 UTC"),
            Figure(label="Runs out", value="Thursday 26 November, about 15:00 UTC"),
            Figure(label="Forecast for November", value="$563.20 (80 % sure: $521.40 to $611.85)"),
        ),
        "contributors": (
            Contributor(name="model claude-opus-5-5", cost=Decimal("248.90"), change="+$96.12 (+63 %)"),
            Contributor(name="model claude-sonnet-5", cost=Decimal("131.46"), change="+$4.80 (+4 %)"),
            Contributor(name="feature nightly-digest", cost=Decimal("88.02"), change="new"),
            Contributor(name="user u-4711", cost=Decimal("31.71")),
        ),
        "plot": a_plot(),
        "actions": (
            "Look at feature nightly-digest: it is new this month and runs on Opus.",
            "Raise the amount of search in budgets.yaml, or let it step down to a cheaper tier.",
        ),
        "footnotes": ("14 calls to models without a price are not in these figures.",),
        "link": "https://tollgate.example.com/?budget=search&period=2026-11",
        "rule": "search",
        "recipients": ("ada@example.com", "search-team@example.com"),
        "created_at": NOW,
    }
    return Notice(**told | changes)


@pytest.fixture(scope="session", name="a_notice")
def _a_notice() -> Callable[..., Notice]:
    return a_notice


@pytest.fixture(scope="session", name="a_plot")
def _a_plot() -> Callable[..., Plot]:
    return a_plot
