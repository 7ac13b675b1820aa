"""Text -> hashed n-grams: the pieces of three to five characters, the words, and two and three words in a row.

Pieces of words survive typos and other forms of a word; words in a row carry the ask. All at once over arrays: the hash
of every piece is the difference of two prefix sums, in arithmetic modulo 2^64.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_MOST = 4096
"""Characters of one text."""
_PIECES = (3, 4, 5)
_BASE = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SPACE, _DIGIT = re.compile(r"\s+"), re.compile(r"\d")


class Grams(NamedTuple):
    """The hashes of a text's pieces, words, pairs and triples of words, each in the order of the text."""

    pieces: Hashes
    words: Hashes
    pairs: Hashes
    triples: Hashes


def grams(text: str) -> Grams:
    """The n-grams of a text: digits are all alike, as are kinds of white space, and letters in either case."""
    plain = f" {_SPACE.sub(' ', _DIGIT.sub('0', text[:_MOST].lower())).strip()} "[: _MOST + 2]
    characters = np.frombuffer(plain.encode("utf-32-le", "replace"), np.uint32)
    with np.errstate(over="ignore"):
        sums = np.zeros(len(characters) + 1, np.uint64)
        np.cumsum((characters + np.uint64(1)) * _POWERS[: len(characters)], out=sums[1:])
        starts, ends = _words(characters)
        word = _mixed((sums[ends] - sums[starts]) * _INVERSES[starts], 11)
        pair = _mixed(word[:-1] * np.uint64(3) + word[1:], 12)
        triple = _mixed(word[:-2] * np.uint64(9) + word[1:-1] * np.uint64(3) + word[2:], 13)
        pieces = [
            _mixed((sums[size:] - sums[:-size]) * _INVERSES[: max(0, len(characters) - size + 1)], size)
            for size in _PIECES
        ]
    return Grams(np.concatenate(pieces), word, pair, triple)


def _words(characters: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where words begin and end. An ideograph is a word of its own."""
    letter, ideograph = _LETTER[characters], _IDEOGRAPH[characters]
    joined = letter[1:] & letter[:-1] & ~ideograph[1:] & ~ideograph[:-1]
    begins, ends = letter.copy(), letter.copy()
    begins[1:] &= ~joined
    ends[:-1] &= ~joined
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


def _mixed(hashes: Hashes, seed: int) -> Hashes:
    """Every bit of a hash made to depend on all of them."""
    mixed = (hashes ^ np.uint64(seed * _BASE % 2**64)) * _MIX
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX
    mixed ^= mixed >> np.uint64(29)
    return mixed


def _powers(base: int) -> Hashes:
    powers, power = np.empty(_MOST + 3, np.uint64), 1
    for at in range(len(powers)):
        powers[at] = power
        power = power * base % 2**64
    return powers


def _among(*ranges: tuple[int, int]) -> NDArray[np.bool_]:
    among = np.zeros(0x110000, np.bool_)
    for first, after in ranges:
        among[first:after] = True
    return among


_POWERS, _INVERSES = _powers(_BASE), _powers(pow(_BASE, -1, 2**64))
_LETTER = _among(
    (0x30, 0x3A), (0x41, 0x5B), (0x61, 0x7B), (0xC0, 0x2000), (0x2C00, 0x2E00), (0xA640, 0xD800),
    (0x2E80, 0x3000), (0x3040, 0xA4D0),
)  # fmt: skip
_IDEOGRAPH = _among((0x2E80, 0x3000), (0x3040, 0xA4D0))
