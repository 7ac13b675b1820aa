from __future__ import annotations

from random import Random
from typing import Any

from pydantic import BaseModel, Field

from router.testing import StandIn
from router.testing.schema import fill

DICE = Random(1)  # noqa: S311 - variety, not secrecy


class Line(BaseModel):
    article: str = Field(min_length=3, max_length=12)
    count: int = Field(ge=1, le=9)


class Parcel(BaseModel):
    """Without limits: the SDK leaves those out of the schema that it sends."""

    number: int
    contents: list[str]


class Order(BaseModel):
    number: int = Field(gt=1000)
    lines: list[Line] = Field(min_length=2)
    note: str | None = None
    status: str = Field(pattern="", json_schema_extra={"enum": ["open", "sent"]})
    express: bool


def test_values_fit_their_schema() -> None:
    """A made-up value is valid: references, ranges, lengths, enums and required parts included."""
    for _ in range(50):
        order = Order.model_validate(fill(Order.model_json_schema(), DICE))
        assert order.status in {"open", "sent"}


def test_recursive_schemas_end() -> None:
    """A schema that contains itself gets a value all the same."""
    node: dict[str, Any] = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}
    assert "children" in fill(node, DICE)


def test_odd_schemas_get_a_value() -> None:
    """Constants, type lists, nulls and unknown references are no reason to fail."""
    assert fill({"const": 4}, DICE) == 4
    assert fill({"type": ["null", "string"]}, DICE) is None
    assert isinstance(fill({"$ref": "#/$defs/Gone"}, DICE), str)
    assert isinstance(fill({}, DICE), str)


def test_structured_output_parses() -> None:
    """`messages.parse()` gets an answer of the type it asked for."""
    parsed = (
        StandIn()
        .client()
        .messages.parse(
            model="claude-sonnet-5-5",
            max_tokens=900,
            messages=[{"role": "user", "content": "Read the order."}],
            output_format=Parcel,
        )
    )
    assert isinstance(parsed.parsed_output, Parcel)
    assert parsed.parsed_output.contents
