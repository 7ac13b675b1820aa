"""Policy: task type -> tier -> model and fallback chain; Decision: the policy applied to one call.

The same keys in code and in policy.yaml, checked by the same rules; what is left out is taken from
default_policy.json. Model names are data: they stand there, in no line of code.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache, cached_property
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .classify import TaskType
from .overrides import Overrides
from .platforms import Elsewhere, platform_of_id, with_profile_of, within_region
from .policy_file import Key, PolicyMistakes, Problem, problems_of, read

log = logging.getLogger("tollgate")

TierName = Literal["haiku", "sonnet", "opus"]
TIERS: tuple[TierName, ...] = get_args(TierName)
"""From the least to the most capable."""

_RANK = {tier: rank for rank, tier in enumerate(TIERS)}

AUTO = "auto"
"""As `model=`: the caller leaves the choice open."""

_AS_THE_CLAUDE_API = ("anthropic", "claude_platform_aws")

STEP_DOWN_COST = {"economy": 1.0, "balanced": 2.0, "quality": 5.0}
"""By profile."""

_Tokens = Annotated[int, Field(strict=True, gt=0)]
_NotNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


class Tier(BaseModel):
    """One tier: the model it sends to, and what happens when that model is overloaded.

    In policy.yaml, under `tiers`, as the Claude API spells the models; `ids` of the policy says how others do:

        sonnet: {model: claude-sonnet-5-5, also: [claude-sonnet-5], fallback: [opus], max_output: 128000}
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    model: str
    also: tuple[str, ...] = ()
    """Other models of this tier: who names one keeps it, unless the policy chooses a cheaper tier."""
    fallback: tuple[TierName, ...] = ()
    """The tiers tried next, in this order, as far as they are not above the tier the caller named."""
    context_window: _Tokens | None = None
    """Tokens; None: what accepts.json says of the model."""
    max_output: _Tokens | None = None


