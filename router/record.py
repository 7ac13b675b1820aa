"""UsageRecord: one attempt, as the router saw it. The contract between router and analytics.

A record holds counts, names and times. It never holds prompt text, answer text or a key.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Self, cast

from pydantic_core import PydanticSerializationError, to_json  # the SDK brings it; a quarter of the time of stdlib json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH_NAMESPACE = uuid.UUID("7c3e4f0a-8f64-5b0e-9d0c-2f1f4f6f7a55")


class UsageRecord(NamedTuple):
    """One attempt: one HTTP request within a call, or one item of a Message Batch.

    A named tuple, because a call waits for it: made in half the time of a frozen dataclass. Give the fields by name.
    Usage fields keep the API's names; `usage` is the API's object, verbatim. Unknown is None, never zero.
    """

    record_id: str
    """UUIDv7 of the start of the attempt; of a batch item, derived from its ids, so that read twice it is one."""
    call_id: str
    """The SDK's idempotency key: the same for every attempt of one call."""
    attempt: int
    """1 for the first attempt of the call; counts retries and fallbacks alike."""
    started_at: datetime
    """When the attempt was sent; UTC-aware."""
    duration_ms: float | None = None
    """Until the body was read, or the stream ended, however it ended."""
    time_to_first_token_ms: float | None = None
    """Streams only: until the first content delta was read."""

    platform: str = "anthropic"
    """anthropic, bedrock, vertex, foundry or claude_platform_aws."""
    endpoint: str = "/v1/messages"
    stream: bool = False
    requested_model: str | None = None
    """What the caller wrote; may be `auto`."""
    sent_model: str | None = None
    """What this attempt asked for."""
    model: str | None = None
    """What served, as the response says."""
    max_tokens: int | None = None

    task_type: str | None = None
    tier: str | None = None
    confidence: float | None = None
    reason: str | None = None
    """Why this model was chosen, in one phrase."""
    shadow_model: str | None = None
    """In shadow mode: what would have been sent."""
    tags: Mapping[str, str] = MappingProxyType({})

    status: int | None = None
    """HTTP status; None if no response came."""
    error_type: str | None = None
    """The API's error type, or the class of the connection error."""
    stop_reason: str | None = None
    stop_category: str | None = None
    """`stop_details.category` of a refusal."""
    content_empty: bool | None = None
    """Whether the answer had no content; decides if a refusal is billed."""
    request_id: str | None = None
    message_id: str | None = None
    batch_id: str | None = None
    custom_id: str | None = None
    batch_result_type: str | None = None
    """succeeded, errored, canceled or expired."""
    complete: bool = True
    """False if the answer was not seen to its end."""
    estimated_output_tokens: int | None = None
    """For an incomplete stream: output tokens estimated from the text that came by."""
    usage: Mapping[str, Any] | None = None

    region: str | None = None
    """Of a cloud platform, as its endpoint names it: `us-east-1`, `europe-west1`, `global`."""
    workspace_id: str | None = None
    """Of the API, as the response says."""
    user_id: str | None = None
    """The request's `metadata.user_id`."""
    key_fingerprint: str | None = None
    """The first 16 hexadecimal digits of the SHA-256 of the API key; never the key. None for OAuth and other tokens."""
    revision: int | None = None
    """Of records with one id the highest revision holds; None is 0. A stream's record is opened at message_start
    without one and closed with 1; a managed session's grows with its cumulative usage."""

    def to_json(self) -> bytes:
        """One line of the spool, newline included; times as `YYYY-MM-DD HH:MM:SS.ffffff` in UTC. None is left out."""
        row = {name: value for name, value in zip(FIELDS, self, strict=True) if value is not None}
        row["started_at"] = format_time(self.started_at)
        row["tags"] = dict(self.tags)
        try:
            return to_json(row) + b"\n"
        except PydanticSerializationError:  # a lone surrogate in a tag; stdlib can put something in its place
            return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace")

    @classmethod
    def from_json(cls, line: bytes | str) -> Self:
        """The record of one line. Unknown keys are ignored, so that an older reader reads a newer writer.

        Raises ValueError if the line is no record.
        """
        row: object = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(f"found {type(row).__name__}, expected a JSON object")
        known = {name: value for name, value in cast("dict[str, Any]", row).items() if name in FIELDS}
        try:
            known["started_at"] = parse_time(known["started_at"])
            return cls(**known)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a usage record: {error}") from error


FIELDS = UsageRecord._fields


def format_time(moment: datetime) -> str:
    """`YYYY-MM-DD HH:MM:SS.ffffff` in UTC: what DuckDB and ClickHouse both read as a timestamp."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)


def from_nanoseconds(time_ns: int) -> datetime:
    """Nanoseconds since 1970 as an aware UTC datetime, without passing through a float."""
    return _EPOCH + timedelta(microseconds=time_ns // 1000)


def new_record_id(time_ns: int) -> str:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, the rest random, so that record ids sort by time."""
    value = (time_ns // 1_000_000 & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return str(uuid.UUID(int=value))


def batch_record_id(batch_id: str, custom_id: str) -> str:
    """The same id whoever reads the result, and however often."""
    return str(uuid.uuid5(_BATCH_NAMESPACE, f"{batch_id}\n{custom_id}"))
