from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.attempts import kept
from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.performance import PerformanceRow, performance, quantile_over, thinking
from analytics.period import Period
from analytics.prune import prune
from analytics.reports import Filters, totals
from tests.conftest import fill

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
PERIOD = Period(NOON - timedelta(days=3), NOON + timedelta(days=3))
EVERYTHING = Filters(period=PERIOD)
OVERLOADED: dict[str, Any] = {"status": 529, "error_type": "overloaded_error", "stop_reason": None, "usage": None}


def used(output: int, **more: Any) -> dict[str, Any]:
    """A usage object."""
    return {"usage": {"input_tokens": 10, "output_tokens": output, **more}}


def total(ledger: Ledger, filters: Filters = EVERYTHING) -> PerformanceRow:
    (row,) = performance(ledger, filters)
    return row


def test_nothing_is_no_row(ledger: Ledger) -> None:
    """An empty ledger, or a period in which nothing happened, has no rows and no points."""
    assert performance(ledger, EVERYTHING) == []
    assert performance(ledger, EVERYTHING, ("model",)) == []
    assert thinking(ledger, EVERYTHING) == []
    assert quantile_over(ledger, EVERYTHING, (PERIOD.start, PERIOD.end)) == []


def test_what_answers_took(ledger: Ledger) -> None:
    """Quantiles are exact, of those answered to their end; output per second is all output over all their time."""
    fill(
        ledger,
        *({"duration_ms": 1000.0 * n, "time_to_first_token_ms": 100.0 * n, **used(100 * n)} for n in (1, 2, 3)),
        {"duration_ms": 9.0, **OVERLOADED},
        {"duration_ms": 99_000.0, "complete": False, "time_to_first_token_ms": 9.0, **used(1)},
        {"duration_ms": None, "batch_id": "b", "batch_result_type": "succeeded", **used(400, service_tier="batch")},
    )

    row = total(ledger)

    assert (row.calls, row.attempts, row.failed_attempts, row.incomplete_attempts) == (6, 6, 1, 1)
    assert (row.timed_attempts, row.timed_streams) == (3, 3)
    assert astuple(row.duration_ms) == pytest.approx((2000, 2900, 2980))
    assert astuple(row.time_to_first_token_ms) == pytest.approx((200, 290, 298))
    assert astuple(row.output_tokens) == pytest.approx((250, 385, 397))
    assert row.output_tokens_per_second == pytest.approx(600 / 6)


def test_how_attempts_ended(ledger: Ledger) -> None:
    """Stop reasons and errors are counted by name, the most first, and errors add up to the failed attempts."""
    fill(
        ledger,
        {"stop_reason": "max_tokens"},
        {},
        {},
        OVERLOADED,
        {"status": None, "error_type": "APIConnectionError", "usage": None, "stop_reason": None},
        {**OVERLOADED, "call_id": "again"},
        {"call_id": "again", "attempt": 2},
    )

    row = total(ledger)

    assert list(row.stop_reasons.items()) == [("end_turn", 3), ("max_tokens", 1)]
    assert list(row.errors.items()) == [("529 overloaded_error", 2), ("no answer APIConnectionError", 1)]
    assert sum(row.errors.values()) == row.failed_attempts == 3
    assert (row.calls, row.attempts, row.error_rate) == (6, 7, 3 / 7)


def test_shares(ledger: Ledger) -> None:
    """Fast, batch and priority are shares of the attempts that used something; nothing used is no share."""
    fill(ledger, used(1, speed="fast"), used(1, service_tier="priority"), used(1, service_tier="batch"), used(1))
    fill(ledger, {**OVERLOADED, "model": None})

    row = total(ledger)
    failed = total(ledger, Filters(period=PERIOD, within={"status": ("529",)}))

    assert (row.attempts, row.used_attempts) == (5, 4)
    assert (row.fast_share, row.priority_share, row.batch_share) == (0.25, 0.25, 0.25)
    assert (failed.fast_share, failed.output_tokens_per_second, failed.duration_ms.p50) == (None, None, None)


def test_thinking_where_it_is_known(ledger: Ledger) -> None:
    """Only attempts whose usage says how much was thinking count, and what is no count says nothing."""
    fill(
        ledger,
        used(100, output_tokens_details={"thinking_tokens": 40}),
        used(300, output_tokens_details={"thinking_tokens": 0}),
        used(999),
        used(999, output_tokens_details={"thinking_tokens": "many"}),
        {"usage": None},
    )

    (row,) = thinking(ledger, EVERYTHING, ("model",))

    assert (row.group, row.attempts, row.thinking_tokens, row.output_tokens) == (("claude-haiku-5-5",), 2, 40, 400)
    assert row.share == 0.1


def test_several_lines_are_one_answer(ledger: Ledger) -> None:
    """The length of an answer that several models wrote is what they wrote together."""
    steps = [{"type": "message", "model": "claude-haiku-5-5", "input_tokens": 1, "output_tokens": n} for n in (30, 12)]
    fill(ledger, used(42, iterations=steps))

    assert total(ledger).output_tokens.p50 == 42


