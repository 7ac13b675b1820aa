"""The one-line swap: the SDK's clients with Router and Meter in them; Anthropic and AsyncAnthropic here.

Router stands outermost and Meter innermost, whatever middleware the caller adds, also through `with_options`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import anthropic
import anthropic._client
import httpx2
from anthropic import NotGiven, not_given

from .guard import BudgetGuard
from .meter import Clock, Meter
from .middleware import Router
from .platforms import platform_of
from .policy import Policy
from .spool import Spool

if TYPE_CHECKING:
    from typing import TypedDict

    from anthropic import MiddlewareInput, Timeout
    from anthropic._types import OpenTelemetryClientOption
    from anthropic.lib.credentials import AccessTokenProvider, AsyncAccessTokenProvider
    from typing_extensions import Unpack

    Http = TypeVar("Http", httpx2.Client, httpx2.AsyncClient)
    Token = TypeVar("Token")

    class Options(TypedDict, Generic[Http], total=False):
        """What every client of the SDK takes, and what we add."""

        policy: Policy | None
        spool: Spool | None
        guard: BudgetGuard | None
        clock: Clock | None
        timeout: float | Timeout | NotGiven | None
        max_retries: int
        default_headers: Mapping[str, str] | None
        default_query: Mapping[str, object] | None
        open_telemetry: OpenTelemetryClientOption
        http_client: Http | None
        middleware: Sequence[MiddlewareInput] | None
        _strict_response_validation: bool

    class FirstParty(Options[Http], Generic[Http, Token], total=False):
        """What the clients of the Claude API itself take."""

        api_key: str | None
        auth_token: str | None
        credentials: Token | None
        config: Mapping[str, Any] | None
        profile: str | None
        webhook_key: str | None
        base_url: str | httpx2.URL | None


Client = TypeVar("Client")


def tolled(client: type[Client]) -> type[Client]:
    """Class decorator: a class derived from one of the SDK's clients routes and counts, and keeps its signatures.

    The name of the class has to stay the SDK's: it is the User-Agent.
    """
    base: Any = client.__bases__[0]
    ours: Any = client
    ours.__init__ = _initializer(base, platform_of(base))
    ours.copy = ours.with_options = _copier(base)
    ours.middleware = property(_theirs)
    return client


def wrap(
    client: Client,
    *,
    policy: Policy | None = None,
    spool: Spool | None = None,
    guard: BudgetGuard | None = None,
    clock: Clock | None = None,
) -> Client:
    """A copy of a client of the SDK, whoever made it, that routes and counts: the same class, the same connections.

    What `with_middleware` or `with_options(middleware=...)` of the result do is the SDK's: the former adds inside the
    Meter, the latter takes Router and Meter out. A client of this package keeps them.
    """
    given: Any = getattr(client, "_middleware")  # noqa: B009  # `middleware` hides ours, and every class has this
    around = _around(given, _Ours(policy, spool, guard, clock), platform=platform_of(type(client)))
    copy: Callable[..., Client] = getattr(client, "with_options")  # noqa: B009  # each class has its own
    return copy(middleware=around)


class _Ours(NamedTuple):
    """What the caller says about routing and counting; None keeps what there is, or takes the default."""

    policy: Policy | None
    spool: Spool | None
    guard: BudgetGuard | None
    clock: Clock | None


def _around(given: Iterable[Any], ours: _Ours, *, platform: str | None) -> list[Any]:
    """The middleware of a client: Router, the caller's own, Meter. Of ours that are given, the first is kept."""
    given = list(given)
    router = next((entry for entry in given if isinstance(entry, Router)), None)
    meter = next((entry for entry in given if isinstance(entry, Meter)), None)
    if meter is None or ours.spool or ours.clock:
        meter = Meter(ours.spool, clock=ours.clock or time, platform=platform)
    if router is None or ours.policy or ours.guard:
        guard = ours.guard or BudgetGuard(home=meter.spool.home, clock=meter.clock)
        router = Router(ours.policy or (router and router.policy), guard=guard, platform=platform)
    return [router, *_without_ours(given), meter]


def _without_ours(given: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(entry for entry in given if not isinstance(entry, (Router, Meter)))


def _theirs(client: Any) -> tuple[Any, ...]:
    """The caller's own middleware, outermost first, as with the SDK; Router and Meter stand around it."""
    return _without_ours(client._middleware)


def _initializer(base: Any, platform: str | None) -> Any:
    """`__init__` of a client: that of the SDK's class, with Router and Meter around the caller's middleware."""
    original: Callable[..., None] = base.__init__

    @functools.wraps(original)
    def __init__(  # noqa: N807  # it becomes the method of that name
        self: Any,
        *args: Any,
        policy: Policy | None = None,
        spool: Spool | None = None,
        guard: BudgetGuard | None = None,
        clock: Clock | None = None,
        middleware: Iterable[Any] | None = None,
        **options: Any,
    ) -> None:
        around = _around(middleware or (), _Ours(policy, spool, guard, clock), platform=platform)
        original(self, *args, middleware=around, **options)

    return __init__


def _copier(base: Any) -> Any:
    """`copy` of a client: that of the SDK's class, except that replacing the middleware leaves Router and Meter."""

    @functools.wraps(base.copy)
    def copy(self: Any, **options: Any) -> Any:
        given = options.get("middleware", not_given)
        if not isinstance(given, NotGiven):
            router, *_, meter = self._middleware
            options["middleware"] = [*(given or ()), router, meter]  # which the copy puts in their places
        return base.copy(self, **options)

    return copy


@tolled
class Anthropic(anthropic.Anthropic):
    """`anthropic.Anthropic` that routes and counts. It also takes `policy`, `spool`, `guard` and `clock`."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[FirstParty[httpx2.Client, AccessTokenProvider]]) -> None: ...


@tolled
class AsyncAnthropic(anthropic.AsyncAnthropic):
    """`anthropic.AsyncAnthropic` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(
            self, **options: Unpack[FirstParty[httpx2.AsyncClient, AccessTokenProvider | AsyncAccessTokenProvider]]
        ) -> None: ...


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
