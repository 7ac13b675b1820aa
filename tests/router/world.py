"""What conversations cost on the Claude API, in arithmetic: an independent model of caches and bills, without text.

A prompt is a row of blocks. At each breakpoint the prefix is cached if the model caches one so short; a later request
to the same model reads the longest prefix that is cached at most 20 blocks before one of its breakpoints, and
everything that it reads lives on for its time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

TTL = {"5m": 300.0, "1h": 3600.0}


class Block(NamedTuple):
    """A part of a prompt."""

    name: str
    """The same text has the same name."""
    characters: int
    tokens: int
    """By the older tokenizer."""
    ttl: str | None = None
    """Of the breakpoint at its end."""
    result: bool = False
    """It is what a tool gave."""


class Model(NamedTuple):
    """Prices in US dollars per million tokens."""

    uncached: str
    written_5m: str
    written_1h: str
    read: str
    output: str
    least: int
    """Tokens of the shortest prefix that is cached."""
    percent: int = 130
    """Tokens, of those of the older tokenizer."""


MODELS = {
    "claude-opus-5-5": Model("4", "5", "8", "0.2", "20", 512),
    "claude-sonnet-5-5": Model("2", "2.5", "4", "0.1", "10", 512),
    "claude-haiku-5-5": Model("0.1", "0.125", "0.2", "0.01", "0.5", 512),
    "claude-opus-4-5": Model("5", "6.25", "10", "0.5", "25", 4096, 100),
    "claude-sonnet-4-5": Model("3", "3.75", "6", "0.3", "15", 1024, 100),
    "claude-haiku-4-5": Model("1", "1.25", "2", "0.1", "5", 4096, 100),
}
LONG = {"claude-haiku-5-5": (100_000, Model("0.5", "0.625", "1", "0.05", "2.5", 512))}
"""The prices of prompts of more tokens."""


class Request(NamedTuple):
    """A turn, whatever model it goes to."""

    at: float
    cached_at: float
    """When what it uses of the cache begins to live anew."""
    blocks: tuple[Block, ...]
    output: int
    """Tokens by the older tokenizer."""


class World:
    """The caches of all models, and what is paid."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, tuple[str, ...]], tuple[float, str]] = {}

    def ask(self, request: Request, name: str) -> tuple[dict[str, Any], Decimal]:
        """The usage, as the API reports it, and the price in US dollars."""
        model = MODELS[name]
        names = tuple(block.name for block in request.blocks)
        lengths = [0]
        for block in request.blocks:
            lengths.append(lengths[-1] + block.tokens)
        lengths = [length * model.percent // 100 for length in lengths]
        marks = [at for at, block in enumerate(request.blocks, 1) if block.ttl and lengths[at] >= model.least]
        read = self._longest(name, names, marks, request.at)
        written = {"5m": 0, "1h": 0}
        last = read
        for at in marks:
            if at > read:
                written[request.blocks[at - 1].ttl or "5m"] += lengths[at] - lengths[last]
                last = at
        for at in range(1, read + 1):
            if found := self._until.get((name, names[:at])):
                self._renew(name, names[:at], found[1], request)
        for at in marks:
            if at > read:
                self._renew(name, names[:at], request.blocks[at - 1].ttl or "5m", request)
        usage = {
            "input_tokens": lengths[-1] - lengths[max(last, read)],
            "cache_read_input_tokens": lengths[read],
            "cache_creation_input_tokens": written["5m"] + written["1h"],
            "cache_creation": {
                "ephemeral_5m_input_tokens": written["5m"],
                "ephemeral_1h_input_tokens": written["1h"],
            },
            "output_tokens": request.output * model.percent // 100,
        }
        return usage, _price(name, usage, lengths[-1])

    def _longest(self, name: str, names: tuple[str, ...], marks: list[int], now: float) -> int:
        reach = {at for mark in marks for at in range(max(1, mark - 20), mark + 1)}
        alive = [at for at in reach if self._until.get((name, names[:at]), (0.0, ""))[0] > now]
        return max(alive, default=0)

    def _renew(self, name: str, names: tuple[str, ...], ttl: str, request: Request) -> None:
        until, old = self._until.get((name, names), (0.0, ttl))
        ttl = old if until > request.at else ttl
        self._until[name, names] = (request.cached_at + TTL[ttl], ttl)


def _price(name: str, usage: dict[str, Any], tokens: int) -> Decimal:
    over, dear = LONG.get(name, (tokens, MODELS[name]))
    rates = dear if tokens > over else MODELS[name]
    by_ttl = usage["cache_creation"]
    amounts = [
        (usage["input_tokens"], rates.uncached),
        (usage["cache_read_input_tokens"], rates.read),
        (by_ttl["ephemeral_5m_input_tokens"], rates.written_5m),
        (by_ttl["ephemeral_1h_input_tokens"], rates.written_1h),
        (usage["output_tokens"], rates.output),
    ]
    return sum((tokens * Decimal(price) for tokens, price in amounts), Decimal(0)).scaleb(-6)


def body_of(blocks: tuple[Block, ...], *, model: str, system: int) -> dict[str, Any]:
    """The request body whose first `system` blocks are the system prompt, and the others messages in turn."""

    def block(one: Block) -> dict[str, Any]:
        text = f"{one.name}:{'x' * (one.characters - len(one.name) - 1)}"
        mark = {"cache_control": {"type": "ephemeral", "ttl": one.ttl}} if one.ttl else {}
        if one.result:
            return {"type": "tool_result", "tool_use_id": one.name, "content": text, **mark}
        return {"type": "text", "text": text, **mark}

    messages = [
        {"role": "assistant" if number % 2 else "user", "content": [block(one)]}
        for number, one in enumerate(blocks[system:])
    ]
    body: dict[str, Any] = {"model": model, "max_tokens": 1000, "messages": messages}
    return body | ({"system": [block(one) for one in blocks[:system]]} if system else {})
