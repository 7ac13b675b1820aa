from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.movers import Mover, movers
from analytics.period import Period, midnight
from analytics.reports import Filters, totals
from analytics.what_if import Supposed, what_if
from tests.conftest import fill

DAY = midnight(datetime(2026, 11, 10, tzinfo=UTC).date())
NOW = Filters(period=Period(DAY, DAY + timedelta(days=1)))
BEFORE = NOW.period.previous
HOURS = (-47, -40, -25, -13, -12, -8, -1, 0, 1, 9, 11, 12, 30, 47)
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"


def on(day: int, model: str = OPUS, *, fresh: int = 1000, output: int = 100, **more: Any) -> dict[str, Any]:
    """An attempt so many days after 10 November 2026, by 4 and 20 dollars per million tokens on Opus."""
    usage = {"input_tokens": fresh, "output_tokens": output, "cache_read_input_tokens": more.pop("read", 0)}
    at = DAY + timedelta(days=day, hours=9)
    return {"started_at": at, "sent_model": model, "model": model, "task_type": "coding", "usage": usage, **more}


def adds_up(one: Mover) -> bool:
    return one.volume + one.mix + one.price == one.cost - one.before == one.change


def test_a_new_machine(ledger: Ledger) -> None:
    """In an empty ledger nothing moved."""
    found = movers(ledger, NOW, BEFORE, "model")

    assert (found.risen, found.fallen, found.total.change, found.others.change) == ((), (), 0, 0)


def test_more_calls_are_volume(ledger: Ledger) -> None:
    """Twice the same calls are a rise by volume alone."""
    fill(ledger, on(-1), on(0), on(0))

    (mover,) = movers(ledger, NOW, BEFORE, "task_type").risen

    assert (mover.volume, mover.mix, mover.price) == (Decimal("0.006"), 0, 0)
    assert mover.reasons == ("2 attempts, 1 before",)


def test_longer_calls_are_mix(ledger: Ledger) -> None:
    """As many calls with longer prompts, or on a dearer model, are a rise by mix alone, and the reasons say which."""
    fill(ledger, on(-1), on(0, fresh=2000), on(-1, SONNET, task_type="analysis"), on(0, task_type="analysis"))

    longer, dearer = movers(ledger, NOW, BEFORE, "task_type").risen

    assert (longer.volume, longer.mix, longer.price) == (0, Decimal("0.004"), 0)
    assert longer.reasons == ("prompts longer: 2,000 tokens, 1,000 before",)
    assert (dearer.volume, dearer.mix, dearer.price) == (0, Decimal("0.003"), 0)
    assert dearer.reasons == (f"more on {OPUS}: 100% of attempts, 0% before",)


def test_a_cache_that_is_missed_is_mix(ledger: Ledger) -> None:
    """The same prompts without the cache are a rise by mix, and the reason is the cache."""
    fill(ledger, on(-1, fresh=0, read=1000), on(0))

    (mover,) = movers(ledger, NOW, BEFORE, "model").risen

    assert mover.mix == mover.change == Decimal("0.0038")
    assert mover.reasons == ("0% of prompts read from the cache, 100% before",)


def test_a_new_price_is_price(ledger: Ledger) -> None:
    """The same call at another price is a change by price alone: Sonnet 5.5 became cheaper on 7 October 2026."""
    change = midnight(datetime(2026, 10, 7, tzinfo=UTC).date())
    now = Filters(period=Period(change, change + timedelta(days=1)))
    calls = [{**on(0, SONNET, read=10_000), "started_at": change + timedelta(hours=hours)} for hours in (-3, 3)]
    fill(ledger, *calls)

    (mover,) = movers(ledger, now, now.period.previous, "model").fallen

    assert mover.change == mover.price < 0
    assert (mover.volume, mover.mix, mover.reasons) == (0, 0, ("prices fell",))


