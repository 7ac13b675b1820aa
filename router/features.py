"""What a request looks like: the few facts that classifying and routing need. Pure, no I/O.

Text is looked at and never kept: a `Features` lives as long as one decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

Body = Mapping[str, Any]
"""The JSON body of a Messages request."""

_PENDING_LIMIT = 8_000
"""Characters of the pending task that are looked at, from its start and its end: the ask stands at one of them."""


class Features(NamedTuple):
    """The facts about one request."""

    pending: str
    """The text of the pending task: the last turn in which a person, and not a tool, spoke."""
    system: str
    turns: int
    characters: int
    """Of all text in the request: system, messages, tool definitions left out."""
    tools: int
    in_tool_loop: bool
    """The last turn hands back the result of a tool."""
    code: bool
    documents: int
    """Images and documents."""
    max_tokens: int | None


def look(body: Body) -> Features:
    """The features of a request; a malformed part counts as absent."""
    messages = mappings(body.get("messages"))
    system = " ".join(texts(body.get("system")))
    pending, characters, documents = "", len(system), 0
    for message in messages:
        said = list(texts(message.get("content")))
        characters += sum(map(len, said))
        documents += sum(block.get("type") in ("image", "document") for block in mappings(message.get("content")))
        if message.get("role") == "user" and said:
            pending = "\n".join(said)
    if len(pending) > _PENDING_LIMIT:
        pending = pending[: _PENDING_LIMIT // 2] + "\n" + pending[-_PENDING_LIMIT // 2 :]
    max_tokens = body.get("max_tokens")
    return Features(
        pending=pending,
        system=system[:_PENDING_LIMIT],
        turns=len(messages),
        characters=characters,
        tools=len(mappings(body.get("tools"))),
        in_tool_loop=bool(messages) and has_block(messages[-1], "tool_result"),
        code="```" in pending or "diff --git" in pending,
        documents=documents,
        max_tokens=max_tokens if isinstance(max_tokens, int) else None,
    )


def has_block(message: Mapping[str, Any], kind: str) -> bool:
    """Whether a message's content holds a block of this type."""
    return any(block.get("type") == kind for block in mappings(message.get("content")))


def mappings(value: object) -> Sequence[Mapping[str, Any]]:
    """The objects in a list; nothing where there is no list."""
    if not isinstance(value, (list, tuple)):
        return ()
    items = cast("Sequence[object]", value)
    return [cast("Mapping[str, Any]", item) for item in items if isinstance(item, dict)]


def texts(content: object) -> Iterator[str]:
    """The texts of a system prompt or of a message's content, written either way."""
    if isinstance(content, str):
        yield content
        return
    for block in mappings(content):
        text = block.get("text")
        if block.get("type") == "text" and isinstance(text, str):
            yield text
