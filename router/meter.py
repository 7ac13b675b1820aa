"""Meter: one UsageRecord per attempt; never changes a byte, never fails a call.

Belongs innermost, so that it also sees the attempts of other people's middleware.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import httpx2
from anthropic import APIRequest, Middleware
from pydantic_core import from_json

from . import call as calls
from . import faults
from .batches import Results, batch_id_of, remember_batch
from .platforms import place_of
from .record import UsageRecord, from_nanoseconds, new_record_id
from .scope import current_tags
from .sessions import Sightings, shows_sessions
from .spool import Spool
from .stream import watch
from .tally import EventTally, FrameTally, JsonTally, LineTally, Seen, Tally, error_type

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
    """SDK middleware that records the usage of every attempt in the spool, before the caller has its answer.

    `platform`: where the calls of this client go; None finds it out from each answer.
    """

    def __init__(self, spool: Spool | None = None, *, clock: Clock = time, platform: str | None = None) -> None:
        self.spool = spool or Spool()
        self.platform = platform
        self.clock = clock

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

    def _begin(self, request: APIRequest) -> _Attempt | _Batch | _Sessions | None:
        try:
            path = calls.path_of(request)
            if path == calls.MESSAGES:
                return _Attempt(request, self)
            if path == calls.BATCHES or batch_id_of(path):
                return _Batch(request, self)
            if shows_sessions(path):
                return _Sessions(request, self)
        except Exception as error:  # noqa: BLE001  # whatever goes wrong in counting, the call goes on
            faults.note("beginning a record", error)
        return None


class _Attempt:
    """One attempt at `/v1/messages`, from before it is sent until its answer was seen to the end.

    It holds no response: the body that is watched holds the attempt, and a cycle would keep a dropped stream open.
    """

    def __init__(self, request: APIRequest, meter: Meter) -> None:
        self._call = calls.current(request) or calls.begin(request)
        self._number = self._call.next_attempt(request.retries_taken)
        self._request = request
        self._meter = meter
        self._head: dict[str, Any] = {}
        self._record_id: str | None = None
        self._hold = calls.metered(self._call)
        self._started_ns = meter.clock.time_ns()
        self._began_ns = meter.clock.monotonic_ns()

    def failed(self, error: BaseException) -> None:
        """No answer came."""
        try:
            self._head = self._place(None)
            self._record(Seen(error_type=type(error).__name__))
        except Exception as fault:  # noqa: BLE001  # the caller gets its own error, not ours
            faults.note("recording a failure", fault)

    def answered(self, response: object) -> None:
        """An answer came, or at least its beginning."""
        try:
            answer = calls.answer_of(response)
            if answer is None:
                return  # made up by other middleware: nothing was sent, nothing is billed
            self._head = {**self._place(answer), **_head(answer)}
            if answer.is_error:
                self._record(Seen(error_type=_error_type(answer), complete=True))  # there is no usage still to come
            else:
                watch(answer, self._tally(answer.headers.get("content-type", "")))
        except Exception as fault:  # noqa: BLE001  # the caller gets its answer all the same
            faults.note("recording an answer", fault)

    def _place(self, answer: httpx2.Response | None) -> dict[str, Any]:
        return place_of(self._request, answer, platform=self._meter.platform)._asdict()

    def _tally(self, content_type: str) -> Tally:
        if "event-stream" in content_type:
            return EventTally(self._record, self._meter.clock.monotonic_ns)
        if "vnd.amazon.eventstream" in content_type:
            return FrameTally(EventTally(self._record, self._meter.clock.monotonic_ns))
        return JsonTally(self._record)

    def _record(self, seen: Seen) -> None:
        """Called once; for a stream twice, when it has begun and when it is over."""
        now = self._meter.clock.monotonic_ns()
        call, body, decision = self._call, calls.body_of(self._request), self._call.decision
        first = seen.first_token_ns
        revision = None if self._record_id is None else 1
        self._record_id = self._record_id or new_record_id(self._started_ns)
        record = UsageRecord(
            record_id=self._record_id,
            revision=revision,
            call_id=call.call_id,
            attempt=self._number,
            started_at=from_nanoseconds(self._started_ns),
            duration_ms=None if seen.under_way else _milliseconds(now - self._began_ns),
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
            error_type=seen.error_type,
            stop_reason=seen.stop_reason,
            stop_category=seen.stop_category,
            content_empty=seen.content_empty,
            message_id=seen.message_id,
            complete=seen.complete,
            estimated_output_tokens=seen.estimated_output_tokens,
            usage=seen.usage,
            user_id=calls.user_of(body),
            **self._head,
        )
        self._meter.spool.append(record)
        if self._hold is not None and not seen.under_way:
            self._hold.settle(record)
        if call.turn is not None and seen.usage is not None and record.sent_model is not None:
            call.turn.hear(self._number, record.sent_model, seen.usage)


class _Batch:
    """The creation of a Message Batch, or the reading of its results."""

    def __init__(self, request: APIRequest, meter: Meter) -> None:
        self._request = request
        self._meter = meter
        call = calls.current(request)
        self._hold = call and calls.metered(call)

    def failed(self, error: BaseException) -> None:  # noqa: ARG002  # as of any attempt
        """Nothing was billed."""
        if self._hold is not None:
            self._hold.release()

    def answered(self, response: object) -> None:
        """Keep what a new batch decided; record results as they go by."""
        try:
            answer = calls.answer_of(response)
            if answer is None or answer.is_error:
                if self._hold is not None:
                    self._hold.release()
                return
            if batch_id := batch_id_of(calls.path_of(self._request)):
                self._results(answer, batch_id)
            elif self._request.method.lower() == "post":
                call = calls.current(self._request) or calls.begin(self._request)
                made = from_json(answer.content)
                remember_batch(self._meter.spool.home, made, calls.body_of(self._request), call)
                if self._hold is not None:
                    self._hold.name(str(made["id"]))
        except Exception as fault:  # noqa: BLE001  # the caller gets its answer all the same
            faults.note("recording a batch", fault)

    def _results(self, answer: httpx2.Response, batch_id: str) -> None:
        read_at = from_nanoseconds(self._meter.clock.time_ns())
        origin = _origin(self._request, answer, self._meter)
        watch(answer, LineTally(Results(self._meter.spool, batch_id, read_at=read_at, origin=origin).see))


class _Sessions:
    """An answer that shows what managed sessions have used so far."""

    def __init__(self, request: APIRequest, meter: Meter) -> None:
        self._request = request
        self._meter = meter
        self._tags = current_tags()

    def failed(self, error: BaseException) -> None:
        """Nothing was shown."""

    def answered(self, response: object) -> None:
        """Record what the answer shows as it goes by."""
        try:
            answer = calls.answer_of(response)
            if answer is None or answer.is_error:
                return
            sightings = Sightings(
                self._meter.spool,
                calls.path_of(self._request),
                tags=self._tags,
                seen_at=from_nanoseconds(self._meter.clock.time_ns()),
                origin=_origin(self._request, answer, self._meter),
            )
            watch(answer, sightings.tally(answer.headers.get("content-type", "")))
        except Exception as fault:  # noqa: BLE001  # the caller gets its answer all the same
            faults.note("recording a session", fault)


_TYPE_OF_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""For error bodies that nobody reads, as those of superseded streams. Source: the API's error reference."""


