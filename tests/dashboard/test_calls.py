from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.calls import Search, search
from analytics.feedback import give
from analytics.ingest import refresh
from analytics.ledger import Ledger
from analytics.one_call import one_call
from analytics.period import Period
from analytics.reports import Filters
from dashboard import theme
from dashboard.views.calls import ON_A_PAGE
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import HAIKU, run, said

HOSTILE = "<script>alert(1)</script> <b>*b*</b> $1 and $2 :red[x] [l](http://x)"


def test_a_search_is_turned_page_by_page(filled: Path, now: datetime) -> None:
    """The pages are those of the search, newest first, older and newer again; filters and search narrow them."""
    page = run("calls")
    filters = Filters(period=Period.days(now.date() - timedelta(days=29), now.date()))
    first = search(Ledger(filled), filters, size=ON_A_PAGE)
    second = search(Ledger(filled), filters, size=ON_A_PAGE, after=first.after)
    assert [*page.dataframe[0].value["Call"]] == [row.call_id for row in first.rows]
    assert [*page.dataframe[0].value["Cost"]] == [row.list_cost for row in first.rows]
    _button(page, "Older").click().run()
    assert [*page.dataframe[0].value["Call"]] == [row.call_id for row in second.rows]
    assert page.query_params["after"] == str(first.after)
    page.text_input(key="id").set_value("fallen").run()
    assert {*page.dataframe[0].value["Outcome"]} == {"end_turn", "529 overloaded_error"}
    assert "after" not in page.query_params
    page.segmented_control(key="outcome").set_value("Failed").run()
    failed = search(Ledger(filled), filters, Search(id="fallen", failed=True))
    assert [*page.dataframe[0].value["Request"]] == [row.request_id for row in failed.rows]
    page.number_input(key="least").set_value(0.5).run()
    assert "No attempt that the filters let through" in said(page)


def test_a_receipt_can_be_sent_to_someone(filled: Path, now: datetime) -> None:
    """The address of a call shows each attempt, why its model was chosen, units times price, and what people said."""
    refresh(Ledger(filled), now=now)
    give(Ledger(filled), "fallen-back", verdict="bad", note=HOSTILE, at=now)
    page = run("calls", call="fallen-back")
    call = one_call(Ledger(filled), "fallen-back")
    assert call is not None
    items = page.dataframe[0].value
    assert [*items["Amount"]] == [theme.exact(item.amount) for item in call.attempts[1].receipt.lines[0].items]
    assert [metric.value for metric in page.metric] == [theme.markdown(theme.money(call.list_cost)), "2", "end\\_turn"]
    assert "Attempt 1 of 2: 529 overloaded_error" in said(page)
    assert "It used nothing, which costs nothing." in said(page)
    assert f"A fallback from {call.attempts[0].sent_model} to {HAIKU}." in said(page)
    assert f"Feedback on the answer: bad: {HOSTILE}" in said(page)
    assert theme.markdown(HOSTILE) in page.info[-1].value


def test_every_call_has_a_sentence(
    home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """A call that is not there, has no price or is still open, and a page that is no page, are told in words."""
    names: dict[str, Any] = {"model": HOSTILE, "reason": HOSTILE, "tags": {HOSTILE: HOSTILE}, "user_id": HOSTILE}
    assert spool.append(attempt(now, call_id="unpriced", **names))
    assert spool.append(attempt(now, call_id="open", stream=True, complete=False, duration_ms=None, stop_reason=None))
    for query, sentence in (
        ({"call": "<b>nobody</b>"}, "The ledger has no call <b>nobody</b>."),
        ({"call": "unpriced"}, "No cost: "),
        ({"call": "open"}, "The stream has begun and, as far as anybody knows, not ended"),
        ({"id": "nobody"}, "No attempt that the filters let through has an id that begins with nobody."),
        ({"after": "nowhere"}, "after: found 'nowhere'"),
        ({"model": "unheard"}, "No call matches model unheard."),
    ):
        page = run("calls", **query)
        assert sentence in said(page)
        written = [str(one.value) for one in (*page.markdown, *page.caption, *page.info, *page.warning, *page.error)]
        assert not any("<" in text.replace("\\<", "") for text in written)


def _button(page: Any, label: str) -> Any:
    return next(button for button in page.button if button.label == label)
