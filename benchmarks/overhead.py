"""What Router, Meter and a durable append add to a call, against the plain SDK client and, if installed, LiteLLM.

    python benchmarks/overhead.py [--calls 2000]

Each client talks to the same loopback HTTP server, turn by turn with the plain one, so that drift of the machine meets
both alike.
To reach: p50 under 150 µs, at most a twentieth of LiteLLM's; under 5 µs per event of a stream, and its first token no
later than noise; `import router` within 15 ms of `import anthropic`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any

import anthropic
import httpx2
from loopback import EVENTS, loopback_api

from router import Anthropic, AsyncAnthropic, Spool

PROMPT = (
    "Classify this ticket. One of: billing, delivery, other.\n" + "My parcel has not arrived and nobody answers. " * 40
)
REQUEST: Any = {
    "model": "claude-opus-5-5",
    "max_tokens": 300,
    "messages": [{"role": "user", "content": PROMPT}],
}
Samples = dict[str, list[int]]


def time_turn_by_turn(
    calls: Mapping[str, Callable[[], Any]], rounds: int, after: Callable[[Any], object] = lambda _: None
) -> Samples:
    """Nanoseconds of each call, every round in another order; `after`: what is done with its result, untimed."""
    samples: Samples = {name: [] for name in calls}
    names = list(calls)
    for number in range(rounds + 50):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            began = time.perf_counter_ns()
            result = calls[name]()
            taken = time.perf_counter_ns() - began
            after(result)
            if number >= 50:
                samples[name].append(taken)
    return samples


async def time_turn_by_turn_async(calls: dict[str, Callable[[], Awaitable[object]]], rounds: int) -> Samples:
    """The same, awaited."""
    samples: Samples = {name: [] for name in calls}
    for number in range(rounds + 50):
        for name, call in calls.items():
            began = time.perf_counter_ns()
            await call()
            if number >= 50:
                samples[name].append(time.perf_counter_ns() - began)
    return samples


def microseconds(sample: list[int], percent: int) -> float:
    """A percentile."""
    return statistics.quantiles(sample, n=100)[percent - 1] / 1000


def report(title: str, samples: Samples, *, per: int = 1, unit: str = "call") -> float:
    """The plain client and one other beside it; returns what the other adds at p50, in microseconds."""
    (plain, other), name = samples.values(), list(samples)[1]
    added = (microseconds(other, 50) - microseconds(plain, 50)) / per
    print(f"\n{title}, {len(plain)} calls each")
    for each, sample in samples.items():
        print(f"  {each:20} p50 {microseconds(sample, 50):9.1f} µs   p99 {microseconds(sample, 99):9.1f} µs")
    print(f"  {name:20} adds {added:.1f} µs per {unit} at p50")
    return added


def litellm_calls(url: str) -> dict[str, Callable[[], object]]:
    """LiteLLM's two ways to make the same call, if it is installed."""
    if importlib.util.find_spec("litellm") is None:
        print("LiteLLM is not installed, so it is not measured (pip install litellm)")
        return {}
    litellm: Any = importlib.import_module("litellm")
    there = {"model": "anthropic/claude-opus-5-5", "api_base": url, "api_key": "test"}
    body = {"messages": REQUEST["messages"], "max_tokens": REQUEST["max_tokens"]}
    router = litellm.Router(model_list=[{"model_name": "opus", "litellm_params": there}])
    return {
        "LiteLLM completion": lambda: litellm.completion(**there, **body),
        "LiteLLM Router": lambda: router.completion(model="opus", **body),
    }


def measure_sync(url: str, spool: Spool, rounds: int) -> None:
    """Answers in one document; each contender in a pair of its own with the plain client."""
    plain = anthropic.Anthropic(api_key="test", base_url=url)
    ours = Anthropic(api_key="test", base_url=url, spool=spool)
    contenders: dict[str, Callable[[], object]] = {"tollgate": partial(ours.messages.create, **REQUEST)}
    contenders |= litellm_calls(url)
    added = {
        name: report(
            "sync create()",
            time_turn_by_turn({"plain SDK": partial(plain.messages.create, **REQUEST), name: call}, rounds),
        )
        for name, call in contenders.items()
    }
    for name, figure in added.items():
        if name != "tollgate":
            print(f"tollgate adds {added['tollgate'] / figure:.3f} of what {name} adds (to reach: 0.05)")


class EventByEvent(httpx2.BaseTransport):
    """Answers with a stream of which every event comes by itself, from memory: what is left is what clients do."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The same stream each time."""
        request.read()
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=_Events(), request=request)


class _Events(httpx2.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        return iter(EVENTS)


def measure_streams(url: str, spool: Spool, rounds: int) -> None:
    """What an event costs, and how long the first token takes; a second plain client says how much of that is noise."""

    def drain(client: anthropic.Anthropic) -> None:
        for _ in client.messages.create(**REQUEST, stream=True):
            pass

    def until_first_token(client: anthropic.Anthropic) -> Any:
        stream: Any = client.messages.create(**REQUEST, stream=True)
        next(event for event in stream if event.type == "content_block_delta")
        return stream

    in_memory = httpx2.Client(transport=EventByEvent())
    report(
        f"sync create(stream=True), {len(EVENTS)} events that come one by one (to reach: 5 µs per event)",
        time_turn_by_turn(
            {
                "plain SDK": partial(drain, anthropic.Anthropic(api_key="test", http_client=in_memory)),
                "tollgate": partial(drain, Anthropic(api_key="test", http_client=in_memory, spool=spool)),
            },
            max(100, rounds // 10),
        ),
        per=len(EVENTS),
        unit="event",
    )
    plain = anthropic.Anthropic(api_key="test", base_url=url)
    for name, other in {
        "plain SDK again": anthropic.Anthropic(api_key="test", base_url=url),
        "tollgate": Anthropic(api_key="test", base_url=url, spool=spool),
    }.items():
        calls = {"plain SDK": partial(until_first_token, plain), name: partial(until_first_token, other)}
        report(
            "time to the first token", time_turn_by_turn(calls, max(100, rounds // 2), lambda stream: stream.close())
        )


async def measure_async(url: str, spool: Spool, rounds: int) -> None:
    """Answers in one document."""
    plain = anthropic.AsyncAnthropic(api_key="test", base_url=url)
    ours = AsyncAnthropic(api_key="test", base_url=url, spool=spool)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "plain SDK": partial(plain.messages.create, **REQUEST),
        "tollgate": partial(ours.messages.create, **REQUEST),
    }
    report("async create()", await time_turn_by_turn_async(calls, rounds))
    await plain.close()
    await ours.close()


def measure_import() -> None:
    """The median of fresh interpreters."""

    def milliseconds() -> float:
        program = (
            "import time, anthropic\nbegan = time.perf_counter()\nimport router\nprint(time.perf_counter() - began)"
        )
        return 1000 * float(subprocess.check_output([sys.executable, "-c", program]))  # noqa: S603  # our own text

    taken = statistics.median(milliseconds() for _ in range(9))
    print(f"\nimport router after import anthropic: {taken:.1f} ms (to reach: 15)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    calls = parser.parse_args().calls
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or it fetches its prices at import
    with tempfile.TemporaryDirectory() as home, loopback_api() as url:
        spool = Spool(home)
        measure_sync(url, spool, calls)
        measure_streams(url, spool, calls)
        asyncio.run(measure_async(url, spool, calls))
        spool.close()
    measure_import()


if __name__ == "__main__":
    main()
