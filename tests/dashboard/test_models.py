from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics.ledger import Ledger
from analytics.performance import performance
from analytics.period import Period
from analytics.reports import Filters, cost_by
from dashboard.durations import seconds
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import USAGE, run, said
from tests.dashboard.folds import opened


def test_every_figure_is_the_reports(
    filled: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Costs, times, lengths and shares by model and by task type are those of the reports, thinking on demand."""
    thought = {**USAGE, "service_tier": "batch", "output_tokens_details": {"thinking_tokens": 85}}
    streamed: dict[str, Any] = {"stream": True, "duration_ms": 2500.25, "time_to_first_token_ms": 750.5}
    assert spool.append(attempt(now, usage=thought, stop_reason="end_turn", task_type="<b>*b*</b>", **streamed))
    page = run("models")
    filters = Filters(period=Period.days(now.date() - timedelta(days=29), now.date()))
    for by in ("model", "task_type"):
        costs, figures = opened(page).dataframe[0].value, _table(page, "Answer p95")
        found = performance(Ledger(filled), filters, (by,))
        assert [*costs["Spend"]] == [row.list_cost for row in cost_by(Ledger(filled), filters, (by,))]
        assert [*figures["Answer p95"]] == [seconds(row.duration_ms.p95) for row in found]
        assert [*figures["Attempts"]] == [row.attempts for row in found]
        assert [*figures["Batch share"].dropna()] == [row.batch_share for row in found if row.used_attempts]
        assert sum(_table(page, "Error")["Attempts"]) == sum(row.failed_attempts for row in found) == 1
        page.segmented_control(key="each").set_value("task_type").run()
        assert not page.exception
    page.segmented_control(key="took").set_value("First token")
    page.session_state["thinking"] = True
    opened(page.run())
    assert [*_table(page, "Seconds")["Seconds"]] == [Decimal("0.7505")]
    assert [*_table(page, "Thinking share")["Thinking share"]] == [0.25]


def test_what_is_not_known_is_a_sentence(
    home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Without an answer there are no times; filters that leave nothing say so."""
    busy: dict[str, Any] = {"status": 529, "error_type": "overloaded_error", "usage": None, "model": None}
    assert spool.append(attempt(now, **busy))
    assert "No answer of this period says how long it took." in said(run("models"))
    assert "No call matches" in said(run("models", model="unheard"))


def _table(page: Any, column: str) -> Any:
    return next(table.value for table in page.dataframe if column in table.value)
