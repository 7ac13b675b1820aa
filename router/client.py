"""Anthropic and AsyncAnthropic: the SDK's clients with Router and Meter in them. The one-line swap.

Router stands outermost and Meter innermost, whatever middleware the caller adds, also through `with_options`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anthropic
import anthropic._client
from anthropic import NotGiven, not_given

from .meter import Clock, Meter
from .middleware import Router
from .policy import Policy
from .spool import Spool

if TYPE_CHECKING:
    from typing import TypedDict

    import httpx2
    from anthropic import MiddlewareInput, Timeout
    from anthropic._types import OpenTelemetryClientOption
    from anthropic.lib.credentials import AccessTokenProvider, AsyncAccessTokenProvider
    from typing_extensions import Unpack

    class _Options(TypedDict, total=False):
        """What every client of the SDK takes."""

        api_key: str | None
        auth_token: str | None
        config: Mapping[str, Any] | None
        profile: str | None
        webhook_key: str | None
        base_url: str | httpx2.URL | None
        timeout: float | Timeout | NotGiven | None
        max_retries: int
        default_headers: Mapping[str, str] | None
        default_query: Mapping[str, object] | None
        open_telemetry: OpenTelemetryClientOption
        middleware: Sequence[MiddlewareInput] | None
        _strict_response_validation: bool

    class _SyncOptions(_Options, total=False):
        credentials: AccessTokenProvider | None
        http_client: httpx2.Client | None

    class _AsyncOptions(_Options, total=False):
        credentials: AccessTokenProvider | AsyncAccessTokenProvider | None
        http_client: httpx2.AsyncClient | None


class _Tolled:
    """What the two clients share: Router first and Meter last, at construction and in every copy."""

    _router: Router
    _meter: Meter

    if not TYPE_CHECKING:  # type checkers see the SDK's own signatures

        @property
        def middleware(self) -> tuple[Any, ...]:
            """The caller's own middleware, outermost first, as with the SDK; Router and Meter stand around it."""
            return tuple(entry for entry in self._middleware if not isinstance(entry, (Router, Meter)))


def _initializer(base: type[Any]) -> Any:
    """`__init__` of a client: that of the SDK's class, with Router and Meter around the caller's middleware."""
    original: Callable[..., None] = base.__init__

    @functools.wraps(original)
    def __init__(  # noqa: N807  # it becomes the method of that name
        self: Any,
        *,
        policy: Policy | None = None,
        spool: Spool | None = None,
        clock: Clock | None = None,
        middleware: Iterable[Any] | None = None,
        **options: Any,
    ) -> None:
        given = list(middleware or ())
        router = next((entry for entry in given if isinstance(entry, Router)), None)
        meter = next((entry for entry in given if isinstance(entry, Meter)), None)
        self._router = Router(policy) if router is None or policy else router
        self._meter = Meter(spool, clock=clock or time) if meter is None or spool or clock else meter
        theirs = (entry for entry in given if not isinstance(entry, (Router, Meter)))
        original(self, middleware=[self._router, *theirs, self._meter], **options)

    return __init__


def _copier(base: type[Any]) -> Any:
    """`copy` of a client: that of the SDK's class, except that replacing the middleware leaves Router and Meter."""

    @functools.wraps(base.copy)
    def copy(self: Any, **options: Any) -> Any:
        given = options.get("middleware", not_given)
        if not isinstance(given, NotGiven):
            options["middleware"] = [self._router, *(given or ()), self._meter]
        return base.copy(self, **options)

    return copy


class Anthropic(_Tolled, anthropic.Anthropic):
    """`anthropic.Anthropic` that routes and counts. Besides the SDK's arguments it takes `policy`, `spool`, `clock`."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            policy: Policy | None = None,
            spool: Spool | None = None,
            clock: Clock | None = None,
            **options: Unpack[_SyncOptions],
        ) -> None: ...

    else:
        __init__ = _initializer(anthropic.Anthropic)
        copy = with_options = _copier(anthropic.Anthropic)


class AsyncAnthropic(_Tolled, anthropic.AsyncAnthropic):
    """`anthropic.AsyncAnthropic` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            policy: Policy | None = None,
            spool: Spool | None = None,
            clock: Clock | None = None,
            **options: Unpack[_AsyncOptions],
        ) -> None: ...

    else:
        __init__ = _initializer(anthropic.AsyncAnthropic)
        copy = with_options = _copier(anthropic.AsyncAnthropic)


def _keep_credential_discovery() -> None:
    """Have the SDK take our two classes for its own.

    The SDK looks up profiles and workload identity only for clients whose type is exactly its own class, so that its
    cloud clients do not; a subclass would lose them in silence (DESIGN 4, fact 7).
    """
    private: Any = anthropic._client  # pyright: ignore[reportPrivateUsage]  # the SDK offers no public switch
    of_the_sdk: Callable[[object], bool] | None = getattr(private, "_is_base_client", None)
    if of_the_sdk is None:
        return

    def is_base_client(client: object) -> bool:
        return type(client) in (Anthropic, AsyncAnthropic) or of_the_sdk(client)

    private._is_base_client = is_base_client


_keep_credential_discovery()
