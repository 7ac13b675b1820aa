"""The decision for one request: pure, from the body, the policy and what the conversation was served by so far."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from .classify import Classifier, Task, classify_features
from .features import Body, Features, look
from .fits import Needs, known, needs, obstacle
from .policy import AUTO, TIERS, Decision, Policy, TierName
from .scope import current_pin


class Situation(NamedTuple):
    """What bears on a decision besides the body."""

    pin: str | None = None
    """A tier or a model id."""
    previous: str | None = None
    """The model that served the conversation so far."""
    betas: Collection[str] = ()
    """The beta features that the request's headers ask for."""
    platform: str | None = None
    """Where the client sends to, if it knows."""
    against: Callable[[str], str | None] = lambda _: None
    """What was learnt against sending this request to a model, in one phrase."""


_NOTHING_ELSE = Situation()


def decide(
    body: Body, *, policy: Policy, classifier: Classifier | None = None, situation: Situation = _NOTHING_ELSE
) -> Decision:
    """The models to try for a request, and why.

    The model named is a ceiling: what is chosen is of its tier or a cheaper one. Where a switch is not sure to be
    accepted, none is made. A message thread keeps one model, for its state is held for that model.
    """
    requested = str(body.get("model"))
    features = look(body)
    task = classifier(body) if classifier else classify_features(features)
    if situation.pin is not None:
        return _alone(requested, _pinned(situation.pin, requested, policy, situation), task, policy, "pinned")
    if body.get("thread") is not None:
        reason = "a message thread keeps one model"
        return _alone(requested, named(requested, policy, situation.platform), task, policy, reason)
    ceiling = policy.tier_of(requested)
    if requested != AUTO and ceiling is None:
        return _alone(requested, requested, task, policy, "a model the policy does not name")
    if requested != AUTO and policy.explicit == "keep":
        return _alone(requested, requested, task, policy, "named models are kept")

    chain, reason = _chain(requested, ceiling, task, policy, situation.platform)
    needed = needs(body, features, situation.betas, named=None if requested == AUTO else _plain(requested, policy))
    chain, reason = _within_conversation(requested, chain, reason, needed, situation.previous)
    chain, reason = _as_far_as_it_fits(
        requested, chain, reason, lambda model: _obstacle(needed, model, policy, situation)
    )
    decision = _decision(requested, chain, task, policy, reason)
    return _in_shadow(decision) if policy.shadow and requested != AUTO else decision


def named(requested: str, policy: Policy, platform: str | None) -> str:
    """The model the caller named; for `auto`, the policy's default."""
    if requested != AUTO:
        return requested
    return policy.model_for(policy.default, like=AUTO, platform=platform) or policy.tiers[policy.default].model


def explain(body: Body, *, policy: Policy | None = None) -> Decision:
    """The decision for a request body and its reason, under the given policy or the default one; no call is made."""
    return decide(body, policy=policy or Policy(), situation=Situation(pin=current_pin()))


def _pinned(pin: str, requested: str, policy: Policy, situation: Situation) -> str:
    tier: TierName | None = next((name for name in policy.tiers if name == pin), None)
    if tier is None:
        return pin
    return policy.model_for(tier, like=requested, platform=situation.platform) or policy.tiers[tier].model


def _chain(
    requested: str, ceiling: TierName | None, task: Task, policy: Policy, platform: str | None
) -> tuple[list[str], str]:
    """What the policy says: the task's tier, capped by the ceiling, then that tier's fallbacks, likewise."""
    sure = task.type is not None and task.confidence >= policy.margin
    tier = policy.tasks[task.type] if sure and task.type else policy.default
    reason = f"{task.type} ({task.reason})" if sure else f"not sure ({task.reason}), so the default"
    allowed = TIERS if ceiling is None else TIERS[: TIERS.index(ceiling) + 1]
    if tier not in allowed:
        tier, reason = allowed[-1], f"{reason}, not above the model named"

    def model(name: TierName) -> str | None:
        return requested if name == ceiling else policy.model_for(name, like=requested, platform=platform)

    chosen = model(tier)
    others = [model(name) for name in policy.tiers[tier].fallback if name in allowed]
    chain = [spelt for spelt in (chosen, *others) if spelt is not None]
    if chosen is None:
        reason = f"{reason}, which the platform has no model for"
        return chain if requested == AUTO and chain else [named(requested, policy, platform)], reason
    return chain, reason


def _within_conversation(
    requested: str, chain: list[str], reason: str, needed: Needs, previous: str | None
) -> tuple[list[str], str]:
    """A switch throws the prompt cache away, and inside a tool loop it can break the turn: stay with what served.

    Who handed back thinking blocks cannot go anywhere else at all: others may reject the signature.
    """
    features: Features = needed.features
    if features.turns > 1 and previous is not None:
        others = () if needed.own_thinking else (model for model in chain if model != previous)
        return [previous, *others], "stays within the conversation"
    if features.in_tool_loop and requested != AUTO:
        return [requested], "inside a tool loop"
    return chain, reason


def _as_far_as_it_fits(
    requested: str, chain: list[str], reason: str, obstacle_to: Callable[[str], str | None]
) -> tuple[list[str], str]:
    """The chain without the models that may not accept the request; what was named is always accepted as named."""
    fitting = [model for model in chain if model == requested or obstacle_to(model) is None]
    if chain[0] in fitting:
        return fitting, reason
    if requested == AUTO:  # something has to be sent; where nothing is sure, nothing else is surer
        return fitting or chain[:1], reason
    return [requested], f"kept as named: {obstacle_to(chain[0])}"


def _obstacle(needed: Needs, model: str, policy: Policy, situation: Situation) -> str | None:
    name = policy.tier_of(model)
    tier, plain = policy.tiers[name] if name else None, _plain(model, policy)
    limits = tier if tier and tier.model == plain else None
    return situation.against(model) or obstacle(needed, plain, limits=limits, served=model == situation.previous)


def _plain(model: str, policy: Policy) -> str:
    """A model as the Claude API spells it, where it is the model of a tier; others as they stand."""
    tier = None if known(model) else policy.tier_of(model)
    return policy.tiers[tier].model if tier and policy.model_for(tier, like=model) == model else model


def _alone(requested: str, model: str, task: Task, policy: Policy, reason: str) -> Decision:
    return _decision(requested, [model], task, policy, reason)


def _decision(requested: str, chain: list[str], task: Task, policy: Policy, reason: str) -> Decision:
    return Decision(
        requested_model=requested,
        chain=tuple(chain),
        reason=reason,
        task_type=task.type,
        tier=policy.tier_of(chain[0]),
        confidence=task.confidence,
    )


def _in_shadow(decision: Decision) -> Decision:
    return Decision(
        requested_model=decision.requested_model,
        chain=(decision.requested_model,),
        reason=f"shadow: {decision.reason}",
        task_type=decision.task_type,
        tier=decision.tier,
        confidence=decision.confidence,
        shadow_model=decision.model,
    )
