"""How a request can fail: an error status in the API's shape, a broken stream, a lost connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The request is answered with an error status; a batch item, with that error."""

    status: int
    error_type: str
    message: str
    retry_after: float | None = None
    """Seconds, sent as `retry-after`. With 0.001 a test need not sit through the SDK's own back-off, which is real."""
    error_code: str | None = None
    """What the SDK's error classes call `error_code`, as `enforced_spend_limit_reached`."""

    def body(self, request_id: str) -> dict[str, Any]:
        """The error as the API writes it."""
        return error_body(self.error_type, self.message, request_id, error_code=self.error_code)

    def headers(self) -> Mapping[str, str]:
        """The headers that come with this error."""
        return {} if self.retry_after is None else {"retry-after": f"{self.retry_after:g}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overloaded(Failure):
    """529: the model has no capacity."""

    status: int = 529
    error_type: str = "overloaded_error"
    message: str = "Overloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimited(Failure):
    """429, by default with `retry-after: 1`."""

    status: int = 429
    error_type: str = "rate_limit_error"
    message: str = "This request would exceed your organization's rate limit"
    retry_after: float | None = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError(Failure):
    """500."""

    status: int = 500
    error_type: str = "api_error"
    message: str = "Internal server error"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamError:
    """An SSE `error` event inside a 200. Concerns streams only: other requests neither see it nor use it up."""

    after: int | None = None
    """None: the first event of the body, before message_start. Else it comes after so many content deltas."""
    error_type: str = "overloaded_error"
    message: str = "Overloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """No connection: httpx2.ConnectError. The API never saw the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The connection breaks although the API did its work, prompt cache included.

    Before the first byte that is httpx2.ReadError, in the body httpx2.RemoteProtocolError.
    """

    after: int | None = None
    """None: before the first byte. Else after so many content deltas; a body that is no stream breaks half-way."""


def invalid(message: str) -> Failure:
    """400, with the sentence that the API would give."""
    return Failure(status=400, error_type="invalid_request_error", message=message)


def not_found(what: str) -> Failure:
    """404."""
    return Failure(status=404, error_type="not_found_error", message=what)


def error_body(error_type: str, message: str, request_id: str, *, error_code: str | None = None) -> dict[str, Any]:
    """The API's error object."""
    error: dict[str, Any] = {"type": error_type, "message": message}
    if error_code is not None:
        error["details"] = {"error_code": error_code}
    return {"type": "error", "error": error, "request_id": request_id}
