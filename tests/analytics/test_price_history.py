from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from analytics.exceptions import SettingsError
from analytics.price_history import find_model, price_history
from analytics.prices import PriceTable

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def prices() -> PriceTable:
    return PriceTable.load()


@pytest.mark.parametrize(
    "name",
    [
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "claude-sonnet-4-5@20250929",
    ],
)
def test_a_model_is_found_under_every_name_on_every_platform(prices: PriceTable, name: str) -> None:
    """Aliases, dated ids, inference profiles and ARNs lead to the same model."""
    assert find_model(prices, name) == "claude-sonnet-4-5-20250929"


@pytest.mark.parametrize("name", ["claude-opus-5.5", "claude-opus-5-5-20260922", "opus", ""])
def test_an_unknown_model_is_one_sentence_with_what_to_do(prices: PriceTable, name: str) -> None:
    """Nothing is matched by a prefix or without its date; near names are offered, if there are any."""
    with pytest.raises(SettingsError, match=r"^model: found '.*', which no platform calls any model"):
        find_model(prices, name)


def test_near_names_are_offered(prices: PriceTable) -> None:
    """A slip of the finger is answered with what was probably meant."""
    with pytest.raises(SettingsError, match=r"did you mean claude-opus-5-5,"):
        find_model(prices, "claude-opus-5.5")


@pytest.mark.parametrize(("day", "read"), [(date(2026, 10, 6), "0.2"), (date(2026, 10, 7), "0.1")])
def test_the_row_in_force_is_the_one_of_that_day(prices: PriceTable, day: date, read: str) -> None:
    """The first day of a row is its own, the last one is the next row's."""
    rows = price_history(prices, "claude-sonnet-5-5", on=day).rows
    assert [row.prices["cache_read"] for row in rows if row.in_force] == [Decimal(read)]
    assert len(rows) == 2


def test_nothing_is_in_force_before_the_launch(prices: PriceTable) -> None:
    """A day without a price marks no row."""
    assert not any(row.in_force for row in price_history(prices, "claude-sonnet-5-5", on=date(2026, 1, 1)).rows)


def test_every_row_says_who_says_so(prices: PriceTable) -> None:
    """Each row carries its sources, with their authority and their date."""
    for key in prices.file.models:
        for row in price_history(prices, key, on=TODAY).rows:
            assert row.sources
            assert all(source.authority and source.dated and source.where for source in row.sources)


def test_a_model_without_a_price_says_why(prices: PriceTable) -> None:
    """No row, and the reason."""
    history = price_history(prices, "claude-1.3", on=TODAY)
    assert (history.rows, history.unpriced) == ((), "no dated price was found in any source")
