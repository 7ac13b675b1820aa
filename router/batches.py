"""Usage of Message Batches: known only when results are read, in whichever process reads them.

When a batch is created, what was decided and tagged for each custom id is kept beside the spool, in
`batches/<batch id>.json`. When its results go by, each line becomes one record whose id is derived from batch id and
custom id, so that reading the results again, anywhere, adds nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from .call import BATCHES, Call
from .features import mappings
from .record import UsageRecord, batch_record_id
from .tally import Seen, error_type

_RESULTS = re.compile(r"/v1/messages/batches/([A-Za-z0-9_-]+)/results$")


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
    hidden = folder / f"{batch_id}.tmp"
    hidden.write_text(json.dumps(kept), "utf-8")
    hidden.rename(folder / f"{batch_id}.json")


def recall_batch(home: Path, batch_id: str) -> Mapping[str, Any]:
    """What was kept of a batch; empty if it was made elsewhere."""
    try:
        return json.loads((home / "batches" / f"{batch_id}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


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


def _created_at(kept: Mapping[str, Any]) -> datetime | None:
    try:
        created = datetime.fromisoformat(str(kept.get("created_at")))
    except ValueError:
        return None
    return created if created.tzinfo else None
