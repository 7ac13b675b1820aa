"""Whether a request can go to another model than the one named: if that is not sure, it stays."""

from __future__ import annotations

from .features import Body, Features, mappings
from .policy import Tier

_PORTABLE = frozenset({
    "model", "messages", "system", "max_tokens", "stream", "tools", "tool_choice", "metadata", "stop_sequences",
    "service_tier", "cache_control",
})  # fmt: skip
"""Parameters that mean the same on every model. Others (thinking, speed, container, ...) are accepted by some only."""

_PORTABLE_BLOCKS = frozenset({"text", "image", "document", "tool_use", "tool_result"})
"""Thinking blocks carry their model's signature; server tools and containers belong to some models only."""

_CHARACTERS_PER_TOKEN = 2
"""Held low, so that no text is taken for shorter than it is."""


def over_limit(features: Features, tier: Tier) -> str | None:
    """Which limit of the tier's model the request may exceed; None if none."""
    if tier.max_output and features.max_tokens is not None and features.max_tokens > tier.max_output:
        return "max_tokens"
    if tier.context_window and features.characters / _CHARACTERS_PER_TOKEN > tier.context_window:
        return "length of the prompt"
    return None


def obstacle(body: Body, *, betas: bool) -> str | None:
    """What ties this request to the model it names, in one phrase; None if nothing does.

    `betas`: the request carries beta headers.
    """
    if betas:
        return "beta features"
    for key, value in body.items():
        if key not in _PORTABLE and value is not None:
            return f"parameter {key}"
    if any(tool.get("type", "custom") != "custom" for tool in mappings(body.get("tools"))):
        return "server tools"
    messages = mappings(body.get("messages"))
    if messages and messages[-1].get("role") == "assistant":
        return "prefilled answer"
    blocks = (block for message in messages for block in mappings(message.get("content")))
    if any(block.get("type") not in _PORTABLE_BLOCKS for block in blocks):
        return "content that belongs to one model"
    return None
