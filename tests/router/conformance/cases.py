"""What can happen to a call, and the record of each attempt that must result."""

from __future__ import annotations

from typing import Any, NamedTuple

from router.testing import Cut, Failure, Overloaded, RateLimited, ServerError, StreamError, Unreachable
from router.testing.script import Effect
from tests.router.conformance.styles import Style

HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"
SOON = 0.001


class Row(NamedTuple):
    """What the record of one attempt must say."""

    model: str
    status: int | None = 200
    error_type: str | None = None
    complete: bool = True


class Case(NamedTuple):
    """An effect, the attempts that it leads to, and what makes the SDK alone meet the same."""

    effect: Effect | None
    rows: tuple[Row, ...]
    model: str | None = None
    """Which requests meet the effect."""
    times: int | None = None
    alone: tuple[str, ...] = (HAIKU,)
    """The calls, by model, in which the SDK alone sends the same requests; what counts is what the last one gives."""
    streams_only: bool = False
    to_the_end: bool = False
    """Only who reads to the end of the answer notices."""

    @property
    def moves(self) -> bool:
        """Whether another model than the first is tried."""
        return len(self.alone) > 1

    def concerns(self, style: Style) -> bool:
        """Whether a call of this style can meet the case."""
        return not (
            (self.effect is not None and not style.calls)
            or (self.streams_only and not style.stream)
            or (self.to_the_end and not style.whole)
            or (self.moves and not style.movable)
        )


_UNKNOWN_KEY = Failure(status=401, error_type="authentication_error", message="invalid x-api-key")
_REJECTED = Failure(status=400, error_type="invalid_request_error", message="this model does not support that")

CASES = {
    "normal": Case(None, (Row(HAIKU),)),
    "401": Case(_UNKNOWN_KEY, (Row(HAIKU, 401, "authentication_error"),)),
    "400 from the model chosen, then the model named": Case(
        _REJECTED,
        (Row(HAIKU, 400, "invalid_request_error"), Row(OPUS)),
        model=HAIKU,
        alone=(HAIKU, OPUS),
    ),
    "400 from every model": Case(
        _REJECTED,
        (Row(HAIKU, 400, "invalid_request_error"), Row(OPUS, 400, "invalid_request_error")),
        alone=(HAIKU, OPUS),
    ),
    "500, then retried": Case(ServerError(retry_after=SOON), (Row(HAIKU, 500, "api_error"), Row(HAIKU)), times=1),
    "500 for good": Case(ServerError(retry_after=SOON), (Row(HAIKU, 500, "api_error"), Row(HAIKU, 500, "api_error"))),
    "529, then the next model": Case(
        Overloaded(retry_after=SOON),
        (Row(HAIKU, 529, "overloaded_error"), Row(SONNET)),
        model=HAIKU,
        alone=(HAIKU, SONNET),
    ),
    "429, then the next model": Case(
        RateLimited(retry_after=SOON),
        (Row(HAIKU, 429, "rate_limit_error"), Row(SONNET)),
        model=HAIKU,
        alone=(HAIKU, SONNET),
    ),
    "no connection, then the next model": Case(
        Unreachable(),
        (Row(HAIKU, None, "APIConnectionError", complete=False), Row(SONNET)),
        model=HAIKU,
        alone=(HAIKU, SONNET),
    ),
    "overloaded as the first event, then the next model": Case(
        StreamError(),
        (Row(HAIKU, 200, "overloaded_error", complete=False), Row(SONNET)),
        model=HAIKU,
        alone=(HAIKU, SONNET),
        streams_only=True,
    ),
    "529 from every model": Case(
        Overloaded(retry_after=SOON),
        tuple(Row(model, 529, "overloaded_error") for model in (HAIKU, SONNET, OPUS) * 2),
        alone=(HAIKU, SONNET, OPUS) * 2,
    ),
    "an error in mid-stream": Case(
        StreamError(after=0),
        (Row(HAIKU, 200, "overloaded_error", complete=False),),
        streams_only=True,
        to_the_end=True,
    ),
    "a cut in mid-stream": Case(Cut(after=0), (Row(HAIKU, complete=False),), streams_only=True, to_the_end=True),
}


def ask(model: str, content: Any = "Translate into French: good morning, everybody") -> dict[str, Any]:
    """A request that the policy sends to Haiku."""
    return {"model": model, "max_tokens": 200, "messages": [{"role": "user", "content": content}]}
