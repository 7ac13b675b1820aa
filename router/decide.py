"""The decision for one request: pure, from the body, the policy and what the conversation was served by so far."""

from __future__ import annotations

from collections.abc import Callable

from .classify import Classifier, Task, classify_features
from .features import Body, Features, look
from .fits import obstacle, over_limit
from .policy import AUTO, TIERS, Decision, Policy, TierName
from .scope import current_pin


def decide(
    body: Body,
    *,
    policy: Policy,
    classifier: Classifier | None = None,
    pin: str | None = None,
    previous: str | None = None,
    betas: bool = False,
) -> Decision:
    """The models to try for a request, and why.

    `pin`: a tier or a model id. `previous`: the model that served the conversation so far. The model named is a
    ceiling: what is chosen is of its tier or a cheaper one. Where a switch is not sure to be accepted, none is made.
    """
    requested = str(body.get("model"))
    features = look(body)
    task = classifier(body) if classifier else classify_features(features)
    if pin is not None:
        model = next((tier.model for name, tier in policy.tiers.items() if name == pin), pin)
        return _alone(requested, model, task, policy, "pinned")
    ceiling = policy.tier_of(requested)
    if requested != AUTO and ceiling is None:
        return _alone(requested, requested, task, policy, "a model the policy does not name")
    if requested != AUTO and policy.explicit == "keep":
        return _alone(requested, requested, task, policy, "named models are kept")

    chain, reason = _chain(requested, ceiling, task, policy)
    chain, reason = _within_conversation(requested, chain, reason, features, previous)
    tied = obstacle(body, betas=betas)
    chain, reason = _as_far_as_it_fits(
        requested, chain, reason, lambda model: tied or _over_limit(features, policy, model)
    )
    decision = _decision(requested, chain, task, policy, reason)
    return _in_shadow(decision) if policy.shadow and requested != AUTO else decision


def explain(body: Body, *, policy: Policy | None = None) -> Decision:
    """The decision for a request body and its reason, under the given policy or the default one; no call is made."""
    return decide(body, policy=policy or Policy(), pin=current_pin())


def _chain(requested: str, ceiling: TierName | None, task: Task, policy: Policy) -> tuple[list[str], str]:
    """What the policy says: the task's tier, capped by the ceiling, then that tier's fallbacks, likewise."""
    sure = task.type is not None and task.confidence >= policy.margin
    tier = policy.tasks[task.type] if sure and task.type else policy.default
    reason = f"{task.type} ({task.reason})" if sure else f"not sure ({task.reason}), so the default"
    allowed = TIERS if ceiling is None else TIERS[: TIERS.index(ceiling) + 1]
    if tier not in allowed:
        tier, reason = allowed[-1], f"{reason}, not above the model named"

    def model(name: TierName) -> str:
        return requested if name == ceiling else policy.tiers[name].model

    return [model(tier), *(model(name) for name in policy.tiers[tier].fallback if name in allowed)], reason


def _within_conversation(
    requested: str, chain: list[str], reason: str, features: Features, previous: str | None
) -> tuple[list[str], str]:
    """A switch throws the prompt cache away, and inside a tool loop it can break the turn: stay with what served."""
    if features.turns > 1 and previous is not None:
        return [previous, *(model for model in chain if model != previous)], "stays within the conversation"
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
    if requested == AUTO:  # something has to be sent, and nothing else is surer
        return chain[:1], reason
    return [requested], f"kept as named: {obstacle_to(chain[0])}"


def _over_limit(features: Features, policy: Policy, model: str) -> str | None:
    tier = policy.tier_of(model)
    return None if tier is None else over_limit(features, policy.tiers[tier])


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
