"""One call: how each of its attempts was decided and went, and what it cost, item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from .ledger import Ledger
from .questions import run
from .receipt import Receipt, exact_sum


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAttempt:
    """One attempt, in the words of its record."""

    record_id: UUID
    attempt: int
    """Which one of its call, from 1."""
    started_at: datetime
    duration_ms: float | None
    time_to_first_token_ms: float | None
    platform: str
    stream: bool
    requested_model: str | None
    """What the caller wrote."""
    sent_model: str | None
    model: str | None
    """What served it."""
    task_type: str | None
    tier: str | None
    confidence: float | None
    reason: str | None
    """Why the model was chosen."""
    shadow_model: str | None
    tags: Mapping[str, str]
    user_id: str | None
    status: int | None
    error_type: str | None
    stop_reason: str | None
    complete: bool
    request_id: str | None
    message_id: str | None
    batch_id: str | None
    receipt: Receipt

    @property
    def open(self) -> bool:
        """Whether it is a stream that has begun and, as far as anybody knows, not ended."""
        return self.stream and not self.complete and self.duration_ms is None

    @property
    def writing_ms(self) -> float | None:
        """From the first token to the end. None where either is not known."""
        if self.duration_ms is None or self.time_to_first_token_ms is None:
            return None
        return self.duration_ms - self.time_to_first_token_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCall:
    """All attempts of one call, the first one first; at least one."""

    call_id: str
    attempts: tuple[OneAttempt, ...]
    verdict: str | None
    """What people said of the answer: good or bad."""
    note: str | None

    @property
    def list_cost(self) -> Decimal | None:
        """Of all attempts, in US dollars; None where one of them has no price."""
        costs = [one.receipt.list_cost for one in self.attempts]
        known = [cost for cost in costs if cost is not None]
        return exact_sum(known) if len(known) == len(costs) else None


def one_call(ledger: Ledger, call_id: str) -> OneCall | None:
    """The call of that id; None if the ledger has none, or has it no more."""
    with ledger.extract(call_id=call_id) as con:
        run(con, "receipt_fresh", call_id=call_id)
        attempts, lines = run(con, "call_attempts"), run(con, "receipt")
    if not attempts:
        return None
    found = tuple(
        _attempt(row, Receipt.of([line for line in lines if line["record_id"] == row["record_id"]])) for row in attempts
    )
    said = attempts[0]
    return OneCall(call_id=call_id, attempts=found, verdict=said["verdict"], note=said["note"])


def _attempt(row: Mapping[str, Any], receipt: Receipt) -> OneAttempt:
    whole: dict[str, Any] = {**row, "started_at": row["started_at"].replace(tzinfo=UTC), "receipt": receipt}
    return OneAttempt(**{field.name: whole[field.name] for field in fields(OneAttempt)})
