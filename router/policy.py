"""Policy: task type -> tier -> model and fallback chain; Decision: the policy applied to one call.

The same keys in code and in policy.yaml, checked by the same rules; what is left out is taken from
default_policy.json. Model names are data: they stand there, in no line of code.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .classify import TaskType
from .exceptions import PolicyError
from .platforms import Elsewhere, platform_of_id, with_profile_of, within_region

log = logging.getLogger("tollgate")

TierName = Literal["haiku", "sonnet", "opus"]
TIERS: tuple[TierName, ...] = get_args(TierName)
"""From the least to the most capable."""

AUTO = "auto"
"""As `model=`: the caller leaves the choice open."""

_AS_THE_CLAUDE_API = ("anthropic", "claude_platform_aws")

_Tokens = Annotated[int, Field(strict=True, gt=0)]


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

    On Bedrock, Vertex and Foundry a model without an id there is not sent to. Foundry's names are those of your
    deployments, so the default names none.
    """

    # Built at the first policy and not at import: half of what `import router` would take.
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)

    tiers: Mapping[TierName, Tier] = {}
    """Given keys replace those of the default, one by one."""
    tasks: Mapping[TaskType, TierName] = {}
    """Likewise."""
    ids: Mapping[str, Mapping[Elsewhere, str]] = {}
    """Likewise: of a model, its id on each platform that spells it otherwise. A Bedrock id with an inference profile
    says which one is meant where the caller names none, as with `auto`."""
    default: TierName = "sonnet"
    """For requests whose task type is unknown or not sure enough."""
    margin: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.5
    """The confidence below which `default` is taken."""
    explicit: Literal["ceiling", "keep"] = "ceiling"
    """What a named model means: the most capable one the caller is willing to pay for, or exactly that one."""
    fallback_seconds: Annotated[float, Field(gt=0)] = 600
    """Another model is tried only within this time from the start of a call; what comes later, the SDK retries."""
    shadow: Annotated[bool, Field(strict=True)] = False
    """Decide and record, but let the call go where the caller sent it."""

    if not TYPE_CHECKING:  # type checkers derive the signature from the fields

        def __init__(self, **keys: Any) -> None:
            """Check the keys."""
            try:
                super().__init__(**keys)
            except ValidationError as error:
                raise PolicyError(_sentences(error, "Policy")) from None
            self._warn_of_deprecated_models()

    @classmethod
    def from_yaml(cls, path: str | Path) -> Self:
        """The policy of a file. Raises PolicyError naming the file."""
        import yaml  # noqa: PLC0415  # a policy in code needs no PyYAML, and `import router` must stay light

        try:
            data: object = yaml.safe_load(Path(path).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise PolicyError(f"{path}: cannot be read as YAML: {error}") from error
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise PolicyError(f"{path}: found {data!r:.60}, expected a mapping of policy keys")
        try:
            return cls(**{str(key): value for key, value in cast("dict[Any, Any]", data).items()})
        except PolicyError as error:
            raise PolicyError(str(error).replace("Policy:", f"{path}:")) from None

    @field_validator("tiers", "tasks", "ids", mode="before")
    @classmethod
    def _complete(cls, value: Any, info: Any) -> Any:
        return _over(_default_policy()[info.field_name], value)

    def tier_of(self, model: str) -> TierName | None:
        """The tier a model belongs to, by any platform's id of it; None if the policy does not name it.

        An inference profile does not matter; an ARN or a deployment is named only where `ids` lists it.
        """
        return self._known(model)[0]

    def model_for(self, tier: TierName, *, like: str, platform: str | None = None) -> str | None:
        """The id to send for a tier, on the platform whose id `like` is, and with its inference profile.

        Where `like` does not tell the platform, as `auto` does not, it is `platform`, and without that the Claude API.
        None if the policy has no id of the model there.
        """
        model = self.tiers[tier].model
        where = platform_of_id(like) or platform or self._known(like)[1]
        if where is None or where in _AS_THE_CLAUDE_API:
            return model
        spelt = self.ids.get(model, {}).get(cast("Elsewhere", where))
        return None if spelt is None else with_profile_of(like, spelt)

    def _known(self, model: str) -> tuple[TierName | None, Elsewhere | None]:
        return self._names.get(model) or self._names.get(within_region(model)) or (None, None)

    @cached_property
    def _names(self) -> dict[str, tuple[TierName, Elsewhere | None]]:
        """Every id of every model of the tiers, and which platform it is of if it is not of the Claude API."""
        names: dict[str, tuple[TierName, Elsewhere | None]] = {}
        for name, tier in self.tiers.items():
            for model in (tier.model, *tier.also):
                for platform, spelling in self.ids.get(model, {}).items():
                    names.setdefault(within_region(spelling), (name, platform))
                names[model] = name, None
        return names

    def _warn_of_deprecated_models(self) -> None:
        """The SDK warns of the model that the caller names, so of one that we choose nobody would hear."""
        from anthropic.resources.messages import messages  # noqa: PLC0415  # there by then, and not our business before

        ends: Mapping[str, str] = getattr(messages, "DEPRECATED_MODELS", {})
        for name, tier in self.tiers.items():
            if tier.model in ends:
                log.warning("policy: tiers.%s.model: %s is deprecated and ends %s", name, tier.model, ends[tier.model])


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
        merged[key] = _over(default.get(key, {}), value)
    return merged


def _sentences(error: ValidationError, source: str) -> str:
    """One sentence a problem: source, key, found, expected."""
    return "\n".join(_sentence(problem, source) for problem in error.errors(include_url=False))


def _sentence(problem: Any, source: str) -> str:
    key = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    match problem["type"]:
        case "extra_forbidden":
            keys = Tier.model_fields if "." in key else Policy.model_fields
            return f"{source}: {key}: found an unknown key, expected one of {', '.join(keys)}"
        case "missing":
            return f"{source}: {key}: found nothing, expected a value"
        case "literal_error":
            return f"{source}: {key}: found {problem['input']!r}, expected {problem['ctx']['expected']}"
        case _:
            expected = problem["msg"].removeprefix("Input should be ")
            return f"{source}: {key}: found {problem['input']!r:.80}, expected {expected}"
