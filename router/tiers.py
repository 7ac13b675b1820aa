"""Which tier a task is worth: the one of least expected regret, between paying too much and answering too badly."""

from __future__ import annotations

from collections.abc import Mapping

from .classify import Task
from .policy import TIERS, Policy, TierName


def worth(task: Task, policy: Policy) -> tuple[TierName, str]:
    """The tier for a task and the reason; the policy's default where the classifier is not sure of one."""
    if task.type is None:
        return policy.default, f"not sure ({task.reason}), so the default"
    if not task.scores:
        tier, sure = policy.tasks[task.type], task.confidence
    else:
        by_tier = shares(task, policy)
        tier = _least_regret(by_tier, policy.step_down_cost)
        sure = by_tier[tier]
    if sure < policy.margin:
        return policy.default, f"not sure ({task.reason}), so the default"
    return tier, f"{task.type} ({task.reason})"


def confidence_in(tier: TierName | None, task: Task, policy: Policy) -> float:
    """The probability that the tier is the right one, as far as the classifier tells more than that of its type."""
    return shares(task, policy)[tier] if task.scores and tier else task.confidence


def shares(task: Task, policy: Policy) -> Mapping[TierName, float]:
    """The probability of each tier: the sum over the task types that the policy gives it."""
    by_tier = dict.fromkeys(TIERS, 0.0)
    for task_type, score in task.scores.items():
        by_tier[policy.tasks[task_type]] += score
    return by_tier


def _least_regret(by_tier: Mapping[TierName, float], step_down_cost: float) -> TierName:
    """Each step too high counts 1, each step too low `step_down_cost`; of equals the cheaper."""

    def regret(choice: int) -> float:
        return sum(
            by_tier[tier] * (step_down_cost * (rank - choice) if rank > choice else choice - rank)
            for rank, tier in enumerate(TIERS)
        )

    return TIERS[min(range(len(TIERS)), key=regret)]
