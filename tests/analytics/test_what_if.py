from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.period import Period, midnight
from analytics.prices import PriceTable
from analytics.reports import Filters, totals
from analytics.what_if import Supposed, WhatIfRow, what_if
from analytics.what_if_words import ANSWERS, BATCH, FOLLOWED, TOGETHER, TOKENS
from tests.conftest import fill

NOON = midnight(datetime(2026, 11, 10, tzinfo=UTC).date()) + timedelta(hours=12)
EVERYTHING = Filters(period=Period(NOON - timedelta(days=60), NOON + timedelta(days=9)))
HAIKU, SONNET, OPUS, OLDER = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-opus-4-6"
USD_PER_MILLION = {  # input, output, 5m writes, 1h writes, reads; 10 November 2026
    HAIKU: ("0.10", "0.50", "0.125", "0.20", "0.01"),
    SONNET: ("2", "10", "2.5", "4", "0.1"),
    OPUS: ("4", "20", "5", "8", "0.2"),
    OLDER: ("5", "25", "6.25", "10", "0.5"),
}


def case(name: str) -> Filters:
    """What finds the calls of one case and no others."""
    return replace(EVERYTHING, tags={"case": name})


def usd(model: str, fresh: int = 0, output: int = 0, write: int = 0, long: int = 0, read: int = 0) -> Decimal:
    counts = (fresh, output, write, long, read)
    prices = USD_PER_MILLION[model]
    return sum((count * Decimal(price) for count, price in zip(counts, prices, strict=True)), Decimal(0)) / 1_000_000


def on(model: str, fresh: int = 1000, output: int = 100, **more: Any) -> dict[str, Any]:
    """An attempt that a model served; `write`, `long` (an hour) and `read` are its cache, `minute` is after noon."""
    write, long, read, minute = (more.pop(name, 0) for name in ("write", "long", "read", "minute"))
    usage = {
        "input_tokens": fresh,
        "output_tokens": output,
        "cache_creation_input_tokens": write + long,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": long},
        **more.pop("usage", {}),
    }
    sent = {"requested_model": OPUS, "sent_model": model, "model": model, "task_type": "coding"}
    return {"started_at": NOON + timedelta(minutes=minute), "usage": usage, **sent, **more}


def total(ledger: Ledger, filters: Filters, supposed: Supposed) -> WhatIfRow:
    return what_if(ledger, filters, supposed).total


def estimates(row: WhatIfRow) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return row.low, row.expected, row.high


