"""Every way to make a client, for a package's classes: those of `router`, or the SDK's own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any, NamedTuple

import anthropic
from opentelemetry import trace

import router
from router import Meter, Router

Options = dict[str, Any]
"""What brings a client to the stand-in: `api_key`, `base_url` and `http_client`."""


class Passing(anthropic.Middleware):
    """Somebody else's middleware."""

    def handle(self, request: anthropic.APIRequest, call_next: anthropic.CallNext) -> anthropic.APIResponse[Any]:
        """Read the answer's status and pass it on."""
        response = call_next(request)
        assert response.status_code
        return response

    async def handle_async(
        self, request: anthropic.APIRequest, call_next: anthropic.AsyncCallNext
    ) -> anthropic.AsyncAPIResponse[Any]:
        """Read the answer's status and pass it on."""
        response = await call_next(request)
        assert response.status_code
        return response


class Spans(trace.TracerProvider, trace.Tracer):
    """OpenTelemetry switched on, and every span kept."""

    def __init__(self) -> None:
        """None so far."""
        self.kept: list[Span] = []

    def get_tracer(self, *_: Any, **__: Any) -> trace.Tracer:
        """Itself."""
        return self

    def start_span(self, name: str, *_: Any, attributes: Any = None, **__: Any) -> Span:
        """A span that is kept."""
        self.kept.append(Span(name, dict(attributes or {})))
        return self.kept[-1]

    def start_as_current_span(self, *_: Any, **__: Any) -> Any:
        """The SDK does without."""
        raise NotImplementedError


class Span(trace.NonRecordingSpan):
    """A span that records its attributes, and how often it was ended."""

    def __init__(self, name: str, attributes: dict[str, Any]) -> None:
        """Begin."""
        super().__init__(trace.SpanContext(1, 1, is_remote=False, trace_flags=trace.TraceFlags(1)))
        self.name, self.attributes, self.ends = name, attributes, 0

    def is_recording(self) -> bool:
        """Until it is over."""
        return not self.ends

    def set_attributes(self, attributes: Any) -> None:
        """Keep them."""
        self.attributes |= attributes

    def set_attribute(self, key: str, value: Any) -> None:
        """Keep it."""
        self.attributes[key] = value

    def end(self, *_: Any, **__: Any) -> None:
        """Count."""
        self.ends += 1


class Way(NamedTuple):
    """A way to make a client."""

    make: Callable[[Any, Options], Any]
    """From a client class and the options."""
    sync: bool = True
    asynchronous: bool = True
    in_process: bool = True


def _subclass(cls: Any, options: Options) -> Any:
    class OurOwn(cls):
        """What a code base may have made of the SDK's class."""

    OurOwn.__name__ = cls.__name__  # which is a part of the user agent
    return OurOwn(**options)


def _sdk_idiom(arrange: Callable[[list[Any]], list[Any]]) -> Callable[[Any, Options], Any]:
    """The SDK's class with Router and Meter as its middleware, arranged among others; alone, with the others only."""

    def make(cls: Any, options: Options) -> Any:
        ours = cls in (router.Anthropic, router.AsyncAnthropic)
        base = anthropic.AsyncAnthropic if issubclass(cls, anthropic.AsyncAnthropic) else anthropic.Anthropic
        return base(**options, middleware=arrange([Router(), Meter()] if ours else []))

    return make


def _with(**more: Any) -> Callable[[Any, Options], Any]:
    return lambda cls, options: cls(**{**options, **more})


WAYS = {
    "the constructor": Way(_with()),
    "timeout, max_retries, default_headers, default_query": Way(
        _with(timeout=30, max_retries=3, default_headers={"x-team": "search"}, default_query={"trace": "1"})
    ),
    "with_options": Way(lambda cls, options: cls(**options).with_options(timeout=20, default_headers={"x-a": "b"})),
    "copy": Way(lambda cls, options: cls(**options).copy()),
    "copy of a copy": Way(lambda cls, options: cls(**options).copy().with_options(max_retries=1).copy()),
    "a subclass": Way(_subclass),
    "a subclass, copied": Way(lambda cls, options: _subclass(cls, options).copy()),
    "auth_token": Way(lambda cls, options: cls(**{**options, "api_key": None, "auth_token": "test"})),
    "middleware=": Way(_with(middleware=[Passing()])),
    "with_middleware": Way(lambda cls, options: cls(**options).with_middleware(Passing())),
    "with_options(middleware=)": Way(lambda cls, options: cls(**options).with_options(middleware=[Passing()])),
    "OpenTelemetry": Way(lambda cls, options: cls(**options, open_telemetry={"tracer_provider": Spans()})),
    "middleware=[Router(), Meter()]": Way(_sdk_idiom(lambda ours: ours)),
    "middleware=[theirs, Router(), Meter()]": Way(_sdk_idiom(lambda ours: [Passing(), *ours])),
    "middleware=[Router(), theirs, Meter()]": Way(_sdk_idiom(lambda ours: [*ours[:1], Passing(), *ours[1:]])),
    "middleware=[Router(), Meter(), theirs]": Way(_sdk_idiom(lambda ours: [*ours, Passing()])),
    "DefaultHttpxClient": Way(
        lambda cls, options: cls(**{**options, "http_client": anthropic.DefaultHttpxClient(verify=False)}),
        asynchronous=False,
        in_process=False,
    ),
    "DefaultAsyncHttpxClient": Way(
        lambda cls, options: cls(**{**options, "http_client": anthropic.DefaultAsyncHttpxClient(verify=False)}),
        sync=False,
        in_process=False,
    ),
    "the SDK's own transport": Way(
        lambda cls, options: cls(**{**options, "http_client": None}),
        in_process=False,
    ),
}
if importlib.util.find_spec("aiohttp"):  # an extra of the SDK
    WAYS["DefaultAioHttpClient"] = Way(
        lambda cls, options: cls(**{**options, "http_client": anthropic.DefaultAioHttpClient()}),
        sync=False,
        in_process=False,
    )
