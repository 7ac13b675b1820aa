"""Meter: one UsageRecord per attempt; never changes a byte, never fails a call.

Belongs innermost, so that it also sees the attempts of other people's middleware.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import httpx2
from anthropic import APIRequest, Middleware
from pydantic_core import from_json

from . import call as calls
from . import faults
from .batches import batch_id_of, recall_batch, record_result, remember_batch
from .record import UsageRecord, from_nanoseconds, new_record_id
from .spool import Spool
from .stream import watch
from .tally import EventTally, JsonTally, LineTally, Seen, error_type

if TYPE_CHECKING:
    from anthropic import APIResponse, AsyncAPIResponse, AsyncCallNext, CallNext


_T = TypeVar("_T")


class Clock(Protocol):
    """What the Meter asks for the time; the module `time` is one."""

    def time_ns(self) -> int:
        """Nanoseconds since 1970."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds since some moment, never going back."""
        ...


class Meter(Middleware):
    """SDK middleware that records the usage of every attempt in the spool, before the caller has its answer."""

    def __init__(self, spool: Spool | None = None, *, clock: Clock = time) -> None:
        self.spool = spool or Spool()
        self._clock = clock

    def handle(self, request: APIRequest, call_next: CallNext) -> APIResponse[Any]:
        """See one attempt of the synchronous client."""
        seeing = self._begin(request)
        if seeing is None:
            return calls.presentable(call_next(request), request)
        try:
            response = call_next(request)
        except BaseException as error:
            seeing.failed(error)
            raise
        seeing.answered(response)
        return calls.presentable(response, request)

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> AsyncAPIResponse[Any]:
        """See one attempt of the asynchronous client."""
        seeing = self._begin(request)
        if seeing is None:
            return calls.presentable(await call_next(request), request)
        try:
            response = await call_next(request)
        except BaseException as error:
            seeing.failed(error)
            raise
        seeing.answered(response)
        return calls.presentable(response, request)

    def _begin(self, request: APIRequest) -> _Attempt | _Batch | None:
        try:
            path = calls.path_of(request)
            if path == calls.MESSAGES:
                return _Attempt(request, self.spool, self._clock)
            if path == calls.BATCHES or batch_id_of(path):
                return _Batch(request, self.spool, self._clock)
        except Exception as error:  # noqa: BLE001  # whatever goes wrong in counting, the call goes on
            faults.note("beginning a record", error)
        return None


class _Attempt:
    """One attempt at `/v1/messages`, from before it is sent until its answer was seen to the end."""

    def __init__(self, request: APIRequest, spool: Spool, clock: Clock) -> None:
        self._call = calls.current(request) or calls.begin(request)
        self._number = self._call.next_attempt(request.retries_taken)
        self._body = calls.body_of(request)
        self._spool = spool
        self._clock = clock
        self._answer: httpx2.Response | None = None
        self._first_token_ns: int | None = None
        self._started_ns = clock.time_ns()
        self._began_ns = clock.monotonic_ns()

    def failed(self, error: BaseException) -> None:
        """No answer came."""
        try:
            self._record(Seen(error_type=type(error).__name__))
        except Exception as fault:  # noqa: BLE001  # the caller gets its own error, not ours
            faults.note("recording a failure", fault)

    def answered(self, response: object) -> None:
        """An answer came, or at least its beginning."""
        try:
            answer = calls.answer_of(response)
            if answer is None:
                return  # made up by other middleware: nothing was sent, nothing is billed
            self._answer = answer
            if answer.is_error:
                self._record(Seen(error_type=_error_type(answer), complete=answer.is_closed))
            elif "event-stream" in answer.headers.get("content-type", ""):
                watch(answer, EventTally(self._first_token, self._record))
            else:
                watch(answer, JsonTally(self._record))
        except Exception as fault:  # noqa: BLE001  # the caller gets its answer all the same
            faults.note("recording an answer", fault)

    def _first_token(self) -> None:
        self._first_token_ns = self._clock.monotonic_ns()

    def _record(self, seen: Seen) -> None:
        now = self._clock.monotonic_ns()
        call, body, answer, decision = self._call, self._body, self._answer, self._call.decision
        first = self._first_token_ns
        record = UsageRecord(
            record_id=new_record_id(self._started_ns),
            call_id=call.call_id,
            attempt=self._number,
            started_at=from_nanoseconds(self._started_ns),
            duration_ms=_milliseconds(now - self._began_ns),
            time_to_first_token_ms=None if first is None else _milliseconds(first - self._began_ns),
            stream=body.get("stream") is True,
            requested_model=call.requested_model,
            sent_model=_if(str, body.get("model")),
            model=seen.model,
            max_tokens=_if(int, body.get("max_tokens")),
            task_type=decision and decision.task_type,
            tier=decision and decision.tier,
            confidence=decision and decision.confidence,
            reason=decision and decision.reason,
            shadow_model=decision and decision.shadow_model,
            tags=call.tags,
            status=answer and answer.status_code,
            error_type=seen.error_type,
            stop_reason=seen.stop_reason,
            stop_category=seen.stop_category,
            content_empty=seen.content_empty,
            request_id=None if answer is None else answer.headers.get("request-id"),
            message_id=seen.message_id,
            complete=seen.complete,
            estimated_output_tokens=seen.estimated_output_tokens,
            usage=seen.usage,
        )
        self._spool.append(record)


class _Batch:
    """The creation of a Message Batch, or the reading of its results."""

    def __init__(self, request: APIRequest, spool: Spool, clock: Clock) -> None:
        self._request = request
        self._spool = spool
        self._clock = clock

    def failed(self, error: BaseException) -> None:
        """Nothing was billed."""

    def answered(self, response: object) -> None:
        """Keep what a new batch decided; record results as they go by."""
        try:
            answer = calls.answer_of(response)
            if answer is None or answer.is_error:
                return
            if batch_id := batch_id_of(calls.path_of(self._request)):
                self._results(answer, batch_id)
            elif self._request.method.lower() == "post":
                call = calls.current(self._request) or calls.begin(self._request)
                remember_batch(self._spool.home, from_json(answer.content), calls.body_of(self._request), call)
        except Exception as fault:  # noqa: BLE001  # the caller gets its answer all the same
            faults.note("recording a batch", fault)

    def _results(self, answer: httpx2.Response, batch_id: str) -> None:
        kept = recall_batch(self._spool.home, batch_id)
        read_at = from_nanoseconds(self._clock.time_ns())

        def on_line(line: Any) -> None:
            self._spool.append(record_result(line, batch_id=batch_id, kept=kept, read_at=read_at))

        watch(answer, LineTally(on_line))


_TYPE_OF_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
"""For error bodies that nobody reads, as those of superseded streams. Source: the API's error reference."""


def _error_type(answer: httpx2.Response) -> str | None:
    named = None
    if answer.is_closed:
        with contextlib.suppress(ValueError, httpx2.ResponseNotRead):
            named = error_type(from_json(answer.content))
    return named or _TYPE_OF_STATUS.get(answer.status_code)


def _milliseconds(nanoseconds: int) -> float:
    return round(nanoseconds / 1e6, 3)


def _if(kind: type[_T], value: object) -> _T | None:
    return value if isinstance(value, kind) else None
