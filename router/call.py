"""A call and its attempts: what Router and Meter both need to know, kept under the SDK's own call id.

The SDK sets `idempotency_key` once per call and keeps it over every retry, and the key survives a request's `copy()`,
so it ties together what the two see whatever other middleware stands between them.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx2
from anthropic import APIRequest, APIResponse

from .scope import current_tags

if TYPE_CHECKING:
    from .conversations import Turn
    from .guard import Hold
    from .policy import Decision

_K = TypeVar("_K")
_V = TypeVar("_V")

_REMEMBERED = 4096
"""Calls under way or just over, and conversations. What is pushed out is decided anew; nothing else is lost."""

MESSAGES = "/v1/messages"
BATCHES = "/v1/messages/batches"


class Call:
    """One SDK method invocation."""

    __slots__ = (
        "attempts",
        "began",
        "call_id",
        "decision",
        "hold",
        "items",
        "requested_model",
        "stepped_down",
        "tags",
        "turn",
    )

    def __init__(self, call_id: str, requested_model: str | None, tags: Mapping[str, str]) -> None:
        self.call_id = call_id
        self.requested_model = requested_model
        self.tags = tags
        self.decision: Decision | None = None
        self.items: dict[str, Decision] = {}
        """For a batch: the decision for each custom id."""
        self.attempts = 0
        self.began: float | None = None
        """By the Router's clock, at the first attempt."""
        self.turn: Turn | None = None
        """What the Router wants to hear of the answers, if it does."""
        self.hold: Hold | None = None
        """What is set aside for the attempt at hand."""
        self.stepped_down = False
        """A budget was spent, so its models are those of the cheapest tier."""

    def next_attempt(self, retries_taken: int) -> int:
        """The number of the attempt that begins now, from 1."""
        self.attempts = max(self.attempts, retries_taken) + 1
        return self.attempts


_calls: dict[str, Call] = {}


def begin(request: APIRequest) -> Call:
    """The call of a request: a new one at its first attempt, the same one at every later attempt."""
    key = request.options.idempotency_key or str(uuid.uuid4())
    model = body_of(request).get("model")
    call = Call(key, model if isinstance(model, str) else None, current_tags())
    keep(_calls, key, call)
    return call


def metered(call: Call) -> Hold | None:
    """What is set aside for the attempt at hand, for whoever will say what it came to."""
    if call.hold is not None:
        call.hold.metered = True
    return call.hold


def keep(memory: dict[_K, _V], key: _K, value: _V) -> None:
    """Remember a value, forget the oldest of too many; without a lock, which a fork could leave taken."""
    memory[key] = value
    if len(memory) > _REMEMBERED:
        with contextlib.suppress(RuntimeError, StopIteration):  # another thread did the same
            memory.pop(next(iter(memory)), None)


def current(request: APIRequest) -> Call | None:
    """The call a request belongs to, if it has begun."""
    return _calls.get(request.options.idempotency_key or "")


def body_of(request: APIRequest) -> Mapping[str, Any]:
    """The JSON body; empty if it is none that we can read (bytes, a file, no object)."""
    body: object = request.json
    return cast("Mapping[str, Any]", body) if isinstance(body, dict) else {}


def user_of(body: Mapping[str, Any]) -> str | None:
    """The request's `metadata.user_id`."""
    metadata: object = body.get("metadata")
    user_id = cast("Mapping[str, object]", metadata).get("user_id") if isinstance(metadata, Mapping) else None
    return user_id if isinstance(user_id, str) else None


def path_of(request: APIRequest) -> str:
    """The path of the endpoint, without query: `client.beta` adds one."""
    return request.url.partition("?")[0]


def betas_of(request: APIRequest) -> Sequence[str]:
    """The beta features asked for by this request; those in a client's own headers are not seen here."""
    for name, value in request.headers.items():
        if name.lower() == "anthropic-beta" and isinstance(value, str):
            return [beta.strip() for beta in value.split(",")]
    return ()


def answer_of(response: object) -> httpx2.Response | None:
    """The HTTP response inside what the chain returned; None if another middleware made the answer up itself."""
    answer = getattr(response, "http_response", response)
    return answer if isinstance(answer, httpx2.Response) else None


def status_of(response: object) -> int | None:
    """The HTTP status of what the chain returned."""
    answer = answer_of(response)
    return None if answer is None else answer.status_code


def presentable(response: Any, request: APIRequest) -> Any:
    """What the chain returned, as the SDK has to see it to retry and to raise.

    Asked for a bare `httpx2.Response`, it takes one that any middleware hands on for a success, whatever its status.
    """
    if isinstance(response, httpx2.Response) and not response.is_success:
        return APIResponse(
            raw=response,
            cast_to=httpx2.Response,
            client=cast("Any", None),  # only parsing asks for it, and an error is not parsed
            stream=request.stream,
            stream_cls=cast("Any", request.stream_cls),
            options=request.options,
            retries_taken=request.retries_taken,
        )
    return response


def replace_body(request: APIRequest, body: Mapping[str, Any]) -> APIRequest:
    """The request with another body. `APIRequest.copy()` would deep-copy the old one first: 1.7 ms for 200 messages."""
    options = request.options.model_copy()
    options.json_data = body
    return APIRequest(
        options=options,
        cast_to=request.cast_to,
        stream=request.stream,
        stream_cls=request.stream_cls,
        retries_taken=request.retries_taken,
    )
