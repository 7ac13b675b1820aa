"""The trained classifier: a request's features -> a probability for each task type.

Every part of a request (system prompt, pending task, its first and its last words, what was said before, what tools
and schema offer) is a bag of hashed n-grams, each with a learnt vector, and the mean of its known words' GloVe vectors;
beside them stands the shape of the request: lengths, counts, kinds of characters. Small networks, trained alike but for
their seed, read all that; their mean is the answer. Trained by benchmarks/train_router.py; model/CARD.md says on what.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .classify import TaskType
from .features import Features
from .grams import Hashes, grams

Floats = NDArray[np.float32]

PARTS = ("system", "task", "its first words", "its last words", "earlier turns", "tools and schema")
"""The parts of a request, in the order of the network's inputs."""

BITS = 16
"""Of a hash that choose the row of an n-gram's vector."""

_WEIGHTS = (0.5, 1.5, 1.0, 1.0)
"""What a piece, a word, a pair and a triple of words counts for."""
_END = 160
_LOOKED_AT = 2_000
_CODE = re.compile(
    r"^\s*(?:def|class|import|from|function|const|let|public|#include|SELECT|select)\b|[{};]$", re.MULTILINE
)
_FORMULA = str.maketrans("", "", "$\\^_=∀∃∑∫≤")
_STEPS = (60, 200, 2_000, 8_000)
_ROOM = (16, 64, 256)


class Bag(NamedTuple):
    """The n-grams of one text."""

    rows: NDArray[np.int64]
    """Distinct rows of the table of vectors."""
    weights: Floats
    """Of length 1 together."""
    words: Hashes


_NOTHING = Bag(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.uint64))


def bags(features: Features) -> list[Bag]:
    """A bag for each of PARTS."""
    task = features.pending
    texts = (features.system, task, task[:_END], task[-_END:], features.earlier[:900], features.offered[:400])
    made = {text: bag(text) for text in set(texts)}  # a short task is its own beginning and end
    return [made[text] for text in texts]


def bag(text: str) -> Bag:
    """The n-grams of a text; how often one occurs counts by its logarithm."""
    if not text or text.isspace():
        return _NOTHING
    found = grams(text)
    hashes = np.concatenate(found) & np.uint64((1 << BITS) - 1)
    each = np.repeat(np.array(_WEIGHTS, np.float32), [len(kind) for kind in found])
    rows, at = np.unique(hashes.astype(np.int64), return_inverse=True)
    weights = np.log1p(np.bincount(at, weights=each, minlength=len(rows))).astype(np.float32)
    return Bag(rows, weights / max(float(np.linalg.norm(weights)), 1e-6), found.words)


def shape(features: Features) -> list[float]:
    """What a request looks like from afar."""
    task, room = features.pending[:_LOOKED_AT], features.max_tokens
    size = max(1, len(task))
    length, characters = features.pending_characters, features.characters
    codes = np.frombuffer(task.encode("utf-32-le", "replace"), np.uint32)
    end = features.pending.rstrip()[-1:]
    return [
        _log(length),
        _log(len(features.system)),
        _log(characters),
        *(float(length < step) for step in _STEPS),
        float(characters > 6_000),
        float(characters > 20_000),
        _log(features.turns),
        float(features.turns > 1),
        float(features.turns > 4),
        _log(features.tools),
        float(features.tools > 0),
        float(features.tool_forced),
        float(features.structured),
        float(features.in_tool_loop),
        _log(features.documents),
        float(room is None),
        _log(room or 0),
        *(float(room is not None and room <= step) for step in _ROOM),
        float(room is not None and room >= 2_000),
        float(room is not None and room >= 6_000),
        float("```" in task),
        min(1.0, len(_CODE.findall(task)) / 10),
        task.count("\n") / size * 20,
        _share(codes, 0x30, 0x39) * 5,
        _share(codes, 0x41, 0x5A) * 5,
        _share(codes, 0x80, 0x10FFFF) * 2,
        float(end in ("?", "？", "؟")),
        task.count("?") / size * 50,
        float(bool(features.system)),
        (len(task) - len(task.translate(_FORMULA))) / size * 20,
        float("|" in task),
        task.count(",") / size * 10,
        min(1.0, task.count("<") / 10),
    ]


