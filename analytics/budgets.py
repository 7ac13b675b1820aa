"""Budgets and the other rules that alert: what budgets.yaml says, checked. The only reader of that file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from router.periods import Recurrence, midnight

from . import budget_file as written
from .budget_file import EACH, BudgetsYaml, Over, RuleKind
from .budget_mistakes import mistakes
from .exceptions import BudgetFileError
from .threshold import Basis, Threshold
from .yaml_file import read

__all__ = [
    "EACH",
    "Basis",
    "Budget",
    "BudgetFile",
    "Cost",
    "Over",
    "Rule",
    "RuleKind",
    "Scope",
    "Threshold",
    "Told",
    "in_use",
]

Scope = Mapping[str, tuple[str, ...]]
"""By dimension the values that are meant, or (EACH,). All dimensions have to match; empty: everything.

Dimensions are `model`, `requested_model`, `tier`, `task_type`, `platform`, `region`, `workspace_id`, `key_fingerprint`,
`user_id` and `tag:<key>`.
"""

Cost = Literal["contracted_cost", "list_cost"]
"""What is paid, or what it would be without the contract."""

_THRESHOLDS = ("80 %", "100 %", "forecast 100 %")
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who is told of a rule."""

    owner: str | None = None
    recipients: tuple[str, ...] = ()
    """E-mail addresses of all who get it, the owner first."""
    channels: tuple[str, ...] = ()
    """Names of other channels, as `channels` of the file has them."""
    remind_every: timedelta | None = None
    """While it fires and nobody has acknowledged it."""
    tell_resolved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """So much for a scope in every period."""

    name: str
    amount: Decimal
    """US dollars a period."""
    cost: Cost = "contracted_cost"
    scope: Scope = field(default_factory=dict[str, tuple[str, ...]])
    recurrence: Recurrence
    thresholds: tuple[Threshold, ...]
    roll_over: Decimal | None = None
    """At most so many dollars that a period left are added to the next one; None: nothing is."""
    effective_from: datetime | None = None
    """UTC-aware; None: always."""
    effective_to: datetime | None = None
    over: Over = "notify"
    """What happens to calls when it is spent."""
    told: Told

    @property
    def each(self) -> tuple[str, ...]:
        """The dimensions every value of which has a budget of its own."""
        return tuple(dimension for dimension, values in self.scope.items() if values == (EACH,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Another reason to alert."""

    name: str
    kind: RuleKind
    scope: Scope = field(default_factory=dict[str, tuple[str, ...]])
    limit: Decimal | None = None
    """More than so much is said (cache_hit_ratio: less): a percentage of the rates and of provider_difference, seconds
    of ingest_lag and price_age, records of losses and unpriced (0). anomaly has none."""
    fallen_from: Decimal | None = None
    """cache_hit_ratio: the percentage it has to have had before."""
    window: timedelta = _HOUR
    """How far back a rate looks."""
    at_least: int = 0
    """Attempts in the window, below which a rate says nothing."""
    minimum: Decimal | None = None
    """anomaly, provider_difference: fewer dollars are nobody's business."""
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFile:
    """A checked budgets.yaml."""

    budgets: tuple[Budget, ...] = ()
    rules: tuple[Rule, ...] = ()
    zone: str = "UTC"
    """IANA: for budgets that name none, and for digests."""
    dashboard: str | None = None
    """Where the dashboard is served, for links."""
    daily_digest: tuple[str, ...] = ()
    """E-mail addresses."""
    weekly_digest: tuple[str, ...] = ()
    digest_hour: int = 8
    channels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name -> where its address stands: `env:NAME` or `file:PATH`. The address itself is a secret."""

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read and check a file. Raises BudgetFileError with one line per mistake."""
        file, _ = read(Path(path), BudgetsYaml, check=mistakes, error=BudgetFileError)
        return cls(
            budgets=tuple(_budget(entry, file) for entry in file.budgets),
            rules=tuple(_rule(entry, file) for entry in file.alerts),
            zone=file.zone,
            dashboard=file.dashboard,
            daily_digest=tuple(file.digest.daily),
            weekly_digest=tuple(file.digest.weekly),
            digest_hour=file.digest.hour,
            channels={name: channel.place for name, channel in file.channels.items() if channel.place},
        )

    @classmethod
    def of(cls, home: Path) -> Self:
        """The budgets in use; without a file there are none."""
        path = in_use(home)
        return cls() if path is None else cls.load(path)


def in_use(home: Path) -> Path | None:
    """TOLLGATE_BUDGETS, else `budgets.yaml` of the home, if it is there."""
    if chosen := os.environ.get("TOLLGATE_BUDGETS"):
        return Path(chosen).expanduser()
    path = home / "budgets.yaml"
    return path if path.exists() else None


def _budget(entry: written.BudgetEntry, file: BudgetsYaml) -> Budget:
    zone = entry.zone or file.zone
    recurrence = _recurrence(entry.period, zone)
    return Budget(
        name=entry.name,
        amount=entry.amount,
        cost=entry.cost,
        scope=entry.scope.dimensions(),
        recurrence=recurrence,
        thresholds=tuple(entry.thresholds or _thresholds(recurrence)),
        roll_over=(entry.roll_over.at_most or entry.amount) if entry.roll_over else None,
        effective_from=_start(entry.from_, zone),
        effective_to=_end(entry.until, zone),
        over=entry.over,
        told=_told(entry, file),
    )


def _recurrence(period: written.Period, zone: str) -> Recurrence:
    if period.every:
        return Recurrence(period.every, zone)
    if period.rolling_days:
        return Recurrence("rolling", zone, days=period.rolling_days)
    return Recurrence("fixed", zone, start=_start(period.from_, zone), end=_end(period.until, zone))


def _thresholds(recurrence: Recurrence) -> tuple[Threshold, ...]:
    """What a budget says that names none; rolling days have no end to forecast."""
    usual = (Threshold.parse(text) for text in _THRESHOLDS)
    return tuple(each for each in usual if each and (each.basis == "actual" or recurrence.every != "rolling"))


def _start(day: date | None, zone: str) -> datetime | None:
    return None if day is None else midnight(day, ZoneInfo(zone))


def _end(last: date | None, zone: str) -> datetime | None:
    return None if last is None else midnight(last + _DAY, ZoneInfo(zone))


def _rule(entry: written.AlertEntry, file: BudgetsYaml) -> Rule:
    seconds = None if entry.over is None else Decimal(int(entry.over.total_seconds()))
    limits = (entry.over_percent, entry.to_percent, seconds)
    none = None if entry.rule == "anomaly" else Decimal(0)
    return Rule(
        name=entry.name,
        kind=entry.rule,
        scope=entry.scope.dimensions(),
        limit=next((limit for limit in limits if limit is not None), none),
        fallen_from=entry.from_percent,
        window=entry.window or _HOUR,
        at_least=entry.at_least or 0,
        minimum=entry.minimum,
        told=_told(entry, file),
    )


def _told(entry: written.Told, file: BudgetsYaml) -> Told:
    recipients = file.recipients if entry.recipients is None else entry.recipients
    everyone = (entry.owner, *recipients) if entry.owner else recipients
    return Told(
        owner=entry.owner,
        recipients=tuple(dict.fromkeys(everyone)),
        channels=tuple(dict.fromkeys(entry.channels)),
        remind_every=entry.remind_every,
        tell_resolved=entry.tell_resolved,
    )
