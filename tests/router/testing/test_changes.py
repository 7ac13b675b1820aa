from __future__ import annotations

from typing import Any

import pytest
from anthropic.types import Message
from anthropic.types.beta import BetaMessage

from router.testing import (
    Advisor,
    Answer,
    Compaction,
    Refusal,
    Served,
    ServerFallback,
    StandIn,
    Usage,
    WebSearches,
)

ASK: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 400,
    "messages": [{"role": "user", "content": "What is new?"}],
}


def create(api: StandIn, **more: Any) -> Message:
    message: Message = api.client().messages.create(**ASK, **more)
    return message


def create_beta(api: StandIn, **more: Any) -> BetaMessage:
    message: BetaMessage = api.client().beta.messages.create(**ASK, **more)
    return message


@pytest.fixture
def api() -> StandIn:
    return StandIn(seed=1)


def test_answer(api: StandIn) -> None:
    """An answer can be a text or blocks, and its tokens are counted anew."""
    api.script(Answer("Yes."), times=1)
    api.script(Answer([{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "x"}}]))
    said, called = create(api), create(api)
    assert (said.to_dict()["content"], said.usage.output_tokens) == ([{"type": "text", "text": "Yes."}], 2)
    assert called.stop_reason == "tool_use"


def test_the_answer_function(api: StandIn) -> None:
    """StandIn(answer=...) decides every answer from the body of its request."""
    api = StandIn(answer=lambda body: f"You asked {body['model']}.")
    assert create(api).to_dict()["content"] == [{"type": "text", "text": "You asked claude-opus-5-5."}]


@pytest.mark.parametrize("stream", [False, True])
def test_refusal_before_output(api: StandIn, *, stream: bool) -> None:
    """A refusal before the first word has no content and no output tokens, and names its category."""
    api.script(Refusal(category="bio"))
    if stream:
        with api.client().messages.stream(**ASK) as events:
            message = events.get_final_message()
    else:
        message = create(api)
    assert (message.stop_reason, message.content, message.usage.output_tokens) == ("refusal", [], 0)
    assert message.stop_details is not None
    assert message.stop_details.category == "bio"
    assert message.usage.input_tokens > 0


def test_refusal_after_output(api: StandIn) -> None:
    """A refusal half-way keeps what was said, and counts it."""
    whole = create(StandIn(seed=1))
    api.script(Refusal(after_output=True))
    message = create(api)
    assert message.stop_reason == "refusal"
    assert 0 < message.usage.output_tokens < whole.usage.output_tokens


def test_usage_is_verbatim(api: StandIn) -> None:
    """A scripted usage object arrives as it is: unknown fields, nulls, and nothing added."""
    fields = {"input_tokens": 3, "output_tokens": 4, "cache_creation": None, "moon_tokens": {"full": 1}}
    api.script(Usage(fields))
    assert create(api).usage.to_dict() == fields
    with api.client().messages.stream(**ASK) as stream:
        assert stream.get_final_message().usage.output_tokens == 4


def test_an_odd_usage_breaks_nothing() -> None:
    """A usage that makes no sense is still delivered."""
    api = StandIn()
    api.script(Usage({"output_tokens": "many"}))
    response = api.client().messages.with_raw_response.create(**ASK)
    assert '"output_tokens": "many"' in response.text()


def test_fast_mode_is_reported(api: StandIn) -> None:
    """Asked for fast mode, a model that has it reports it; what was really served can be scripted."""
    fast = create_beta(api, speed="fast", inference_geo="us")
    assert (fast.usage.speed, fast.usage.inference_geo) == ("fast", "us")
    api.script(Served(speed="standard", service_tier="priority", inference_geo="us"))
    usage = create_beta(api, speed="fast").usage
    assert (usage.speed, usage.service_tier, usage.inference_geo) == ("standard", "priority", "us")


def test_web_searches(api: StandIn) -> None:
    """Searches come as blocks before the answer and are counted in usage.server_tool_use."""
    api.script(WebSearches(requests=2))
    message = create(api)
    assert [block.type for block in message.content] == ["server_tool_use", "web_search_tool_result"] * 2 + ["text"]
    assert message.usage.server_tool_use is not None
    assert message.usage.server_tool_use.web_search_requests == 2


def test_any_function_is_an_effect(api: StandIn) -> None:
    """A function of the message changes whatever has no name here."""
    api.script(lambda message: message.update(stop_reason="pause_turn"))
    assert create(api).stop_reason == "pause_turn"


def test_effects_of_one_kind_take_turns(api: StandIn) -> None:
    """Of two effects of one kind the first applies until it is used up; other kinds, and functions, add to it."""

    def append(message: dict[str, Any]) -> None:
        message["content"].append({"type": "text", "text": "!"})

    for text in ("One.", "Two."):
        api.script(Answer(text), times=1)
    for _ in range(2):
        api.script(append)
    said = [[block.to_dict()["text"] for block in create(api).content] for _ in range(2)]
    assert said == [["One.", "!", "!"], ["Two.", "!", "!"]]


def iterations(api: StandIn) -> tuple[BetaMessage, list[Any]]:
    message = create_beta(api)
    return message, list(message.usage.iterations or [])


def test_compaction_is_outside_the_top_level(api: StandIn) -> None:
    """The compaction's tokens are in `iterations` alone."""
    plain = create(StandIn(seed=1)).usage
    api.script(Compaction(input_tokens=9_000, output_tokens=800))
    message, (compaction, main) = iterations(api)
    assert (compaction.type, compaction.input_tokens, compaction.output_tokens) == ("compaction", 9_000, 800)
    assert (message.usage.input_tokens, message.usage.output_tokens) == (plain.input_tokens, plain.output_tokens)
    assert main.output_tokens == plain.output_tokens
    assert message.content[0].type == "compaction"


def test_advisor_is_billed_at_its_own_model(api: StandIn) -> None:
    """The advisor is an entry with its own model; the top level has the first iteration's input and all own output."""
    api.script(Advisor(model="claude-fable-5-2"))
    message, (first, advisor, last) = iterations(api)
    assert [entry.type for entry in (first, advisor, last)] == ["message", "advisor_message", "message"]
    assert advisor.model == "claude-fable-5-2"
    assert message.usage.input_tokens == first.input_tokens
    assert message.usage.output_tokens == first.output_tokens + last.output_tokens


@pytest.mark.parametrize("after_output", [False, True])
def test_server_fallback(api: StandIn, *, after_output: bool) -> None:
    """After a server-side fallback the top level is the hop that served; mid-answer, a stream starts with the other."""
    api.script(ServerFallback(model="claude-sonnet-5-5", after_output=after_output))
    message, (declined, served) = iterations(api)
    assert (declined.type, declined.model, served.type, served.model) == (
        "message",
        "claude-opus-5-5",
        "fallback_message",
        "claude-sonnet-5-5",
    )
    assert bool(declined.output_tokens) is after_output
    assert message.model == "claude-sonnet-5-5"
    assert message.usage.output_tokens == served.output_tokens
    with api.client().beta.messages.stream(**ASK) as stream:
        start = next(iter(stream))
    assert start.type == "message_start"
    assert start.message.model == ("claude-opus-5-5" if after_output else "claude-sonnet-5-5")
