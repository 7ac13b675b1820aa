"""Two months of calls for the dashboard to show."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import theme
from router.record import UsageRecord, new_record_id
from router.spool import Spool

APP = Path(theme.__file__).with_name("app.py")
OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5", "claude-haiku-4-5"
USAGE = {
    "input_tokens": 1200,
    "output_tokens": 340,
    "cache_read_input_tokens": 4000,
    "cache_creation_input_tokens": 500,
    "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 0},
    "service_tier": "standard",
}


def run(address: str = "", /, **query: str | list[str]) -> AppTest:
    """A page as it comes up at an address."""
    page = AppTest.from_file(APP, default_timeout=30)
    for key, value in query.items():
        page.query_params[key] = value
    if address:
        page._page_hash = calc_hash(address)  # pyright: ignore[reportPrivateUsage]  # switch_page knows files only
    page.run()
    assert not page.exception
    return page


@pytest.fixture
def now() -> datetime:
    """The real minute, for the page under test asks the real clock."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def attempt(a_record: Callable[..., UsageRecord]) -> Callable[..., UsageRecord]:
    """Make an attempt that went well at a time, with `changes`."""

    def make(started_at: datetime, **changes: Any) -> UsageRecord:
        told: dict[str, Any] = {"model": SONNET, "task_type": "code", "requested_model": OPUS, "usage": USAGE}
        record_id = new_record_id(int(started_at.timestamp()) * 10**9)
        return a_record(**told | changes, record_id=record_id, started_at=started_at)

    return make


@pytest.fixture
def filled(home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime) -> Path:
    """A home whose spool has two months of three models and two teams, with one call that fell back."""

    def attempts() -> Iterator[UsageRecord]:
        for days in range(60):
            at = now - timedelta(days=days)
            yield attempt(at)
            yield attempt(at, model=HAIKU, task_type="classify", tags={"team": "support", "feature": "triage"})
            if days % 3:
                yield attempt(at, model=OPUS, task_type="summarize")
        busy: dict[str, Any] = {"model": None, "status": 529, "error_type": "overloaded_error", "usage": None}
        yield attempt(now - timedelta(days=2), call_id="fallen-back", **busy)
        yield attempt(now - timedelta(days=2), call_id="fallen-back", attempt=2, model=HAIKU, sent_model=HAIKU)

    for record in attempts():
        assert spool.append(record)
    return home


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # autouse
    """Streamlit makes the page the main module, which processes that later tests spawn would then run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
