"""A Message as the server-sent events of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

DELTA_LENGTH = 24
"""Characters in a delta, until a block would need more than `MAX_DELTAS` of them."""
MAX_DELTAS = 64
_ONLY_AT_START = frozenset({"cache_creation", "service_tier", "inference_geo", "speed"})
"""Usage fields that message_delta does not carry (the SDK's `types/message_delta_usage.py`)."""
_START_TOKENS = 1
"""Before the answer is written, `output_tokens` is a placeholder."""


def stream_events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events of an answer, from message_start to message_stop."""
    yield {"type": "message_start", "message": _start(message)}
    for index, block in enumerate(message["content"]):
        opening, deltas = _open(block)
        yield {"type": "content_block_start", "index": index, "content_block": opening}
        if index == 0:
            yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")},
        "usage": _end_usage(message["usage"]),
    }
    yield {"type": "message_stop"}


def encode(event: dict[str, Any]) -> bytes:
    """One event on the wire."""
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode("utf-8", "replace")


def _start(message: dict[str, Any]) -> dict[str, Any]:
    """The message before its first word. After a fallback mid-answer it still names the model that declined."""
    usage = {name: count for name, count in message["usage"].items() if name != "iterations"}
    usage |= {name: None for name in ("output_tokens_details", "server_tool_use") if name in usage}
    if usage.get("output_tokens"):
        usage["output_tokens"] = _START_TOKENS
    hand_over = next((block for block in message["content"][1:] if block["type"] == "fallback"), None)
    return {
        **message,
        "model": hand_over["from"]["model"] if hand_over else message["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": usage,
    }


def _end_usage(usage: dict[str, Any]) -> dict[str, Any]:
    """The cumulative counts; what does not apply is left out, as in the API."""
    return {
        name: count
        for name, count in usage.items()
        if name not in _ONLY_AT_START and (count is not None or name == "output_tokens")
    }


def _open(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as it starts, and the deltas that fill it. Most results of server tools come whole, at the start."""
    match block["type"]:
        case "text":
            deltas = [{"type": "text_delta", "text": part} for part in _parts(block["text"])]
            return {**block, "text": ""}, deltas
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": part} for part in _parts(block["thinking"])]
            signature = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*deltas, signature]
        case "tool_use" | "server_tool_use":
            parts = _parts(json.dumps(block["input"], ensure_ascii=False))
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in parts]
        case "compaction":
            return {**block, "content": None}, [{"type": "compaction_delta", "content": block["content"]}]
        case _:
            return block, []


def _parts(text: str) -> list[str]:
    length = max(DELTA_LENGTH, -(-len(text) // MAX_DELTAS))
    return [text[at : at + length] for at in range(0, len(text), length)]
