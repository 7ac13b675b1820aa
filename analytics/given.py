"""Given: requests that somebody hands to the router to judge, labelled or not. One sentence says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from router.classify import TASK_TYPES, TaskType

from .evaluate import TIERS, Label

_KINDS = {"NoneType": "nothing", "dict": "an object", "list": "a list", "str": "a string", "bool": "true or false"}


class Given(NamedTuple):
    """A Messages body, and the tags of its call."""

    body: Mapping[str, Any]
    tags: Mapping[str, str]


class Labelled(NamedTuple):
    """A row of a labelled file."""

    body: Mapping[str, Any]
    label: Label
    also: tuple[Label, ...]
    """Second labels that fit as well."""
    source: str
    lang: str


def read(document: object) -> Given:
    """A Messages body, or an object with one under `request`, where `tags` may stand beside it.

    Raises ValueError with the key, what was found and what was expected; it never says what a text was.
    """
    written = _object(document)
    if "request" not in written:
        return Given(_body(written), {})
    return Given(_body(_object(written["request"], "request: ")), _tags(written.get("tags")))


def read_labelled(document: object, tiers: Mapping[TaskType, str]) -> Labelled:
    """A row as the training data have them; `tiers` says what a task type needs where the row does not.

    Raises ValueError, as `read` does.
    """
    row = _object(document)
    task_type, also = _task_type("task_type", row.get("task_type")), _list("also", row.get("also") or [])
    tier = row.get("tier", tiers[task_type])
    if tier not in TIERS:
        raise ValueError(f"tier: found {tier!r:.40}, expected one of {', '.join(TIERS)}")
    if "request" not in row:
        raise ValueError("request: found nothing, expected a Messages body")
    others: list[TaskType] = [_task_type("also", one) for one in also]
    return Labelled(
        body=read(row).body,
        label=Label(task_type, tier),
        also=tuple(Label(one, tiers[one]) for one in others),
        source=str(row.get("source", "unknown")),
        lang=str(row.get("lang", "unknown")),
    )


def named(document: object) -> dict[str, object]:
    """What names a document: its `id`, if it has one."""
    fields = _mapping(document) or {}
    return {"id": fields["id"]} if "id" in fields else {}


def model_of(document: object) -> str | None:
    """The model that is named even in what is no request: that is where it would go, for the API to refuse it."""
    fields = _mapping(document) or {}
    model = (_mapping(fields.get("request")) or fields).get("model")
    return model if isinstance(model, str) else None


def _body(body: Mapping[str, Any]) -> Mapping[str, Any]:
    messages = _list("messages", body.get("messages"))
    if not messages:
        raise ValueError("messages: found an empty list, expected a list of messages")
    for number, message in enumerate(messages):
        _check_message(f"messages[{number}]", message)
    if not isinstance(body.get("model", ""), str):
        raise ValueError(f"model: found {_kind(body['model'])}, expected the id of a model")
    return body


def _check_message(where: str, message: object) -> None:
    fields = _object(message, f"{where}: ")
    if fields.get("role") not in ("user", "assistant", "system"):
        raise ValueError(f"{where}.role: found {_kind(fields.get('role'))}, expected user or assistant")
    if not isinstance(fields.get("content"), str | list):
        raise ValueError(
            f"{where}.content: found {_kind(fields.get('content'))}, expected a string or a list of blocks"
        )


def _tags(value: object) -> Mapping[str, str]:
    if value is None:
        return {}
    tags = _object(value, "tags: ")
    for name, tag in tags.items():
        if not isinstance(tag, str):
            raise ValueError(f"tags.{name}: found {_kind(tag)}, expected a string")
    return tags


def _task_type(key: str, value: object) -> TaskType:
    for known in TASK_TYPES:
        if known == value:
            return known
    raise ValueError(f"{key}: found {value!r:.40}, expected one of {', '.join(TASK_TYPES)}")


def _list(key: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{key}: found {_kind(value)}, expected a list")
    return cast("list[object]", value)


def _object(value: object, where: str = "") -> Mapping[str, Any]:
    if isinstance(value, ValueError):
        raise value
    if (found := _mapping(value)) is None:
        raise ValueError(f"{where}found {_kind(value)}, expected an object")
    return found


def _mapping(value: object) -> Mapping[str, Any] | None:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else None


def _kind(value: object) -> str:
    """What a value is, and not what it says: it may be somebody's prompt."""
    return _KINDS.get(type(value).__name__, "a number")