def _error_type(answer: httpx2.Response) -> str | None:
    named = None
    if answer.is_closed:
        with contextlib.suppress(ValueError, httpx2.ResponseNotRead):
            named = error_type(from_json(answer.content))
    return named or _TYPE_OF_STATUS.get(answer.status_code)


def _origin(request: APIRequest, answer: httpx2.Response, meter: Meter) -> dict[str, Any]:
    """Whose answer it is, and from where, where no single call is meant."""
    place = place_of(request, answer, platform=meter.platform)
    head = _head(answer)
    kept = ("workspace_id", "key_fingerprint")
    return {"platform": place.platform, "region": place.region, **{name: head[name] for name in kept}}


def _head(answer: httpx2.Response) -> dict[str, Any]:
    """What the status line and the headers tell, as fields of the record."""
    headers = answer.headers
    return {
        "status": answer.status_code,
        "request_id": headers.get("request-id") or headers.get("x-amzn-requestid"),
        "workspace_id": headers.get("anthropic-workspace-id"),
        "key_fingerprint": _fingerprint(answer),
    }


def _fingerprint(answer: httpx2.Response) -> str | None:
    """Of the API key that went out; None for tokens and signatures, which change while the account stays the same.

    The SDK sends its key as a bearer token, as it does OAuth tokens (`sk-ant-oat...`); only the prefix tells.
    """
    try:
        headers = answer.request.headers
    except RuntimeError:  # other middleware made the answer up
        return None
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    key = bearer if bearer.startswith("sk-ant-api") else headers.get("x-api-key")
    return hashlib.sha256(key.encode()).hexdigest()[:16] if key else None


def _milliseconds(nanoseconds: int) -> float:
    return round(nanoseconds / 1e6, 3)


def _if(kind: type[_T], value: object) -> _T | None:
    return value if isinstance(value, kind) else None