class Policy(BaseModel):
    """What goes where. Raises PolicyError naming the source, the key, what was found and what was expected.

    In policy.yaml, where what is left out is the default:

        tasks: {coding: opus}
        ids:
          claude-haiku-5-5: {bedrock: eu.anthropic.claude-haiku-5-5, foundry: our-haiku}
        profile: quality
        deny: [claude-opus-5-5]
        when:
          - {tags: {team: support}, profile: economy, ceiling: sonnet}

    On Bedrock, Vertex and Foundry a model without an id there is not sent to. Foundry's names are those of your
    deployments, so the default names none.
    """

    # Built at the first policy and not at import: half of what `import router` would take.
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)

    tiers: Mapping[TierName, Tier] = {}
    """Given keys replace those of the default, one by one. `tiers: {opus: {fallback: []}}`"""
    tasks: Mapping[TaskType, TierName] = {}
    """Likewise. `tasks: {coding: opus, writing: haiku}`"""
    ids: Mapping[str, Mapping[Elsewhere, str]] = {}
    """Likewise: of a model, its id on each platform that spells it otherwise. A Bedrock id with an inference profile
    says which one is meant where the caller names none, as with `auto`."""
    default: TierName = "sonnet"
    """For requests whose task type is unknown or not sure enough. `default: opus`"""
    margin: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.5
    """The confidence below which `default` is taken. `margin: 0.6`"""
    profile: Literal["quality", "balanced", "economy"] = "balanced"
    """How much quality is worth: sets `step_down_cost` to 5, 2 or 1. `profile: quality`"""
    step_down_cost: _NotNegative = Field(default_factory=lambda keys: STEP_DOWN_COST[keys["profile"]])
    """What one tier too low is held to cost, in units of what one tier too high costs; goes before the profile.
    `step_down_cost: 3`"""
    floor: TierName | None = None
    """No cheaper tier is chosen; a call that names a model below it goes to that. `floor: sonnet`"""
    ceiling: TierName | None = None
    """No dearer tier is chosen, nor fallen back to, also where the caller names one. `ceiling: sonnet`"""
    allow: tuple[str, ...] = ()
    """Only these are sent to: models as `tiers` spells them, or tiers; empty: all. `allow: [haiku, claude-opus-5]`"""
    deny: tuple[str, ...] = ()
    """These are not sent to, whatever `allow` says. `deny: [claude-opus-5-5]`

    A model that the caller named is kept all the same where no other is sure to accept the request, where it is
    pinned, and under `explicit: keep`: a policy chooses, it refuses nothing."""
    explicit: Literal["ceiling", "keep"] = "ceiling"
    """What a named model means: the most capable one the caller is willing to pay for, or exactly that one.
    `explicit: keep`"""
    max_dearer_percent: _NotNegative = 5
    """Over a conversation, never more than this dearer than if no model had been switched. `max_dearer_percent: 0`"""
    fallback_seconds: Annotated[float, Field(gt=0)] = 600
    """Another model is tried only within this time from the start of a call; what comes later, the SDK retries.
    `fallback_seconds: 20`"""
    rollout: Annotated[float, Field(strict=True, ge=0, le=100)] = 100
    """The percentage of conversations that are routed; the others are in shadow. A conversation stays on its side, in
    every process, and a higher percentage only adds to those routed. `rollout: 10`"""
    shadow: Annotated[bool, Field(strict=True)] = False
    """Decide and record, but let the call go where the caller sent it. `shadow: true`"""
    on_budget: Literal["step_down", "refuse", "notify"] | None = None
    """What happens to these calls when a budget that covers them is spent; null: what the budget says.
    `on_budget: step_down`"""
    when: tuple[Mapping[str, Any], ...] = ()
    """Other keys for the calls that carry all these tags; where several match, the later one wins, key by key.
    A `tags` value is text, as the record has it.

        when:
          - {tags: {team: search}, floor: sonnet}
          - {tags: {team: search, feature: autocomplete}, floor: null, tasks: {conversation: haiku}}
    """

    if not TYPE_CHECKING:  # type checkers derive the signature from the fields

        def __init__(self, **keys: Any) -> None:
            """Check the keys."""
            self._fill(keys)
            if problems := list(self.overrides.mistakes()):
                raise PolicyMistakes(problems)
            self._warn_of_deprecated_models()

    def _fill(self, keys: Mapping[str, Any]) -> None:
        try:
            super().__init__(**keys)
        except ValidationError as error:
            raise PolicyMistakes(problems_of(error, _keys_at)) from None
        if problems := list(self._contradictions()):
            raise PolicyMistakes(problems)

    @classmethod
    def from_yaml(cls, path: str | Path) -> Self:
        """The policy of a file. Raises PolicyError naming the file, and the line of each mistake."""
        file = read(path)
        try:
            return cls(**file.keys)
        except PolicyMistakes as error:
            raise PolicyMistakes(error.problems, source=file.source) from None

    @field_validator("tiers", "tasks", "ids", mode="before")
    @classmethod
    def _complete(cls, value: Any, info: Any) -> Any:
        return _over(_default_policy()[info.field_name], value)

    def for_tags(self, tags: Mapping[str, str]) -> Policy:
        """The policy in force for a call with these tags: this one, with the keys of the entries of `when` that match.

        An entry that contradicts those before it, such as a floor above an earlier entry's ceiling, holds alone.
        """
        return self.overrides.in_force(tags) if self.when else self

    @cached_property
    def overrides(self) -> Overrides:
        """The entries of `when`, ready to be asked."""
        return Overrides(self)

    def changed(self, keys: Mapping[str, Any]) -> Policy:
        """A policy without `when`, with these keys over its own, as those of a file are over the default's."""
        own: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set - {"when"}}
        own["tiers"] = {name: tier.model_dump() for name, tier in self.tiers.items()}
        if "profile" in keys:  # or it would mean nothing under a `step_down_cost` of our own
            own.pop("step_down_cost", None)
        policy: Policy = type(self).__new__(type(self))
        policy._fill(_over(own, keys))
        return policy

    @cached_property
    def cheapest(self) -> Policy:
        """With nothing but the cheapest tier that is open, for calls whose budget is spent."""
        tier = (self._open or (self.default,))[0]
        return self.changed({"ceiling": tier, "explicit": "ceiling", "shadow": False, "rollout": 100})

    def tier_of(self, model: str) -> TierName | None:
        """The tier a model belongs to, by any platform's id of it; None if the policy does not name it.

        An inference profile does not matter; an ARN or a deployment is named only where `ids` lists it.
        """
        return self._known(model).tier

    def model_for(self, tier: TierName, *, like: str, platform: str | None = None) -> str | None:
        """The id to send for a tier, on the platform whose id `like` is, and with its inference profile.

        Where `like` does not tell the platform, as `auto` does not, it is `platform`, and without that the Claude API.
        None if the policy has no id of the model there.
        """
        model = self.tiers[tier].model
        where = platform_of_id(like) or platform or self._known(like).platform
        if where is None or where in _AS_THE_CLAUDE_API:
            return model
        spelt = self.ids.get(model, {}).get(cast("Elsewhere", where))
        return None if spelt is None else with_profile_of(like, spelt)

    def allowed(self, model: str) -> bool:
        """Whether `allow` and `deny` let a model be sent to, by any platform's id of it."""
        if not self.allow and not self.deny:
            return True
        known = self._known(model)
        names = {model, known.model, known.tier}
        return names.isdisjoint(self.deny) and not (self.allow and names.isdisjoint(self.allow))

    def open_to(self, named: TierName | None) -> tuple[TierName, ...]:
        """The tiers that may be chosen for a call that names a model of this tier, or `auto`; the least capable first.

        From the floor to the ceiling, not above the tier named, and only those whose model is allowed. Where there is
        none, the call goes to the model it names.
        """
        return self._open if named is None else tuple(tier for tier in self._open if _RANK[tier] <= _RANK[named])

    def nearest(self, tier: TierName, *, named: TierName | None) -> TierName | None:
        """The tier to choose where this one is wanted: the next below that is open, else the next above; None: none."""
        choices = self.open_to(named)
        below: list[TierName] = [choice for choice in choices if _RANK[choice] <= _RANK[tier]]
        return next(iter(below[-1:] or choices), None)

    def takes_in(self, conversation: bytes) -> bool:
        """Whether the rollout has come to a conversation, by a digest of what stays the same over its turns."""
        if self.rollout >= 100:
            return True
        share = int.from_bytes(blake2b(conversation, digest_size=8, person=b"rollout").digest())
        return share < self.rollout / 100 * 2**64

    def _known(self, model: str) -> _Known:
        return self._names.get(model) or self._names.get(within_region(model)) or _UNKNOWN

    @cached_property
    def _names(self) -> dict[str, _Known]:
        """Every id of every model of the tiers."""
        names: dict[str, _Known] = {}
        for name, tier in self.tiers.items():
            for model in (tier.model, *tier.also):
                for platform, spelling in self.ids.get(model, {}).items():
                    names.setdefault(within_region(spelling), _Known(name, platform, model))
                names[model] = _Known(name, None, model)
        return names

    @cached_property
    def _open(self) -> tuple[TierName, ...]:
        return tuple(tier for tier in self._between if self.allowed(self.tiers[tier].model))

    @property
    def _between(self) -> tuple[TierName, ...]:
        """The tiers from floor to ceiling."""
        return TIERS[_RANK[self.floor or TIERS[0]] : _RANK[self.ceiling or TIERS[-1]] + 1]

    def _contradictions(self) -> Iterator[Problem]:
        """What each key alone does not show."""
        if self.floor and self.ceiling and _RANK[self.floor] > _RANK[self.ceiling]:
            yield Problem(("floor",), repr(self.floor), f"a tier not above the ceiling, {self.ceiling}")
            return
        if not self._open:
            key = "deny" if self.deny else "allow"
            models = ", ".join(self.tiers[tier].model for tier in self._between)
            yield Problem((key,), ", ".join(getattr(self, key)), f"to leave one of {models}")

    def _warn_of_deprecated_models(self) -> None:
        """The SDK warns of the model that the caller names, so of one that we choose nobody would hear."""
        from anthropic.resources.messages import messages  # noqa: PLC0415  # there by then, and not our business before

        ends: Mapping[str, str] = getattr(messages, "DEPRECATED_MODELS", {})
        policies = (self, *(self.overrides.alone(at) for at in range(len(self.when))))
        for name, model in dict.fromkeys((name, tier.model) for each in policies for name, tier in each.tiers.items()):
            if model in ends:
                log.warning("policy: tiers.%s.model: %s is deprecated and ends %s", name, model, ends[model])


