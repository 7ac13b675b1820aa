"""Where a request's cache breakpoints lie, in characters; and the marks by which conversations are found again.

One pass over the body. Nothing of its text is kept: only lengths and hashes, which mean nothing in another process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, cast

from .features import Body, mappings

_IMAGE = 6_400
"""Characters that an image counts for: about 1,600 tokens."""
_OTHER = 80
_LOOK_BACK = 8
"""Messages that a turn may add: answers, results of tools, what the next person says."""


class Layout(NamedTuple):
    """How much of a request lies before its cache breakpoints, in characters."""

    characters: int
    """Of everything: tools, system prompt, messages."""
    cached: int = 0
    """Up to the last breakpoint; 0 where there is none."""
    hourly: int = 0
    """Up to the last breakpoint of an hour."""
    head: int = 0
    """Up to the last breakpoint in tools and system prompt, which other conversations may share."""
    key: int = 0
    """Of those tools and that system prompt."""


def lay_out(body: Body) -> Layout:
    """The layout of a request; a malformed part counts as absent."""
    at = cached = hourly = key = 0
    tools, system, messages = body.get("tools"), body.get("system"), mappings(body.get("messages"))
    for tool in mappings(tools) if tools else ():
        at += _of_tool(tool)
        if ttl := _breakpoint(tool):
            cached, hourly = at, at if ttl == "1h" else hourly
    if isinstance(system, str):
        at += len(system)
    elif system:
        for block in mappings(system):
            at += _of_block(block)
            if ttl := _breakpoint(block):
                cached, hourly = at, at if ttl == "1h" else hourly
    head = cached
    if head:
        key = hash((*_names(tools), None, *_texts(system)))
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            at += len(content)
            continue
        for block in mappings(content):
            at += _of_block(block)
            if ttl := _breakpoint(block):
                cached, hourly = at, at if ttl == "1h" else hourly
    if ttl := _breakpoint(body):  # the API puts this one on the last block
        cached, hourly = at, at if ttl == "1h" else hourly
    return Layout(at, cached, hourly, head, key)


def beginning_of(body: Body) -> int | None:
    """The same for every turn of a conversation: its model, system prompt and first message. None if it has none."""
    messages = mappings(body.get("messages"))
    if not messages:
        return None
    return hash((str(body.get("model")), *_texts(body.get("system")), None, _mark(messages[0])))


def key_of(beginning: int, body: Body) -> int:
    """The key of a conversation as long as it is with this request."""
    messages = mappings(body.get("messages"))
    return hash((beginning, len(messages), _mark(messages[-1])))


def earlier_keys(beginning: int, body: Body) -> Iterator[int]:
    """The keys that the conversation can have had a turn ago, latest first: what was said then has to be as it was.

    The first is that of a turn that is asked for again.
    """
    messages = mappings(body.get("messages"))
    for length in range(len(messages), max(0, len(messages) - 1 - _LOOK_BACK), -1):
        yield hash((beginning, length, _mark(messages[length - 1])))


def digest_of(body: Body) -> bytes:
    """Of what every turn of a conversation has, the same in every process: for dividing conversations in two."""
    messages = mappings(body.get("messages"))
    digest = blake2b(digest_size=16)
    for text in (
        str(body.get("model")),
        *_texts(body.get("system")),
        *_texts(messages[0].get("content") if messages else ""),
    ):
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.digest()


def _breakpoint(holder: Mapping[str, Any]) -> str | None:
    asked = holder.get("cache_control")
    if not isinstance(asked, dict):
        return None
    return "1h" if cast("dict[str, Any]", asked).get("ttl") == "1h" else "5m"


def _of_block(block: Mapping[str, Any]) -> int:
    text = block.get("text") or block.get("thinking")
    if isinstance(text, str):
        return len(text)
    kind = block.get("type")
    if kind == "tool_result":
        content = block.get("content")
        return len(content) if isinstance(content, str) else sum(map(_of_block, mappings(content)))
    if kind == "tool_use" and isinstance(given := block.get("input"), dict):
        return _OTHER + sum(len(value) for value in cast("dict[str, Any]", given).values() if isinstance(value, str))
    return _IMAGE if kind in ("image", "document") else _OTHER


def _of_tool(tool: Mapping[str, Any]) -> int:
    schema: Any = tool.get("input_schema")
    properties: Any = cast("dict[str, Any]", schema).get("properties") if isinstance(schema, dict) else None
    described = tool.get("description")
    many = len(cast("dict[str, Any]", properties)) if isinstance(properties, dict) else 1
    return _OTHER * (1 + many) + (len(described) if isinstance(described, str) else 0)


def _mark(message: Mapping[str, Any]) -> int:
    return hash((str(message.get("role")), *_texts(message.get("content"))))


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    for block in mappings(content):
        for key in ("text", "id", "tool_use_id", "content"):
            if isinstance(value := block.get(key), str):
                yield value


def _names(tools: object) -> Iterator[str]:
    for tool in mappings(tools):
        yield f"{tool.get('name')}"
        if isinstance(described := tool.get("description"), str):
            yield described