def test_only_what_had_other_prices_is_priced_again(ledger: Ledger) -> None:
    """The part of the price is that of pricing both periods anew as a whole, what an advisor used included."""
    chance, change = random.Random(9), datetime(2026, 10, 7, tzinfo=UTC)  # noqa: S311  # no secret
    advised = [
        {"type": "message", "model": OPUS, "input_tokens": 900, "output_tokens": 50},
        {
            "type": "advisor_message",
            "model": SONNET,
            "cache_read_input_tokens": 9000,
            "input_tokens": 7,
            "output_tokens": 3,
        },
    ]
    plain = [
        {**on(0, name, read=chance.randrange(99_999)), "started_at": change + timedelta(hours=chance.choice(HOURS))}
        for name in (SONNET, OPUS, "claude-unheard-of")
        for _ in range(30)
    ]
    usage = {"input_tokens": 907, "output_tokens": 53, "iterations": advised}
    odd = [{**on(0), "started_at": change + timedelta(hours=hours), "usage": usage} for hours in (-40, -8, 1, 9)]
    fill(ledger, *plain, *odd)

    for hours in (-12, 0, 12):
        now = Filters(period=Period(change + timedelta(hours=hours), change + timedelta(days=2)))
        earlier = Filters(period=Period(change - timedelta(days=2), now.period.start))
        total = movers(ledger, now, earlier.period, "task_type").total
        was, would = (what_if(ledger, one, Supposed(at=now.period.start)).total for one in (earlier, now))

        assert was.difference is not None
        assert would.difference is not None
        assert total.price == was.difference - would.difference != 0


def test_the_new_and_the_gone(ledger: Ledger) -> None:
    """What was not there before, or is no longer there, is all volume."""
    fill(ledger, on(-1, HAIKU), on(0))

    found = movers(ledger, NOW, BEFORE, "model")

    assert [(one.group, one.reasons, one.volume) for one in (*found.risen, *found.fallen)] == [
        ((OPUS,), ("new",), Decimal("0.006")),
        ((HAIKU,), ("gone",), Decimal("-0.00015")),
    ]


def test_what_has_no_price_is_counted(ledger: Ledger) -> None:
    """Attempts without a price are in no amount, and said beside it."""
    fill(ledger, on(-1), on(0), on(0, "claude-unheard-of"))

    found = movers(ledger, NOW, BEFORE, "task_type")

    assert found.total.unpriced_attempts == 1
    assert found.total.cost == found.total.before == Decimal("0.006")


def test_all_of_it_adds_up(ledger: Ledger) -> None:
    """Volume, mix and price are the change, and risen, fallen and others the total, to the last digit."""
    chance = random.Random(8)  # noqa: S311  # no secret
    fill(
        ledger,
        *(
            on(
                chance.choice((-35, 0)),
                chance.choice((HAIKU, SONNET, OPUS)),
                fresh=chance.randrange(200_000),
                output=chance.randrange(999),
                task_type=chance.choice((None, "coding", "analysis", "research", "refactor")),
                tags={"team": chance.choice(("search", "support"))},
                read=chance.randrange(9999),
            )
            for _ in range(200)
        ),
    )
    before = Period(DAY - timedelta(days=35), DAY - timedelta(days=34))

    for filters in (NOW, Filters(period=NOW.period, tags={"team": "search"})):
        found = movers(ledger, filters, before, "task_type", most=2)
        parts = (*found.risen, *found.fallen, found.others)
        assert all(map(adds_up, (*parts, found.total)))
        for name in ("cost", "before", "volume", "mix", "price", "attempts"):
            assert sum(getattr(one, name) for one in parts) == getattr(found.total, name)
        assert found.total.price != 0
        assert found.total.cost == totals(ledger, filters).list_cost


def test_an_unknown_dimension(ledger: Ledger) -> None:
    """Movers are asked for by a dimension of the breakdown."""
    with pytest.raises(SettingsError, match="found 'mood'"):
        movers(ledger, NOW, BEFORE, "mood")
