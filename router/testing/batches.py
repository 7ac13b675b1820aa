"""Message Batches: created, processed when their time has come, read as often as one likes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .clock import TimeSource, rfc3339
from .failures import Failure, invalid, not_found
from .script import BATCH_ITEM, Canceled, Expired
from .turns import Turn, Turns

_SECOND = 1_000_000_000
EXPIRES_AFTER_NS = 24 * 3_600 * _SECOND
"""A batch that takes longer ends then, and its items expire."""
_OUTCOMES = ("succeeded", "errored", "canceled", "expired")


@dataclass(slots=True, kw_only=True)
class _Batch:
    id: str
    requests: list[dict[str, Any]]
    created_ns: int
    results_url: str
    ends_ns: int
    canceled_ns: int | None = None
    results: list[dict[str, Any]] | None = None


@dataclass(slots=True, kw_only=True)
class Batches:
    """All batches of this process. Thread-safe.

    An item is answered when its batch is first looked at after its end, by the script, the prompt cache and the
    clock of that moment.
    """

    turns: Turns
    clock: TimeSource
    seconds: float
    """How long a batch takes."""
    new_id: Callable[[str], str]
    _batches: dict[str, _Batch] = field(default_factory=dict[str, _Batch])
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def create(self, body: Mapping[str, Any], results_base: str) -> dict[str, Any] | Failure:
        """POST /v1/messages/batches. `results_base` is the absolute address of the collection."""
        requests: list[dict[str, Any]] = body.get("requests") or []
        if not requests:
            return invalid("requests: at least one request is required")
        names = Counter(request.get("custom_id") for request in requests)
        if None in names:
            return invalid("requests: custom_id: Field required")
        if (twice := names.most_common(1)[0])[1] > 1:
            return invalid(f"requests: custom_id must be unique, found {twice[0]!r} {twice[1]} times")
        now_ns, batch_id = self.clock.time_ns(), self.new_id("msgbatch_")
        batch = _Batch(
            id=batch_id,
            requests=requests,
            created_ns=now_ns,
            results_url=f"{results_base}/{batch_id}/results",
            ends_ns=now_ns + min(round(self.seconds * _SECOND), EXPIRES_AFTER_NS),
        )
        with self._lock:
            self._batches[batch_id] = batch
            # Answered before it is processed: even a batch that takes no time is created `in_progress`.
            return _describe(batch)

    def retrieve(self, batch_id: str) -> dict[str, Any] | Failure:
        """GET /v1/messages/batches/{id}."""
        with self._lock:
            batch = self._batches.get(batch_id)
            return not_found(f"batch {batch_id} not found") if batch is None else _describe(self._settled(batch))

    def cancel(self, batch_id: str) -> dict[str, Any] | Failure:
        """POST /v1/messages/batches/{id}/cancel: what has not been processed is canceled."""
        with self._lock:
            batch = self._batches.get(batch_id)
            if batch is None:
                return not_found(f"batch {batch_id} not found")
            if self._settled(batch).results is None:
                batch.canceled_ns = batch.ends_ns = self.clock.time_ns()
            return _describe(batch)

    def delete(self, batch_id: str) -> dict[str, Any] | Failure:
        """DELETE /v1/messages/batches/{id}, once it has ended."""
        with self._lock:
            batch = self._batches.get(batch_id)
            if batch is None:
                return not_found(f"batch {batch_id} not found")
            if self._settled(batch).results is None:
                return invalid("a batch that is in progress cannot be deleted; cancel it first")
            del self._batches[batch_id]
            return {"type": "message_batch_deleted", "id": batch_id}

    def list_all(self) -> list[dict[str, Any]]:
        """GET /v1/messages/batches: newest first."""
        with self._lock:
            return [_describe(self._settled(batch)) for batch in reversed(self._batches.values())]

    def results(self, batch_id: str) -> list[dict[str, Any]] | Failure:
        """GET /v1/messages/batches/{id}/results: one line per item."""
        with self._lock:
            batch = self._batches.get(batch_id)
            if batch is None:
                return not_found(f"batch {batch_id} not found")
            results = self._settled(batch).results
            return not_found(f"batch {batch_id} has no results yet") if results is None else results

    def _settled(self, batch: _Batch) -> _Batch:
        """The batch, its items answered if it has ended by now."""
        if batch.results is None and self.clock.time_ns() >= batch.ends_ns:
            batch.results = [
                {"custom_id": request["custom_id"], "result": self._result(batch, request)}
                for request in batch.requests
            ]
        return batch

    def _result(self, batch: _Batch, request: Mapping[str, Any]) -> dict[str, Any]:
        if batch.canceled_ns is not None:
            return {"type": "canceled"}
        if batch.ends_ns - batch.created_ns >= EXPIRES_AFTER_NS:
            return {"type": "expired"}
        outcome = self.turns.take(dict(request.get("params") or {}), BATCH_ITEM, message_id=self.new_id("msg_"))
        match outcome:
            case Turn():
                return {"type": "succeeded", "message": outcome.message}
            case Failure():
                return {"type": "errored", "error": outcome.body(self.new_id("req_"))}
            case Expired():
                return {"type": "expired"}
            case Canceled() | _:
                return {"type": "canceled"}


def _describe(batch: _Batch) -> dict[str, Any]:
    results = batch.results
    counts = Counter(line["result"]["type"] for line in results or ())
    waiting = "in_progress" if batch.canceled_ns is None else "canceling"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": waiting if results is None else "ended",
        "request_counts": {
            "processing": len(batch.requests) if results is None else 0,
            **{outcome: counts[outcome] for outcome in _OUTCOMES},
        },
        "created_at": rfc3339(batch.created_ns),
        "expires_at": rfc3339(batch.created_ns + EXPIRES_AFTER_NS),
        "ended_at": None if results is None else rfc3339(batch.ends_ns),
        "cancel_initiated_at": None if batch.canceled_ns is None else rfc3339(batch.canceled_ns),
        "archived_at": None,
        "results_url": None if results is None else batch.results_url,
    }
