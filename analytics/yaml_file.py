"""A YAML file that a person wrote: read, checked, and told what is wrong in one sentence per mistake.

Each sentence names file, line, key, what was found and what was expected.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    _Loader = yaml.SafeLoader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

File = TypeVar("File", bound=BaseModel)
Key = tuple[str | int, ...]

_KINDS = {"model_type": "a mapping", "dict_type": "a mapping", "list_type": "a list", "string_type": "text in quotes"}
"""What pydantic calls by the names of Python."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, at one key."""

    key: Key
    found: str
    expected: str


def read(
    path: Path,
    schema: type[File],
    *,
    check: Callable[[File], Iterable[Problem]],
    error: type[Exception],
) -> tuple[File, str]:
    """The file as its schema, and the SHA-256 of its bytes.

    `check` finds what a schema cannot say, such as a name that is used and not defined. Raises `error` with one line
    per mistake.
    """
    try:
        data = path.read_bytes()
    except OSError as reason:
        raise error(f"{path}: cannot be read ({reason.strerror})") from reason
    return parse(data, str(path), schema, check=check, error=error), hashlib.sha256(data).hexdigest()


def parse(
    data: bytes,
    name: str,
    schema: type[File],
    *,
    check: Callable[[File], Iterable[Problem]],
    error: type[Exception],
) -> File:
    """The same for YAML, or JSON, that is not in a file; errors call it `name`."""
    text = ""
    try:
        text = data.decode()
        parsed = schema.model_validate(yaml.load(text, _OneKeyOnce))  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as reason:
        raise error(f"{name}: found bytes that are not UTF-8, expected text") from reason
    except yaml.YAMLError as reason:
        raise error(_syntax(name, reason)) from reason
    except ValidationError as reason:
        problems = [_problem(schema, detail) for detail in reason.errors()]
        raise error(_sentences(name, text, problems)) from reason
    if problems := list(check(parsed)):
        raise error(_sentences(name, text, problems))
    return parsed


class _OneKeyOnce(_Loader):
    """Refuses a key that is written twice, which YAML would let win silently; leaves dates to the schema."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"found the key {key.value} twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_OneKeyOnce.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def _syntax(name: str, reason: yaml.YAMLError) -> str:
    if not isinstance(reason, yaml.MarkedYAMLError) or reason.problem_mark is None:
        return f"{name}: found {reason}, expected YAML"
    problem = reason.problem or "a syntax error"
    found = problem if problem.startswith("found ") else f"found a syntax error ({problem})"
    expected = "each key once" if problem.endswith(" twice") else "YAML"
    return f"{name}, line {reason.problem_mark.line + 1}: {found}, expected {expected}"


def _sentences(name: str, text: str, problems: Sequence[Problem]) -> str:
    root = cast("yaml.Node | None", yaml.compose(text, yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType] - PyYAML's stub
    return "\n".join(
        _one_line(
            f"{name}, line {_line(root, problem.key)}: {_dotted(problem.key)}: "
            f"found {problem.found}, expected {problem.expected}"
        )
        for problem in problems
    )


def _one_line(sentence: str) -> str:
    """Without the line breaks and control characters that a value or a key may have."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in sentence)


def _dotted(key: Key) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in key)
    return "".join(steps).removeprefix(".") or "the file"


def _line(node: yaml.Node | None, key: Key) -> int:
    """The line of the key, or of the nearest thing around it that is there."""
    line = 1
    for step in key:
        if isinstance(node, yaml.MappingNode):
            pair = next(((name, value) for name, value in node.value if name.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            pair = (node.value[step], node.value[step])
        else:
            pair = None
        if pair is None:
            return line
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line


def _problem(schema: type[BaseModel], detail: ErrorDetails) -> Problem:
    key = tuple(step for step in detail["loc"] if step != "[key]")
    if detail["type"] == "missing":
        return Problem(key, "nothing", "this key")
    if detail["type"] == "extra_forbidden":
        keys = sorted(_keys_at(schema, key[:-1]))
        near = difflib.get_close_matches(str(key[-1]), keys, n=1)
        return Problem(key, "an unknown key", near[0] if near else f"one of {', '.join(keys)}")
    expected = _KINDS.get(detail["type"]) or detail["msg"].removeprefix("Input should be ")
    return Problem(key, _shown(detail["input"]), expected)


def _keys_at(schema: Any, key: Key) -> set[str]:
    """What may be written in the mapping at `key`: walks the annotations of the schema."""
    for step in key:
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in schema.model_fields.items()}
            schema = _bare(fields[str(step)])
        else:
            schema = _bare(get_args(schema)[-1])  # the items of list[X], the values of dict[str, X]
    return {field.alias or name for name, field in schema.model_fields.items()}


def _bare(annotation: Any) -> Any:
    """X of `X | None` and of `Annotated[X, ...]`."""
    wrapped = get_origin(annotation) is Annotated or type(None) in get_args(annotation)
    return _bare(get_args(annotation)[0]) if wrapped else annotation


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f'"{value[:60]}"'
    return f"{str(value)[:60]} without quotes"
