from __future__ import annotations

import pytest

from analytics.prices import PriceTable
from analytics.router_prices import PLACE, router_prices, text_of


def test_the_router_weighs_with_the_prices_of_the_ledger() -> None:
    """router/prices.json is what its generator makes of pricing.yaml, byte for byte."""
    expected = text_of(router_prices(PriceTable.load()))

    assert PLACE.read_text("utf-8") == expected, "run: python -m analytics.router_prices"


@pytest.mark.parametrize("model", ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"])
def test_a_price_is_the_one_of_the_table_to_the_last_digit(model: str) -> None:
    """Nano-dollars per token times a thousandth are the dollars per million tokens of pricing.yaml."""
    table = PriceTable.load()
    written = router_prices(table)["models"][model]["prices"]
    rows = [row for row in table.file.models[model].prices or [] if row.when.speed == "standard"]

    standing = [row for row in rows if row.to > table.checked]
    assert [row["cache_read"] for row in written] == [(row.cache_read or 0) * 1000 for row in standing]
    assert [row["output"] for row in written] == [row.output * 1000 for row in standing]
