from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.prices import BUCKETS
from analytics.reports import Filters
from analytics.what_if import Supposed, what_if
from dashboard import estimates, supposition, theme, units
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import HAIKU, OPUS, run, said

MODELS = ("claude-opus-5-5", "claude-haiku-5-5", "claude-haiku-4-5-20251001")
_dollars = st.decimals(0, 999_999, places=6, allow_nan=False)
_supposed = st.builds(
    Supposed,
    models=st.dictionaries(st.text(min_size=1), st.sampled_from(MODELS)),
    keyed=st.sampled_from(supposition.KEYED),
    batch_share=st.integers(0, 100).map(lambda percent: Decimal(percent) / 100),
    ttl=st.sampled_from((*supposition.TTLS, None)),
    prices=st.dictionaries(
        st.sampled_from(MODELS), st.dictionaries(st.sampled_from(BUCKETS), _dollars, min_size=1), max_size=2
    ),
    at=st.none() | st.dates().map(lambda day: Period.days(day, day).start if day.year < 9999 else None),
)


@given(supposed=_supposed)
def test_what_is_supposed_can_be_sent(supposed: Supposed) -> None:
    """What is written into an address is read from it again."""
    assert supposition.read(supposition.write(supposed)) == supposed


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ({"move": ["code"]}, "move: found 'code', expected what moves:model"),
        ({"batch": ["half"]}, "batch: found 'half', expected a number"),
        ({"batch": ["1e99"]}, "batch: found '1e99', expected a number"),
        ({"ttl": ["2h"]}, "ttl: found '2h', expected one of 5m, 1h"),
        ({"per": ["team"]}, "per: found 'team', expected one of task_type, model"),
        ({"price": ["claude-opus-5-5:input"]}, "price: found 'claude-opus-5-5:input', expected model:bucket:dollars"),
        ({"prices_of": ["yesterday"]}, "prices_of: found 'yesterday', expected a day such as 2026-11-21"),
    ],
)
def test_another_address_is_a_sentence(address: dict[str, list[str]], wrong: str) -> None:
    """An address that nobody has written is told with what is wrong in it."""
    with pytest.raises(SettingsError, match=re.escape(wrong)):
        supposition.read(address)


def test_the_page_shows_what_the_address_supposes(filled: Path, now: datetime) -> None:
    """Totals, rows and assumptions are those of the report; the form says the same, and sends what is changed in it."""
    move = f"code:{HAIKU}-20251001"
    page = run("what-if", move=[move], batch="50", price=f"{OPUS}:output:1.5", zone="UTC", **{"tag:team": "search"})
    asked = Filters(period=Period.days(now.date() - timedelta(days=29), now.date()), tags={"team": "search"})
    supposed = supposition.read({"move": [move], "batch": ["50"], "price": [f"{OPUS}:output:1.5"]})
    found = what_if(Ledger(filled), asked, supposed)
    shown = {metric.label: metric.value.replace("\\", "") for metric in page.metric}
    total = found.total
    assert shown == {
        "As it was": theme.money(total.cost),
        "As supposed": theme.money(total.expected),
        "Difference": theme.money(total.difference),
    }
    assert list(page.dataframe[-1].value["Expected"]) == [row.expected for row in found.rows]
    assert all(sentence in said(page) for sentence in found.assumed)
    assert page.selectbox(key="what-if:move:task_type:code").value == f"{HAIKU}-20251001"

    page.slider(key="what-if:batch").set_value(0)
    page.selectbox(key="what-if:move:task_type:summarize").set_value(f"{HAIKU}-20251001")
    next(button for button in page.button if button.label == "Price anew").click().run()
    assert sorted(page.query_params["move"]) == [move, f"summarize:{HAIKU}-20251001"]
    assert "batch" not in page.query_params
    assert page.query_params["price"] == f"{OPUS}:output:1.5"


def test_nothing_supposed_is_nothing_priced(filled: Path) -> None:
    """At first there is the form and no figure; what no model is called is a sentence, as is a period without calls."""
    page = run("what-if")
    assert not page.metric
    assert "press Price anew" in said(page)
    assert "expected a model of the price table" in said(run("what-if", move="code:gpt"))
    assert "The period holds no call" in said(run("what-if", period="Custom", days=["2020-01-01", "2020-01-31"]))


def test_names_are_never_markup(home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime) -> None:
    """A task type that is written as HTML is text in the chart, and in the form."""
    name = "<img src=x> *b* $1 :red[x]"
    assert spool.append(attempt(now, task_type=name))
    page = run("what-if", batch="100")
    assert page.selectbox(key=f"what-if:move:task_type:{name}").label == theme.markdown(name)
    everything = Filters(period=Period.days(now.date(), now.date()))
    rows = what_if(Ledger(home), everything, Supposed(batch_share=Decimal(1))).rows
    drawn = estimates.figure(rows, unit=units.money(), missing="not said").to_json()
    assert drawn
    assert "<img" not in drawn.replace('"<img src=x> *b* $1 :red[x]",null', "")
