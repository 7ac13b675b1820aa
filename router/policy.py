"""Policy: task type -> tier -> model and fallback chain; Decision: the policy applied to one call.

The same keys in code and in policy.yaml, checked by the same rules; what is left out is taken from
default_policy.json. Model names are data: they stand there, in no line of code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .classify import TaskType
from .exceptions import PolicyError

TierName = Literal["haiku", "sonnet", "opus"]
TIERS: tuple[TierName, ...] = get_args(TierName)
"""From the least to the most capable."""

AUTO = "auto"
"""As `model=`: the caller leaves the choice open."""

_Tokens = Annotated[int, Field(strict=True, gt=0)]


class Tier(BaseModel):
    """One tier: the model it sends to, and what happens when that model is overloaded."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    model: str
    also: tuple[str, ...] = ()
    """Other models of this tier: who names one keeps it, unless the policy chooses a cheaper tier."""
    fallback: tuple[TierName, ...] = ()
    """The tiers tried next, in this order, as far as they are not above the tier the caller named."""
    context_window: _Tokens | None = None
    """Tokens; None: not checked before a switch."""
    max_output: _Tokens | None = None


class Policy(BaseModel):
    """What goes where. Raises PolicyError naming the source, the key, what was found and what was expected."""

    # Built at the first policy and not at import: half of what `import router` would take.
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)

    tiers: Mapping[TierName, Tier] = {}
    """Given keys replace those of the default, one by one."""
    tasks: Mapping[TaskType, TierName] = {}
    """Likewise."""
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

    @field_validator("tiers", "tasks", mode="before")
    @classmethod
    def _complete(cls, value: Any, info: Any) -> Any:
        return _over(_default_policy()[info.field_name], value)

    def tier_of(self, model: str) -> TierName | None:
        """The tier a model belongs to; None if the policy does not name it, and then it is left alone."""
        return self._tier_of.get(model)

    @cached_property
    def _tier_of(self) -> dict[str, TierName]:
        return {model: name for name, tier in self.tiers.items() for model in (tier.model, *tier.also)}


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
