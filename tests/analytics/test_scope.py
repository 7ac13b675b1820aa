from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics import attempts, reports, rollup
from analytics.budget_file import EACH
from analytics.caching import caching, reuse
from analytics.calls import Search, search
from analytics.decisions import decisions
from analytics.ledger import Ledger
from analytics.movers import movers
from analytics.one_call import one_call
from analytics.outlook import month_end
from analytics.performance import performance, quantile_over, thinking
from analytics.period import Period
from analytics.reports import Filters
from analytics.routing_report import routing
from analytics.scope import lies_within, scoped, without_whole
from analytics.what_if import Supposed, what_if
from router.record import new_record_id
from tests.conftest import empty_ledger, fill

OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
EVERYTHING = Filters(period=Period(NOON - timedelta(days=30), NOON + timedelta(days=10)))
AFTER = NOON + timedelta(days=9)
LATER = Filters(period=Period(NOON, NOON + timedelta(days=10)))
SEARCH = {"tag:team": ("search",), "tag:stage": ("production", "staging")}
OURS: list[dict[str, str]] = [{"team": "search", "stage": "production"}, {"team": "search", "stage": "staging"}]
OTHERS: list[dict[str, str]] = [
    {"team": "support", "stage": "production"},
    {"team": "search", "stage": "secret"},
    {"team": "search"},
    {"stage": "production"},
    {"Team": "search", "stage": "production"},
    {},
]

Question = Callable[[Ledger], object]
QUESTIONS: dict[str, Question] = {
    "totals": lambda ledger: reports.totals(ledger, EVERYTHING),
    "of others": lambda ledger: reports.totals(ledger, Filters(period=EVERYTHING.period, tags={"team": "support"})),
    "a breakdown": lambda ledger: reports.cost_by(ledger, EVERYTHING, ("tag:team", "tag:stage", "model", "day")),
    "by user": lambda ledger: reports.totals_by(ledger, EVERYTHING, ("user_id",)),
    "choices": reports.dimensions,
    "health": lambda ledger: without_whole(reports.health(ledger)),
    "calls": lambda ledger: search(ledger, EVERYTHING, size=500),
    "a call of another": lambda ledger: (one_call(ledger, "theirs-0"), search(ledger, EVERYTHING, Search(id="theirs"))),
    "a call": lambda ledger: one_call(ledger, "ours-0"),
    "movers": lambda ledger: movers(ledger, LATER, Period(NOON - timedelta(days=10), NOON), "model"),
    "forecast": lambda ledger: month_end(ledger, {}, zone="UTC", now=AFTER, cost="list_cost"),
    "performance": lambda ledger: performance(ledger, EVERYTHING, ("tag:team",)),
    "thinking": lambda ledger: thinking(ledger, EVERYTHING, ("model",)),
    "quantiles": lambda ledger: quantile_over(
        ledger, EVERYTHING, [EVERYTHING.period.start, AFTER], ("tag:team",)
    ),
    "caching": lambda ledger: caching(ledger, EVERYTHING, ("tag:team",)),
    "reuse": lambda ledger: reuse(ledger, EVERYTHING, ("tag:team",), now=NOON + timedelta(days=10)),
    "decisions": lambda ledger: decisions(ledger, EVERYTHING, (("decision",), ("reason", "model"))),
    "routing": lambda ledger: routing(ledger, EVERYTHING, (("tag:team",),), opus=OPUS),
    "what if": lambda ledger: what_if(
        ledger, EVERYTHING, Supposed(models={"classify": OPUS}, batch_share=Decimal("0.5"), ttl="1h"), by="tag:team"
    ),
    "what is kept": attempts.kept,
}  # fmt: skip


def calls(name: str, tags: list[dict[str, str]], *, model: str, tokens: int) -> list[dict[str, Any]]:
    """Twelve days of calls, that differ from those of another name in everything there is to see."""
    usage = {"input_tokens": tokens, "output_tokens": tokens // 7, "cache_read_input_tokens": tokens * 2}
    made: list[dict[str, Any]] = []
    for number in range(24):
        at = NOON - timedelta(hours=12 * (number - 12), minutes=len(name))
        made.append(
            {
                "record_id": new_record_id(int(at.timestamp()) * 10**9),
                "call_id": f"{name}-{number}",
                "request_id": f"req-{name}-{number}",
                "started_at": at,
                "model": model,
                "sent_model": model,
                "user_id": name,
                "tags": tags[number % len(tags)],
                "duration_ms": float(tokens + number),
                "reason": f"for {name}",
                "usage": usage
                | {"cache_creation": {"ephemeral_5m_input_tokens": tokens, "ephemeral_1h_input_tokens": 0}},
            }
        )
    return made


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ledger, Ledger]:
    """One with the calls of everybody, of which only some are in the scope, and one that never had any others."""
    whole, own = (empty_ledger(tmp_path_factory.mktemp(name)) for name in ("whole", "own"))
    ours = calls("ours", OURS, model=HAIKU, tokens=1001)
    theirs = calls("theirs", OTHERS, model=OPUS, tokens=90_001)
    fill(whole, *ours, *theirs)
    fill(own, *ours)
    rollup.refresh(whole, every=True)
    return whole, own


@pytest.mark.parametrize("name", QUESTIONS)
def test_there_is_nothing_beside_the_scope(ledgers: tuple[Ledger, Ledger], name: str) -> None:
    """To every question a scoped ledger answers what one would that never had another's calls."""
    whole, own = ledgers
    ask = QUESTIONS[name]
    assert ask(scoped(whole, SEARCH)) == ask(own)


def test_the_whole_is_more(ledgers: tuple[Ledger, Ledger]) -> None:
    """What the scope leaves out is there for whoever sees everything, before and after somebody saw less."""
    whole, own = ledgers
    both = reports.totals(whole, EVERYTHING).calls
    assert reports.totals(scoped(whole, SEARCH), EVERYTHING).calls == reports.totals(own, EVERYTHING).calls
    assert reports.totals(whole, EVERYTHING).calls == both == 48


def test_no_value_is_nothing(ledgers: tuple[Ledger, Ledger]) -> None:
    """A tag that may have no value lets nothing through, and what is no tag is no scope."""
    whole, _ = ledgers
    assert not reports.totals(scoped(whole, {"tag:team": ()}), EVERYTHING).attempts
    with pytest.raises(ValueError, match="found 'model'"):
        scoped(whole, {"model": (OPUS,)})


def test_which_budgets_are_of_a_scope() -> None:
    """A budget is of a scope if all its calls are, or if there is one for each value."""
    team = {"tag:team": ("search", "support")}
    assert lies_within({"tag:team": ("search",), "model": (OPUS,)}, team)
    assert lies_within({"tag:team": (EACH,)}, team)
    assert lies_within({}, {})
    assert not lies_within({}, team)
    assert not lies_within({"tag:team": ("search", "other")}, team)
    assert not lies_within({"tag:stage": ("search",)}, team)
