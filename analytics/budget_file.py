"""What may be written in budgets.yaml: the schema. What it cannot say is checked in budget_mistakes.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from router.classify import TaskType
from router.periods import zone_named

from .price_file import Platform, Written
from .threshold import Threshold

EACH = "*"
"""As the value of a dimension: every value of it has a budget of its own."""
Over = Literal["notify", "step_down", "refuse"]
RuleKind = Literal[
    "anomaly",
    "unpriced",
    "cache_hit_ratio",
    "error_rate",
    "fallback_rate",
    "losses",
    "ingest_lag",
    "price_age",
    "provider_difference",
]

_DOLLARS = re.compile(r"\$?(\d{1,9}(?:\.\d{1,6})?)", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?) ?%?", re.ASCII)
_DURATION = re.compile(r"(\d{1,4}) ?([mhd])", re.ASCII)
_ADDRESS = re.compile(r'[^\s@<>,;:"()]+@[^\s@<>,;:"()]+')
"""Enough to keep a header whole; whether somebody is there, the mail server knows."""
_LONGEST_ADDRESS = 254
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def _number(value: object, pattern: re.Pattern[str]) -> Decimal | None:
    """A decimal in quotes or a whole number; None for anything else, above all for what YAML makes a float."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found = pattern.fullmatch(text) if isinstance(text, str) else None
    return Decimal(found[1]) if found else None


def _dollars(value: object) -> Decimal:
    if not (amount := _number(value, _DOLLARS)):
        raise PydanticCustomError("dollars", 'US dollars over 0, in quotes, such as "500" or "0.25"')
    return amount


def _percent(value: object) -> Decimal:
    percent = _number(value, _PERCENT)
    if not percent or percent > 100:
        raise PydanticCustomError("percent", 'a percentage over 0 and at most 100, such as 70 or "2.5"')
    return percent


def _duration(value: object) -> timedelta:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None or not int(found[1]):
        raise PydanticCustomError("duration", "minutes, hours or days, such as 15m, 6h or 30d")
    return int(found[1]) * _UNITS[found[2]]


def _zone(value: object) -> str:
    try:
        return zone_named(value if isinstance(value, str) else "").key
    except ValueError:
        raise PydanticCustomError("zone", "an IANA time zone, such as Europe/Berlin") from None


def _address(value: object) -> str:
    whole = isinstance(value, str) and len(value) <= _LONGEST_ADDRESS and value.isprintable()
    if not whole or not _ADDRESS.fullmatch(str(value)):
        raise PydanticCustomError("address", "an e-mail address, such as ana@example.com")
    return str(value)


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _link(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[!-~]+", value):
        raise PydanticCustomError("link", "an address such as https://tollgate.example.com")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 80 or not value.isprintable() or value != value.strip():
        raise PydanticCustomError("name", "a name of 1 to 80 characters on one line, in quotes if it is a number")
    return value


def _day(value: object) -> date:
    try:
        day = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 2200:
        raise PydanticCustomError("day", "a day such as 2026-11-21")
    return day


def _threshold(value: object) -> Threshold:
    if not isinstance(value, str) or (found := Threshold.parse(value)) is None:
        raise PydanticCustomError("threshold", 'such as "80 %", "$400", "15 % left", "$50 left" or "forecast 100 %"')
    return found


def _values(value: object) -> list[object]:
    """The values of a dimension: one, several, or each."""
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) and each for each in values):
        raise PydanticCustomError("values", 'a value, a list of values, or "*" for each value, in quotes if a number')
    if (EACH in values and len(values) > 1) or len({*values}) < len(values):
        raise PydanticCustomError("values", 'each value once, or "*" alone')
    return values


def _period(value: object) -> object:
    return {"every": value} if isinstance(value, str) else value


def _roll_over(value: object) -> object:
    return {} if value is True else None if value is False else value


def _channel(value: object) -> object:
    """A channel that is no mapping may be an address, which no message shows: its mistake is found later."""
    return cast("object", value) if isinstance(value, dict) else {}


