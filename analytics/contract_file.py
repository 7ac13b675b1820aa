"""What may be written in contract.yaml, and which mistakes a schema cannot see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from .price_file import FIRST_DAY, LAST_DAY, Names, Platform, Span, Written
from .yaml_file import Key, Problem


def _percent(value: object) -> Decimal:
    percent = _decimal(value)
    if percent is None or not 0 < percent <= 100 or percent != round(percent, 2):
        raise PydanticCustomError("percent", 'a decimal in quotes, over 0, at most "100", with at most two decimals')
    return percent


def _rate(value: object) -> Decimal:
    rate = _decimal(value)
    if rate is None or not 0 < rate < 10**6 or rate != round(rate, 6):
        raise PydanticCustomError("rate", 'a decimal in quotes, over 0, with at most six decimals, such as "0.92"')
    return rate


def _decimal(value: object) -> Decimal | None:
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _named(value: object) -> object:
    return {"model": value} if isinstance(value, str) else value


class Discount(Span):
    """Percent off the list price of everything in its scope; what is left out is not narrowed."""

    percent_off: Annotated[Decimal, BeforeValidator(_percent)]
    platforms: Annotated[list[Platform], Field(min_length=1)] | None = None
    models: Names | None = None
    service_tiers: Names | None = None


class Rate(Span):
    """What a dollar is worth in the reporting currency."""

    per_usd: Annotated[Decimal, BeforeValidator(_rate)]


class _Served(Written):
    """What stands behind a name that only this customer knows."""

    model: str
    scope: Literal["global", "regional", "us-gov", "us_data_zone"] | None = None


Served = Annotated[_Served, BeforeValidator(_named)]


class ContractFile(Written):
    """contract.yaml, as written."""

    discounts: list[Discount] = Field(default_factory=list[Discount])
    foundry_deployments: dict[str, Served] = Field(default_factory=dict[str, Served])
    bedrock_profiles: dict[str, Served] = Field(default_factory=dict[str, Served])
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    rates: list[Rate] = Field(default_factory=list[Rate])


def mistakes(file: ContractFile, *, models: Collection[str], bedrock: Collection[str]) -> Iterator[Problem]:
    """What the schema cannot say. `models` are the ids of the Claude API, `bedrock` those of Bedrock."""
    expected = "a model of the price table, such as claude-opus-5-5"
    for index, discount in enumerate(file.discounts):
        for place, name in enumerate(discount.models or ()):
            if name not in models:
                yield Problem(("discounts", index, "models", place), f'"{name}"', expected)
    for deployment, served in file.foundry_deployments.items():
        if served.model not in models:
            yield Problem(("foundry_deployments", deployment), f'"{served.model}"', expected)
    for profile, served in file.bedrock_profiles.items():
        if served.model not in models and served.model not in bedrock:
            yield Problem(("bedrock_profiles", profile), f'"{served.model}"', f"{expected}, or an id of Bedrock")
    yield from _spans("discounts", file.discounts)
    yield from _spans("rates", file.rates)
    if bool(file.rates) != (file.currency is not None):
        found = "rates without a currency" if file.rates else f"the currency {file.currency} without rates"
        yield Problem(("rates",) if file.rates else ("currency",), found, "both or neither")


def _spans(section: str, rows: Sequence[Discount] | Sequence[Rate]) -> Iterator[Problem]:
    for index, row in enumerate(rows):
        if row.to <= row.from_:
            yield Problem((section, index, "to"), str(row.to), f"a day after {row.from_}")
    for (first, one), (second, other) in combinations(enumerate(rows), 2):
        both_from, both_to = max(one.from_, other.from_), min(one.to, other.to)
        if both_from < both_to and _same_things(one, other):
            key: Key = (section, second)
            found = f"what {section}[{first}] says something about too{_between(both_from, both_to)}"
            yield Problem(key, found, "one row for the same thing at the same time")


def _same_things(one: Discount | Rate, other: Discount | Rate) -> bool:
    if not isinstance(one, Discount) or not isinstance(other, Discount):
        return True
    scopes = (
        (one.platforms, other.platforms),
        (one.models, other.models),
        (one.service_tiers, other.service_tiers),
    )
    return all(mine is None or theirs is None or not set(mine).isdisjoint(theirs) for mine, theirs in scopes)


def _between(first: date, end: date) -> str:
    until = "" if end == LAST_DAY else f" until {end}"
    since = "" if first == FIRST_DAY else f" from {first}"
    return f",{since}{until}" if since or until else ""
