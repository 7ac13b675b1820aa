"""What an attempt came to, as far as another model could do better: overload, or a request that this model rejects.

Sources: SDK.md pitfalls 6 and 7; `anthropic/_error_classes.py` for the codes of errors.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import httpx2
from anthropic import APIConnectionError
from pydantic_core import from_json

from .eventstream import Frames


class Answer(NamedTuple):
    """An attempt that was answered."""

    status: int | None
    """None: made up by other middleware, so nothing to judge."""
    error: Mapping[str, Any] | None = None
    """The error object of the body or of the first event; empty where it has none, None where it was not read."""
    failure: Exception | None = None
    """What ended the reading ahead; the caller meets it where the SDK alone would have raised it."""
    again: bool = True
    """False: the API says that trying again is no use."""

    @property
    def code(self) -> str | None:
        """The code by which the API names a special reason."""
        details: object = (self.error or {}).get("details")
        code = cast("dict[str, Any]", details).get("error_code") if isinstance(details, dict) else None
        return code if isinstance(code, str) else None


Outcome = Answer | Exception
"""Of an attempt; the exception is what the rest of the chain raised."""

Enough = Callable[[bytes], bool]
"""Whether a body was read far enough to judge it."""

REJECTED = frozenset({400, 403, 404, 413, 422})
"""Another model may accept what this one rejects: a parameter, a length, or that the key may use it at all."""

_JUDGED = REJECTED | {429, 529}
_BUSY = frozenset({"overloaded_error", "rate_limit_error", "throttlingException", "serviceUnavailableException"})
"""The last two are Bedrock's."""
_NO_OVERLOAD = frozenset({
    "compaction_unavailable", "contract_spend_limit_reached", "enforced_spend_limit_reached", "ramp_limit_exceeded",
})  # fmt: skip
"""Codes under 429 and 529 that hold for every model: no capacity for a compaction, limits of what may be spent."""

_LOST = (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.TimeoutException)
_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")


def overloaded(outcome: Outcome) -> bool:
    """Whether the model had no capacity, or nothing of an answer came at all."""
    if isinstance(outcome, Exception):
        return isinstance(outcome, APIConnectionError) and _lost(outcome.__cause__)
    if outcome.code in _NO_OVERLOAD:
        return False
    match outcome.status:
        case 529:
            return True
        case 429:  # not one whose reason could not be read: it may be a spend limit
            return outcome.again and outcome.error is not None
        case 200:
            return _lost(outcome.failure) or (outcome.error or {}).get("type") in _BUSY
        case _:
            return False


def rejected(outcome: Outcome) -> bool:
    """Whether the model may have rejected what another accepts. A code names a reason that is none of the model's."""
    return isinstance(outcome, Answer) and outcome.status in REJECTED and outcome.code is None


def how_far(response: httpx2.Response) -> Enough | None:
    """How far a body has to be read before the response can be judged; None: no further than it was."""
    if response.is_closed or response.is_stream_consumed:
        return None
    if response.status_code in _JUDGED:
        return _to_the_end
    first = _first_of(response)
    return None if first is None else lambda text: first(text) is not None


def judged(response: httpx2.Response, text: bytes = b"", failure: Exception | None = None) -> Answer:
    """The answer in a response, by what was read ahead of its body; or by all of it, if it was read already."""
    status = response.status_code
    first = _first_of(response)
    if first is None and status not in _JUDGED:
        return Answer(status, failure=failure)
    if response.is_closed or response.is_stream_consumed:
        with contextlib.suppress(httpx2.ResponseNotRead):
            text = response.content
    whole = text if first is None else first(text)
    again = response.headers.get("x-should-retry") != "false"
    return Answer(status, _error(whole) if whole else None, failure, again)


def _lost(error: object) -> bool:
    """The connection failed. A full pool of our own is no sign of the API."""
    return isinstance(error, _LOST) and not isinstance(error, httpx2.PoolTimeout)


def _to_the_end(_: bytes) -> bool:
    return False


def _first_of(response: httpx2.Response) -> Callable[[bytes], bytes | None] | None:
    """What finds the JSON of the first event, if the response is a stream."""
    if response.status_code != 200:
        return None
    kind = response.headers.get("content-type", "")
    if "text/event-stream" in kind:
        return _first_event
    return _first_frame if "vnd.amazon.eventstream" in kind else None


def _first_event(text: bytes) -> bytes | None:
    """Comments and pings are no events."""
    for block in _EVENT_END.split(text)[:-1]:
        data = [line[5:] for line in block.splitlines() if line.startswith(b"data:")]
        if data and b"event: ping" not in block:
            return b"\n".join(data)
    return None


def _first_frame(text: bytes) -> bytes | None:
    return next(Frames().feed(text), None)


def _error(text: bytes) -> Mapping[str, Any] | None:
    if b'"error"' not in text:
        return {} if text.lstrip()[:1] in (b"{", b"[") else None
    try:
        whole: object = from_json(text)
    except ValueError:
        return None
    error: object = cast("dict[str, Any]", whole).get("error") if isinstance(whole, dict) else None
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}