CASES: dict[str, list[dict[str, Any]]] = {
    "other prices": [on(HAIKU, 1000, 100), on(HAIKU, 150_000, 100), on(OPUS, 1000, 100)],
    "prices of another day": [
        on(SONNET, 1000, 100, started_at=datetime(2026, 10, 1, tzinfo=UTC)),
        on(SONNET, 1000, 100),
    ],
    "another model": [on(OPUS, 1000, 100, read=5000), on(OPUS, 1000, 100, task_type="analysis")],
    "only the task types named move": [on(OPUS), on(OPUS, task_type="analysis")],
    "tokenizers count": [on(OLDER, 1000, 0)],
    "longer tokens may reach another price": [on(OLDER, 80_000, 0), on(OLDER, 40_000, 0), on(OLDER, 60_000, 0)],
    "a prefix may be too short for another cache": [
        on(OPUS, 10, 0, write=2000),
        on(OPUS, 10, 0, read=2000),
        on(OPUS, 10, 0, read=9000, minute=1),
    ],
    "a divided conversation": [
        on(OPUS, 10, 0, write=100_000, task_type="analysis"),
        on(OPUS, 10, 0, read=100_000, minute=2),
    ],
    "conversations that come together": [
        on(OPUS, 10, 0, write=100_000, task_type="analysis"),
        on(SONNET, 10, 0, write=100_000, minute=2),
    ],
    "half in batch": [on(OPUS, 1001, 100, read=100_000), on(OPUS, 10, 0, usage={"service_tier": "batch"})],
    "no batch no change": [on(f"global.anthropic.{OPUS}", platform="bedrock", region="us-east-1")],
    "caches for an hour": [on(OPUS, 10, 0, write=100_000), on(OPUS, 10, 0, write=100_000, minute=20)],
    "caches for five minutes": [on(OPUS, 10, 0, long=100_000), on(OPUS, 10, 0, read=100_000, minute=20)],
    "the lifetime they have changes nothing": [
        on(OPUS, write=100_000),
        on(OPUS, read=100_000, minute=20),
        on(OPUS, write=9000, minute=50),
    ],
    "what cannot move stays": [
        on(f"global.anthropic.{OPUS}", platform="bedrock", region="us-east-1"),
        on("claude-unheard-of"),
    ],
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """One ledger for all cases, as making one takes longer than asking it."""
    ledger = Ledger(tmp_path_factory.mktemp("what_if"))
    fill(ledger, *(call | {"tags": {"case": name}} for name, calls in CASES.items() for call in calls))
    return ledger


def motley(count: int = 250) -> list[dict[str, Any]]:
    """Attempts of every kind that is priced in its own way, some of which have no price."""
    chance = random.Random(8)  # noqa: S311  # no secret

    def one() -> dict[str, Any]:
        model = chance.choice((HAIKU, HAIKU, SONNET, OPUS, OLDER, "claude-unheard-of"))
        more: dict[str, Any] = {"service_tier": chance.choice(("standard", "batch"))}
        if chance.random() < 0.2:
            more["server_tool_use"] = {"web_search_requests": chance.randrange(4)}
        if chance.random() < 0.2:
            more["active_seconds"] = f"{chance.randrange(4000)}.{chance.randrange(1000):03}"
        if chance.random() < 0.2:
            more["inference_geo"] = "us"
        if chance.random() < 0.2:
            counts = {"output_tokens": chance.randrange(500)}
            more["iterations"] = [
                {"type": "compaction", "input_tokens": chance.randrange(150_000), **counts},
                {"type": "message", "input_tokens": chance.randrange(20_000), **counts},
            ]
        written = {name: chance.choice((0, chance.randrange(5000))) for name in ("write", "long", "read")}
        days = chance.choice((0, 1, -40))  # before the prices of today, too
        return on(
            model,
            chance.choice((chance.randrange(5000), chance.randrange(300_000))),
            chance.randrange(2000),
            **written,
            usage=more,
            started_at=NOON + timedelta(days=days, seconds=chance.randrange(40_000)),
            task_type=chance.choice(("coding", "classification", None)),
            tags={"team": chance.choice(("search", "support"))},
        )

    refused = on(OPUS, status=429, error_type="rate_limit_error") | {"usage": None}
    return [one() for _ in range(count)] + [refused]


def test_a_new_machine(ledger: Ledger) -> None:
    """An empty ledger would have cost nothing known, whatever is supposed."""
    found = what_if(ledger, EVERYTHING, Supposed(batch_share=Decimal(1), ttl="1h"))

    assert found.rows == ()
    assert (found.total.attempts, found.total.cost, found.total.expected) == (0, None, None)


def test_nothing_supposed_is_what_was(ledger: Ledger) -> None:
    """What is priced anew without a change costs what the books say, to the last digit, in every group and estimate."""
    fill(ledger, *motley())
    books = totals(ledger, EVERYTHING)
    assert books.unpriced_attempts > 0

    for supposed, by in (
        (Supposed(), "model"),
        (Supposed(), "tag:team"),
        (Supposed(table=PriceTable.load()), "day"),
        (Supposed(models={"chat": HAIKU}), "task_type"),
        (Supposed(models={"coding": HAIKU}), "task_type"),
    ):
        found = what_if(ledger, EVERYTHING, supposed, by=by)
        assert (found.total.cost, found.total.attempts) == (books.list_cost, books.attempts)
        assert sum(row.expected or 0 for row in found.rows) == found.total.expected
        assert not any("Re-rate" in sentence for sentence in found.assumed)
        assert "coding" in supposed.models or all(row.cost == row.low == row.expected == row.high for row in found.rows)


def test_contracted_costs_stay_too(ledger: Ledger) -> None:
    """Discounts are part of what is priced anew."""
    ledger.home.mkdir(parents=True, exist_ok=True)
    (ledger.home / "contract.yaml").write_text('discounts:\n  - {percent_off: "12.5", models: [claude-opus-5-5]}\n')
    fill(ledger, on(OPUS, 1000, 100), on(SONNET, 1000, 100))

    found = what_if(ledger, EVERYTHING, Supposed(), cost="contracted_cost").total

    assert found.cost == found.expected == usd(OPUS, 1000, 100) * 7 / 8 + usd(SONNET, 1000, 100)


def test_other_prices(books: Ledger) -> None:
    """A changed price counts for ordinary prompts at standard speed; nothing else changes."""
    asked = case("other prices")

    row = total(books, asked, Supposed(prices={HAIKU: {"output": Decimal("0.7")}}))

    assert row.difference == Decimal("0.2") * 100 / 1_000_000
    assert row.low == row.expected == row.high


def test_prices_of_another_day(books: Ledger) -> None:
    """At the prices of a moment, what was used costs what it would have cost then."""
    asked = case("prices of another day")

    row = total(books, asked, Supposed(at=NOON))

    assert row.expected == 2 * usd(SONNET, 1000, 100)


def test_another_model(books: Ledger) -> None:
    """Calls that move cost the other model's prices; its answers may be a fifth shorter or longer."""
    asked = case("another model")

    found = what_if(books, asked, Supposed(models={OPUS: SONNET}, keyed="model"))

    assert estimates(found.total) == tuple(
        usd(SONNET, 1000, output, read=5000) + usd(SONNET, 1000, output) for output in (80, 100, 120)
    )
    assert found.assumed == (ANSWERS, TOGETHER)
    assert {row.group for row in found.rows} == {("coding",), ("analysis",)}


def test_only_the_task_types_named_move(books: Ledger) -> None:
    """Task types that nobody named stay as they were."""
    asked = case("only the task types named move")

    found = what_if(books, asked, Supposed(models={"coding": HAIKU}))

    differences = {row.group[0]: row.difference for row in found.rows}
    assert differences == {"coding": usd(HAIKU, 1000, 100) - usd(OPUS, 1000, 100), "analysis": 0}


def test_tokenizers_count(books: Ledger) -> None:
    """The same text is 1.3 times as many tokens on a model with the newer tokenizer; 1.2 or 1.4, perhaps."""
    asked = case("tokenizers count")

    found = what_if(books, asked, Supposed(models={OLDER: SONNET}, keyed="model"))

    assert estimates(found.total) == tuple(usd(SONNET, count) for count in (1200, 1300, 1400))
    assert TOKENS in found.assumed


def test_longer_tokens_may_reach_another_price(books: Ledger) -> None:
    """A prompt that is only too long for the ordinary price in the other model's tokens pays for length there."""
    asked = case("longer tokens may reach another price")

    row = total(books, asked, Supposed(models={OLDER: HAIKU}, keyed="model"))

    assert row.expected == Decimal("0.50") * 104_000 / 1_000_000 + usd(HAIKU, 130_000)


def test_a_prefix_may_be_too_short_for_another_cache(books: Ledger) -> None:
    """What the other model is too coarse to cache is paid for in full there, call by call."""
    asked = case("a prefix may be too short for another cache")

    found = what_if(books, asked, Supposed(models={OPUS: OLDER}, keyed="model"))

    expected = usd(OLDER, round(Decimal(4020) / Decimal("1.3"))) + usd(OLDER, 8, 0, read=6923)
    assert found.total.expected == expected
    assert any(sentence.startswith("2 lines have prefixes too short") for sentence in found.assumed)


def test_a_divided_conversation_loses_its_cache(books: Ledger) -> None:
    """Where only some calls of a conversation move, what they read warm from the others is written anew."""
    asked = case("a divided conversation")

    found = what_if(books, asked, Supposed(models={"coding": SONNET}))

    there = usd(OPUS, 10, write=100_000)
    assert found.total.low == there + usd(SONNET, 10, read=100_000)
    assert found.total.expected == found.total.high == there + usd(SONNET, 10, write=100_000)
    assert FOLLOWED in found.assumed


def test_conversations_that_come_together_keep_theirs(books: Ledger) -> None:
    """What a switch wrote anew is read where both calls now go to one model, except in the high estimate."""
    asked = case("conversations that come together")

    row = total(books, asked, Supposed(models={"coding": OPUS}))

    assert row.expected == usd(OPUS, 10, write=100_000) + usd(OPUS, 10, read=100_000)
    assert row.high == 2 * usd(OPUS, 10, write=100_000)


def test_half_in_batch(books: Ledger) -> None:
    """The share that waits costs half; in a batch fewer reads find their cache."""
    asked = case("half in batch")

    found = what_if(books, asked, Supposed(batch_share=Decimal("0.5")))

    already = usd(OPUS, 10) / 2
    stays = usd(OPUS, 500, 50, read=50_000)
    for estimate, read in zip(estimates(found.total), (49_000, 32_000, 15_000), strict=True):
        assert estimate == already + stays + usd(OPUS, 501, 50, write=50_000 - read, read=read) / 2
    assert found.assumed == (BATCH,)


def test_no_batch_no_change(books: Ledger) -> None:
    """A platform without batches at a known price leaves calls as they were, and says so."""
    asked = case("no batch no change")

    found = what_if(books, asked, Supposed(batch_share=Decimal(1)))

    assert found.total.difference == 0
    assert any(sentence.startswith("Nothing could go in batch") for sentence in found.assumed)


def test_caches_for_an_hour(books: Ledger) -> None:
    """Written for an hour, a cache costs more, and what was written again within the hour would have been read."""
    asked = case("caches for an hour")

    row = total(books, asked, Supposed(ttl="1h"))

    assert row.expected == row.low == usd(OPUS, 20, long=100_000, read=100_000)
    assert row.high == usd(OPUS, 20, long=200_000)


def test_caches_for_five_minutes(books: Ledger) -> None:
    """Written for five minutes, a cache costs less, and what was read later than that would have been written."""
    asked = case("caches for five minutes")

    row = total(books, asked, Supposed(ttl="5m"))

    assert row.low == usd(OPUS, 20, write=100_000, read=100_000)
    assert row.expected == row.high == usd(OPUS, 20, write=200_000)


def test_the_lifetime_they_have_changes_nothing(books: Ledger) -> None:
    """Caches that were written for five minutes cost the same for five minutes."""
    asked = case("the lifetime they have changes nothing")

    row = total(books, asked, Supposed(ttl="5m"))

    assert row.cost == row.low == row.expected == row.high


def test_what_cannot_move_stays(books: Ledger) -> None:
    """Where a platform has no such model, calls stay where they were, and a sentence says how many."""
    asked = case("what cannot move stays")

    found = what_if(books, asked, Supposed(models={"coding": "claude-3-opus-20240229"}))

    assert found.total.unpriced_attempts == found.total.unpriced_lines == 1
    assert any(sentence.startswith("2 lines stay where they were") for sentence in found.assumed)
    assert any(sentence.startswith("1 lines would have no price") for sentence in found.assumed)


def test_a_model_that_was_not_there_yet(ledger: Ledger) -> None:
    """Calls from before a model's launch cost its first price."""
    fill(ledger, on(OLDER, 0, 1000, started_at=datetime(2026, 4, 10, tzinfo=UTC)))
    spring = Filters(period=Period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)))

    found = what_if(ledger, spring, Supposed(models={OLDER: OPUS}, keyed="model"))

    assert found.total.expected == usd(OPUS, 0, 1300)
    assert any("older than the other model's prices" in sentence for sentence in found.assumed)


