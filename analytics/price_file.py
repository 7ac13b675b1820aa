"""What may be written in pricing.yaml, and which mistakes a schema cannot see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from .yaml_file import Key, Problem

FIRST_DAY = date(1, 1, 1)
LAST_DAY = date(9999, 12, 31)


def _amount(value: object) -> Decimal:
    expected = PydanticCustomError("amount", 'a decimal in quotes, zero or more, such as "0.25"')
    if not isinstance(value, str):
        raise expected
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise expected from None
    if not amount.is_finite() or amount < 0 or amount >= 10**6:
        raise expected
    if -int(amount.as_tuple().exponent) > 6:
        raise PydanticCustomError("amount", "at most six decimals")
    return amount


def _factor(value: object) -> Decimal:
    factor = _amount(value)
    if factor >= 100 or factor != round(factor, 2):
        raise PydanticCustomError("factor", 'a factor under 100 with at most two decimals, such as "1.1"')
    return factor


def _day(value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError("day", "a day such as 2026-11-21") from None


Amount = Annotated[Decimal, BeforeValidator(_amount)]
Factor = Annotated[Decimal, BeforeValidator(_factor)]
Day = Annotated[date, BeforeValidator(_day)]
Platform = Literal["anthropic", "claude_platform_aws", "bedrock", "vertex", "foundry"]
Speed = Literal["standard", "fast"]
Profile = Literal["global", "us", "eu", "jp", "au", "apac", "us-gov"]
Names = Annotated[list[str], Field(min_length=1)]


class Written(BaseModel):
    """What a person wrote: no other keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Span(Written):
    """From one day to the day before another, in UTC."""

    from_: Day = Field(alias="from", default=FIRST_DAY)
    to: Day = LAST_DAY

    def bounds(self) -> dict[str, str]:
        """As the ledger's tables have it: half-open, days as text."""
        return {"valid_from": self.from_.isoformat(), "valid_to": self.to.isoformat()}


class Dated(Span):
    """A row that holds for a time, and says who says so."""

    source: Names


class Source(Written):
    """Where a figure was read."""

    authority: Literal["official", "cloud", "aggregator", "community"]
    dated: str
    what: str
    where: str


class When(Written):
    """What narrows a row."""

    speed: Speed = "standard"
    prompt_over: Annotated[int, Field(gt=0)] | None = None


PLAUSIBLE = {
    "input": (Decimal("0.01"), Decimal(200)),
    "output": (Decimal("0.05"), Decimal(1000)),
    "cache_write_5m": (Decimal("0.01"), Decimal(250)),
    "cache_write_1h": (Decimal("0.01"), Decimal(400)),
    "cache_read": (Decimal("0.001"), Decimal(50)),
}
"""US dollars per million tokens. What lies outside was most likely noted per token or per thousand tokens."""


class Row(Dated):
    """The prices of one model for a time. A bucket without a price is unpriced."""

    from_: Day = Field(alias="from")
    when: When = When()
    input: Amount
    output: Amount
    cache_write_5m: Amount | None = None
    cache_write_1h: Amount | None = None
    cache_read: Amount | None = None

    @property
    def over(self) -> int:
        """Prompts longer than this; -1 for every prompt, because a prompt of 0 tokens has a price too."""
        return -1 if self.when.prompt_over is None else self.when.prompt_over


class BedrockIds(Written):
    """Ids within a region, and the profiles that may stand before them."""

    ids: Names
    profiles: list[Profile] = Field(default_factory=list[Profile])


class Ids(Written):
    """Every spelling of one model."""

    anthropic: Names
    bedrock: BedrockIds | None = None
    vertex: Names | None = None
    foundry: Names | None = None

    def spellings(self) -> Iterator[tuple[str, str, str | None]]:
        """Platform, id and, where the id alone says it, the scope of the endpoint."""
        for name in self.anthropic:
            yield "anthropic", name, "global"
            yield "claude_platform_aws", name, "global"
        if self.bedrock is not None:
            for name in self.bedrock.ids:
                yield "bedrock", name, None  # within a region, unless the request says otherwise
            for profile in self.bedrock.profiles:
                scope = profile if profile in {"global", "us-gov"} else "regional"
                yield "bedrock", f"{profile}.{self.bedrock.ids[0]}", scope
        for name in self.vertex or ():
            yield "vertex", name, None
        for name in self.foundry or ():
            yield "foundry", name, None


class Model(Written):
    """One model: what it can do, what it is called, what it costs."""

    name: str
    launched: Day | None
    retires: Day | None = None
    retires_not_before: Day | None = None
    context_window: int | None
    max_output: int | None
    min_cacheable_tokens: int | None
    tokenizer: Literal["before_4_7", "from_4_7"]
    modifiers: list[str]
    ids: Ids
    source: Names
    prices: Annotated[list[Row], Field(min_length=1)] | None = None
    unpriced: str | None = None


class Modifier(Dated):
    """What a thing that a response says does to the token prices."""

    when: Annotated[dict[Literal["service_tier", "inference_geo", "scope"], str], Field(min_length=1, max_length=1)]
    multiply: Factor
    speeds: list[Speed] = Field(default_factory=lambda: list[Speed](("standard", "fast")))
    platforms: list[Platform]
    other_models: Factor | None = None


class Neutral(Written):
    """What a response may say that changes no price."""

    service_tier: Names
    inference_geo: Names
    scope: Names


class Fee(Dated):
    """A price by the piece."""

    price: Amount
    per: Literal[1, 1000]
    platforms: list[Platform]


