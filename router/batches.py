"""Usage of Message Batches: known only when results are read, in whichever process reads them.

When a batch is created, what was decided and tagged for each custom id is kept beside the spool, in
`batches/<batch id>.json`. When its results go by, each line becomes one record whose id is derived from batch id and
custom id, so that reading the results again, anywhere, adds nothing. When every custom id was seen, the file is renamed
to `<batch id>.read.json`: what has no such ending, `tollgate batches pull` still has to collect.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from .call import BATCHES, Call
from .features import mappings
from .record import UsageRecord, batch_record_id
from .spool import Spool
from .tally import Seen, error_type

_RESULTS = re.compile(r"/v1/messages/batches/([A-Za-z0-9_-]+)/results$")
RESULTS_KEPT = timedelta(days=29)
"""How long the API keeps results, from the creation of the batch. Source: the Message Batches guide of the API."""


def batch_id_of(path: str) -> str | None:
    """The batch whose results a URL path names."""
    found = _RESULTS.search(path)
    return found and found[1]


def remember_batch(home: Path, batch: Mapping[str, Any], sent: Mapping[str, Any], call: Call) -> None:
    """Keep what the records of a new batch will need: models asked for and sent, decisions, tags. No prompt."""
    batch_id = batch.get("id")
    if not isinstance(batch_id, str) or not batch_id_of(f"{BATCHES}/{batch_id}/results"):
        return
    kept = {
        "call_id": call.call_id,
        "created_at": batch.get("created_at"),
        "tags": dict(call.tags),
        "requests": {str(item.get("custom_id")): _plan(item, call) for item in mappings(sent.get("requests"))},
    }
    folder = home / "batches"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    hidden = folder / f"{batch_id}.{os.getpid()}.tmp"
    hidden.write_text(json.dumps(kept), "utf-8")
    hidden.rename(folder / f"{batch_id}.json")


def recall_batch(home: Path, batch_id: str) -> Mapping[str, Any]:
    """What was kept of a batch; empty if it was made elsewhere."""
    for ending in ("json", "read.json"):
        with contextlib.suppress(OSError, ValueError):
            return json.loads((home / "batches" / f"{batch_id}.{ending}").read_text("utf-8"))
    return {}


def unread_batches(home: Path) -> dict[str, datetime]:
    """The batches made here whose results nobody has read to their end, and since when each is kept; oldest first."""
    found = {path.stem: _changed_at(path) for path in (home / "batches").glob("*.json") if "." not in path.stem}
    return dict(sorted(found.items(), key=lambda batch: batch[1]))


def settled_batches(home: Path) -> set[str]:
    """The batches that need not be looked at again: read to their end, or gone at the API."""
    return {path.name.partition(".")[0] for path in (home / "batches").glob("*.*.json")}


def settle_batch(home: Path, batch_id: str, how: Literal["read", "gone"]) -> None:
    """Say that the results of a batch were read to their end, wherever it was made, or that nobody can read them."""
    kept = home / "batches" / f"{batch_id}.json"
    settled = kept.with_name(f"{batch_id}.{how}.json")
    try:
        kept.rename(settled)
    except FileNotFoundError:  # made elsewhere, or another process said it
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        settled.touch(mode=0o600)


def forget_batches(home: Path, *, now: datetime) -> None:
    """Remove what was kept of settled batches whose results the API no longer has, so that nothing asks for it."""
    for path in (home / "batches").glob("*.*.json"):
        if now - _changed_at(path) > RESULTS_KEPT + timedelta(days=1):
            path.unlink(missing_ok=True)


class Results:
    """The results of one batch as they go by: each line becomes a record, and after the last the batch is read."""

    def __init__(self, spool: Spool, batch_id: str, *, read_at: datetime, origin: Mapping[str, Any]) -> None:
        """`origin`: fields of every record that say whose results they are."""
        self._spool = spool
        self._batch_id = batch_id
        self._read_at = read_at
        self._origin = origin
        self._kept = recall_batch(spool.home, batch_id)
        self._unseen = set[str](self._kept.get("requests") or ())

    def see(self, line: Mapping[str, Any]) -> None:
        """Record a line. A record that is lost leaves its batch unread."""
        record = record_result(line, batch_id=self._batch_id, kept=self._kept, read_at=self._read_at)
        record = record._replace(**self._origin)
        if self._spool.append(record) and record.custom_id in self._unseen:
            self._unseen.remove(record.custom_id)
            if not self._unseen:
                settle_batch(self._spool.home, self._batch_id, "read")


def record_result(line: Mapping[str, Any], *, batch_id: str, kept: Mapping[str, Any], read_at: datetime) -> UsageRecord:
    """The record of one line of results. Dated when the batch was made, else, if that is unknown, when it was read."""
    custom_id = str(line.get("custom_id"))
    result: Mapping[str, Any] = line.get("result") or {}
    seen = Seen()
    seen.read_message(result.get("message") or {})
    plans: Mapping[str, Mapping[str, Any]] = kept.get("requests") or {}
    return UsageRecord(
        record_id=batch_record_id(batch_id, custom_id),
        call_id=f"{batch_id}/{custom_id}",
        attempt=1,
        started_at=_created_at(kept) or read_at,
        duration_ms=None,
        endpoint=BATCHES,
        tags=kept.get("tags") or {},
        status=200 if result.get("type") == "succeeded" else None,
        error_type=error_type(result.get("error")),
        model=seen.model,
        stop_reason=seen.stop_reason,
        stop_category=seen.stop_category,
        content_empty=seen.content_empty,
        message_id=seen.message_id,
        batch_id=batch_id,
        custom_id=custom_id,
        batch_result_type=result.get("type"),
        usage=seen.usage,
        **plans.get(custom_id, {}),
    )


def _plan(item: Mapping[str, Any], call: Call) -> dict[str, Any]:
    params: Mapping[str, Any] = item.get("params") or {}
    plan: dict[str, Any] = {
        "requested_model": params.get("model"),
        "sent_model": params.get("model"),
        "max_tokens": params.get("max_tokens"),
        "user_id": _text_of(params.get("metadata"), "user_id"),
    }
    if decision := call.items.get(str(item.get("custom_id"))):
        plan |= {
            "requested_model": decision.requested_model,
            "task_type": decision.task_type,
            "tier": decision.tier,
            "confidence": decision.confidence,
            "reason": decision.reason,
            "shadow_model": decision.shadow_model,
        }
    return plan


def _text_of(holder: object, key: str) -> str | None:
    value: object = cast("Mapping[str, object]", holder).get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else None


def _changed_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # another process settled it this moment
        return datetime.now(UTC)


def _created_at(kept: Mapping[str, Any]) -> datetime | None:
    try:
        created = datetime.fromisoformat(str(kept.get("created_at")))
    except ValueError:
        return None
    return created if created.tzinfo else None