def test_over_time(ledger: Ledger) -> None:
    """A bucket has what began in it, from its start and before its end; the boundaries are the period."""
    hours = [NOON + timedelta(hours=n) for n in range(4)]
    fill(
        ledger,
        {"started_at": hours[0], "duration_ms": 100.0},
        {"started_at": hours[1] - timedelta(microseconds=1), "duration_ms": 300.0},
        {"started_at": hours[2], "duration_ms": 500.0, "model": "claude-opus-5-5"},
        {"started_at": hours[3], "duration_ms": 900.0},
    )

    found = quantile_over(ledger, EVERYTHING, hours, quantile=0.5)
    by_model = quantile_over(ledger, EVERYTHING, hours, ("model",), quantile=0.5)

    assert [(point.start, point.attempts, point.value) for point in found] == [(hours[0], 2, 200), (hours[2], 1, 500)]
    assert [point.group for point in by_model] == [("claude-haiku-5-5",), ("claude-opus-5-5",)]
    assert quantile_over(ledger, EVERYTHING, hours, measure="time_to_first_token_ms") == []


def test_filters(ledger: Ledger) -> None:
    """Each filter leaves what matches it."""
    fill(
        ledger,
        {"tags": {"team": "a", "stage": "test"}, "model": "claude-opus-5-5"},
        {"tags": {"team": "a", "stage": "live"}, "task_type": "code"},
        {"tags": {"team": "b"}, "user_id": "u", "started_at": NOON + timedelta(days=1)},
        {"tags": {}, "started_at": NOON - timedelta(days=1)},
    )

    for calls, filters in (
        (1, Filters(period=PERIOD, models=("claude-opus-5-5",))),
        (1, Filters(period=PERIOD, task_types=("code",))),
        (2, Filters(period=PERIOD, tags={"team": "a"})),
        (1, Filters(period=PERIOD, tags={"team": "a", "stage": "test"})),
        (1, Filters(period=PERIOD, within={"tag:team": ("a", "b"), "user_id": ("u",)})),
        (2, Filters(period=Period(NOON, NOON + timedelta(seconds=1)))),
    ):
        assert total(ledger, filters).calls == calls


ATTEMPT = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5", None]),
        "task_type": st.sampled_from(["code", None]),
        "status": st.sampled_from([200, 529, None]),
        "duration_ms": st.floats(0, 1e6) | st.none(),
        "call_id": st.sampled_from(["x", "y", "z"]),
    }
)


@settings(max_examples=3, deadline=None)
@given(st.lists(ATTEMPT, min_size=1, max_size=12))
def test_groups_add_up(tmp_path_factory: pytest.TempPathFactory, attempts: list[dict[str, Any]]) -> None:
    """Calls and attempts of the groups add up to those of the totals, and no quantile is below a lower one."""
    ledger = Ledger(tmp_path_factory.mktemp("home"))
    fill(ledger, *({**attempt, "attempt": number} for number, attempt in enumerate(attempts, 1)))
    whole = totals(ledger, EVERYTHING)

    for by in ((), ("model", "task_type")):
        rows = performance(ledger, EVERYTHING, by)
        for name in ("calls", "attempts", "failed_attempts", "incomplete_attempts"):
            assert sum(getattr(row, name) for row in rows) == getattr(whole, name)
        for row in rows:
            low, middle, high = row.duration_ms.p50, row.duration_ms.p95, row.duration_ms.p99
            assert low is None or middle is None or high is None or low <= middle <= high


def test_what_is_pruned_is_said(ledger: Ledger) -> None:
    """Pruned attempts are in no quantile, pruned usage objects in no thinking share, and both boundaries are known."""
    fill(ledger, {"started_at": NOON - timedelta(days=2)}, {"started_at": NOON - timedelta(days=1)}, {})
    assert kept(ledger).attempts_from is None

    prune(ledger, before=date(2026, 11, 9), usage_before=date(2026, 11, 10), now=NOON + timedelta(days=3))

    assert kept(ledger).attempts_from == datetime(2026, 11, 9, tzinfo=UTC)
    assert kept(ledger).usage_from == datetime(2026, 11, 10, tzinfo=UTC)
    assert (total(ledger).calls, totals(ledger, EVERYTHING).calls) == (2, 3)


def test_what_cannot_be_asked(ledger: Ledger) -> None:
    """An unknown dimension, a third one, boundaries out of order and an odd quantile are one sentence each."""
    with pytest.raises(SettingsError, match="found 'colour', expected one of day"):
        performance(ledger, EVERYTHING, ("colour",))
    with pytest.raises(SettingsError, match="found 3 dimensions together, expected at most 2"):
        performance(ledger, EVERYTHING, ("model", "tier", "status"))
    with pytest.raises(SettingsError, match="expected at least two moments, each after the last"):
        quantile_over(ledger, EVERYTHING, (NOON, NOON))
    with pytest.raises(SettingsError, match=r"quantile: found 1\.5"):
        quantile_over(ledger, EVERYTHING, (PERIOD.start, PERIOD.end), quantile=1.5)
