from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import anthropic
import pytest

from router import Meter, Router, Task
from router.cache import COLD, Counts, Outlook, Warm, split
from router.conversations import Conversations, billed
from router.features import Body
from router.layout import Layout
from router.prices import Bucket, never_dearer, price_of
from router.record import UsageRecord
from router.testing import Clock, StandIn, Usage

Records = Callable[[], list[UsageRecord]]
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"
LAYOUT = Layout(characters=40_000, cached=36_000, hourly=0, head=36_000, key=1)


def price(model: str) -> Any:
    found = price_of(model)
    assert found is not None
    return found


def test_what_is_warm_is_held_low_for_sure_and_high_perhaps() -> None:
    """The time to live began somewhere between the request and its answer, so in between nobody can say."""
    warm = Warm(tokens=1_000, sure=900, hourly=400, asked=0, heard=60)

    assert (warm.at_least(299), warm.at_most(299)) == (900, 1_000)
    assert (warm.at_least(301), warm.at_most(301)) == (400, 1_000)
    assert (warm.at_least(3_601), warm.at_most(3_601)) == (0, 400)
    assert COLD.at_most(0) == 0


def test_a_bucket_is_split_by_what_is_warm_and_for_how_long_it_is_written() -> None:
    """What is warm is read, what follows is written up to the last breakpoint, the rest is uncached."""
    counts = Counts(tokens=10_000, cached=9_000, hourly=6_000, output=50)

    assert split(counts, 5_000, price=price(OPUS), home=price(OPUS)) == Bucket(1_000, 5_000, 3_000, 1_000, 50)


def test_a_prefix_too_short_for_the_model_is_not_cached() -> None:
    """Below the model's minimum everything is uncached, whatever the request marks."""
    counts = Counts(tokens=3_000, cached=2_000, hourly=0, output=50)

    assert split(counts, 0, price=price("claude-haiku-4-5"), home=price("claude-haiku-4-5")) == Bucket(3_000, output=50)


def test_tokens_are_counted_by_each_model_s_own_tokenizer() -> None:
    """The same text is about 30 % more tokens for the newer tokenizer."""
    counts = Counts(tokens=10_000, cached=10_000, hourly=0, output=100)

    bucket = split(counts, 0, price=price(HAIKU), home=price("claude-opus-4-5"))

    assert (bucket.written_5m, bucket.output) == (13_000, 130)


@pytest.mark.parametrize(
    ("model", "than", "cached", "never"),
    [
        (HAIKU, OPUS, True, True),
        (SONNET, OPUS, True, True),
        (OPUS, SONNET, True, False),
        ("claude-haiku-4-5", OPUS, False, True),
        ("claude-haiku-4-5", OPUS, True, False),  # caches nothing under 4,096 tokens, and Opus 5.5 does
        ("claude-fable-5-2", OPUS, False, False),
    ],
)
def test_a_model_is_cheaper_only_if_it_is_in_every_bucket(model: str, than: str, cached: bool, never: bool) -> None:
    """One bucket that costs more, or a prefix that only the other caches, is enough to be dearer some day."""
    assert never_dearer(price(model), price(than), cached=cached) is never


def test_usage_without_the_split_by_time_to_live_is_split_by_the_request() -> None:
    """Where the answer does not say for how long it was written, the breakpoints of the request do."""
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 900, "cache_creation": None, "output_tokens": 7}

    assert billed(usage, LAYOUT._replace(hourly=36_000)) == Bucket(5, 0, 0, 900, 7)
    assert billed(usage, LAYOUT) == Bucket(5, 0, 900, 0, 7)
    assert billed({"input_tokens": "many", "cache_creation": 3}, LAYOUT) == Bucket()


def test_a_home_without_a_price_is_not_weighed() -> None:
    """Nothing is said about a model that the price table does not know."""
    with pytest.raises(LookupError, match="no price"):
        Outlook("claude-unheard-of", LAYOUT, 0)


def test_the_expected_cost_of_a_first_turn_is_that_of_its_buckets() -> None:
    """40,000 characters are taken for 10,000 tokens, nine tenths of them written, and the answer for 400."""
    outlook = Outlook(OPUS, LAYOUT, 0)

    assert outlook.expected_cost(OPUS) == 9_000 * 5_000 + 1_000 * 4_000 + 400 * 20_000


MANUAL: Any = [{"type": "text", "text": "The manual says so. " * 2_000, "cache_control": {"type": "ephemeral"}}]
FIRST: Any = {"role": "user", "content": "Translate into French: good morning, everybody"}


def by_the_ask(body: Body) -> Task:
    return Task("hard_math" if "Prove" in str(body["messages"][-1]) else "transform", 0.9, "by the ask")


@pytest.fixture
def router(clock: Clock) -> Router:
    """Told by the ask what a request is for."""
    return Router(classifier=by_the_ask)


