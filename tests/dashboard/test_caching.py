from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.caching import CAUSES, COUNTED, caching, reuse
from analytics.ledger import Ledger
from analytics.prune import prune
from analytics.reports import Filters, totals
from dashboard import theme
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import OPUS, SONNET, run, said
from tests.dashboard.folds import opened
from tests.dashboard.test_app import last_days

WRITTEN = {
    "input_tokens": 100,
    "output_tokens": 10,
    "cache_read_input_tokens": 0,
    "cache_creation_input_tokens": 9000,
    "cache_creation": {"ephemeral_5m_input_tokens": 4000, "ephemeral_1h_input_tokens": 5000},
}


def test_every_figure_is_the_reports(
    filled: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Ratios, savings, lost writes, times to live and misses by owner are those of the reports, with their causes."""
    for hours, model in ((30, OPUS), (29.8, OPUS), (29.79, SONNET), (29.78, OPUS)):
        assert spool.append(attempt(now - timedelta(hours=hours), usage=WRITTEN, model=model))
    page = opened(run("caching", reuse="true", owner="Model"))
    filters, ledger = Filters(period=last_days(now, 30)), Ledger(filled)
    owners, found = caching(ledger, filters, ("model",)), reuse(ledger, filters, ("model",), now=now)
    assert [*_tables(page, "Reading")[1]["Saved"]] == [row.saved for row in owners]
    assert [*_tables(page, "Reading")[1]["Hit ratio"]] == [row.hit_ratio for row in owners]
    assert [*_tables(page, "Lost")[0]["Writing attempts"]] == [row.writing_attempts for row in found.writes]
    assert [*_tables(page, "As it was")[0]["An hour would save"]] == [row.would_save_1h for row in found.writes]
    assert [*_tables(page, "Missed tokens")[0]["Cost"]] == [row.extra_cost for row in found.misses]
    (whole,) = caching(ledger, filters)
    assert whole.saved == totals(ledger, filters).cache_saved
    assert {metric.label: metric.value.replace("\\", "") for metric in page.metric}["Saved by caching"] == theme.money(
        whole.saved
    )
    assert sum(_tables(page, "Reading")[0]["Saved"]) == whole.saved
    assert all(text in said(page) for text in (COUNTED, *CAUSES.values()))


def test_what_is_not_there_is_said(
    home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Without any cache the page says how to have one, and where attempts are pruned, from when on it speaks."""
    assert spool.append(attempt(now, usage={"input_tokens": 100, "output_tokens": 10}))
    for days in (1, 9):
        assert spool.append(attempt(now - timedelta(days=days), usage=WRITTEN))
    assert "No call of this period wrote to a prompt cache" in said(run("caching", period="Today"))
    prune(Ledger(home), before=(now - timedelta(days=4)).date(), now=now)
    page = run("caching")
    assert "The figures below begin at" in said(page)
    assert not _tables(page, "Lost")


def _tables(page: Any, column: str) -> list[Any]:
    return [table.value for table in page.dataframe if column in table.value]
