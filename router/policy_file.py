"""policy.yaml, read; and what is wrong with a policy, in code or in a file, in one sentence per mistake.

Each sentence names the source, in a file the line, the key, what was found and what was expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .exceptions import PolicyError

if TYPE_CHECKING:
    import yaml
    from pydantic import ValidationError

Key = tuple[str | int, ...]


class Problem(NamedTuple):
    """One mistake, at one key."""

    key: Key
    found: str
    expected: str


class PolicyMistakes(PolicyError):
    """What is wrong with the keys of a policy."""

    def __init__(self, problems: Iterable[Problem], *, source: Callable[[Key], str] = lambda _: "Policy") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(_sentence(problem, source(problem.key)) for problem in self.problems))


def problems_of(error: ValidationError, keys_at: Callable[[Key], Iterable[str]]) -> Iterator[Problem]:
    """The mistakes that a schema sees; `keys_at` says what may be written in the mapping at a key."""
    for detail in error.errors(include_url=False):
        key = tuple(step for step in detail["loc"] if step != "[key]")
        match detail["type"]:
            case "extra_forbidden":
                yield unknown_key(key, keys_at(key[:-1]))
            case "missing":
                yield Problem(key, "nothing", "a value")
            case "literal_error":
                yield Problem(key, repr(detail["input"]), detail.get("ctx", {})["expected"])
            case "default_factory_not_called":
                pass  # it follows from another mistake, which is told
            case _:
                yield Problem(key, f"{detail['input']!r:.80}", detail["msg"].removeprefix("Input should be "))


def unknown_key(key: Key, keys: Iterable[str]) -> Problem:
    """The mistake of a key that is none of `keys`."""
    import difflib  # noqa: PLC0415  # `import router` must stay light

    names = list(keys)
    near = difflib.get_close_matches(str(key[-1]), names, n=1)
    return Problem(key, "an unknown key", near[0] if near else f"one of {', '.join(names)}")


class PolicyFile(NamedTuple):
    """A policy.yaml that was read."""

    keys: dict[str, Any]
    source: Callable[[Key], str]
    """The file and the line of a key, or of the nearest thing around it that is there."""


def read(path: str | Path) -> PolicyFile:
    """The keys of a file. Raises PolicyError naming the file if it is no mapping, or has a key twice."""
    import yaml  # noqa: PLC0415  # a policy in code needs no PyYAML, and `import router` must stay light

    try:
        text = Path(path).read_text("utf-8-sig")
        root = cast("yaml.Node | None", yaml.compose(text, yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]  # PyYAML's stub
        keys: object = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise PolicyError(f"{path}{where}: cannot be read as YAML: {error.problem}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PolicyError(f"{path}: cannot be read as YAML: {error}") from error
    if keys is None:
        keys = {}
    if not isinstance(keys, dict):
        raise PolicyError(f"{path}: found {keys!r:.60}, expected a mapping of policy keys")
    if (twice := _written_twice(root, set())) is not None:
        line = twice.start_mark.line + 1
        raise PolicyError(f"{path}, line {line}: found the key {twice.value} twice, expected each key once")
    named = {str(key): value for key, value in cast("dict[Any, Any]", keys).items()}

    def source(key: Key) -> str:
        return f"{path}, line {_line(root, key)}"

    return PolicyFile(named, source)


def _sentence(problem: Problem, source: str) -> str:
    key = ".".join(map(str, problem.key))
    return f"{source}: {key}: found {problem.found}, expected {problem.expected}"


def _written_twice(node: Any, seen: set[int]) -> yaml.ScalarNode | None:
    """The first key that stands twice in one mapping, which YAML would let win silently."""
    if node is None or node.id == "scalar" or id(node) in seen:
        return None
    seen.add(id(node))
    pairs: list[tuple[Any, Any]] = node.value if node.id == "mapping" else [(None, item) for item in node.value]
    names: set[Any] = set()
    for name, value in pairs:
        if name is not None and name.id == "scalar" and name.value != "<<":
            if name.value in names:
                return name
            names.add(name.value)
        if (found := _written_twice(value, seen)) is not None:
            return found
    return None


def _line(node: Any, key: Key) -> int:
    line = 1
    for step in key:
        if node is None or node.id == "scalar":
            return line
        if node.id == "mapping":
            pair = next((pair for pair in node.value if pair[0].value == str(step)), None)
        else:
            pair = (node.value[step], node.value[step]) if isinstance(step, int) and step < len(node.value) else None
        if pair is None:
            return line
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line