class PriceFile(Written):
    """pricing.yaml, as written."""

    version: str
    checked: Day
    unit: Literal["USD per million tokens"]
    modifiers: dict[str, list[Modifier]]
    neutral: Neutral
    per_use: dict[str, list[Fee]]
    models: dict[str, Model]
    sources: dict[str, Source]

    def dump(self) -> dict[str, Any]:
        """What was written, as plain data: YAML of it parses to an equal PriceFile. Comments are not kept."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def mistakes(file: PriceFile) -> Iterator[Problem]:
    """What the schema cannot say: names that must exist, ids that must be unique, days that must not overlap."""
    yield from _ids_owned_twice(file.models)
    for key, row in _sourced(file):
        for index, name in enumerate(row.source):
            if name not in file.sources:
                yield Problem((*key, "source", index), f'"{name}"', "the name of an entry under sources")
        if isinstance(row, Dated) and row.to <= row.from_:
            yield Problem((*key, "to"), str(row.to), f"a day after {row.from_}")
    for name, model in file.models.items():
        yield from _model_mistakes(("models", name), model, file.modifiers)
    yield from _fee_overlaps(file.per_use)
    yield from _modifier_overlaps(file.modifiers, file.neutral)


def _sourced(file: PriceFile) -> Iterator[tuple[Key, Model | Dated]]:
    for name, model in file.models.items():
        yield ("models", name), model
        for index, row in enumerate(model.prices or ()):
            yield ("models", name, "prices", index), row
    for section, dated in (("modifiers", file.modifiers), ("per_use", file.per_use)):
        for name, rows in dated.items():
            for index, row in enumerate(rows):
                yield (section, name, index), row


def _ids_owned_twice(models: Mapping[str, Model]) -> Iterator[Problem]:
    owners: dict[tuple[str, str], str] = {}
    for name, model in models.items():
        for platform, spelling, _ in model.ids.spellings():
            owner = owners.setdefault((platform, spelling), name)
            if owner != name and platform != "claude_platform_aws":  # the ids of the Claude API: said once
                key = ("models", name, "ids", platform)
                yield Problem(key, f"{spelling}, which is an id of {owner}", "an id of one model only")


def _model_mistakes(key: Key, model: Model, modifiers: Mapping[str, object]) -> Iterator[Problem]:
    for index, name in enumerate(model.modifiers):
        if name not in modifiers:
            yield Problem((*key, "modifiers", index), f'"{name}"', f"one of {', '.join(modifiers)}")
    if (model.prices is None) == (model.unpriced is None):
        found = "neither prices nor unpriced" if model.prices is None else "both prices and unpriced"
        yield Problem(key, found, "one of the two")
    same_condition: defaultdict[tuple[str, int], list[tuple[Key, Row]]] = defaultdict(list)
    for index, row in enumerate(model.prices or ()):
        same_condition[row.when.speed, row.over].append(((*key, "prices", index), row))
        yield from _implausible((*key, "prices", index), row)
    for (speed, over), rows in same_condition.items():
        yield from _overlaps(rows)
        for row_key, row in rows if over >= 0 else ():
            if not any((base.from_, base.to) == (row.from_, row.to) for _, base in same_condition.get((speed, -1), ())):
                found = f"prompts over {over} from {row.from_} on"
                expected = "a row with the same days and without prompt_over beside it"
                yield Problem((*row_key, "when"), found, expected)


def _implausible(key: Key, row: Row) -> Iterator[Problem]:
    """A price that is wrong by a factor of a thousand is a unit that was mistaken."""
    for bucket, (least, most) in PLAUSIBLE.items():
        price = getattr(row, bucket)
        if price is not None and not least <= price <= most:
            expected = f"US dollars per million tokens, between {least} and {most}"
            yield Problem((*key, bucket), f'"{price:f}"', expected)


def _fee_overlaps(per_use: Mapping[str, Sequence[Fee]]) -> Iterator[Problem]:
    for counter, fees in per_use.items():
        on_platform: defaultdict[str, list[tuple[Key, Dated]]] = defaultdict(list)
        for index, fee in enumerate(fees):
            for platform in fee.platforms:
                on_platform[platform].append((("per_use", counter, index), fee))
        for rows in on_platform.values():
            yield from _overlaps(rows)


def _modifier_overlaps(modifiers: Mapping[str, Sequence[Modifier]], neutral: Neutral) -> Iterator[Problem]:
    """Two factors for the same thing at the same time would both be applied."""
    same_thing: defaultdict[tuple[str, str, str, str], list[tuple[Key, Dated]]] = defaultdict(list)
    for name, rows in modifiers.items():
        for index, row in enumerate(rows):
            ((field, value),) = row.when.items()
            if value in getattr(neutral, field):
                key = ("modifiers", name, index, "when", field)
                yield Problem(key, f'"{value}", which is neutral', "a value that is not listed under neutral")
            for platform in row.platforms:
                for speed in row.speeds:
                    same_thing[field, value, platform, speed].append((("modifiers", name, index), row))
    for rows in same_thing.values():
        yield from _overlaps(rows)


def _overlaps(rows: Sequence[tuple[Key, Dated]]) -> Iterator[Problem]:
    for (_, earlier), (key, later) in pairwise(sorted(rows, key=lambda row: row[1].from_)):
        if later.from_ < earlier.to:
            until = "without end" if earlier.to == LAST_DAY else f"until {earlier.to}"
            found = f"{later.from_}, while the row from {earlier.from_} holds {until}"
            yield Problem((*key, "from"), found, "rows that do not overlap")
