from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.reports import Totals
from dashboard import cards

TOTALS = Totals(
    calls=200,
    attempts=210,
    failed_attempts=7,
    fallback_calls=3,
    incomplete_attempts=1,
    unpriced_attempts=0,
    list_cost=Decimal("12.345678"),
    requested_list_cost=Decimal(20),
    routing_saved=Decimal("7.5"),
    routing_compared_attempts=190,
    cache_saved=Decimal("-0.05"),
    input_tokens=1000,
    output_tokens=200,
    cache_write_tokens=30,
    cache_read_tokens=4,
)
EARLIER = replace(TOTALS, calls=100, list_cost=Decimal(10), cache_saved=None, failed_attempts=0)
amounts = st.decimals(min_value=0, max_value=10**9, places=15)


def test_cards_say_what_the_totals_say() -> None:
    """Each card shows its figure of the totals, written for people."""
    assert {card.label: card.value for card in cards.cards(TOTALS, EARLIER)} == {
        "Spend": "$12.35",
        "Saved by routing": "$7.50",
        "Saved by caching": "−$0.05",
        "Cost per call": "$0.0617",
        "Calls": "200",
        "Tokens": "1.23k",
        "Failed attempts": "7",
    }


def test_cards_compare_with_the_period_before() -> None:
    """A change is a share of the earlier figure; where there is no such share, the earlier figure itself is told."""
    told = {card.label: (card.change, card.beside) for card in cards.cards(TOTALS, EARLIER)}
    assert told["Spend"] == ("23.5%", "vs before")
    assert told["Calls"] == ("100%", "vs before")
    assert told["Cost per call"] == ("-38.3%", "vs before")
    assert told["Saved by routing"] == (None, "before: $7.50")
    assert told["Saved by caching"] == (None, "not known before")
    assert told["Failed attempts"] == (None, "before: 0")


def test_the_exact_amount_is_one_hover_away() -> None:
    """The help of a money card holds every digit."""
    assert "$12.345678" in cards.cards(TOTALS, EARLIER)[0].help


def test_what_is_left_out_is_said() -> None:
    """Spend names the attempts without a price, of both periods, and the cost per call is then not known."""
    spend, per_call, *_ = cards.cards(replace(TOTALS, unpriced_attempts=12), replace(EARLIER, unpriced_attempts=1))
    assert "12 attempts of this period" in spend.help
    assert "1 attempt of the period before" in spend.help
    assert per_call.value == "—"


def test_nothing_known_is_not_zero() -> None:
    """Amounts that are not known stay unknown: no zero, no change."""
    unknown = replace(TOTALS, list_cost=None, requested_list_cost=None, routing_saved=None, cache_saved=None)
    told = cards.cards(unknown, EARLIER)
    assert [card.value for card in told[:4]] == ["—"] * 4
    assert [card.change for card in told[:4]] == [None] * 4
    assert unknown.routed_list_cost is None


@given(amounts, amounts)
def test_routed_and_saved_make_up_what_was_asked_for(asked: Decimal, saved: Decimal) -> None:
    """The two bars of the comparison differ by exactly the saving."""
    routed = replace(TOTALS, requested_list_cost=asked, routing_saved=saved).routed_list_cost
    assert routed is not None
    assert routed + saved == asked


@pytest.mark.parametrize(
    ("now", "earlier", "told"),
    [(3, 2, "50.0%"), (1, 2, "-50.0%"), (2, 2, None), (5, 0, None), (None, 5, None), (5, None, None), (5, -5, None)],
)
def test_change_needs_something_to_grow_from(now: int | None, earlier: int | None, told: str | None) -> None:
    """There is a change only against a known figure above zero, and only if it shows."""
    assert cards.change(now, earlier) == told


def test_without_an_earlier_period_nothing_is_compared() -> None:
    """Where the ledger does not reach back, a card shows its figure alone."""
    told = cards.cards(TOTALS, None)

    assert {(card.change, card.beside) for card in told} == {(None, "")}
    assert told[0].value == "$12.35"
