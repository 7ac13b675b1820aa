from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Policy, Task
from router.decide import Situation, decide
from router.features import look
from router.fits import known, needs, obstacle
from router.learnt import Learnt, shape
from router.policy import TIERS, Tier
from router.testing import StandIn
from router.testing.catalogue import MODELS

HAIKU, SONNET, OPUS = (Policy().tiers[name].model for name in TIERS)
SCHEMA = {"type": "json_schema", "schema": {"type": "object", "properties": {}, "additionalProperties": False}}
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}


def a_body(**keys: Any) -> dict[str, Any]:
    return {"model": OPUS, "max_tokens": 100, "messages": [{"role": "user", "content": "Extract."}], **keys}


def extraction(_: object) -> Task:
    return Task(type="extraction", confidence=0.9, reason="said so")


def chain(body: dict[str, Any], **situation: Any) -> tuple[str, ...]:
    return decide(body, policy=Policy(), classifier=extraction, situation=Situation(**situation)).chain


def with_block(block: dict[str, Any]) -> dict[str, Any]:
    return a_body(messages=[{"role": "user", "content": [{"type": "text", "text": "Extract."}, block]}])


def test_every_fact_names_its_sources() -> None:
    """What the table says of a model can be looked up where it was read."""
    table = json.loads(files("router").joinpath("accepts.json").read_text("utf-8"))

    cited: set[str] = set()
    for model in table["models"].values():
        for fact, said in model.items():
            if fact != "ids":
                _, sources = said
                assert sources
                cited |= set(sources)
    assert cited == table["sources"].keys()


def test_the_default_tiers_are_in_the_table() -> None:
    """Limits and features of the models that the default policy sends to are known."""
    for model in (HAIKU, SONNET, OPUS):
        assert {"context_window", "max_output", "thinking", "effort", "images", "documents"} <= known(model).keys()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (a_body(), (HAIKU, SONNET, OPUS)),
        (a_body(thinking={"type": "adaptive"}), (HAIKU, SONNET, OPUS)),
        (a_body(thinking={"type": "disabled"}), (HAIKU, OPUS)),
        (a_body(thinking={"type": "disabled"}, output_config={"effort": "max"}), (OPUS,)),
        (a_body(output_config={"effort": "xhigh"}), (HAIKU, SONNET, OPUS)),
        (a_body(output_config={"effort": "unheard of"}), (OPUS,)),
        (a_body(output_config={"format": SCHEMA}), (OPUS,)),
        (a_body(output_config={"task_budget": {}}), (OPUS,)),
        (a_body(temperature=1), (OPUS,)),
        (a_body(tools=[TOOL]), (HAIKU, SONNET, OPUS)),
        (a_body(tools=[{**TOOL, "strict": True}]), (OPUS,)),
        (a_body(tools=[{**TOOL, "defer_loading": True}]), (OPUS,)),
        (a_body(tools=[TOOL], tool_choice={"type": "any"}), (HAIKU, OPUS)),
        (a_body(tools=[{"type": "web_search_20250305", "name": "web_search"}]), (HAIKU, SONNET, OPUS)),
        (a_body(tools=[{"type": "computer_20251124", "name": "computer"}]), (OPUS,)),
        (a_body(inference_geo="us"), (HAIKU, SONNET, OPUS)),
        (a_body(speed="fast"), (OPUS,)),
        (a_body(container="c"), (OPUS,)),
        (a_body(mcp_servers=[{}]), (OPUS,)),
        (
            a_body(system=[{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]),
            (HAIKU, SONNET, OPUS),
        ),
        (a_body(cache_control={"type": "ephemeral", "ttl": "1y"}), (OPUS,)),
        (with_block({"type": "image", "source": {}}), (HAIKU, SONNET, OPUS)),
        (with_block({"type": "document", "source": {}}), (HAIKU, SONNET, OPUS)),
        (with_block({"type": "thinking", "thinking": "", "signature": "s"}), (OPUS,)),
        (with_block({"type": "container_upload", "file_id": "f"}), (OPUS,)),
    ],
)
def test_a_request_goes_only_where_all_that_it_uses_is_known_to_be_accepted(
    body: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """A model is tried if the table says that it accepts every feature used, and the one named in any case."""
    assert chain(body) == expected


def test_a_beta_is_promised_by_the_model_named_only() -> None:
    """No beta feature is known to be the same on another model."""
    assert chain(a_body(), betas=["context-management-2025-06-27"]) == (OPUS,)


def test_who_does_not_expect_thinking_gets_none() -> None:
    """A model that thinks unasked does not stand in for one that does not, unless the request says what it wants."""
    old = a_body(model="claude-opus-4-8")

    assert chain(old) == ("claude-opus-4-8",)
    assert chain({**old, "thinking": {"type": "adaptive"}}) == (HAIKU, SONNET, "claude-opus-4-8")


def test_thinking_blocks_go_back_to_the_model_that_wrote_them() -> None:
    """A signature is accepted by its own model, so a conversation that hands one back has no fallback."""
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "s"}]},
        {"role": "user", "content": "b"},
    ]

    assert chain(a_body(messages=turns), previous=HAIKU) == (HAIKU,)
    assert chain(a_body(messages=turns)) == (OPUS,)


