"""What a caller receives, what the API was sent and what was recorded, in a form that can be compared."""

from __future__ import annotations

import re
from typing import Any

import anthropic
import httpx2

from router.record import UsageRecord
from router.testing import MESSAGES, StandIn
from tests.router.conformance.cases import Case, Row
from tests.router.conformance.styles import Ask, Received, Style

_OURS = frozenset({"x-stainless-raw-response", "x-stainless-retry-count", "host"})
"""The SDK marks every request that any middleware sees; a fallback is no retry; servers have their own ports."""

_PORT = re.compile(r"(?<=//127\.0\.0\.1):\d+")
"""Batches name the address of their results."""


async def received(style: Style, client: Any, ask: Ask) -> list[Any]:
    """Everything that the caller gets, in order, with the error at the end if there is one."""
    got: list[Any] = []
    answers: Received = style.call(client, dict(ask))
    try:
        async for answer in answers:
            got.append(shape(answer))  # noqa: PERF401  # what came before an error counts
    except (anthropic.AnthropicError, httpx2.HTTPError) as error:
        got.append(shape(error))
    return got


def shape(value: object) -> Any:
    """Types, values and headers, all the way down: the SDK's models show theirs in `repr`."""
    match value:
        case list() | tuple():
            return [shape(item) for item in value]
        case httpx2.Headers():
            return sorted(value.multi_items())
        case Exception():
            told = {name: shape(getattr(value, name, None)) for name in ("status_code", "body", "request_id", "type")}
            answer = getattr(value, "response", None)
            return type(value), str(value), told, None if answer is None else shape(answer.headers)
        case _:
            return type(value), _PORT.sub("", repr(value)), getattr(value, "_request_id", None)


def sent(api: StandIn) -> list[Any]:
    """What arrived at the API."""
    return [
        (
            request.method,
            request.path,
            dict(request.query),
            {name: value for name, value in request.headers.items() if name not in _OURS},
            request.body,
            request.status,
        )
        for request in api.requests
    ]


def latest(records: list[UsageRecord]) -> list[UsageRecord]:
    """The records, of each only the highest revision, in the order in which the attempts were made."""
    held: dict[str, UsageRecord] = {}
    for record in records:
        if record.record_id not in held or (record.revision or 0) > (held[record.record_id].revision or 0):
            held[record.record_id] = record
    return sorted(held.values(), key=lambda record: (record.started_at, record.attempt))


def rows(records: list[UsageRecord]) -> list[Row]:
    """What the records say, as the table has it."""
    return [Row(str(record.sent_model), record.status, record.error_type, record.complete) for record in records]


def expected(case: Case, style: Style, *, over_sockets: bool) -> list[Row]:
    """The rows of a case for a call style: only who reads an answer to its end sees it whole.

    In the process, an answer that is no stream comes whole whether it is read or not.
    """
    if not style.calls:
        return []
    whole = style.whole or not (style.stream or over_sockets)
    *before, last = case.rows
    if not last.complete or last.error_type:
        return [*before, last]
    return [*before, last._replace(complete=last.complete and whole)] + [last] * (style.calls - 1)


def answered(api: StandIn) -> list[tuple[str | None, int | None]]:
    """Request id and status of each Messages request; no id where no answer was sent."""
    return [
        (request.request_id if request.status else None, request.status)
        for request in api.requests
        if request.path == MESSAGES
    ]
