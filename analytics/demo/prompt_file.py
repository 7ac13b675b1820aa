"""A file of prompts: JSON Lines, plain or .gz; a line is a Messages body, or an object with one under `request`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, cast

from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from pydantic import TypeAdapter, ValidationError

from analytics.exceptions import SettingsError

from .corpus import TEAMS, Scenario

_BODY = TypeAdapter(MessageCreateParamsNonStreaming)
_KEYS = ("system", "messages", "tools", "tool_choice", "max_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that holds no request."""

    number: int
    reason: str


def read(path: Path, *, limit: int | None = None) -> tuple[list[Scenario], list[BadLine]]:
    """The requests of a file, at most `limit`, and the lines that hold none. Raises SettingsError if all do."""
    scenarios, bad = list[Scenario](), list[BadLine]()
    teams = cycle(TEAMS)
    for number, line in enumerate(_lines(path), start=1):
        if limit is not None and len(scenarios) == limit:
            break
        if not line.strip():
            continue
        try:
            body = _body(line)
        except ValueError as error:
            bad.append(BadLine(number=number, reason=str(error)))
            continue
        nightly = "tools" not in body and len(scenarios) % 12 == 0
        scenarios.append(
            Scenario(team=next(teams), feature="prompts", task_type="", language="", body=body, batch=nightly)
        )
    if not scenarios:
        raise SettingsError(f"{path}: found no request, {len(bad)} bad lines; expected Messages bodies, one a line")
    return scenarios, bad


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield from file
    except (OSError, EOFError) as error:
        raise SettingsError(f"{path}: found {error}, expected a readable file of JSON Lines") from error


def _body(line: bytes) -> dict[str, Any]:
    """The Messages body of a line. Raises ValueError in words that do not quote the prompt."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ValueError("found no JSON, expected an object") from error
    if isinstance(row, dict) and "request" in row:
        row = cast("dict[str, Any]", row)["request"]
    if not isinstance(row, dict):
        raise ValueError(f"found {type(row).__name__}, expected an object")
    given = cast("dict[str, Any]", row)
    body = {"max_tokens": 1024, **{key: given[key] for key in _KEYS if given.get(key) is not None}}
    check(body)
    return body


def check(body: Mapping[str, Any]) -> None:
    """Raise ValueError, naming the key, unless the SDK's types admit this Messages body."""
    try:
        checked = cast("Mapping[str, object]", _BODY.validate_python({"model": "auto", **body}))
    except ValidationError as error:
        raise ValueError(_sentence(error)) from error
    for key, value in checked.items():
        try:
            _exhaust(value)
        except ValidationError as error:
            raise ValueError(_sentence(error, key)) from error
    if not isinstance(body["messages"], list) or not body["messages"]:
        raise ValueError("messages: found none, expected a list with at least one")


def _sentence(error: ValidationError, *key: str) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    # Between keys and indexes stand the names of types that pydantic tried.
    path = [str(part) for part in (*key, *problem["loc"]) if str(part).islower() or isinstance(part, int)]
    return f"{'.'.join(path)}: {problem['msg']}"


def _exhaust(value: object) -> None:
    """Read through a value: the SDK's types have iterables in them, and pydantic checks those only as they are read."""
    if isinstance(value, Mapping):
        for inner in cast("Mapping[str, object]", value).values():
            _exhaust(inner)
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for inner in cast("Iterable[object]", value):
            _exhaust(inner)