class Words:
    """GloVe vectors of common words, by the hash of the word. Raises OSError, KeyError or ValueError."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as file:
            self._hashes: Hashes = file["hashes"]
            self._vectors: NDArray[np.int8] = file["vectors"]
            self._scale: Floats = file["scale"]

    def mean(self, hashes: Hashes) -> Floats:
        """The mean vector of the words that are known; zeros where none is."""
        at = np.searchsorted(self._hashes, hashes)
        at[at == len(self._hashes)] = 0
        known = at[self._hashes[at] == hashes]
        if not len(known):
            return np.zeros_like(self._scale)
        return self._vectors[known].mean(0, dtype=np.float32) * self._scale


class Net:
    """The networks and their tables, of a directory. Raises OSError, KeyError or ValueError if they are damaged."""

    def __init__(self, directory: Path) -> None:
        self._words = Words(directory / "words.npz")
        with np.load(directory / "net.npz", allow_pickle=False) as file:
            self.types: tuple[TaskType, ...] = tuple(file["types"].tolist())
            self._vectors: NDArray[np.int8] = file["vectors"]
            self._scale: Floats = file["scale"]
            self._mean: Floats = file["mean"]
            self._deviation: Floats = file["deviation"]
            self._sharpness = float(file["sharpness"])
            self._layers: list[tuple[Floats, ...]] = [
                tuple(file[f"{name}{at}"].astype(np.float32) for name in "wbvc") for at in range(int(file["networks"]))
            ]
        if len(self._vectors) != 1 << BITS:
            raise ValueError(f"{directory}: found {len(self._vectors)} vectors, expected {1 << BITS}")

    def probabilities(self, features: Features) -> dict[TaskType, float]:
        """Of each type, in sum 1."""
        return self._answer(*self._inputs(features))

    def without(self, features: Features) -> Mapping[str, dict[TaskType, float]]:
        """For each part that is there, and for the shape: the probabilities if it were not looked at."""
        grams_of, words_of, dense = self._inputs(features)
        told: dict[str, dict[TaskType, float]] = {}
        for at, part in enumerate(PARTS):
            if grams_of[at].any():
                hidden_grams, hidden_words = grams_of.copy(), words_of.copy()
                hidden_grams[at], hidden_words[at] = 0, 0
                told[part] = self._answer(hidden_grams, hidden_words, dense)
        told["shape"] = self._answer(grams_of, words_of, np.zeros_like(dense))
        return told

    def _inputs(self, features: Features) -> tuple[Floats, Floats, Floats]:
        found = bags(features)
        distinct = {id(one): one for one in found}
        sums = {name: (self._sum(one), self._words.mean(one.words)) for name, one in distinct.items()}
        of_grams, of_words = (np.stack(one) for one in zip(*(sums[id(one)] for one in found), strict=True))
        dense = (np.array(shape(features), np.float32) - self._mean) / self._deviation
        return of_grams, of_words, dense.clip(-4, 4)

    def _sum(self, one: Bag) -> Floats:
        return (one.weights @ self._vectors[one.rows]) * self._scale

    def _answer(self, of_grams: Floats, of_words: Floats, dense: Floats) -> dict[TaskType, float]:
        width = of_grams.shape[1] // len(self._layers)
        total = np.zeros(len(self.types), np.float32)
        for at, (inner, inner_bias, outer, outer_bias) in enumerate(self._layers):
            mine = of_grams[:, at * width : (at + 1) * width]
            hidden = np.maximum(np.concatenate((mine.ravel(), dense, of_words.ravel())) @ inner + inner_bias, 0)
            total += _log_softmax(hidden @ outer + outer_bias)
        odds = np.exp(_log_softmax(total * (self._sharpness / len(self._layers))))
        return dict(zip(self.types, odds.tolist(), strict=True))


def _log_softmax(values: Floats) -> Floats:
    values = values - values.max()
    return values - np.log(np.exp(values).sum())


def _log(count: float) -> float:
    return math.log1p(count) / 10


def _share(codes: NDArray[np.uint32], first: int, last: int) -> float:
    return float(((codes >= first) & (codes <= last)).mean()) if len(codes) else 0.0
