from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.buckets import buckets
from analytics.exceptions import SettingsError
from analytics.grouping import BUCKET
from analytics.latency import LATENCIES, latency_by
from analytics.ledger import Ledger
from analytics.measures import OTHER
from analytics.period import Period
from analytics.reports import Filters
from tests.conftest import fill

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
EVERYTHING = Filters(period=Period(NOON - timedelta(days=1), NOON + timedelta(days=2)))


def took(milliseconds: float | None, task: str | None = "code", **more: Any) -> dict[str, Any]:
    return {"duration_ms": milliseconds, "task_type": task, "started_at": NOON, **more}


def test_quantiles_are_of_the_answers_of_a_group(ledger: Ledger) -> None:
    """In seconds, of what was answered to its end; groups that are not kept are one, with quantiles of its own."""
    fill(
        ledger,
        *(took(1000 * n, time_to_first_token_ms=100 * n) for n in (1, 2, 3)),
        took(5000, "chat"),
        took(7000, None),
        took(9000, "chat", complete=False),
        took(9000, "chat", status=529, error_type="overloaded_error", usage=None),
        took(None, "batch"),
    )

    alone = latency_by(ledger, EVERYTHING, ("task_type",))
    found = latency_by(ledger, EVERYTHING, ("task_type",), kept=[("code",)])

    assert {group: one.answer_p50 for group, one in alone.items()} == {("chat",): 5, ("code",): 2, (None,): 7}
    assert {group: (one.answers, one.answer_p50) for group, one in found.items()} == {
        ("code",): (3, 2),
        (OTHER,): (2, 6),
    }
    assert {name: each.of(found[("code",)]) for name, each in LATENCIES.items()} == {
        "Answer p50": Decimal(2),
        "Answer p95": Decimal("2.9"),
        "First token p50": Decimal("0.2"),
        "First token p95": Decimal("0.29"),
    }
    assert latency_by(ledger, EVERYTHING, ("task_type", "model"), kept=[(None, None)]).keys() == {(OTHER, OTHER)}


def test_over_time_groups_begin_with_their_bucket(ledger: Ledger) -> None:
    """With buckets a group has the name of its bucket first; what has no name can be kept too."""
    fill(ledger, took(1000, None), took(3000, "chat", started_at=NOON + timedelta(days=1)))
    days = buckets(EVERYTHING.period, "day", "UTC")
    found = latency_by(ledger, EVERYTHING, (BUCKET, "task_type"), buckets=days, kept=[(None,)])
    assert {group: one.answer_p95 for group, one in found.items()} == {
        ("2026-11-10", None): 1,
        ("2026-11-11", OTHER): 3,
    }


@pytest.mark.parametrize("by", [(), ("model", "tier", "status"), ("colour",), (BUCKET,)])
def test_other_groups_are_refused(ledger: Ledger, by: tuple[str, ...]) -> None:
    """One or two dimensions are a group, and nothing else is."""
    with pytest.raises(SettingsError, match="by: found"):
        latency_by(ledger, EVERYTHING, by)
