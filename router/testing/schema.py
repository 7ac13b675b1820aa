"""A plausible value for a JSON schema: the input of a tool call, or a structured answer."""

from __future__ import annotations

from random import Random
from typing import Any, cast

_WORDS = ("north", "invoice", "amber", "quarterly", "returns", "Lisbon", "standard", "draft", "review", "urgent")
_BY_FORMAT = {
    "date": "2026-10-14",
    "date-time": "2026-10-14T09:30:00Z",
    "time": "09:30:00Z",
    "email": "sam@example.com",
    "uri": "https://example.com/orders/1042",
    "uuid": "6f2c1f0e-4a1b-4c57-9a55-0d9a3c6f1b20",
}


def fill(schema: dict[str, Any], dice: Random, *, root: dict[str, Any] | None = None, depth: int = 0) -> Any:
    """A value that the schema accepts, for the usual keywords; a schema that says nothing gets a word."""
    root = schema if root is None else root
    if "$ref" in schema:
        schema = _resolve(str(schema["$ref"]), root)
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return fill(schema[choice][0], dice, root=root, depth=depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return dice.choice(schema["enum"])
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = cast("list[str]", kind)[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            return _object(schema, dice, root, depth)
        case "array":
            count = max(int(schema.get("minItems", 0)), 0 if depth > 6 else 1)
            return [fill(schema.get("items", {}), dice, root=root, depth=depth + 1) for _ in range(count)]
        case "integer" | "number":
            return _number(schema, dice)
        case "boolean":
            return dice.random() < 0.5
        case "null":
            return None
        case _:
            return _string(schema, dice)


def _object(schema: dict[str, Any], dice: Random, root: dict[str, Any], depth: int) -> dict[str, Any]:
    required = schema.get("required", ())
    return {
        name: fill(inner, dice, root=root, depth=depth + 1)
        for name, inner in schema.get("properties", {}).items()
        if name in required or depth < 2
    }


def _number(schema: dict[str, Any], dice: Random) -> int:
    low = int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    high = int(schema.get("maximum", schema.get("exclusiveMaximum", low + 101) - 1))
    return dice.randint(low, max(low, high))


def _string(schema: dict[str, Any], dice: Random) -> str:
    text = _BY_FORMAT.get(str(schema.get("format")), dice.choice(_WORDS))
    text = text.ljust(int(schema.get("minLength", 0)), "x")
    return text[: int(schema.get("maxLength", len(text)))]


def _resolve(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    """Follow `#/$defs/Name`; anything else is a schema that says nothing."""
    found: Any = root
    for key in reference.removeprefix("#/").split("/"):
        found = cast("dict[str, Any]", found).get(key, {}) if isinstance(found, dict) else {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
