"""What a what-if assumes, in words: a sentence for each thing that is not known, and each that was left as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .what_if import Supposed

TOKENS = (
    "The same text is 1.3 times as many tokens where only one of the two models has the tokenizer since Opus 4.7, as "
    "published; low and high take 1.2 and 1.4."
)
ANSWERS = (
    "Another model answers as long as the one that did, in tokens of its own; low and high: 20 % shorter and longer."
)
FOLLOWED = (
    "Which calls shared a cache is a guess: those with the same tags, user, key and requested model, one after the "
    "other. Low counts only what this guess would have saved, high only what it would have cost."
)
TOGETHER = (
    "Caches belong to a model: all calls of a model move together, so what they read from the cache is still read."
)
BATCH = (
    "In a batch a cache is found only sometimes: 98 % of reads in the low estimate, 64 % expected, 30 % in the "
    "high one; what is not found is written. Nobody knows which calls can wait: the share counts for all alike."
)
PRICES = "Changed prices hold for the whole period, at standard speed and for prompts of ordinary length."


def sentences(
    supposed: Supposed, found: Sequence[Mapping[str, Any]], was: Decimal | None, books: Decimal | None
) -> Iterator[str]:
    """What is assumed, then what was left out. `found`: rows of what_if.sql; `was`: what they rate the books at."""
    if supposed.models:
        yield from _of_models(supposed, found)
    if supposed.follows_caches:
        yield FOLLOWED
    if supposed.batch_share:
        yield BATCH
        if not _all(found, "waiting_lines"):
            yield "Nothing could go in batch: what was not in batch before ran on platforms or at speeds without one."
    if supposed.prices:
        yield PRICES
    if unpriced := _all(found, "unpriced_lines"):
        reasons = sorted({reason for row in found for reason in row["reasons"] or ()})
        yield f"{unpriced:,} lines would have no price, and count on neither side: {'; '.join(reasons[:3])}."
    if was != books:
        yield (
            f"The books say ${books or 0:,.2f}, and the ledger's own prices make it ${was or 0:,.2f}: charges were "
            "made with an older price table or contract, which the difference holds as well. Re-rate first."
        )


def _of_models(supposed: Supposed, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if _all(found, "retokenized_lines"):
        yield TOKENS
    if _all(found, "moved_lines"):
        yield ANSWERS
        if not supposed.follows_caches:
            yield TOGETHER
    else:
        yield "Nothing moved: no call of the period is of those that would have gone to another model."
    if kept := _all(found, "kept_lines"):
        yield f"{kept:,} lines stay where they were: their platform has no such model in their region."
    if short := _all(found, "too_short_lines"):
        yield f"{short:,} lines have prefixes too short for the other model's cache, and would pay for them in full."
    if early := _all(found, "before_launch_lines"):
        yield f"{early:,} lines are older than the other model's prices: its first price counts."


def _all(found: Sequence[Mapping[str, Any]], count: str) -> int:
    return sum(row[count] for row in found)
