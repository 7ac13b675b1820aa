"""The prompt cache, simulated, so that cache reads and writes are consequences of the requests.

As the prompt caching guide describes it: a prefix in the order tools, system, messages is written at each
`cache_control` breakpoint and read when a later request, to the same model, begins with exactly the same blocks;
nothing below the model's minimum length is cached; a read renews the time to live.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate

from . import tokens
from .catalogue import Model
from .prompt import Prompt

TTL_NS = {"5m": 300 * 1_000_000_000, "1h": 3_600 * 1_000_000_000}
LOOK_BACK = 20
"""How many blocks, counted from a breakpoint, the API tries for an earlier entry."""
MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A prompt's tokens, by what the cache did with them; the four add up to the prompt."""

    uncached: int
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0


@dataclass(slots=True)
class _Entry:
    ready_ns: int
    expires_ns: int
    ttl_ns: int

    def alive(self, now_ns: int) -> bool:
        return self.ready_ns <= now_ns < self.expires_ns


class PromptCache:
    """Entries of all models, in this process, for one organization. Thread-safe."""

    def __init__(self) -> None:
        """Begin cold."""
        self._entries: dict[bytes, _Entry] = {}
        self._lock = threading.Lock()

    def take(self, prompt: Prompt, model: Model, *, now_ns: int, ready_ns: int) -> Split:
        """Read the longest cached prefix and write what follows it, up to the last breakpoint.

        What is written can be read from `ready_ns` on: the API lets a request read an entry once the answer that
        wrote it has begun. Until then a concurrent request writes the same prefix again.
        """
        lengths = list(accumulate(block.tokens for block in prompt.blocks))
        marks = [
            index
            for index, block in enumerate(prompt.blocks)
            if block.ttl and lengths[index] >= model.min_cacheable_tokens
        ]
        if not marks:
            return Split(uncached=prompt.tokens)
        digests = _digests(prompt, model, marks[-1])
        with self._lock:
            hit = self._longest_hit(marks, digests, now_ns)
            self._renew([*(mark for mark in marks if mark <= hit), hit], digests, now_ns)
            written, previous = {"5m": 0, "1h": 0}, hit
            for mark in (mark for mark in marks if mark > hit):
                ttl = prompt.blocks[mark].ttl or "5m"
                written[ttl] += lengths[mark] - (lengths[previous] if previous >= 0 else 0)
                self._write(digests[mark], ready_ns, TTL_NS[ttl])
                previous = mark
        return Split(
            uncached=lengths[-1] - lengths[marks[-1]],
            read=lengths[hit] if hit >= 0 else 0,
            written_5m=written["5m"],
            written_1h=written["1h"],
        )

    def _longest_hit(self, marks: list[int], digests: list[bytes], now_ns: int) -> int:
        """The last block of the longest live prefix, or -1."""
        for mark in reversed(marks):
            for index in range(mark, max(-1, mark - LOOK_BACK), -1):
                entry = self._entries.get(digests[index])
                if entry is not None and entry.alive(now_ns):
                    return index
        return -1

    def _renew(self, indexes: list[int], digests: list[bytes], now_ns: int) -> None:
        for index in indexes:
            entry = self._entries.get(digests[index]) if index >= 0 else None
            if entry is not None and entry.alive(now_ns):
                entry.expires_ns = now_ns + entry.ttl_ns

    def _write(self, digest: bytes, ready_ns: int, ttl_ns: int) -> None:
        present = self._entries.pop(digest, None)
        # Of two that write the same prefix at once, the earlier one decides from when it can be read.
        if present is not None and present.expires_ns > ready_ns:
            ready_ns, ttl_ns = min(present.ready_ns, ready_ns), max(present.ttl_ns, ttl_ns)
        elif len(self._entries) >= MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        self._entries[digest] = _Entry(ready_ns, ready_ns + ttl_ns, ttl_ns)


def _digests(prompt: Prompt, model: Model, last: int) -> list[bytes]:
    """For each block up to `last`: the digest of the prompt from its start to there."""
    digest = blake2b(model.id.encode(), digest_size=16)
    in_messages = False
    digests: list[bytes] = []
    for block in prompt.blocks[: last + 1]:
        if not in_messages and block.place not in {"tools", "system"}:
            in_messages = True
            digest.update(prompt.settings.encode())
        digest.update(f"\n{block.place}\n{tokens.canonical(block.content)}".encode("utf-8", "surrogatepass"))
        digests.append(digest.digest())
    return digests
