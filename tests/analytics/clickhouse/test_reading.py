"""The same questions of the same records: a DuckDB ledger and a shared one give the same answers, to the last digit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics import budgets, caching, calls, decisions, one_call, performance, reports, spending
from analytics.buckets import buckets
from analytics.clickhouse.address import Address
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.making import make
from analytics.clickhouse.reading import translated
from analytics.clickhouse.shipping import ship
from analytics.clickhouse.terms import install
from analytics.grouping import BUCKET
from analytics.ingest import ingest
from analytics.intake import Terms
from analytics.ledger import Ledger
from analytics.period import Period
from router.record import UsageRecord
from router.spool import Spool
from tests.analytics.clickhouse.conftest import a_ledger
from tests.conftest import a_record

NOW = datetime(2026, 11, 12, 12, 30, tzinfo=UTC)
PERIOD = Period(NOW - timedelta(days=2), NOW - timedelta(minutes=7))
FILTERS = reports.Filters(period=PERIOD)
NARROW = reports.Filters(
    period=PERIOD, models=("claude-haiku-4-5",), tags={"team": "a'b"}, within={"tier": ("haiku", "opus")}
)
ITERATIONS = [
    {"type": "message", "input_tokens": 7, "output_tokens": 3},
    {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 11, "output_tokens": 13},
]
CACHED = {
    "input_tokens": 1200,
    "output_tokens": 340,
    "cache_read_input_tokens": 4000,
    "cache_creation_input_tokens": 500,
    "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 200},
    "service_tier": "standard",
    "output_tokens_details": {"thinking_tokens": 55},
}
BUDGETS = """
recipients: [a@example.com]
budgets:
  - {name: all, amount: "9"}
  - {name: teams, amount: "1", period: day, scope: {tags: {team: each}}}
"""


def attempts() -> list[UsageRecord]:
    """Of every kind that is rated otherwise: priced and not, cached, searched, batched, failed, cut off, repeated."""
    usages: tuple[Any, ...] = (
        CACHED,
        {
            "input_tokens": 18,
            "output_tokens": 16,
            "iterations": ITERATIONS,
            "server_tool_use": {"web_search_requests": 3},
        },
        {"input_tokens": 5, "output_tokens": "many"},
        {
            "input_tokens": 100,
            "output_tokens": 7,
            "service_tier": "batch",
            "output_tokens_details": {"thinking_tokens": -1},
        },
        None,
    )
    reasons = (
        "coding (0.83, before analysis 0.05)",
        "coding (0.91, before analysis 0.05); up from haiku",
        "shadow: shadow: chat (0.50, before coding 0.49); cut",
        "budget team: \u00fcbrig is spent: coding (0.8, before chat 0.1)",
        "not sure (no text to go by), so the default",
        "pinned",
        "back to the model named: it was rejected (coding (0.8, before chat 0.1))",
        None,
    )
    models = ("claude-haiku-4-5", "claude-opus-5-5", "claude-unheard-of")
    made: list[UsageRecord] = []
    for number in range(90):
        changes: dict[str, Any] = {
            "call_id": f"call-{number}",
            "started_at": NOW - timedelta(minutes=37 * number, microseconds=number),
            "model": models[number % 3],
            "sent_model": models[number % 3],
            "requested_model": "claude-opus-5-5",
            "usage": usages[number % 5],
            "status": 529 if number % 5 == 4 else 200,
            "error_type": "overloaded_error" if number % 5 == 4 else None,
            "tags": {"team": "a'b", "env": str(number % 2)} if number % 7 else {},
            "tier": ("haiku", "opus", None)[number % 3],
            "task_type": ("coding", None)[number % 2],
            "user_id": f"user-{number % 4}" if number % 3 else None,
            "duration_ms": round(1.537 * number, 3),
            "time_to_first_token_ms": round(0.1234 * number, 3) if number % 2 else None,
            "stream": number % 2 == 1,
            "complete": number % 11 != 3,
            "stop_reason": ("end_turn", "max_tokens", None)[number % 3],
            "reason": reasons[number % 8],
            "confidence": (number % 11) / 10 if number % 4 else None,
            "shadow_model": models[1] if number % 8 == 2 else None,
            "request_id": f"req_{number % 10}_{number}" if number % 6 else None,
            "batch_result_type": ("errored", "canceled", "expired")[number % 3] if number % 20 == 3 else None,
        }
        if number % 9 == 8:
            changes |= {"stream": True, "complete": False, "duration_ms": None}
        if number % 12 == 7:
            changes["tags"] = {"team": "a'b", "tollgate": "second_opinion"}
        made.append(a_record(**changes))
        if number % 5 == 4:
            again = {"attempt": 2, "status": 200, "error_type": None, "usage": CACHED, "model": models[0]}
            made.append(a_record(**changes | again | {"sent_model": models[0]}))
    return made


@pytest.fixture(scope="module", params=["in process", "over HTTP"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, terms: Terms
) -> Iterator[tuple[Ledger, SharedLedger]]:
    """A ledger of each kind, of one spool."""
    folder = tmp_path_factory.mktemp("both")
    spool = Spool(folder / "here")
    for record in attempts():
        assert spool.append(record)
    spool.close()
    shutil.copytree(folder / "here", folder / "shipped")
    ledger = Ledger(folder / "here")
    ingest(ledger, terms[0], contract=terms[1])
    here = request.param == "in process"
    at = request.getfixturevalue("in_process") if here else Address.parse(request.getfixturevalue("stand_in").url)
    with a_ledger(at) as address:
        ship(folder / "shipped", address, terms, now=NOW)
        other = SharedLedger(folder / "shipped", address)
        with other.store() as store:
            install(store, terms)
        yield ledger, other
        forget(address)


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
}
EXTRACTED: dict[str, Callable[[Ledger], object]] = {
    "performance": lambda ledger: performance.performance(ledger, FILTERS, ["model"]),
    "caching": lambda ledger: caching.reuse(ledger, FILTERS, ["tag:team"], now=NOW),
    "decisions": lambda ledger: decisions.decisions(ledger, FILTERS, [["tier"]]),
    "search": lambda ledger: calls.search(ledger, NARROW),
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
