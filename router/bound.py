"""What an attempt can cost at most, before it is made, and what it has cost as far as its answer says.

In nano-dollars, for holding budgets; what is on the books is for the ledger to say. Before: every byte of the prompt at
the dearest rate it can have, and all of `max_tokens`. What a server's own tools bring into the prompt nobody can know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any, cast

from pydantic_core import to_json

from .conversations import billed
from .features import Body, mappings
from .layout import Layout, lay_out
from .prices import Price, dearest, price_of

_CHARACTERS_PER_TOKEN = 2.5
"""At least, of words and numbers: English text has three to four, program text nearly three, by the newer tokenizer."""
_OF_EACH_WORD = 0.6
"""Tokens besides: a word or number of a single character is one, too."""
_KINDS = bytes(
    ord("a" if chr(byte).isalpha() else "0" if chr(byte).isdigit() else ".") if 32 < byte < 127 else 32
    for byte in range(256)
)
"""What each byte of a text is: a letter, a digit, a sign, or what ends all of them."""
_BEGINNINGS = (b".a", b" a", b"0a", b".0", b" 0", b"a0")
"""Where a word or a number begins; a text in JSON begins with a sign."""
_TOKENS_PER_FURTHER_BYTE = 0.75
"""Of characters outside ASCII: one of two bytes makes about one token, one of three not quite two."""
_IMAGE, _DOCUMENT_BYTES_PER_TOKEN, _UNSEEN_DOCUMENT = 5_000, 10, 100_000
"""Tokens of the largest image, base64 bytes of a document for one token, and tokens of a document that is elsewhere."""
_TOOLS = 1_000
"""Tokens that the API adds to the prompt where there are tools."""
_SEARCH = 10_000_000
"""$10 for a thousand searches (pricing.yaml, web_search_requests)."""
_SEARCHES = 10
"""Where the caller set no `max_uses`."""
_FAST = 6
"""The most that fast mode ever multiplied a price by (pricing.yaml, `speed: fast`)."""
_PER_CENT_NEARBY = 110
"""Regional endpoints of the clouds, and `inference_geo: us`."""
_WORLDWIDE = ("anthropic", "foundry")


def at_most(body: Body, model: str, *, platform: str | None = None) -> int:
    """Nano-dollars for an attempt at a model of the Claude API; an unknown one costs what the dearest does."""
    price, layout = price_of(model) or dearest(), lay_out(body)
    prompt = prompt_at_most(body)
    rate = price.rate(prompt)
    bucket = rate.written_1h if layout.hourly else rate.written_5m if layout.cached else rate.uncached
    output = body.get("max_tokens")
    cost = prompt * max(bucket, rate.uncached) + (output if isinstance(output, int) else 0) * rate.output
    nearby = platform not in (None, *_WORLDWIDE) or body.get("inference_geo") == "us"
    return _multiplied(cost, fast=body.get("speed") == "fast", nearby=nearby) + _searches(body) * _SEARCH


def used(usage: Mapping[str, Any], model: str | None, *, layout: Layout, platform: str | None = None) -> int:
    """Nano-dollars for what an answer says was used: each iteration at its own model, else the whole at `model`."""
    iterations = [entry for entry in mappings(usage.get("iterations")) if isinstance(entry.get("input_tokens"), int)]
    nearby = platform not in (None, *_WORLDWIDE) or usage.get("inference_geo") == "us"
    cost = sum(_of(entry, str(entry.get("model") or model), layout) for entry in iterations or [usage])
    tools = usage.get("server_tool_use")
    searches = cast("Mapping[str, Any]", tools).get("web_search_requests") if isinstance(tools, dict) else 0
    fast = usage.get("speed") == "fast"
    return _multiplied(cost, fast=fast, nearby=nearby) + (searches if isinstance(searches, int) else 0) * _SEARCH


def prompt_at_most(body: Body) -> int:
    """Tokens that a prompt has at most, whatever is in it: as many as its signs, and what its words come to."""
    text = to_json([body.get(part) for part in ("tools", "system", "messages")], inf_nan_mode="null", fallback=str)
    tokens = _TOOLS if body.get("tools") else 0
    for data, instead in _attached(body):
        text, tokens = text.replace(data.encode(), b""), tokens + instead
    further = 0 if text.isascii() else len(text) - len(text.decode("utf-8", "replace"))
    kinds = text.translate(_KINDS)
    signs, words = kinds.count(b"."), sum(map(kinds.count, _BEGINNINGS))
    within = len(text) - further - signs - text.count(b" ")
    told = words * _OF_EACH_WORD + within / _CHARACTERS_PER_TOKEN + further * _TOKENS_PER_FURTHER_BYTE
    return tokens + signs + ceil(told)


def _attached(body: Body) -> Iterator[tuple[str, int]]:
    """The base64 characters of each image and document, and the tokens they stand for."""
    waiting = [block for message in mappings(body.get("messages")) for block in _blocks(message)]
    waiting += mappings(body.get("system")) if not isinstance(body.get("system"), str) else []
    while waiting:
        block = waiting.pop()
        kind = block.get("type")
        if kind == "tool_result":
            waiting += _blocks(block)
        elif kind in ("image", "document", "container_upload"):
            source: Any = block.get("source")
            held: Mapping[str, Any] = cast("Mapping[str, Any]", source) if isinstance(source, dict) else {}
            data: Any = held.get("data")
            encoded = data if isinstance(data, str) else ""
            if kind == "image":
                yield encoded, _IMAGE
            elif held.get("type") == "base64":
                yield encoded, max(_IMAGE, len(encoded) // _DOCUMENT_BYTES_PER_TOKEN)
            elif not encoded:
                yield "", _UNSEEN_DOCUMENT


def _blocks(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = holder.get("content")
    return [] if isinstance(content, str) else list(mappings(content))


def _searches(body: Body) -> int:
    found = 0
    for tool in mappings(body.get("tools")):
        if str(tool.get("type", "")).startswith("web_search"):
            most = tool.get("max_uses")
            found += most if isinstance(most, int) else _SEARCHES
    return found


def _of(usage: Mapping[str, Any], model: str, layout: Layout) -> int:
    price: Price = price_of(model) or dearest()
    return price.cost(billed(usage, layout))


def _multiplied(cost: int, *, fast: bool, nearby: bool) -> int:
    cost *= _FAST if fast else 1
    return -(-cost * _PER_CENT_NEARBY // 100) if nearby else cost
