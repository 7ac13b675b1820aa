"""Whether a request can go to another model than the one named: if accepts.json does not say so, it stays."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, cast

from .features import Body, Features, mappings
from .policy import Tier

_PORTABLE = frozenset({
    "model", "messages", "system", "max_tokens", "stream", "tools", "tool_choice", "metadata", "stop_sequences",
    "service_tier", "cache_control",
})  # fmt: skip
"""Parameters that mean the same on every model, or whose parts are looked at one by one."""

_PORTABLE_TOOL = frozenset({"type", "name", "description", "input_schema", "cache_control", "strict"})
_SAMPLING = frozenset({"temperature", "top_p", "top_k"})
_THINKING_BLOCKS = frozenset({"thinking", "redacted_thinking"})
_PORTABLE_BLOCKS = frozenset({"text", "tool_use", "tool_result"})

_OWN_THINKING = "own_thinking"
"""No fact of the table: only the model that wrote a thinking block is sure to accept its signature."""

_CHARACTERS_PER_TOKEN = 2
"""Held low, so that no text is taken for shorter than it is."""


class Demand(NamedTuple):
    """Something that a request needs of its model."""

    fact: str
    """Of accepts.json. What the table has no fact for, no model is known to accept."""
    value: str
    """What has to be in the fact, if it is a list."""
    phrase: str


class Needs(NamedTuple):
    """All that a request needs of its model."""

    demands: Sequence[Demand]
    features: Features
    unthinking: bool
    """Whoever named the model expects no thinking, in the answer or within `max_tokens`: it does not think unasked."""

    @property
    def own_thinking(self) -> bool:
        """The request hands back thinking blocks."""
        return any(demand.fact == _OWN_THINKING for demand in self.demands)


def needs(body: Body, features: Features, betas: Collection[str], *, named: str | None) -> Needs:
    """What a request needs of its model.

    `betas`: the beta features it asks for. `named`: the model, as the Claude API spells it; None for `auto`.
    """
    demands = list(dict.fromkeys(_demands(body, betas)))
    unthinking = named is not None and body.get("thinking") is None and not known(named).get("thinks_unasked")
    return Needs(demands, features, unthinking)


def obstacle(needed: Needs, target: str, *, limits: Tier | None = None, served: bool = False) -> str | None:
    """What speaks against sending the request to `target`, in one phrase; None if nothing does.

    `target`: as the Claude API spells it. `limits`: the tier whose own ones replace those of the table. `served`: the
    target wrote the thinking blocks of the conversation.
    """
    facts = known(target)
    for demand in needed.demands:
        if not _meets(facts.get(demand.fact), demand.value) and not (served and demand.fact == _OWN_THINKING):
            return demand.phrase
    if needed.unthinking and facts.get("thinks_unasked"):
        return "it would think unasked"
    return _over_limit(needed.features, facts, limits)


def known(model: str) -> Mapping[str, Any]:
    """The facts about a model, by its Claude API id; empty if it is unknown."""
    return _table().get(model, {})


def _meets(fact: object, value: str) -> bool:
    return fact is True or (isinstance(fact, list) and value in fact)


def _over_limit(features: Features, facts: Mapping[str, Any], limits: Tier | None) -> str | None:
    """Which limit the request may exceed; a limit that nobody knows is not checked."""
    output = (limits and limits.max_output) or facts.get("max_output")
    if output and features.max_tokens is not None and features.max_tokens > output:
        return "max_tokens"
    window = (limits and limits.context_window) or facts.get("context_window")
    if window and features.characters / _CHARACTERS_PER_TOKEN > window:
        return "length of the prompt"
    return None


def _demands(body: Body, betas: Collection[str]) -> Iterator[Demand]:
    for beta in betas:
        yield Demand("betas", beta, f"beta {beta}")
    for key, value in body.items():
        if key not in _PORTABLE and value is not None:
            yield from _of_parameter(key, value, body)
    yield from _of_cache_control(body)
    for block in mappings(body.get("system")):
        yield from _of_cache_control(block)
    if _get(body.get("tool_choice"), "type") in ("any", "tool"):
        yield Demand("forced_tools", "", "forced tool use")
    for tool in mappings(body.get("tools")):
        yield from _of_tool(tool)
    messages = mappings(body.get("messages"))
    for message in messages:
        if message.get("role") == "system":
            yield Demand("system_turns", "", "a system turn")
        for block in mappings(message.get("content")):
            if "cache_control" in block or block.get("type") != "text":  # most are plain text: 200 messages, 200 times
                yield from _of_block(block)
    if messages and messages[-1].get("role") == "assistant":
        yield Demand("prefill", "", "prefilled answer")


def _of_parameter(key: str, value: Any, body: Body) -> Iterator[Demand]:
    if key in _SAMPLING:
        yield Demand("sampling", "", f"parameter {key}")
    elif key == "thinking":
        kind = str(_get(value, "type"))
        yield Demand("thinking", kind, f"thinking {kind}")
        effort = _get(body.get("output_config"), "effort")
        if kind in ("disabled", "between_tools") and effort is not None:
            yield Demand("effort_without_thinking", str(effort), f"effort {effort} without thinking")
    elif key == "output_config" and isinstance(value, dict):
        for part, setting in cast("dict[str, Any]", value).items():
            if part == "effort" and setting is not None:
                yield Demand("effort", str(setting), f"effort {setting}")
            elif part == "format" and setting is not None:
                yield Demand("structured_output", "", "structured output")
            elif setting is not None:
                yield Demand("", "", f"parameter output_config.{part}")
    elif key == "speed":
        yield Demand("fast", "", "parameter speed")
    else:
        yield Demand("inference_geo" if key == "inference_geo" else "", "", f"parameter {key}")


def _of_tool(tool: Mapping[str, Any]) -> Iterator[Demand]:
    kind = tool.get("type") or "custom"
    if kind != "custom":
        yield Demand("server_tools", str(kind), f"server tools: {kind}")
        return
    if tool.get("strict"):
        yield Demand("structured_output", "", "strict tools")
    if not _PORTABLE_TOOL.issuperset(tool):
        yield Demand("", "", "a tool's own features")
    yield from _of_cache_control(tool)


def _of_block(block: Mapping[str, Any]) -> Iterator[Demand]:
    kind = block.get("type")
    if kind == "image":
        yield Demand("images", "", "images")
    elif kind == "document":
        yield Demand("citations" if block.get("citations") else "documents", "", "documents")
    elif kind in _THINKING_BLOCKS:
        yield Demand(_OWN_THINKING, "", "thinking that belongs to one model")
    elif kind not in _PORTABLE_BLOCKS:
        yield Demand("", "", "content that belongs to one model")
    elif kind == "tool_result":
        for part in mappings(block.get("content")):
            yield from _of_block(part)
    yield from _of_cache_control(block)


def _of_cache_control(holder: Mapping[str, Any]) -> Iterator[Demand]:
    if (asked := holder.get("cache_control")) is not None:
        ttl = str(_get(asked, "ttl") or "5m")
        yield Demand("cache_ttls", ttl, f"a cache of {ttl}")


def _get(value: object, key: str) -> Any:
    return cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    """accepts.json by id, its sources left out: read at the first decision, not at import."""
    whole: Any = json.loads(files("router").joinpath("accepts.json").read_text("utf-8"))
    table: dict[str, Mapping[str, Any]] = {}
    for model in whole["models"].values():
        facts = {fact: said[0] for fact, said in model.items() if fact != "ids"}
        table.update(dict.fromkeys(model["ids"], facts))
    return table
