"""The same questions of the same records: a DuckDB ledger and a shared one give the same answers, to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics import budgets, caching, one_call, reports, spending
from analytics.attempts import kept
from analytics.buckets import buckets
from analytics.clickhouse.ledger import SharedLedger
from analytics.clickhouse.making import make
from analytics.clickhouse.reading import translated
from analytics.grouping import BUCKET
from analytics.ledger import Ledger
from analytics.movers import movers
from analytics.outlook import month_end
from analytics.period import Period
from tests.analytics.clickhouse.records import FILTERS, NARROW, NOW, PERIOD

BUDGETS = """
recipients: [a@example.com]
budgets:
  - {name: all, amount: "9"}
  - {name: teams, amount: "1", period: day, scope: {tags: {team: each}}}
"""


BEFORE = Period(PERIOD.start - timedelta(days=2), PERIOD.start)
STEPS: dict[str, Any] = {
    "start": datetime(2024, 1, 1),  # noqa: DTZ001  # the ledger's times are naive
    "until": datetime(2027, 1, 1),  # noqa: DTZ001  # the same
    "at": datetime(2026, 9, 1),  # noqa: DTZ001  # the same
    "models": ["claude-haiku-4-5", "claude-opus-5-5", "claude-sonnet-5"],
    "contracted": True,
}
QUESTIONS: dict[str, Callable[[Ledger], object]] = {
    "totals": lambda ledger: reports.totals(ledger, FILTERS),
    "narrow": lambda ledger: reports.totals(ledger, NARROW),
    "by": lambda ledger: reports.cost_by(ledger, FILTERS, ["day", "model", "tag:team", "user_id"]),
    "several": lambda ledger: reports.costs_by(ledger, FILTERS, [["hour"], ["status", "tier"], ["tag:env"]]),
    "over time": lambda ledger: reports.cost_by(
        ledger, FILTERS, [BUCKET, "model"], buckets=buckets(PERIOD, "hour", "Asia/Kolkata")
    ),
    "health": reports.health,
    "dimensions": reports.dimensions,
    "movers": lambda ledger: movers(ledger, FILTERS, BEFORE, "model"),
    "steps": lambda ledger: ledger.query("price_steps", **STEPS),
    "forecast": lambda ledger: month_end(ledger, {"tag:team": ("a'b",)}, zone="UTC", now=NOW, cost="list_cost"),
    "kept": kept,
}
EXTRACTED: dict[str, Callable[[Ledger], object]] = {
    "reuse": lambda ledger: caching.reuse(ledger, FILTERS, ["tag:team"], now=NOW),
    "call": lambda ledger: one_call.one_call(ledger, "call-4"),
}


def test_reports_are_the_same(both: tuple[Ledger, SharedLedger]) -> None:
    """Questions over roll-ups have one answer, before there are roll-ups and after."""
    ledger, shared = both
    assert reports.totals(ledger, FILTERS).attempts > 50
    for name, ask in QUESTIONS.items():
        assert ask(shared) == ask(ledger), name
    make(shared, every=True)
    for name, ask in QUESTIONS.items():
        assert ask(shared) == ask(ledger), name


def test_budgets_are_the_same(both: tuple[Ledger, SharedLedger], tmp_path: Path) -> None:
    """So is what budgets have spent, of one scope and of each of its values."""
    (tmp_path / "budgets.yaml").write_text(BUDGETS, encoding="utf-8")
    rules = budgets.BudgetFile.load(tmp_path / "budgets.yaml").budgets
    found: list[list[str]] = []
    for ledger in both:
        with ledger.read() as con:
            found.append(sorted(map(str, spending.spending(con, rules, now=NOW))))
    assert found[0] == found[1]
    assert len(found[0]) > 1


def test_what_is_extracted_is_the_same(both: tuple[Ledger, SharedLedger]) -> None:
    """Questions over attempts are answered from an extract, as they are from the ledger's own file."""
    ledger, shared = both
    for name, ask in EXTRACTED.items():
        assert ask(_Extracted(shared.home, shared.address)) == ask(ledger), name


class _Extracted(SharedLedger):
    """A shared ledger of which every question is asked of an extract."""

    read = SharedLedger.extract


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("SELECT $a", {"a": 1}, "SELECT {a:Int64}"),
        ("SELECT ($a::VARCHAR[])[1]", {"a": ["x"]}, "SELECT ({a:Array(String)})[1]"),
        ("SELECT $a::TIMESTAMP", {"a": None}, "SELECT CAST(NULL AS Nullable(DateTime64(6, 'UTC')))"),
        ("SELECT * EXCLUDE (a) FROM t -- and why", {}, "SELECT * EXCEPT (a) FROM t"),
    ],
)
def test_words_are_those_of_clickhouse(text: str, given: dict[str, object], expected: str) -> None:
    """Parameters have a type, comments go, and what is only called otherwise is."""
    assert translated(text, given)[0] == expected


def test_years_are_those_of_clickhouse() -> None:
    """A moment beyond the years that ClickHouse has is the last that it has."""
    _, used = translated("SELECT $a", {"a": [datetime(1, 1, 1), datetime(9999, 1, 1)]})  # noqa: DTZ001  # the ledger's times are naive

    assert used == {"a": [datetime(1900, 1, 1), datetime(2299, 12, 31)]}  # noqa: DTZ001  # the same
