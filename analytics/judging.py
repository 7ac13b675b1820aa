"""Judging: what the router would decide on requests that somebody hands in, and why. No call is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.decide import explain
from router.exceptions import PolicyError
from router.policy import AUTO, Policy

from . import given
from .exceptions import SettingsError

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the router would do with one request, and why; or why that is no request."""

    task_type: str | None = None
    tier: str | None = None
    model: str | None = None
    confidence: float | None = None
    reason: str
    requested_model: str | None = None
    fallbacks: tuple[str, ...] = ()
    shadow_model: str | None = None
    signals: Mapping[str, object] = field(default_factory=dict[str, object])
    alternatives: Mapping[str, object] = field(default_factory=dict[str, object])
    """Model -> what the call is expected to cost on it, in US dollars."""
    extra: Mapping[str, object] = field(default_factory=dict[str, object])
    """What names the request: its `id`."""
    sound: bool = True


def policy_of(path: Path | None) -> Policy:
    """The policy of a file, else the default. Raises SettingsError with what is wrong with it."""
    try:
        return Policy.from_yaml(path) if path else Policy()
    except PolicyError as error:
        raise SettingsError(str(error)) from error


def judge_all(found: Sequence[object], policy: Policy, progress: Progress) -> list[Judgement]:
    """One judgement for each document, in order."""
    judgements: list[Judgement] = []
    for number, document in enumerate(found, 1):
        judgements.append(judge(document, policy))
        if number % 100 == 0:
            progress(number, len(found))
    return judgements


def judge(document: object, policy: Policy) -> Judgement:
    """The judgement on one document, as `given.read` reads it; without a model it is left open."""
    try:
        body, tags = given.read(document)
    except ValueError as error:
        return _unjudged(document, str(error))
    try:
        decision = explain({"model": AUTO, **body}, policy=policy, tags=tags)
    except Exception as error:  # noqa: BLE001  # as in the Router: what it cannot judge goes where it was sent
        return _unjudged(document, f"the router cannot judge it: {type(error).__name__}")
    return Judgement(
        reason=decision.reason,
        task_type=decision.task_type,
        tier=decision.tier,
        model=decision.model,
        confidence=decision.confidence,
        requested_model=decision.requested_model,
        fallbacks=decision.chain[1:],
        shadow_model=decision.shadow_model,
        signals=dict(decision.signals or {}),
        alternatives=dict(decision.alternatives or {}),
        extra=given.named(document),
    )


def _unjudged(document: object, reason: str) -> Judgement:
    model = given.model_of(document)
    return Judgement(reason=reason, model=model, requested_model=model, extra=given.named(document), sound=False)