Dollars = Annotated[Decimal, BeforeValidator(_dollars)]
Percent = Annotated[Decimal, BeforeValidator(_percent)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Day = Annotated[date, BeforeValidator(_day)]
Zone = Annotated[str, BeforeValidator(_zone)]
Name = Annotated[str, BeforeValidator(_name)]
Address = Annotated[str, BeforeValidator(_address)]
Names = Annotated[list[str], BeforeValidator(_several)]
Addresses = Annotated[list[Address], BeforeValidator(_several)]
Values = Annotated[list[str], BeforeValidator(_values)]


class Scope(Written):
    """What is meant; all keys have to match, and without any it is everything."""

    tags: dict[str, Values] = Field(default_factory=dict[str, Values])
    model: Values | None = None
    requested_model: Values | None = None
    tier: Annotated[list[Literal["haiku", "sonnet", "opus", "*"]], BeforeValidator(_values)] | None = None
    task_type: Annotated[list[Literal[TaskType, "*"]], BeforeValidator(_values)] | None = None
    platform: Annotated[list[Literal[Platform, "*"]], BeforeValidator(_values)] | None = None
    region: Values | None = None
    workspace_id: Values | None = None
    key_fingerprint: Values | None = None
    user_id: Values | None = None

    def dimensions(self) -> dict[str, tuple[str, ...]]:
        """By dimension of the ledger the values that are meant."""
        tags = {f"tag:{key}": tuple(values) for key, values in self.tags.items()}
        named = ((name, getattr(self, name)) for name in Scope.model_fields if name != "tags")
        return tags | {name: tuple(values) for name, values in named if values}


class Period(Written):
    """How often a budget is renewed: a word, a number of days up to today, or dates (`until` included)."""

    every: Literal["hour", "day", "week", "month", "quarter", "year"] | None = None
    rolling_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    from_: Day | None = Field(alias="from", default=None)
    until: Day | None = None


class RollOver(Written):
    """What a period left is added to the next one."""

    at_most: Dollars | None = None


class Told(Written):
    """Who is told, and how often."""

    owner: Address | None = None
    recipients: Addresses | None = None
    channels: Names = Field(default_factory=list[str])
    remind_every: Duration | None = None
    tell_resolved: bool = False


class BudgetEntry(Told):
    """One budget: name and amount, and what differs from a monthly one over everything that only tells."""

    name: Name
    amount: Dollars
    cost: Literal["contracted_cost", "list_cost"] = "contracted_cost"
    scope: Scope = Scope()
    period: Annotated[Period, BeforeValidator(_period)] = Period(every="month")
    zone: Zone | None = None
    thresholds: Annotated[list[Annotated[Threshold, BeforeValidator(_threshold)]], Field(min_length=1)] | None = None
    roll_over: Annotated[RollOver | None, BeforeValidator(_roll_over)] = None
    from_: Day | None = Field(alias="from", default=None)
    until: Day | None = None
    over: Over = "notify"


OWN_KEYS: Mapping[str, Mapping[str, object]] = {
    "anomaly": {"scope": {}, "minimum": "5"},
    "unpriced": {"scope": {}, "window": "1d"},
    "cache_hit_ratio": {"scope": {}, "from_percent": 90, "to_percent": 70, "window": "6h", "at_least": 50},
    "error_rate": {"scope": {}, "over_percent": 5, "window": "15m", "at_least": 20},
    "fallback_rate": {"scope": {}, "over_percent": 10, "window": "1h", "at_least": 20},
    "losses": {},
    "ingest_lag": {"over": "5m"},
    "price_age": {"over": "60d"},
    "provider_difference": {"over_percent": 2, "minimum": "1"},
}
"""By rule the keys that only some rules have, with what holds where they are left out."""


class AlertEntry(Told):
    """Another reason to alert. Which keys it has besides who is told, its rule decides."""

    name: Name
    rule: RuleKind
    scope: Scope = Scope()
    over_percent: Percent | None = None
    from_percent: Percent | None = None
    to_percent: Percent | None = None
    over: Duration | None = None
    window: Duration | None = None
    at_least: Annotated[int, Field(ge=0, lt=10**9)] | None = None
    minimum: Dollars | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, written: object) -> object:
        if isinstance(written, dict):
            entry = cast("dict[str, object]", written)
            return {**OWN_KEYS.get(str(entry.get("rule")), {}), **entry}
        return written


class Digest(Written):
    """Who gets a summary, and at which local hour."""

    daily: Addresses = Field(default_factory=list[str])
    weekly: Addresses = Field(default_factory=list[str])
    hour: Annotated[int, Field(ge=0, le=23)] = 8


class Channel(Written):
    """Where the address of a channel stands: an environment variable or a file. The address itself is a secret."""

    env: str | None = None
    file: str | None = None

    @property
    def place(self) -> str | None:
        """`env:NAME` or `file:PATH`; None if it is neither."""
        if (self.env is None) == (self.file is None):
            return None
        if self.env is not None:
            return f"env:{self.env}" if re.fullmatch(r"[A-Za-z_]\w*", self.env, re.ASCII) else None
        path = Path(str(self.file)).expanduser()
        return f"file:{path}" if path.is_absolute() else None


class BudgetsYaml(Written):
    """budgets.yaml, as written."""

    zone: Zone = "UTC"
    recipients: Addresses = Field(default_factory=list[str])
    dashboard: Annotated[str, BeforeValidator(_link)] | None = None
    digest: Digest = Digest()
    channels: dict[Name, Annotated[Channel, BeforeValidator(_channel)]] = Field(default_factory=dict[Name, Channel])
    budgets: list[BudgetEntry] = Field(default_factory=list[BudgetEntry])
    alerts: list[AlertEntry] = Field(default_factory=list[AlertEntry])

    @model_validator(mode="before")
    @classmethod
    def _nothing_yet(cls, written: object) -> object:
        """A file of comments only says nothing, which is allowed."""
        return {} if written is None else written
