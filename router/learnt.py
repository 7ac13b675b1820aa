"""What a client learnt of wrong guesses: models that reject what the model named accepts. For the process only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from . import call as calls
from .features import Body, mappings

_OF_THE_MODEL = frozenset({403, 404})
"""The key may not use the model, or there is none of that name: so for every request."""


class Learnt:
    """Which models to avoid, altogether or for requests of a shape. Bounded: the oldest is forgotten first."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._models: dict[str, int] = {}
        self._shapes: dict[tuple[str, int], int] = {}

    def add(self, model: str, status: int, body: Body) -> None:
        """The model answered with this status what the model named then accepted."""
        if status in _OF_THE_MODEL:
            calls.keep(self._models, model, status)
        else:
            calls.keep(self._shapes, (model, shape(body)), status)

    def against(self, model: str, body: Body) -> str | None:
        """What speaks against the model, in one phrase; None if nothing does."""
        status = self._models.get(model)
        if status is None and self._shapes:
            status = self._shapes.get((model, shape(body)))
        return None if status is None else f"{model} answered {status} before"


def shape(body: Body) -> int:
    """The same for requests that a model rejects for the same reason: what they use, and their rough lengths.

    No text of the request goes in, only its parameters, the types of its parts, and lengths to the power of two.
    """
    return hash(frozenset(_traits(body)))


def _traits(body: Body) -> Iterator[str]:
    length = 0
    for key, value in body.items():
        yield f"{key}.{value}" if isinstance(value, bool) else key
        if isinstance(value, dict):
            yield from (f"{key}.{part}.{_kind(setting)}" for part, setting in cast("dict[str, Any]", value).items())
    for tool in mappings(body.get("tools")):
        yield f"tool.{tool.get('type')}"
        yield from (f"tool.{key}" for key in tool)
    last = "none"
    for message in mappings(body.get("messages")):
        last = str(message.get("role"))
        content = message.get("content")
        length += len(content) if isinstance(content, str) else 0
        for block in mappings(content):
            yield f"block.{block.get('type')}"
            length += len(block["text"]) if isinstance(block.get("text"), str) else 0
    max_tokens = body.get("max_tokens")
    yield f"last.{last}"
    yield f"length.{length.bit_length()}"
    yield f"max_tokens.{max_tokens.bit_length() if isinstance(max_tokens, int) else None}"


def _kind(setting: object) -> object:
    """A setting's own name where it is short, as `type: adaptive`; else only that there is one."""
    if isinstance(setting, Mapping):
        return "object"
    return setting if isinstance(setting, str) and len(setting) < 20 else type(setting).__name__
