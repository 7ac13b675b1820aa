from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, Usage
from hypothesis import given
from hypothesis import strategies as st

from router.testing import PLAUSIBLE, Clock, StandIn
from router.testing.cache import MAX_ENTRIES, PromptCache
from router.testing.catalogue import find
from router.testing.prompt import read_prompt

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
MANUAL = "Page of the manual. " * 200
FIVE_MINUTES = {"type": "ephemeral"}
ONE_HOUR = {"type": "ephemeral", "ttl": "1h"}


def text(words: str, control: dict[str, str] | None = None) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"cache_control": control} if control else {})


def ask(client: anthropic.Anthropic, question: str, *system: dict[str, Any], **more: Any) -> Usage:
    body: dict[str, Any] = {
        "model": "claude-opus-5-5",
        "max_tokens": 10,
        "system": list(system),
        "messages": [{"role": "user", "content": question}],
    }
    message: Message = client.messages.create(**body | more)
    return message.usage


def total(usage: Usage) -> int:
    return usage.input_tokens + (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def client(clock: Clock) -> anthropic.Anthropic:
    return StandIn(clock=clock).client()


def test_first_writes_second_reads(client: anthropic.Anthropic) -> None:
    """The first request writes the prefix up to the breakpoint; another question after the same prefix reads it."""
    first, second = (ask(client, question, text(MANUAL, FIVE_MINUTES)) for question in ("One?", "And two?"))
    assert first.cache_read_input_tokens == 0
    assert second.cache_creation_input_tokens == 0
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert first.cache_creation is not None
    assert first.cache_creation.ephemeral_5m_input_tokens == first.cache_creation_input_tokens


def test_any_change_before_the_breakpoint_misses(client: anthropic.Anthropic) -> None:
    """A prefix that differs anywhere is not read, be it in one letter or in a tool."""
    tool: dict[str, Any] = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
    ask(client, "One?", text(MANUAL, FIVE_MINUTES))
    assert ask(client, "One?", text(MANUAL + "!", FIVE_MINUTES)).cache_read_input_tokens == 0
    assert ask(client, "One?", text(MANUAL, FIVE_MINUTES), tools=[tool]).cache_read_input_tokens == 0


def test_caches_are_per_model(client: anthropic.Anthropic) -> None:
    """What one model wrote another does not read."""
    ask(client, "One?", text(MANUAL, FIVE_MINUTES))
    other = ask(client, "One?", text(MANUAL, FIVE_MINUTES), model="claude-haiku-5-5")
    assert other.cache_read_input_tokens == 0
    assert other.cache_creation_input_tokens


def test_short_prefixes_are_not_cached(client: anthropic.Anthropic) -> None:
    """Below the model's minimum length nothing is cached, without an error."""
    usage = [ask(client, "One?", text("Short.", FIVE_MINUTES)) for _ in range(2)][-1]
    assert (usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (0, 0)


@pytest.mark.parametrize(("control", "lives"), [(FIVE_MINUTES, timedelta(minutes=5)), (ONE_HOUR, timedelta(hours=1))])
def test_entries_expire_unless_read(
    client: anthropic.Anthropic, clock: Clock, control: dict[str, str], lives: timedelta
) -> None:
    """An entry lives for its TTL from its last use, not from its writing."""
    nearly = lives - timedelta(seconds=1)
    ask(client, "One?", text(MANUAL, control))
    for _ in range(3):
        clock.advance(nearly)
        assert ask(client, "Again?", text(MANUAL, control)).cache_read_input_tokens
    clock.advance(lives)
    assert ask(client, "Late?", text(MANUAL, control)).cache_read_input_tokens == 0


def test_two_ttls_in_one_request(client: anthropic.Anthropic) -> None:
    """Each part is written with the TTL of the breakpoint that ends it."""
    usage = ask(client, "One?", text(MANUAL, ONE_HOUR), text(MANUAL * 2, FIVE_MINUTES))
    assert usage.cache_creation is not None
    long, short = usage.cache_creation.ephemeral_1h_input_tokens, usage.cache_creation.ephemeral_5m_input_tokens
    assert short == 2 * long > 0


def test_conversation_reads_what_the_last_turn_wrote(client: anthropic.Anthropic) -> None:
    """With automatic caching each turn reads the prompt of the turn before and writes only what is new."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": MANUAL}]
    first = ask(client, "", messages=messages, cache_control=FIVE_MINUTES)
    messages += [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Why is that so?"}]
    second = ask(client, "", messages=messages, cache_control=FIVE_MINUTES)
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens == total(first)
    assert second.cache_creation_input_tokens == total(second) - total(first)


@pytest.mark.parametrize(("between", "found"), [(19, True), (20, False)])
def test_look_back_is_twenty_blocks(client: anthropic.Anthropic, between: int, *, found: bool) -> None:
    """An earlier entry is found up to twenty blocks back from a breakpoint, counting its own, and no farther."""
    ask(client, "One?", text(MANUAL, FIVE_MINUTES))
    more = [text(f"Note {number}.") for number in range(between - 1)]
    usage = ask(client, "One?", text(MANUAL), *more, text("Last note.", FIVE_MINUTES))
    assert bool(usage.cache_read_input_tokens) is found


def test_tool_choice_misses_only_the_messages(client: anthropic.Anthropic) -> None:
    """Another tool_choice leaves the cached system prompt valid, but not the cached messages."""
    tools: list[Any] = [{"name": "look", "input_schema": {"type": "object", "properties": {}}}]
    message = [{"role": "user", "content": [text("A long question. " * 200, FIVE_MINUTES)]}]
    ask(client, "", text(MANUAL, FIVE_MINUTES), tools=tools, messages=message)
    changed = ask(client, "", text(MANUAL, FIVE_MINUTES), tools=tools, messages=message, tool_choice={"type": "none"})
    assert changed.cache_read_input_tokens
    assert changed.cache_creation_input_tokens


def test_entries_can_be_read_once_the_answer_begins(clock: Clock) -> None:
    """A request sent before the writing answer began writes the same prefix again; one sent after reads it."""
    model = find("claude-opus-5-5")
    assert model is not None
    cache = PromptCache()
    prompt = read_prompt({"system": [text(MANUAL, FIVE_MINUTES)], "messages": []}, model)
    now = clock.time_ns()
    first = cache.take(prompt, model, now_ns=now, ready_ns=now + 1_000)
    beside = cache.take(prompt, model, now_ns=now + 500, ready_ns=now + 1_500)
    after = cache.take(prompt, model, now_ns=now + 1_000, ready_ns=now + 2_000)
    assert (first.written_5m, beside.written_5m, after.read) == (prompt.tokens,) * 3


def test_latency_delays_the_cache() -> None:
    """Through the transport too, an entry is written when the answer begins."""
    clock = Clock(START)
    client = StandIn(clock=clock, latency=PLAUSIBLE).client()
    ask(client, "One?", text(MANUAL, FIVE_MINUTES))
    assert ask(client, "Two?", text(MANUAL, FIVE_MINUTES)).cache_read_input_tokens


@pytest.mark.parametrize(
    ("controls", "said"),
    [
        ([FIVE_MINUTES] * 5, "maximum of 4 blocks"),
        ([FIVE_MINUTES, ONE_HOUR], "must not come after"),
        ([{"type": "ephemeral", "ttl": "2h"}], "'2h'"),
    ],
)
def test_bad_breakpoints_are_rejected(client: anthropic.Anthropic, controls: list[dict[str, str]], said: str) -> None:
    """More than four breakpoints, an unknown TTL, or one hour after five minutes is a 400."""
    with pytest.raises(anthropic.BadRequestError, match=said):
        ask(client, "One?", *(text(MANUAL, control) for control in controls))


def test_the_cache_is_bounded() -> None:
    """The oldest entries go when there are too many."""
    model = find("claude-opus-5-5")
    assert model is not None
    cache = PromptCache()
    model = replace(model, min_cacheable_tokens=1)
    prompts = [
        read_prompt({"system": [text(f"page {number}", FIVE_MINUTES)]}, model) for number in range(MAX_ENTRIES + 1)
    ]
    for prompt in prompts:
        cache.take(prompt, model, now_ns=0, ready_ns=0)
    assert cache.take(prompts[-1], model, now_ns=1, ready_ns=1).read
    assert not cache.take(prompts[0], model, now_ns=1, ready_ns=1).read


BLOCKS = st.lists(
    st.tuples(st.sampled_from(["", "a short line", "some words " * 300, MANUAL]), st.sampled_from([None, "5m"])),
    min_size=1,
    max_size=6,
)


@given(requests=st.lists(st.tuples(BLOCKS, st.integers(0, 400)), min_size=1, max_size=8))
def test_every_token_is_counted_once(requests: list[tuple[list[tuple[str, str | None]], int]]) -> None:
    """Whatever came before: uncached, read and written tokens add up to the prompt, and an identical request at once
    afterwards writes nothing.
    """
    model = find("claude-sonnet-5-5")
    assert model is not None
    cache, now = PromptCache(), 0
    for blocks, seconds in requests:
        now += seconds * 1_000_000_000
        content = [text(words, {"type": "ephemeral", "ttl": ttl} if ttl else None) for words, ttl in blocks]
        prompt = read_prompt({"messages": [{"role": "user", "content": content}]}, model)
        split = cache.take(prompt, model, now_ns=now, ready_ns=now)
        again = cache.take(prompt, model, now_ns=now, ready_ns=now)
        assert split.uncached + split.read + split.written_5m + split.written_1h == prompt.tokens
        assert (again.written_5m, again.written_1h) == (0, 0)
        assert again.uncached + again.read == prompt.tokens
        assert again.uncached == split.uncached
