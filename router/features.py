"""What a request looks like: the few facts that classifying and routing need. Pure, no I/O, in bounded time.

Text is looked at and never kept: a `Features` lives as long as one decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, cast

Body = Mapping[str, Any]
"""The JSON body of a Messages request."""

_PENDING = (1_200, 800)
"""Characters of the pending task that are looked at, from its start and from its end: the ask stands at one of them."""
_SYSTEM = (1_000, 600)
_EARLIER = (300, 200)
_EARLIER_TURNS = 3
_LOOK_BACK = 50
"""Messages before the pending task that are looked at: in a long loop of tools few of them are a person's."""
_TOOLS = 8
_NO_TASK = 20
"""Characters. A turn so short ("yes", "commit it") goes on with the task before it."""

_Turn = tuple[bool, str]
"""Whether a person spoke, and what was said."""


class Features(NamedTuple):
    """The facts about one request."""

    pending: str
    """The pending task, cut in the middle: the last turn in which a person, and not a tool, spoke; where that was no
    more than a word or two, the one before it as well."""
    pending_characters: int
    system: str
    earlier: str
    """What was said before the pending task, cut."""
    offered: str
    """The names of tools, what they are for, and the names that an output schema asks for."""
    turns: int
    characters: int
    """Of all text in the request: system, messages, tool definitions left out."""
    tools: int
    tool_forced: bool
    structured: bool
    """The answer has to fit a schema."""
    in_tool_loop: bool
    """The last turn hands back the result of a tool."""
    documents: int
    """Images and documents."""
    max_tokens: int | None


def look(body: Body) -> Features:
    """The features of a request; a malformed part counts as absent."""
    messages = mappings(body.get("messages"))
    system = " ".join(texts(body.get("system")))
    turns, documents = _said(messages)
    pending, before = _pending(turns)
    tools, schema, max_tokens = mappings(body.get("tools")), _schema(body), body.get("max_tokens")
    return Features(
        pending=_cut(pending, _PENDING),
        pending_characters=len(pending),
        system=_cut(system, _SYSTEM),
        earlier=_earlier(turns, before),
        offered=" ".join(chain(map(_offer, tools[:_TOOLS]), _names(schema))),
        turns=len(messages),
        characters=len(system) + sum(len(said) for _, said in turns),
        tools=len(tools),
        tool_forced=_kind(body.get("tool_choice")) in ("any", "tool"),
        structured=bool(schema),
        in_tool_loop=bool(messages) and has_block(messages[-1], "tool_result"),
        documents=documents,
        max_tokens=max_tokens if isinstance(max_tokens, int) else None,
    )


def has_block(message: Mapping[str, Any], kind: str) -> bool:
    """Whether a message's content holds a block of this type."""
    return any(block.get("type") == kind for block in _blocks(message))


def mappings(value: object) -> Sequence[Mapping[str, Any]]:
    """The objects in a list; nothing where there is no list."""
    if not isinstance(value, (list, tuple)):
        return ()
    items = cast("Sequence[Mapping[str, Any]]", value)
    return [item for item in items if isinstance(item, dict)]


def texts(content: object) -> Iterator[str]:
    """The texts of a system prompt or of a message's content, written either way."""
    if isinstance(content, str):
        yield content
        return
    for block in mappings(content):
        text = block.get("text")
        if block.get("type") == "text" and isinstance(text, str):
            yield text


def _said(messages: Sequence[Mapping[str, Any]]) -> tuple[list[_Turn], int]:
    """Who said what in each message, and how many images and documents there are."""
    turns, documents = list[_Turn](), 0
    for message in messages:
        content = message.get("content")
        if not isinstance(content, str):
            blocks = mappings(content)
            kinds = [block.get("type") for block in blocks]
            documents += kinds.count("image") + kinds.count("document")
            content = "\n".join(texts(blocks)) if "text" in kinds else ""
        turns.append((message.get("role") == "user", content))
    return turns, documents


def _pending(turns: Sequence[_Turn]) -> tuple[str, int]:
    """The text of the pending task, and where it begins."""
    pending, begins = "", len(turns)
    for at in range(len(turns) - 1, -1, -1):
        person, text = turns[at]
        if person and text and (not pending or len(text) > _NO_TASK):
            pending, begins = f"{text}\n{pending}" if pending else text, at
            if len(text) > _NO_TASK:
                break
    return pending, begins


def _earlier(turns: Sequence[_Turn], before: int) -> str:
    """The last turns of the person, in order, then what was last answered."""
    last = reversed(turns[max(0, before - _LOOK_BACK) : before])
    said, answered = list[str](), ""
    for person, text in last:
        if person and text and len(said) < _EARLIER_TURNS:
            said.append(_cut(text, _EARLIER))
        elif not person and not answered:
            answered = text[:300]
    return " ".join((*reversed(said), answered))


def _cut(text: str, ends: tuple[int, int]) -> str:
    start, end = ends
    return text if len(text) <= start + end else f"{text[:start]} \n {text[-end:]}"


def _offer(tool: Mapping[str, Any]) -> str:
    return f"{tool.get('name') or tool.get('type')} {str(tool.get('description') or '')[:80]}"


def _schema(body: Body) -> object:
    """The JSON schema that the answer has to fit, in either place the API takes it."""
    config = body.get("output_config")
    asked = cast("Body", config).get("format") if isinstance(config, dict) else None
    asked = asked or body.get("output_format")
    return cast("Body", asked).get("schema") if isinstance(asked, dict) else None


def _names(schema: object) -> Sequence[str]:
    properties = cast("Body", schema).get("properties") if isinstance(schema, dict) else None
    return list(cast("Body", properties))[:_TOOLS] if isinstance(properties, dict) else ()


def _kind(value: object) -> object:
    return cast("Body", value).get("type") if isinstance(value, dict) else None


def _blocks(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return mappings(message.get("content"))
