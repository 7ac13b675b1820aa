"""What the API rejects before it does any work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from . import catalogue, tokens
from .catalogue import Model
from .failures import Failure, invalid, not_found
from .prompt import MAX_BREAKPOINTS, Prompt

_TYPES: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("tools", (list,), "a list"),
    ("tool_choice", (dict,), "an object"),
    ("thinking", (dict,), "an object"),
    ("output_config", (dict,), "an object"),
    ("stop_sequences", (list,), "a list"),
    ("system", (str, list), "a text or a list of blocks"),
)


def check_body(body: Mapping[str, Any], *, counting: bool = False) -> Failure | None:
    """The first thing wrong with a Messages request; `counting` for count_tokens, which needs no `max_tokens`."""
    if not isinstance(body.get("model"), str):
        return invalid("model: Field required")
    model = catalogue.find(body["model"])
    if model is None:
        return not_found(f"model: {body['model']}")
    messages = body.get("messages")
    if not isinstance(messages, list):
        return invalid("messages: Field required")
    if not messages:
        return invalid("messages: at least one message is required")
    return (
        _check_types(body)
        or _check_messages(body)
        or (None if counting else _check_limits(body, model) or _check_parameters(body, model))
    )


def check_prompt(prompt: Prompt, model: Model) -> Failure | None:
    """What is wrong with the prompt as a whole: too long, too many breakpoints, their TTLs out of order."""
    if prompt.tokens > model.context:
        return invalid(f"prompt is too long: {prompt.tokens} tokens > {model.context} maximum")
    ttls = prompt.ttls
    if len(ttls) > MAX_BREAKPOINTS:
        return invalid(f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(ttls)}.")
    if unknown := set(ttls) - {"5m", "1h"}:
        return invalid(f"cache_control.ttl: Input should be '5m' or '1h', found {min(unknown)!r}")
    if "5m" in ttls and "1h" in ttls[ttls.index("5m") :]:
        return invalid("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block")
    return None


def _check_types(body: Mapping[str, Any]) -> Failure | None:
    for name, kind, wanted in _TYPES:
        if body.get(name) is not None and not isinstance(body[name], kind):
            return invalid(f"{name}: Input should be {wanted}")
    choice: dict[str, Any] = body.get("tool_choice") or {}
    names = {tool.get("name") for tool in tokens.blocks_of(body.get("tools"))}
    if choice.get("type") == "tool" and choice.get("name") not in names:
        return invalid(f"Tool '{choice.get('name')}' not found in provided tools")
    return None


def _check_messages(body: Mapping[str, Any]) -> Failure | None:
    for index, message in enumerate(body["messages"]):
        if _get(message, "role") not in {"user", "assistant", "system"}:
            return invalid(f"messages.{index}.role: Input should be 'user', 'assistant' or 'system'")
        content = _get(message, "content")
        if not content or not tokens.blocks_of(content):
            return invalid(f"messages.{index}: content must not be empty")
    return None


def _check_limits(body: Mapping[str, Any], model: Model) -> Failure | None:
    limit = body.get("max_tokens")
    if not isinstance(limit, int):
        return invalid("max_tokens: Field required")
    if limit < 0:
        return invalid("max_tokens: Input should be greater than or equal to 0")
    if limit > model.max_output:
        return invalid(
            f"max_tokens: {limit} > {model.max_output}, which is the maximum allowed number of output tokens "
            f"for {model.id}"
        )
    return None


def _check_parameters(body: Mapping[str, Any], model: Model) -> Failure | None:
    """What this model rejects although another would take it."""
    if model.generation >= 4.7:
        for name in ("temperature", "top_p", "top_k"):
            if body.get(name) not in {None, 1}:
                return invalid(f"{name}: this model does not support sampling parameters")
        if _get(body.get("thinking"), "type") == "enabled":
            return invalid('thinking.type: "enabled" is not supported for this model; use "adaptive"')
    if model.generation < 4.6:
        if _get(body.get("thinking"), "type") == "adaptive":
            return invalid("thinking.type: adaptive thinking is not supported on this model")
        if body.get("inference_geo") is not None:
            return invalid("inference_geo: this model does not support inference_geo")
    elif body["messages"][-1]["role"] == "assistant":
        return invalid("This model does not support assistant message prefill; end with a user message")
    if body.get("speed") == "fast" and not model.fast:
        return invalid(f"speed: {model.id} does not support fast mode")
    return None


def _get(value: Any, key: str) -> Any:
    return cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