@pytest.fixture
def client(api: StandIn, router: Router, home: Path) -> anthropic.Anthropic:
    """The SDK's own client with Router and Meter, talking to the stand-in."""
    return api.client(middleware=[router, Meter()])


def turns(answer: str, ask: str) -> list[Any]:
    return [FIRST, {"role": "assistant", "content": answer}, {"role": "user", "content": ask}]


@pytest.mark.parametrize("stream", [False, True])
def test_the_books_are_kept_from_the_usage_of_answers(
    client: anthropic.Anthropic, router: Router, records: Records, stream: bool
) -> None:
    """Streamed or not, what a turn used is known when the next one is decided."""
    request: Any = {"model": OPUS, "max_tokens": 100, "system": MANUAL, "messages": [FIRST]}
    if stream:
        with client.messages.stream(**request) as events:
            events.get_final_message()
    else:
        client.messages.create(**request)

    (account,) = router.conversations.accounts.values()
    (record,) = records()
    usage = record.usage or {}
    assert account.model == record.sent_model == HAIKU
    assert account.tokens == usage["input_tokens"] + usage["cache_creation_input_tokens"]
    assert account.warm[HAIKU].tokens == usage["cache_creation_input_tokens"] > 5_000
    assert account.output == usage["output_tokens"]
    assert account.stayed > 20 * account.spent > 0


def test_a_stream_that_is_left_is_in_the_books_by_what_was_seen(client: anthropic.Anthropic, router: Router) -> None:
    """What the beginning of a stream says was used is booked, also if nobody reads on."""
    request: Any = {"model": OPUS, "max_tokens": 100, "system": MANUAL, "messages": [FIRST]}
    with client.messages.stream(**request) as events:
        next(iter(events))

    (account,) = router.conversations.accounts.values()
    assert account.turns == 1
    assert account.tokens > 5_000


def test_the_async_client_learns_the_same(api: StandIn, router: Router, home: Path) -> None:
    """Both clients keep the same books."""

    async def talk() -> None:
        client = api.async_client(middleware=[router, Meter()])
        await client.messages.create(model=OPUS, max_tokens=100, messages=[FIRST])

    asyncio.run(talk())

    (account,) = router.conversations.accounts.values()
    assert (account.turns, account.model) == (1, HAIKU)


def test_a_conversation_goes_up_and_its_next_turn_finds_it_there(client: anthropic.Anthropic, records: Records) -> None:
    """Through the whole SDK: Haiku translates, Opus proves, and a turn that asks for less stays where it is warm."""
    ask: Any = {"model": OPUS, "max_tokens": 100, "system": MANUAL}
    said = turns("bonjour", "Prove the theorem that there are infinitely many primes.")
    client.messages.create(**ask, messages=[FIRST])
    client.messages.create(**ask, messages=said)
    again: Any = {"role": "user", "content": "Translate into French: good night"}
    client.messages.create(**ask, messages=[*said, {"role": "assistant", "content": "So it is."}, again])

    assert [record.sent_model for record in records()] == [HAIKU, OPUS, OPUS]
    assert "up from haiku" in str(records()[1].reason)


def test_a_router_without_a_meter_stays_where_it_is_warm(api: StandIn, router: Router) -> None:
    """Where nobody hears the usage, what served a conversation goes on serving it."""
    client = api.client(middleware=[router])
    ask: Any = {"model": OPUS, "max_tokens": 100, "system": MANUAL}

    sent = [client.messages.create(**ask, messages=said).model for said in ([FIRST], turns("bonjour", "Prove it."))]

    assert sent == [HAIKU, HAIKU]


@pytest.mark.parametrize("usage", [{}, {"input_tokens": "many"}, {"cache_creation": [], "output_tokens": None}])
def test_a_usage_that_cannot_be_read_costs_nobody_the_call(
    api: StandIn, client: anthropic.Anthropic, usage: dict[str, Any]
) -> None:
    """Whatever the answer says was used, the caller gets it, and the next turn is decided."""
    api.script(Usage(usage))
    for said in ([FIRST], turns("bonjour", "Prove it.")):
        assert client.messages.create(model=OPUS, max_tokens=100, messages=said).id


def test_the_memory_is_bounded_in_many_threads() -> None:
    """The oldest conversation is forgotten first, without a lock."""
    conversations = Conversations(lambda: 0.0)

    def talk(name: int) -> None:
        for number in range(2_500):
            body = {"model": OPUS, "messages": [{"role": "user", "content": f"{name} {number}"}]}
            turn = conversations.turn(body, home=OPUS)
            assert turn is not None
            turn.hear(1, SONNET, {"input_tokens": 10, "output_tokens": 10})

    threads = [Thread(target=talk, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 4_000 <= len(conversations.accounts) <= 4_096 + len(threads)
