"""Train the router's classifier, or validate how it is trained by leaving sources out.

    python benchmarks/train_router.py FILE.jsonl.gz ...               write router/model/net.npz
    python benchmarks/train_router.py FILE.jsonl.gz ... --validate    four times, a quarter of the sources left out

Needs scipy besides what the project needs. The same files give the same weights, with the same NumPy and SciPy.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from labelled import Row, load, vary
from networks import Floats, Inputs, Size, log_odds, matrix, train
from numpy.typing import NDArray
from validation import figures, left_out

from router.classify import TASK_TYPES
from router.features import look
from router.net import PARTS, Bag, Words, bags, shape
from router.policy import TIERS, Policy

MODEL = Path(str(files("router"))) / "model"
VARIATIONS = 2
"""Of every request: a network learns from each, and one from the requests as they are."""
SIZE = Size()
SHARPNESS = 1.15
"""What the networks' logarithms of odds are multiplied with, so that their confidence is right on sources left out."""


def read(rows: Sequence[Row], words: Words) -> Inputs:
    """What the networks read of each row."""
    parts: list[list[Bag]] = [[] for _ in PARTS]
    known, shapes = list[Floats](), list[list[float]]()
    for row in rows:
        features = look(row.body)
        found = bags(features)
        for part, bag in zip(parts, found, strict=True):
            part.append(bag)
        known.append(np.concatenate([words.mean(bag.words) for bag in found]))
        shapes.append(shape(features))
    types = np.array([TASK_TYPES.index(row.task_type) for row in rows])
    return Inputs(tuple(map(matrix, parts)), np.array(known), np.array(shapes, np.float32), types)


def weights_of(rows: Sequence[Row]) -> Floats:
    """What each row counts for: types count alike, and one of many rows of a source and type less than one of few."""
    groups = np.array([f"{row.source}|{row.task_type}" for row in rows])
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    weights = sizes[group] ** -0.4
    _, kind = np.unique([row.task_type for row in rows], return_inverse=True)
    weights = weights / np.bincount(kind, weights=weights)[kind]
    return (weights * len(rows) / weights.sum()).astype(np.float32)


def learn(rows: Sequence[Row], ways: Sequence[Inputs]) -> tuple[list[dict[str, Floats]], Floats, Floats]:
    """A network from each of the ways to read the rows, and the mean and deviation of the shapes they read."""
    weights = weights_of(rows)
    mean, deviation = ways[0].shape.mean(0), ways[0].shape.std(0) + np.float32(1e-3)
    networks = [
        train(way.standardised(mean, deviation), weights, tiers(), seed=seed, size=SIZE)
        for seed, way in enumerate(ways)
    ]
    return networks, mean, deviation


def tiers() -> NDArray[np.int64]:
    """The number of each task type's tier, by the default policy."""
    tasks = Policy().tasks
    return np.array([TIERS.index(tasks[name]) for name in TASK_TYPES])


def answer(networks: Sequence[dict[str, Floats]], inputs: Inputs) -> Floats:
    """The probabilities that the networks give together, not yet sharpened."""
    mean = np.mean([log_odds(net, inputs) for net in networks], axis=0)
    odds = np.exp(mean)
    return odds / odds.sum(1, keepdims=True)


def write(networks: Sequence[dict[str, Floats]], mean: Floats, deviation: Floats) -> None:
    """Write the model; the vectors in eight bits, which changes no figure."""
    vectors: Floats = np.concatenate([net["vectors"] for net in networks], axis=1)
    scale: Floats = np.abs(vectors).max(axis=0) / 127
    layers: dict[str, Any] = {
        f"{name}{at}": net[name].astype(np.float16) for at, net in enumerate(networks) for name in ("w", "b", "v", "c")
    }
    np.savez(
        MODEL / "net.npz",
        types=np.array(TASK_TYPES),
        networks=np.array(len(networks)),
        sharpness=np.array(SHARPNESS),
        vectors=np.round(vectors / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        mean=mean,
        deviation=deviation,
        **layers,
    )


def validate(rows: Sequence[Row], ways: Sequence[Inputs]) -> None:
    """Print how right the networks are on sources that they have not seen."""
    types, given, sources = list[NDArray[np.int64]](), list[Floats](), list[str]()
    for out in left_out([row.source for row in rows]):
        kept = [row for row, is_out in zip(rows, out, strict=True) if not is_out]
        networks, mean, deviation = learn(kept, [way[~out] for way in ways])
        unseen = ways[0][out]
        types.append(unseen.types)
        given.append(answer(networks, unseen.standardised(mean, deviation)))
        sources += [row.source for row, is_out in zip(rows, out, strict=True) if is_out]
    figures(np.concatenate(given), np.concatenate(types), tiers(), sources)


def main() -> None:
    """Read, then train or validate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--validate", action="store_true")
    asked = parser.parse_args()
    rows, words = load(asked.files), Words(MODEL / "words.npz")
    print(f"{len(rows)} requests; reading each as it is, and in {VARIATIONS} variations")
    ways = [read(some, words) for some in (rows, *(list(vary(rows, seed)) for seed in range(VARIATIONS)))]
    if asked.validate:
        validate(rows, ways)
    else:
        write(*learn(rows, ways))
        print(f"written: {MODEL / 'net.npz'}")


if __name__ == "__main__":
    main()