def test_filters_are_honoured(ledger: Ledger) -> None:
    """Only what the filters let through is priced anew, on both sides."""
    fill(
        ledger,
        on(OPUS, tags={"team": "search"}),
        on(SONNET, tags={"team": "search"}),
        on(OPUS, tags={"team": "support"}),
        on(OPUS, task_type="analysis", user_id="ada"),
        on(OPUS, started_at=NOON - timedelta(days=70)),
    )
    cost = usd(OPUS, 1000, 100)

    for narrowed in (
        Filters(period=EVERYTHING.period, models=(OPUS,), tags={"team": "search"}, task_types=("coding",)),
        Filters(period=EVERYTHING.period, within={"user_id": ("ada",)}),
    ):
        row = total(ledger, narrowed, Supposed())
        assert (row.attempts, row.cost, row.expected) == (1, cost, cost)


@pytest.mark.parametrize(
    ("supposed", "said"),
    [
        (Supposed(models={"coding": "gpt"}), "found 'gpt', expected a model of the price table"),
        (Supposed(batch_share=Decimal(2)), "batch_share: found 2, expected a share from 0 to 1"),
        (Supposed(prices={OPUS: {"inputs": Decimal(1)}}), "found 'inputs', expected one of input, output"),
        (Supposed(prices={OPUS: {"input": Decimal(-1)}}), "input: found -1, expected US dollars per million tokens"),
        (Supposed(prices={OPUS: {"input": Decimal("NaN")}}), "input: found NaN, expected US dollars"),
    ],
)
def test_what_cannot_be_supposed(ledger: Ledger, supposed: Supposed, said: str) -> None:
    """Bad suppositions are one sentence each."""
    with pytest.raises(SettingsError, match=said):
        what_if(ledger, EVERYTHING, supposed)
