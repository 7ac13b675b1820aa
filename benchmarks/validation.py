"""How right probabilities of task types are, as tiers, on sources that were left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.evaluate import Case, Label, by, evaluate
from router.classify import TASK_TYPES, Task
from router.policy import STEP_DOWN_COST, TIERS, Policy, TierName
from router.tiers import confidence_in, shares, worth

Floats = NDArray[np.float32]

FOLDS = 4
OWN = "own"
"""Sources whose name begins so were written for training: they are never what is left out."""


def left_out(sources: Sequence[str]) -> Iterator[NDArray[np.bool_]]:
    """For each fold, which rows are left out: about a quarter, whole sources at a time."""
    names, counts = np.unique(sources, return_counts=True)
    public = [
        name for name, _ in sorted(zip(names, counts, strict=True), key=lambda one: -one[1]) if not name.startswith(OWN)
    ]
    order = [*range(FOLDS), *reversed(range(FOLDS))]
    fold = {name: order[at % len(order)] for at, name in enumerate(public)}
    of_row = np.array([fold.get(name, -1) for name in sources])
    for number in range(FOLDS):
        yield of_row == number


def figures(given: Floats, types: NDArray[np.int64], tiers: NDArray[np.int64], sources: Sequence[str]) -> None:
    """Print the figures of the README, and what the probabilities have to be sharpened by."""
    right = tiers[types]
    sharpness = min(np.arange(0.6, 1.8, 0.05), key=lambda by: _surprise(_sharp(given, by), tiers, right))
    tasks = [_task(row) for row in _sharp(given, sharpness).tolist()]
    labels = [Label(TASK_TYPES[kind], TIERS[tier]) for kind, tier in zip(types, right, strict=True)]
    print(f"{len(types)} requests of {len(set(sources))} sources left out; sharpness {sharpness:.2f}")
    _print("the most probable tier", _cases(tasks, labels, sources, Policy(), _most_probable))
    for profile, cost in STEP_DOWN_COST.items():
        _print(f"profile {profile}", _cases(tasks, labels, sources, Policy(step_down_cost=cost), _decided))
    for name, found in by(_cases(tasks, labels, sources, Policy(), _decided), lambda case: case.source).items():
        print(f"  {name:55} {found.cases:5} {found.tier_accuracy:.2f}")


def _task(odds: Sequence[float]) -> Task:
    scores = dict(zip(TASK_TYPES, odds, strict=True))
    best = max(scores, key=scores.__getitem__)
    return Task(type=best, confidence=scores[best], reason="", scores=scores)


def _decided(task: Task, policy: Policy) -> TierName:
    return worth(task, policy)[0]


def _most_probable(task: Task, policy: Policy) -> TierName:
    by_tier = shares(task, policy)
    return max(by_tier, key=by_tier.__getitem__)


def _cases(
    tasks: Sequence[Task],
    labels: Sequence[Label],
    sources: Sequence[str],
    policy: Policy,
    tier_of: Callable[[Task, Policy], TierName],
) -> list[Case]:
    found: list[Case] = []
    for label, task, source in zip(labels, tasks, sources, strict=True):
        tier = tier_of(task, policy)
        found.append(Case(label, (), task.type, tier, confidence_in(tier, task, policy), source))
    return found


def _print(name: str, cases: Sequence[Case]) -> None:
    found = evaluate(cases)
    rates = found.rates
    print(
        f"{name}: task accuracy {rates.task_accuracy:.3f}, tier accuracy {rates.tier_accuracy:.3f}, "
        f"under {rates.under_routing:.3f}, opus to haiku {rates.opus_to_haiku:.3f}, over {rates.over_routing:.3f}, "
        f"calibration error {found.calibration_error:.3f}"
    )


def _sharp(given: Floats, sharpness: float) -> Floats:
    sharp = given**sharpness
    return sharp / sharp.sum(1, keepdims=True)


def _surprise(given: Floats, tiers: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    return float(-np.log((given * (tiers == right[:, None])).sum(1) + 1e-9).mean())