def test_a_thread_keeps_one_model() -> None:
    """Whatever begins or continues a message thread goes to the model named, or for `auto` to the default's."""
    going_on = {"type": "continue", "previous_message_id": "msg_1"}

    assert chain(a_body(thread={"type": "create"})) == (OPUS,)
    assert chain(a_body(thread=going_on)) == (OPUS,)
    assert chain(a_body(model="auto", thread=going_on)) == (SONNET,)


def test_the_policy_has_the_last_word_on_limits() -> None:
    """A tier's own limits replace those of the table."""
    policy = Policy.model_validate({"tiers": {"haiku": {"max_output": 50}}})

    decision = decide(a_body(), policy=policy, classifier=extraction)

    assert decision.chain == (OPUS,)
    assert "max_tokens" in decision.reason


def test_for_auto_the_first_that_fits_is_taken() -> None:
    """Where no model is named, the next of the chain takes what the first may reject."""
    forced = a_body(model="auto", tools=[TOOL], tool_choice={"type": "any"})

    assert decide(forced, policy=Policy(), classifier=lambda _: Task("coding", 0.9, "")).chain == (HAIKU,)


FEATURES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0.0, 0.5]),
        "top_k": st.just(5),
        "thinking": st.sampled_from([
            {"type": "adaptive"}, {"type": "disabled"}, {"type": "enabled", "budget_tokens": 1024}
        ]),
        "speed": st.just("fast"),
        "inference_geo": st.just("us"),
        "max_tokens": st.sampled_from([10, 40_000, 100_000, 300_000]),
        "messages": st.sampled_from([
            [{"role": "user", "content": "a"}],
            [{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}],
        ]),
        "tools": st.just([TOOL]),
    },
)  # fmt: skip


@given(FEATURES, st.sampled_from([model.id for model in MODELS if model.lifecycle == "active"]))
def test_what_the_table_lets_through_the_api_accepts(features: dict[str, Any], target: str) -> None:
    """A request with no obstacle to a model is not rejected by it."""
    body = a_body(**features)
    needed = needs(body, look(body), (), named=None)

    if known(target).get("images") and obstacle(needed, target) is None:
        StandIn().client().post("/v1/messages", body={**body, "model": target}, cast_to=httpx2.Response)


def changed(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {**body, "temperature": 0.5}
    yield {**body, "stream": True}
    yield {**body, "max_tokens": 64_000}
    yield {**body, "thinking": {"type": "adaptive"}}
    yield {**body, "tools": [TOOL]}
    yield {**body, "messages": [{"role": "user", "content": "x" * 100_000}]}
    yield {**body, "messages": [*body["messages"], {"role": "assistant", "content": "{"}]}
    yield with_block({"type": "image", "source": {}})


def test_the_shape_is_what_a_request_uses_and_not_what_it_says() -> None:
    """Requests that differ in their words have one shape; another parameter, part or length is another shape."""
    body = a_body()

    assert shape(a_body(messages=[{"role": "user", "content": "Abstract"}])) == shape(body)
    assert len({shape(other) for other in changed(body)} | {shape(body)}) == 9


def test_what_was_learnt_holds_for_the_model_or_for_the_shape() -> None:
    """403 and 404 tell against a model altogether; 400, 413 and 422 against it for requests of that shape."""
    learnt = Learnt()
    learnt.add(HAIKU, 404, a_body())
    learnt.add(SONNET, 400, a_body())

    assert learnt.against(HAIKU, a_body(temperature=1)) == f"{HAIKU} answered 404 before"
    assert learnt.against(SONNET, a_body()) == f"{SONNET} answered 400 before"
    assert learnt.against(SONNET, a_body(temperature=1)) is None


def test_what_is_learnt_is_bounded() -> None:
    """However many models and shapes are rejected, memory does not grow without end."""
    learnt = Learnt()
    for number in range(10_000):
        learnt.add("m", 400, {str(number): 1})
        learnt.add(str(number), 404, {})

    assert learnt.against("9999", {}) is not None
    assert learnt.against("0", {}) is None


@given(
    st.dictionaries(st.text(max_size=5), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4))
)
def test_any_body_has_needs_and_a_shape(body: dict[str, Any]) -> None:
    """A malformed request is looked at like any other."""
    assert shape(body) == shape(dict(reversed(body.items())))
    obstacle(needs(body, look(body), (), named=OPUS), HAIKU, limits=Tier(model=HAIKU))
