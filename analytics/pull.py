"""Pull: the results of Message Batches that nobody has read, read once for the sake of their records.

The Meter on the client writes the records, as it does in the program that made the batch; this module only sees to it
that each batch is read to its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Literal

import anthropic
import httpx2
from anthropic.types.messages import MessageBatch

from router.batches import RESULTS_KEPT, forget_batches, settle_batch, settled_batches, unread_batches
from router.meter import Meter
from router.spool import Spool

from .exceptions import SettingsError

Outcome = Literal["pulled", "in_progress", "gone", "failed"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What became of one batch."""

    batch_id: str
    outcome: Outcome
    """gone: the API no longer has its results, so that what it cost is in no record."""
    results: Mapping[str, int] = field(default_factory=dict[str, int])
    """succeeded, errored, canceled, expired -> how many items. Only those that succeeded cost anything."""
    reason: str | None = None
    """Why it failed."""


def pull(home: Path, *, everything: bool, now: datetime, progress: Progress | None = None) -> list[Pulled]:
    """Read the results of each batch made with this home that has ended and was not read to its end.

    With `everything`, also those of the batches that the API lists for the workspace of the key. Raises SettingsError
    if the SDK finds no key, or the API does not answer. `progress` is told how many results were read, and of how many.
    """
    spool = Spool(home)
    try:
        client = anthropic.Anthropic(middleware=[Meter(spool)])
    except anthropic.AnthropicError as error:
        raise SettingsError(f"batches pull: {_refusal(error)}") from error
    with client:
        try:
            found = list(_find(client, home, everything=everything, now=now))
        except (TypeError, anthropic.AnthropicError) as error:
            raise SettingsError(f"batches pull: {_refusal(error)}") from error
        pulled = _pull_all(client, spool, found, progress)
    for batch in pulled:
        if batch.outcome in ("pulled", "gone"):
            settle_batch(home, batch.batch_id, "read" if batch.outcome == "pulled" else "gone")
    forget_batches(home, now=now)
    return pulled


def _find(
    client: anthropic.Anthropic, home: Path, *, everything: bool, now: datetime
) -> Iterator[MessageBatch | Pulled]:
    """The batches to look at, as the API describes them; those it does not know, as what became of them."""
    listed = set[str]()
    if everything:
        settled = settled_batches(home)
        for batch in client.messages.batches.list(limit=100):  # the newest first; `beta` lists the same
            if now - batch.created_at > RESULTS_KEPT:
                break
            listed.add(batch.id)
            if batch.id not in settled:
                yield batch
    for batch_id, since in unread_batches(home).items():
        if batch_id not in listed:
            yield _look_up(client, batch_id, age=now - since)


def _look_up(client: anthropic.Anthropic, batch_id: str, *, age: timedelta) -> MessageBatch | Pulled:
    try:
        return client.messages.batches.retrieve(batch_id)
    except anthropic.NotFoundError:
        if age > RESULTS_KEPT:
            return Pulled(batch_id=batch_id, outcome="gone")
        reason = "the API does not know it: it was deleted, or made with the key of another workspace"
        return Pulled(batch_id=batch_id, outcome="failed", reason=reason)


def _pull_all(
    client: anthropic.Anthropic, spool: Spool, found: Sequence[MessageBatch | Pulled], progress: Progress | None
) -> list[Pulled]:
    waiting = [batch for batch in found if isinstance(batch, MessageBatch) and batch.results_url]
    total, done = sum(batch.request_counts.succeeded + _unbilled(batch) for batch in waiting), count(1)

    def advance() -> None:
        read = next(done)
        if progress:
            progress(read, max(total, read))

    return [batch if isinstance(batch, Pulled) else _pull(client, spool, batch, advance) for batch in found]


def _pull(client: anthropic.Anthropic, spool: Spool, batch: MessageBatch, advance: Callable[[], None]) -> Pulled:
    """Read the results of one batch to their end, if it has any."""
    if batch.processing_status != "ended":
        return Pulled(batch_id=batch.id, outcome="in_progress")
    if batch.archived_at or not batch.results_url:
        return Pulled(batch_id=batch.id, outcome="gone")
    results, lost = Counter[str](), spool.lost
    try:
        for entry in client.messages.batches.results(batch.id):
            results[entry.result.type] += 1
            advance()
    except (anthropic.AnthropicError, httpx2.HTTPError) as error:
        return Pulled(batch_id=batch.id, outcome="failed", results=results, reason=_first_line(error))
    return _checked(spool, batch, results, lost=spool.lost - lost)


def _checked(spool: Spool, batch: MessageBatch, results: Mapping[str, int], *, lost: int) -> Pulled:
    """Whether what was read is all there is, and in the spool."""
    expected, found = batch.request_counts.succeeded + _unbilled(batch), sum(results.values())
    reason = None
    if lost > 0:
        reason = f"{lost:,} records could not be written (see tollgate doctor)"
    elif found < expected:
        reason = f"found {found:,} results, expected {expected:,}"
    elif batch.id in unread_batches(spool.home):
        reason = "its results lack items that it was made with"
    return Pulled(batch_id=batch.id, outcome="failed" if reason else "pulled", results=results, reason=reason)


def in_sentences(pulled: Sequence[Pulled]) -> list[str]:
    """What became of the batches."""
    by_outcome = {outcome: [one for one in pulled if one.outcome == outcome] for outcome in _SENTENCES}
    results = sum((Counter(one.results) for one in pulled), Counter[str]())
    counts = ", ".join(f"{results[kind]:,} {kind}" for kind in ("succeeded", "errored", "canceled", "expired"))
    sentences = [
        sentence.format(count=len(batches), ids=_names(batches), results=results.total(), counts=counts)
        for outcome, sentence in _SENTENCES.items()
        if (batches := by_outcome[outcome])
    ]
    sentences += [f"Failed: {one.batch_id}: {one.reason}." for one in pulled if one.outcome == "failed"]
    return sentences or ["No batch waits: whatever was made here has been read to its end."]


_SENTENCES: Mapping[Outcome, str] = {
    "pulled": "Batches pulled: {count:,}. Results: {results:,} ({counts}); only those that succeeded cost anything.",
    "in_progress": "Still in progress: {count:,} ({ids}). A batch ends within 24 hours; pull again then.",
    "gone": (
        "Results gone at the API: {count:,} ({ids}). "
        f"It keeps them for {RESULTS_KEPT.days} days; what these batches cost is in no record."
    ),
}


def _names(batches: Sequence[Pulled]) -> str:
    names = [one.batch_id for one in batches[:5]]
    return ", ".join([*names, f"and {len(batches) - 5:,} more"] if len(batches) > 5 else names)


def _unbilled(batch: MessageBatch) -> int:
    counts = batch.request_counts
    return counts.errored + counts.canceled + counts.expired


def _refusal(error: Exception) -> str:
    if isinstance(error, TypeError):  # what the SDK raises where it finds no credentials
        if "authentication" not in str(error):
            raise error
        return "found no API key, expected one where the SDK looks for it, such as ANTHROPIC_API_KEY"
    if isinstance(error, anthropic.APIError):
        return f"found no answer at {error.request.url} ({_first_line(error)})"
    return _first_line(error)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
