"""A stand-in for the Claude API, for tests and demonstrations: no network, no key, no cost.

It is a transport for the official SDK, so everything above the wire is the real thing. A test of your own code:

    from datetime import UTC, datetime, timedelta
    from router.testing import Clock, Overloaded, StandIn

    def test_a_second_question_reads_the_cached_manual() -> None:
        clock = Clock(datetime(2026, 11, 2, 9, tzinfo=UTC))
        api = StandIn(clock=clock)
        client = api.client()  # or: anthropic.Anthropic(api_key="test", http_client=httpx2.Client(transport=api))
        api.script(Overloaded(retry_after=0.001), model="claude-opus-5-5", times=1)

        first = ask(client, "How do I reset it?")
        clock.advance(timedelta(minutes=4))
        second = ask(client, "And then?")

        assert [request.status for request in api.requests] == [529, 200, 200]
        assert second.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens

Every answer has the fields and types of the SDK's own models. Token counts are estimates, but consistent ones; the
prompt cache is simulated (`router.testing.cache`), so its reads and writes follow from the requests. Nothing but the
`Clock` you pass decides when a cache entry expires or a batch ends, and with a `Clock` no wait is a real one.

With `serve(api)` the same stand-in answers at a base URL, over real sockets.

What can be scripted, with `StandIn.script(effect, model=..., path=..., when=..., times=..., probability=...)`:

    Overloaded  RateLimited  ServerError  Failure       an error status
    StreamError                                         an SSE `error` event inside a 200
    Unreachable  Cut                                    no connection; a connection that breaks
    Slow                                                a late first byte
    Answer  Refusal                                     what is said
    Usage  Served  WebSearches                          what is counted
    Compaction  Advisor  ServerFallback                 `usage.iterations`, with the beta API
    Expired  Canceled                                   items of a Message Batch (path=BATCH_ITEM)
    any function of the message                         anything else
"""

from __future__ import annotations

from .changes import Advisor, Answer, Compaction, Refusal, Served, ServerFallback, Usage, WebSearches
from .clock import Clock, TimeSource
from .failures import Cut, Failure, Overloaded, RateLimited, ServerError, StreamError, Unreachable
from .pace import PLAUSIBLE, Pace
from .script import BATCH_ITEM, BATCHES, COUNT_TOKENS, MESSAGES, Canceled, Expired, Slow
from .server import serve
from .standin import Received, StandIn

__all__ = [
    "BATCHES",
    "BATCH_ITEM",
    "COUNT_TOKENS",
    "MESSAGES",
    "PLAUSIBLE",
    "Advisor",
    "Answer",
    "Canceled",
    "Clock",
    "Compaction",
    "Cut",
    "Expired",
    "Failure",
    "Overloaded",
    "Pace",
    "RateLimited",
    "Received",
    "Refusal",
    "Served",
    "ServerError",
    "ServerFallback",
    "Slow",
    "StandIn",
    "StreamError",
    "TimeSource",
    "Unreachable",
    "Usage",
    "WebSearches",
    "serve",
]
