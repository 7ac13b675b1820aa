from __future__ import annotations

from decimal import Decimal

from analytics.alerts.notice import Contributor
from analytics.contributors import contributors
from analytics.reports import CostRow


def row(value: str | None, cost: str | None, *, cached: int = 0, fresh: int = 0) -> CostRow:
    amount = None if cost is None else Decimal(cost)
    return CostRow(
        group=(value,),
        calls=1,
        attempts=1,
        unpriced_attempts=0,
        list_cost=None if amount is None else 2 * amount,
        routing_saved=None,
        input_tokens=fresh,
        output_tokens=0,
        cache_write_tokens=0,
        cache_read_tokens=cached,
        contracted_cost=amount,
    )


def test_what_rose_most_comes_first() -> None:
    """The largest rise comes first, then the dearest; what fell is told with its sign."""
    now = {"tag:team": [row("search", "100"), row("chat", "90"), row("mail", "200")]}
    before = {"tag:team": [row("search", "69"), row("mail", "250")]}

    assert contributors(now, before) == (
        Contributor(name="team chat", cost=Decimal(90), change="new"),
        Contributor(name="team search", cost=Decimal(100), change="+$31.00 (+45 %)"),
        Contributor(name="team mail", cost=Decimal(200), change="-$50.00 (-20 %)"),
    )


def test_a_fallen_cache_is_named() -> None:
    """Where much less of the prompts came from the cache, the ratio before and now is told; a small change is not."""
    now = {"task_type": [row("code", "50", cached=12_000, fresh=88_000), row("chat", "9", cached=80_000, fresh=20_000)]}
    before = {
        "task_type": [row("code", "20", cached=91_000, fresh=9_000), row("chat", "8", cached=91_000, fresh=9_000)]
    }

    code, chat = contributors(now, before)

    assert code.change == "+$30.00 (+150 %), cache hit ratio fell from 91 % to 12 %"
    assert (code.name, chat.change) == ("task type code", "+$1.00 (+12 %)")


def test_a_handful_of_tokens_has_no_cache_ratio() -> None:
    """Prompts of some thousand tokens say nothing about the cache."""
    now, before = {"model": [row("a", "2", fresh=900)]}, {"model": [row("a", "1", cached=900)]}

    assert contributors(now, before)[0].change == "+$1.00 (+100 %)"


def test_a_longer_period_before() -> None:
    """What cost the same a day is no change when the period before is scaled to the length of this one."""
    now, before = {"model": [row("a", "10"), row("b", "5")]}, {"model": [row("a", "30"), row("b", "3")]}

    found = contributors(now, before, scale=Decimal(1) / 3)

    assert [one.change for one in found] == ["+$4.00 (+400 %)", "+$0.00 (+0 %)"]


def test_without_a_period_before() -> None:
    """Where nothing is known of before, the dearest come first and no change is told."""
    now = {"model": [row("a", "1"), row("b", "5")], "tag:team": [row(None, "4"), row("x", "2")]}

    found = contributors(now, {"model": [], "tag:team": []}, most=3)

    assert [(one.name, one.change) for one in found] == [("model b", None), ("without team", None), ("team x", None)]


def test_a_dimension_with_one_value_says_nothing() -> None:
    """Everything on one model is no news beside teams that differ; alone it is named."""
    model, teams = {"model": [row("a", "6")]}, {"tag:team": [row("x", "4"), row("y", "2")]}

    assert [one.name for one in contributors(model | teams, {})] == ["team x", "team y"]
    assert [one.name for one in contributors(model, {})] == ["model a"]


def test_what_has_no_price_is_left_out() -> None:
    """A row without a price is not taken for free, and costs are of the asked kind."""
    now = {"model": [row("a", "6"), row("unpriced", None)]}

    assert contributors(now, {}, cost="list_cost") == (Contributor(name="model a", cost=Decimal(12), change=None),)
    assert contributors({}, {}) == ()
