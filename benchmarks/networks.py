"""Training: bags of hashed n-grams, word vectors and shape -> task type. Adam, by hand; same seed, same weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.net import BITS, Bag

sparse: Any = import_module("scipy.sparse")  # only who trains needs it, and it has no types

Floats = NDArray[np.float32]
Sparse = Any
"""scipy.sparse.csr_matrix, which has no types."""

_BATCH = 256
_SMOOTH = 0.05
"""Of a label that is spread over all types: labels are noisy."""
_TIER_LOSS = 0.3
"""Of the loss that asks only for the right tier."""
_VECTOR_RATE = 4
"""How much faster the vectors learn than the rest: each is seen so seldom."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the networks read of so many requests."""

    grams: tuple[Sparse, ...]
    """A matrix for each part: rows of weights over the table of vectors."""
    words: Floats
    shape: Floats
    types: NDArray[np.int64]
    """The task type of each, by its number."""

    def __getitem__(self, at: Any) -> Inputs:
        """Some of them."""
        return Inputs(tuple(part[at] for part in self.grams), self.words[at], self.shape[at], self.types[at])

    def __len__(self) -> int:
        return len(self.types)

    def standardised(self, mean: Floats, deviation: Floats) -> Inputs:
        """The same, with shapes as far from their mean as their deviation says."""
        shape = ((self.shape - mean) / deviation).clip(-4, 4).astype(np.float32)
        return Inputs(self.grams, self.words, shape, self.types)


def matrix(found: Sequence[Bag]) -> Sparse:
    """A row for each bag."""
    ends = np.concatenate([[0], np.cumsum([len(bag.rows) for bag in found])])
    columns, values = np.concatenate([bag.rows for bag in found]), np.concatenate([bag.weights for bag in found])
    return sparse.csr_matrix((values, columns, ends), shape=(len(found), 1 << BITS))


@dataclass(frozen=True, slots=True)
class Size:
    """Of a network, and how long it learns."""

    vector: int = 40
    hidden: int = 128
    epochs: int = 8
    rate: float = 3e-3


def train(inputs: Inputs, weights: Floats, tiers: NDArray[np.int64], *, seed: int, size: Size) -> dict[str, Floats]:
    """A network: `vectors` of the n-grams, then `w`, `b`, `v`, `c` of two layers.

    `inputs.shape` has to be standardised. `weights`: what each request counts for. `tiers`: of each task type.
    """
    chance = np.random.default_rng(seed)
    net = _fresh(inputs, len(tiers), size, chance)
    moments = {name: (np.zeros_like(value), np.zeros_like(value)) for name, value in net.items()}
    same = (tiers[:, None] == tiers[None, :]).astype(np.float32)
    steps = size.epochs * -(-len(inputs) // _BATCH)
    step = 0
    for _ in range(size.epochs):
        order = chance.permutation(len(inputs))
        for first in range(0, len(order), _BATCH):
            some = order[first : first + _BATCH]
            slopes = _slopes(net, inputs[some], weights[some], same, chance)
            step += 1
            _adam(net, slopes, moments, step, size.rate * max(0.02, 1 - step / steps))
    return net


def log_odds(net: dict[str, Floats], inputs: Inputs) -> Floats:
    """The logarithm of each type's probability, for each request."""
    bags = [part @ net["vectors"] for part in inputs.grams]
    read = np.concatenate([*bags, inputs.shape, inputs.words], axis=1)
    return _log_softmax(np.maximum(read @ net["w"] + net["b"], 0) @ net["v"] + net["c"])


def _fresh(inputs: Inputs, types: int, size: Size, chance: np.random.Generator) -> dict[str, Floats]:
    rows = inputs.grams[0].shape[1]
    width = len(inputs.grams) * size.vector + inputs.shape.shape[1] + inputs.words.shape[1]

    def normal(shape: tuple[int, int], scale: float) -> Floats:
        return (chance.standard_normal(shape) * scale).astype(np.float32)

    return {
        "vectors": normal((rows, size.vector), 0.2),
        "w": normal((width, size.hidden), float(np.sqrt(2 / width))),
        "b": np.zeros(size.hidden, np.float32),
        "v": normal((size.hidden, types), float(np.sqrt(1 / size.hidden))),
        "c": np.zeros(types, np.float32),
    }


def _slopes(
    net: dict[str, Floats], inputs: Inputs, weights: Floats, same: Floats, chance: np.random.Generator
) -> dict[str, Floats]:
    """The gradient of the loss, with some of everything left out."""
    count, vector = len(inputs), net["vectors"].shape[1]
    parts = [_thinned(part, chance) for part in inputs.grams]
    kept = (chance.random((count, len(parts))) > 0.1).astype(np.float32)
    kept[:, 1] = 1  # the task itself
    bags = [(part @ net["vectors"]) * kept[:, at : at + 1] for at, part in enumerate(parts)]
    shape = inputs.shape * (chance.random(inputs.shape.shape) > 0.1)
    words = inputs.words * (chance.random((count, 1)) > 0.1)
    read = np.concatenate([*bags, shape, words], axis=1).astype(np.float32)
    before = read @ net["w"] + net["b"]
    thin = ((chance.random(before.shape) > 0.2) / 0.8).astype(np.float32)
    hidden = np.maximum(before, 0) * thin
    odds = np.exp(_log_softmax(hidden @ net["v"] + net["c"]))

    wanted = np.full_like(odds, _SMOOTH / odds.shape[1])
    wanted[np.arange(count), inputs.types] += 1 - _SMOOTH
    in_tier = odds * same[inputs.types]
    wanted = (1 - _TIER_LOSS) * wanted + _TIER_LOSS * in_tier / np.maximum(in_tier.sum(1, keepdims=True), 1e-6)
    out = ((odds - wanted) * weights[:, None] / count).astype(np.float32)
    back = (out @ net["v"].T) * thin * (before > 0)
    to_bags = back @ net["w"].T
    vectors = np.zeros_like(net["vectors"])
    for at, part in enumerate(parts):
        if part.nnz:
            vectors += part.T @ (to_bags[:, at * vector : (at + 1) * vector] * kept[:, at : at + 1])
    return {"vectors": vectors, "w": read.T @ back, "b": back.sum(0), "v": hidden.T @ out, "c": out.sum(0)}


def _thinned(part: Sparse, chance: np.random.Generator) -> Sparse:
    thinned, count = part.copy(), int(part.nnz)
    thinned.data = part.data * (chance.random(count) > 0.35).astype(np.float32) / 0.65
    return thinned


def _adam(
    net: dict[str, Floats],
    slopes: dict[str, Floats],
    moments: dict[str, tuple[Floats, Floats]],
    step: int,
    rate: float,
) -> None:
    for name, slope in slopes.items():
        first, second = moments[name]
        first *= 0.9
        first += 0.1 * slope
        second *= 0.98
        second += 0.02 * slope * slope
        fast = rate * _VECTOR_RATE if name == "vectors" else rate
        net[name] -= fast * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.98**step)) + 1e-7)


def _log_softmax(values: Floats) -> Floats:
    values = values - values.max(axis=1, keepdims=True)
    return values - np.log(np.exp(values).sum(axis=1, keepdims=True))
