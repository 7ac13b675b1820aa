"""Questions over attempts, asked of both kinds of ledger: the same answers, to the last digit, page by page."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import attempts, caching, calls, decisions, latency, performance, reconcile, reports
from analytics.buckets import buckets, hours_of_week
from analytics.calls import AttemptRow, Search
from analytics.clickhouse.address import Address
from analytics.clickhouse.ledger import SharedLedger
from analytics.clickhouse.reading import Reading
from analytics.clickhouse.schema import migrate
from analytics.clickhouse.store import Store
from analytics.grouping import BUCKET
from analytics.ledger import Ledger, in_memory
from analytics.period import Period, naive
from analytics.questions import Connection, run
from analytics.reports import Filters
from tests.analytics.clickhouse.records import FILTERS, NARROW, NOW, PERIOD

Ask = Callable[[Ledger], object]
LATER = Filters(period=Period(NOW + timedelta(days=9), NOW + timedelta(days=10)))
MOMENTS = [PERIOD.start, PERIOD.start + timedelta(hours=5, minutes=3, microseconds=1), PERIOD.end]
QUANTILES = """
SELECT settled(quantile_cont(x, [0.5, 0.95, 0.99])) AS found FROM (SELECT nullif(unnest($values::DOUBLE[]), -1) AS x)
"""

MANY = """
INSERT INTO attempt (record_id, call_id, started_at)
SELECT generateUUIDv7(), 'call-' || toString(100000 + number), now64(6) FROM numbers(100000)
"""


def of_a_period(filters: Filters) -> dict[str, Ask]:
    """What can be asked of the attempts that filters leave."""
    local = buckets(filters.period, "hour", "Asia/Kolkata")
    slots = [filters.period.start, filters.period.start + timedelta(hours=11)]
    return {
        "performance": lambda ledger: performance.performance(ledger, filters),
        "performance by two": lambda ledger: performance.performance(ledger, filters, ["model", "tag:team"]),
        "performance by status": lambda ledger: performance.performance(ledger, filters, ["status"]),
        "thinking": lambda ledger: performance.thinking(ledger, filters, ["tier"]),
        "latency": lambda ledger: latency.latency_by(ledger, filters, ["task_type", "tag:env"]),
        "latency, gathered": lambda ledger: latency.latency_by(ledger, filters, ["tier"], kept=[(None,), ("opus",)]),
        "latency, all gathered": lambda ledger: latency.latency_by(ledger, filters, ["tier"], kept=[]),
        "latency by local hours": lambda ledger: latency.latency_by(ledger, filters, [BUCKET, "model"], buckets=local),
        "latency by hours of the week": lambda ledger: latency.latency_by(
            ledger, filters, [BUCKET, "day"], buckets=hours_of_week(filters.period, "Europe/Berlin")
        ),
        "decisions": lambda ledger: decisions.decisions(
            ledger, filters, [*((aspect,) for aspect in decisions.ASPECTS), ("slot", "decision")], cuts=slots
        ),
        "caching": lambda ledger: caching.caching(ledger, filters, ["model", "user_id"]),
        "caches": lambda ledger: caching.caches(ledger, filters, ["tag:team"], [*slots, filters.period.end]),
        "search": lambda ledger: pages(ledger, filters),
    }


QUESTIONS: dict[str, Ask] = {
    "over time": lambda ledger: performance.quantile_over(ledger, FILTERS, MOMENTS, ["tier"], quantile=0.9),
    "first tokens": lambda ledger: performance.quantile_over(
        ledger, FILTERS, MOMENTS, measure="time_to_first_token_ms", quantile=0.0
    ),
    "reconciliation": lambda ledger: reconcile.reconcile(ledger, PERIOD),
    "kept": attempts.kept,
}
SEARCHES: dict[str, Search] = {
    "of a person": Search(user_id="user-2", failed=False),
    "failed": Search(failed=True, status=529),
    "stopped": Search(stop_reason="max_tokens"),
    "dear": Search(least_cost=Decimal("1E-2")),
    "of several lines": Search(least_cost=Decimal("0.03")),
    "without a price": Search(unpriced="unknown model: claude-unheard-of"),
    "decided": Search(decided={"decision": "shadow", "tier": "haiku"}),
    "not sure": Search(decided={"confidence": "0.4"}),
    "a call": Search(id="call-1"),
    "a request": Search(id="req_3"),
    "nothing": Search(id="nothing"),
}


def pages(ledger: Ledger, filters: Filters, wanted: Search | None = None) -> list[AttemptRow]:
    """All that is found, seven at a time."""
    page = calls.search(ledger, filters, wanted, size=7)
    found = [*page.rows]
    while page.after:
        page = calls.search(ledger, filters, wanted, after=page.after, size=7)
        found += page.rows
    return found


@pytest.mark.parametrize("filters", [FILTERS, NARROW, LATER], ids=["wide", "narrow", "empty"])
def test_questions_over_attempts_are_the_same(both: tuple[Ledger, SharedLedger], filters: Filters) -> None:
    """Questions over attempts have one answer, whatever the filters leave."""
    ledger, shared = both
    for name, ask in of_a_period(filters).items():
        assert ask(shared) == ask(ledger), name


def test_questions_without_filters_are_the_same(both: tuple[Ledger, SharedLedger]) -> None:
    """So have those that take other things than filters."""
    ledger, shared = both
    for name, ask in QUESTIONS.items():
        assert ask(shared) == ask(ledger), name


def test_what_is_looked_for_is_found(both: tuple[Ledger, SharedLedger]) -> None:
    """A search finds the same in the same order, by each thing that can be looked for, and by a record id."""
    ledger, shared = both
    reasons = [reason for reason, _ in reports.health(ledger).unpriced]
    by_record = Search(id=str(pages(ledger, NARROW)[0].record_id))
    searches = [*SEARCHES.items(), *((reason, Search(unpriced=reason)) for reason in reasons), ("record", by_record)]
    for name, wanted in searches:
        assert pages(shared, FILTERS, wanted) == pages(ledger, FILTERS, wanted), name
    assert len(reasons) > 1
    assert len(pages(shared, LATER, by_record)) == 1


def test_what_is_set_aside_for_is_found(both: tuple[Ledger, SharedLedger]) -> None:
    """The guard learns the same of attempts by record and by call, and a reconciliation of what it leaves out."""
    start, until = naive(PERIOD.start), naive(PERIOD.end)
    answers: list[list[list[str]]] = []
    for ledger in both:
        ids = [str(row.record_id) for row in calls.search(ledger, FILTERS, size=9).rows]
        found = (
            ledger.query("guarded_attempts", since=start, record_ids=ids, call_ids=["call-4", "call-33"]),
            ledger.query("guarded_attempts", since=start, record_ids=[], call_ids=["call-4"]),
            ledger.query("reconcile_lines", start=start, until=until),
            ledger.query("open_streams", before=until),
            ledger.query("reconcile_begin"),
        )
        answers.append([sorted(str([*map(_plain, row.values())]) for row in rows) for rows in found])
    assert answers[0] == answers[1]


def test_two_ask_at_once(both: tuple[Ledger, SharedLedger]) -> None:
    """What one question prepares is not seen by another that is asked at the same time."""
    _, shared = both
    prepared = ("latency by local hours", "decisions", "caches")
    asked = [of_a_period(filters)[name] for filters in (FILTERS, NARROW, LATER) for name in prepared]
    alone = [ask(shared) for ask in asked]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda ask: ask(shared), asked)) == alone


@pytest.fixture(scope="module")
def engines(in_process: Address) -> tuple[Connection, Connection]:
    """A connection to each, which knows the functions of questions."""
    migrate(in_process)
    con = in_memory()
    run(con, "member_of")
    with SharedLedger("nowhere", in_process).store() as store:
        return con, Reading(store)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.just(-1.0) | st.integers(0, 10**10).map(lambda microseconds: microseconds / 1000), max_size=120))
def test_quantiles_are_the_same(engines: tuple[Connection, Connection], values: list[float]) -> None:
    """Quantiles of durations, which are whole microseconds, are the same number; those of nothing (-1) are unknown."""
    ours, theirs = (con.execute(QUANTILES, {"values": values}).fetchone()[0] for con in engines)
    assert (ours or [None] * 3) == list(theirs)


def test_an_id_is_found_without_reading_all(malleable: Address) -> None:
    """An index says which parts of a ledger can have an id: of those that cannot, nothing is read."""
    with contextlib.closing(Store(malleable)) as store:
        store.command(MANY)
        for condition in ("call_id = 'call-77777'", "call_id >= 'call-7' AND call_id < 'call-71'"):
            _, plan = store.rows("EXPLAIN indexes = 1 SELECT count(*) FROM usage WHERE " + condition)  # noqa: S608  # our own words
            assert "Granules: 13/13" in plan[0][0] + "".join(line for (line,) in plan)
            assert [line for (line,) in plan if "Granules: 13" not in line and "Granules" in line]


def _plain(value: object) -> object:
    """ClickHouse has numbers where DuckDB has false and true."""
    return int(value) if isinstance(value, bool) else value
