from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx2
import pytest
from anthropic.types import ErrorResponse, Message, MessageTokensCount, ModelInfo, RawMessageStreamEvent
from anthropic.types.beta import BetaMessage, BetaModelInfo, BetaRawMessageStreamEvent
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse
from pydantic import BaseModel, TypeAdapter

from router.testing import (
    BATCH_ITEM,
    Advisor,
    Canceled,
    Compaction,
    Expired,
    Overloaded,
    Refusal,
    ServerFallback,
    StandIn,
    WebSearches,
)
from router.testing.catalogue import MODELS

ASK: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 400,
    "system": [{"type": "text", "text": "Page. " * 900, "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": "What is new?"}],
}
TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}}}


class Raw:
    """Requests without the SDK, so that nothing but the bytes is looked at."""

    def __init__(self) -> None:
        self.api = StandIn(seed=1)
        self._client = httpx2.Client(
            transport=self.api, base_url="https://api.anthropic.com", headers={"x-api-key": "k"}
        )

    def get(self, path: str) -> str:
        return self._client.get(path).text

    def post(self, path: str, body: dict[str, Any]) -> str:
        return self._client.post(path, json=body).text

    def events(self, body: dict[str, Any]) -> list[str]:
        lines = self.post("/v1/messages", {**body, "stream": True}).splitlines()
        data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
        return [event for event in data if json.loads(event)["type"] != "ping"]


def unknown_fields(value: object) -> Iterator[str]:
    """What a parsed answer has and the SDK's types do not know."""
    if isinstance(value, BaseModel):
        yield from value.__pydantic_extra__ or {}
        for name in type(value).model_fields:
            yield from unknown_fields(getattr(value, name))
    elif isinstance(value, list):
        for inner in value:  # pyright: ignore[reportUnknownVariableType] - any list will do
            yield from unknown_fields(inner)  # pyright: ignore[reportUnknownArgumentType] - as above


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def check(kind: Any, text: str) -> Any:
    """Parse strictly, without the SDK's leniency."""
    value = adapter(kind).validate_json(text, strict=True)
    assert not list(unknown_fields(value))
    return value


@pytest.fixture
def raw() -> Raw:
    return Raw()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"max_tokens": 3},
        {"thinking": {"type": "adaptive"}},
        {"tools": [TOOL]},
        {"speed": "fast", "inference_geo": "us"},
        {"model": "claude-haiku-4-5", "thinking": {"type": "enabled", "budget_tokens": 1024}},
    ],
)
def test_messages_fit(raw: Raw, more: dict[str, Any]) -> None:
    """A Message and every event of its stream are strictly of the SDK's types, stable and beta, with no field more."""
    text = raw.post("/v1/messages", {**ASK, **more})
    check(Message, text)
    check(BetaMessage, text)
    for event in raw.events({**ASK, **more}):
        check(RawMessageStreamEvent, event)
        check(BetaRawMessageStreamEvent, event)


@pytest.mark.parametrize("effect", [Refusal(), Refusal(after_output=True), WebSearches(requests=2)])
def test_changed_messages_fit(raw: Raw, effect: Any) -> None:
    """What a script changes is still of the SDK's types."""
    raw.api.script(effect)
    check(Message, raw.post("/v1/messages", ASK))
    for event in raw.events(ASK):
        check(RawMessageStreamEvent, event)


@pytest.mark.parametrize("effect", [Compaction(), Advisor(), ServerFallback(), ServerFallback(after_output=True)])
def test_beta_messages_fit(raw: Raw, effect: Any) -> None:
    """What only the beta API has is of the beta types."""
    raw.api.script(effect)
    check(BetaMessage, raw.post("/v1/messages?beta=true", ASK))
    for event in raw.events(ASK):
        check(BetaRawMessageStreamEvent, event)


def test_message_delta_leaves_out_what_the_api_leaves_out(raw: Raw) -> None:
    """message_delta has cumulative counts, but no cache split, tier, geo or speed; message_start has all of them."""
    events = [json.loads(event) for event in raw.events({**ASK, "speed": "fast"})]
    start, delta = events[0]["message"]["usage"], events[-2]["usage"]
    absent = {"cache_creation", "service_tier", "inference_geo", "speed"}
    assert absent <= set(start)
    assert not absent & set(delta)
    assert delta["cache_creation_input_tokens"] == start["cache_creation_input_tokens"] > 0
    assert start["output_tokens"] < delta["output_tokens"]


def test_the_rest_fits(raw: Raw) -> None:
    """Counts, models, errors and batches are strictly of the SDK's types."""
    check(
        MessageTokensCount, raw.post("/v1/messages/count_tokens", {"model": ASK["model"], "messages": ASK["messages"]})
    )
    for model in MODELS:
        adapter(ModelInfo).validate_json(raw.get(f"/v1/models/{model.id}"), strict=True)
        check(BetaModelInfo, raw.get(f"/v1/models/{model.id}"))
    check(ErrorResponse, raw.post("/v1/messages", {}))


def test_batches_fit(raw: Raw) -> None:
    """A batch in every state, and a result of every kind, is strictly of the SDK's types."""
    for effect in (Overloaded(), Expired(), Canceled()):
        raw.api.script(effect, path=BATCH_ITEM, times=1)
    requests = [{"custom_id": str(number), "params": ASK} for number in range(4)]
    batch = check(MessageBatch, raw.post("/v1/messages/batches", {"requests": requests}))
    check(MessageBatch, raw.get(f"/v1/messages/batches/{batch.id}"))
    results = raw.get(f"/v1/messages/batches/{batch.id}/results").splitlines()
    kinds = [check(MessageBatchIndividualResponse, line).result.type for line in results]
    assert kinds == ["errored", "expired", "canceled", "succeeded"]
