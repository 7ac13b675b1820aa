"""A Message with its usage, as the API answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import tokens
from .cache import Split
from .catalogue import Model


def build(
    body: Mapping[str, Any], content: list[dict[str, Any]], *, model: Model, split: Split, message_id: str
) -> dict[str, Any]:
    """The answer to a request: its content cut to `max_tokens` and `stop_sequences`, and the usage that follows."""
    content, stop_reason, stop_sequence = _end(content, body, model)
    suffix = message_id.removeprefix("msg_")
    for number, block in enumerate(content):
        if block["type"] == "tool_use":
            block.setdefault("id", f"toolu_{suffix}{number:02d}")
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": stop_sequence,
        "stop_details": None,
        "container": None,
        "usage": _usage(body, content, model=model, split=split),
    }


def output_tokens(content: list[dict[str, Any]], model: Model) -> int:
    """What an answer with this content costs in output tokens."""
    return tokens.scale(sum(tokens.count_block(block) for block in content), model.token_percent)


def _usage(body: Mapping[str, Any], content: list[dict[str, Any]], *, model: Model, split: Split) -> dict[str, Any]:
    thoughts = [block for block in content if block["type"] == "thinking"]
    usage: dict[str, Any] = {
        "input_tokens": split.uncached,
        "cache_creation_input_tokens": split.written_5m + split.written_1h,
        "cache_read_input_tokens": split.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": split.written_5m,
            "ephemeral_1h_input_tokens": split.written_1h,
        },
        # With `max_tokens` 0 a request only warms the cache.
        "output_tokens": max(1 if body.get("max_tokens") else 0, output_tokens(content, model)),
        "output_tokens_details": {"thinking_tokens": output_tokens(thoughts, model)} if thoughts else None,
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": (body.get("inference_geo") or "global") if model.generation >= 4.6 else None,
    }
    if body.get("speed"):
        usage["speed"] = body["speed"]
    return usage


def _end(
    content: list[dict[str, Any]], body: Mapping[str, Any], model: Model
) -> tuple[list[dict[str, Any]], str, str | None]:
    """The content that fits, why it ends there, and the stop sequence if one ended it."""
    left = int(body.get("max_tokens") or 0) * 100 // model.token_percent
    kept: list[dict[str, Any]] = []
    for whole in content:
        block, sequence = _before_stop(whole, body.get("stop_sequences") or [])
        cost = tokens.count_block(block)
        if cost > left:
            return [*kept, *_cut(block, left)], "max_tokens", None
        kept.append(block)
        left -= cost
        if sequence is not None:
            return kept, "stop_sequence", sequence
    calls = any(block["type"] == "tool_use" for block in kept)
    return kept, "tool_use" if calls else "end_turn", None


def _before_stop(block: dict[str, Any], sequences: list[str]) -> tuple[dict[str, Any], str | None]:
    text = block.get("text") if block["type"] == "text" else None
    found = [(text.index(sequence), sequence) for sequence in sequences if text and sequence in text]
    if not text or not found:
        return block, None
    at, sequence = min(found)
    return {**block, "text": text[:at]}, sequence


def _cut(block: dict[str, Any], left: int) -> list[dict[str, Any]]:
    """As much of a text or of thinking as fits; of any other block nothing."""
    key = block["type"]
    if key not in {"text", "thinking"} or left <= 0:
        return []
    return [{**block, key: tokens.cut_text(block[key], left)}]
