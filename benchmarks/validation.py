"""How right probabilities of task types are, as tiers, on sources that were left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from router.policy import TIERS, Policy

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
    sharpness = min(np.arange(0.6, 1.8, 0.05), key=lambda by: _surprise(_by_tier(given, tiers, by), right))
    by_tier = _by_tier(given, tiers, sharpness)
    print(f"{len(types)} requests of {len(set(sources))} sources left out; sharpness {sharpness:.2f}")
    print(f"task accuracy {(given.argmax(1) == types).mean():.3f}")
    _print("the most probable tier", by_tier, by_tier.argmax(1), right)
    for profile in ("economy", "balanced", "quality"):
        _print(f"profile {profile}", by_tier, _decided(by_tier, Policy(profile=profile)), right)
    chosen = _decided(by_tier, Policy())
    for name in sorted(set(sources)):
        of = np.array([source == name for source in sources])
        print(f"  {name:55} {of.sum():5} {(chosen[of] == right[of]).mean():.2f}")


def calibration_error(confidence: Floats, correct: NDArray[np.bool_], bins: int = 10) -> float:
    """The expected calibration error: how far confidence is from accuracy, on average over bins of confidence."""
    at = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum(
        float((at == one).mean() * abs(confidence[at == one].mean() - correct[at == one].mean()))
        for one in set(at.tolist())
    )


def _print(name: str, by_tier: Floats, chosen: NDArray[np.int64], right: NDArray[np.int64]) -> None:
    confidence = by_tier[np.arange(len(chosen)), chosen]
    print(
        f"{name}: tier accuracy {(chosen == right).mean():.3f}, under {(chosen < right).mean():.3f}, "
        f"opus to haiku {(chosen[right == 2] == 0).mean():.3f}, over {(chosen > right).mean():.3f}, "
        f"calibration error {calibration_error(confidence, chosen == right):.3f}"
    )


def _decided(by_tier: Floats, policy: Policy) -> NDArray[np.int64]:
    """As router/tiers.py decides, for many at once."""
    steps = np.arange(3)[:, None] - np.arange(3)[None, :]  # of a tier above the one chosen
    regret = by_tier @ np.where(steps > 0, policy.step_down_cost * steps, -steps)
    chosen = regret.argmin(1)
    unsure = by_tier[np.arange(len(chosen)), chosen] < policy.margin
    return np.where(unsure, TIERS.index(policy.default), chosen)


def _by_tier(given: Floats, tiers: NDArray[np.int64], sharpness: float) -> Floats:
    sharp = given**sharpness
    sharp /= sharp.sum(1, keepdims=True)
    return np.stack([sharp[:, tiers == tier].sum(1) for tier in range(3)], axis=1)


def _surprise(by_tier: Floats, right: NDArray[np.int64]) -> float:
    return float(-np.log(by_tier[np.arange(len(right)), right] + 1e-9).mean())
