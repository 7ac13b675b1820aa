from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from analytics import reports
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.price_history import find_models
from analytics.prices import PriceTable
from analytics.reports import Filters
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import HAIKU, OPUS, SONNET, run, said
from tests.dashboard.folds import opened

CONTRACT = 'discounts: [{from: 2026-01-01, percent_off: "15", models: [claude-sonnet-5]}]\n'


def test_prices_of_models_in_use_come_first(
    filled: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Models of the period come first with what they cost in it, then the table; gaps and the contract are there."""
    assert spool.append(attempt(now, model="claude-unheard-of"))
    (filled / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    page = opened(run("prices"))
    asked = Filters(period=Period.days(now.date() - timedelta(days=29), now.date()))
    spent = {row.group[0]: row.list_cost for row in reports.cost_by(Ledger(filled), asked, ("model",))}
    gaps, used, turns, prices, *_ = (table.value for table in page.dataframe)
    assert "claude-unheard-of" in str(gaps["Why"][0])
    assert dict(zip(used["Model"], used["Spend"], strict=True)) == {name: spent[name] for name in (OPUS, SONNET, HAIKU)}
    assert [*turns["Price"][turns["Model"] == OPUS]] == [Decimal(4)]
    page.segmented_control(key="charged").set_value("Batch").run()
    turns = page.dataframe[2].value
    assert [*turns["Price"][turns["Model"] == OPUS]] == [Decimal(2)]
    names = list(dict.fromkeys(prices["Model"]))
    assert {*names[:2]} == {OPUS, SONNET}
    assert len(names) > 20
    (discounts,) = (table.value for table in page.dataframe if "Percent off" in table.value)
    assert list(discounts["Percent off"]) == [Decimal(15)]
    assert "not installed" in said(page)


def test_a_price_is_found_by_any_id_and_day(filled: Path) -> None:
    """An id of any platform finds its model, a day the row that was in force; what is not found says what is near."""
    page = run("prices", find="us.anthropic.claude-sonnet-4-5-20250929-v1:0", on="2025-10-05")
    prices = next(table.value for table in page.dataframe if "Name" in table.value)
    assert {*prices["Model"]} == {"claude-sonnet-4-5-20250929"}
    assert page.selectbox(key="priced").value == "claude-sonnet-4-5-20250929"
    (filled / "contract.yaml").write_text("discounts: nothing\n", encoding="utf-8")
    page.text_input(key="find").set_value("claude-opus-5.5").run()
    assert not page.exception
    assert "did you mean" in page.info[0].value
    assert "The contract cannot be read" in page.error[0].value


def test_models_are_found_by_a_part_of_a_name() -> None:
    """A part of a name or of an id finds every model that has it, whatever the case; nothing finds all."""
    prices = PriceTable.load()
    assert "claude-opus-5-5" in find_models(prices, "OPUS 5")
    assert find_models(prices, "") == [*prices.file.models]
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert find_models(prices, arn) == ["claude-sonnet-4-5-20250929"]