class _Known(NamedTuple):
    """What an id stands for."""

    tier: TierName | None
    platform: Elsewhere | None
    """None: the Claude API, or several."""
    model: str | None
    """As the tiers spell it."""


_UNKNOWN = _Known(None, None, None)


class Decision(NamedTuple):
    """The policy applied to one call."""

    requested_model: str
    chain: tuple[str, ...]
    """The models to try, in order; the first is the one chosen."""
    reason: str
    task_type: TaskType | None = None
    tier: TierName | None = None
    confidence: float | None = None
    shadow_model: str | None = None
    signals: Mapping[str, object] = MappingProxyType({})
    """What the decision went by, as `explain` shows it."""
    alternatives: Mapping[str, Decimal] = MappingProxyType({})
    """By model, what the call would be expected to cost there, in US dollars; only `explain` fills it."""

    @property
    def model(self) -> str:
        """The model chosen."""
        return self.chain[0]


@cache
def _default_policy() -> dict[str, Any]:
    return json.loads(files("router").joinpath("default_policy.json").read_text("utf-8"))


def _over(default: Mapping[str, Any], given: Any) -> Any:
    """What was given, completed from the default key by key, at every depth; anything but a mapping stands as it is."""
    if not isinstance(given, Mapping):
        return given
    merged = dict(default)
    for key, value in cast("Mapping[str, Any]", given).items():
        inner = default.get(key)
        merged[key] = _over(cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else {}, value)
    return merged


def _keys_at(key: Key) -> Iterable[str]:
    return Tier.model_fields if key else Policy.model_fields
