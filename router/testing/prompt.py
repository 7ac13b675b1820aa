"""A request body as the API reads it: a row of blocks, in the order tools, system, messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from . import tokens
from .catalogue import Model

MAX_BREAKPOINTS = 4


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the prompt."""

    place: str
    """`tools`, `system`, or the role of the message."""
    content: dict[str, Any]
    """The block without its `cache_control`."""
    tokens: int
    ttl: str | None
    """`5m` or `1h` at a cache breakpoint."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The whole prompt of one request."""

    blocks: tuple[Block, ...]
    settings: str
    """What changes the meaning of the messages without being one: a change here misses their cache, as in the API."""

    @property
    def tokens(self) -> int:
        """What count_tokens answers."""
        return sum(block.tokens for block in self.blocks)

    @property
    def ttls(self) -> list[str]:
        """The TTL of each breakpoint, in order."""
        return [block.ttl for block in self.blocks if block.ttl]


def read_prompt(body: dict[str, Any], model: Model) -> Prompt:
    """Lay out the prompt of a request and count its tokens for the model."""
    blocks = [_block(place, content, extra, model) for place, content, extra in _contents(body)]
    automatic = body.get("cache_control")
    if isinstance(automatic, dict) and blocks and not blocks[-1].ttl:
        last = blocks[-1]
        ttl = cast("dict[str, Any]", automatic).get("ttl") or "5m"
        blocks[-1] = Block(last.place, last.content, last.tokens, ttl)
    settings = tokens.canonical([body.get("tool_choice"), body.get("thinking")])
    return Prompt(tuple(blocks), settings)


def _contents(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Place, block, and the tokens that the API adds in front of it."""
    for number, tool in enumerate(tokens.blocks_of(body.get("tools"))):
        yield "tools", tool, 0 if number else tokens.TOOL_USE_TOKENS
    for block in tokens.blocks_of(body.get("system")):
        yield "system", block, 0
    for message in tokens.blocks_of(body.get("messages")):
        for number, block in enumerate(tokens.blocks_of(message.get("content"))):
            yield str(message.get("role")), block, 0 if number else tokens.MESSAGE_TOKENS


def _block(place: str, content: dict[str, Any], extra: int, model: Model) -> Block:
    control = content.get("cache_control")
    ttl = None
    if isinstance(control, dict):
        ttl = cast("dict[str, Any]", control).get("ttl") or "5m"
    bare = (
        {key: value for key, value in content.items() if key != "cache_control"}
        if "cache_control" in content
        else content
    )
    return Block(place, bare, tokens.scale(tokens.count_block(bare) + extra, model.token_percent), ttl)
