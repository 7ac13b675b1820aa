"""One process of the demo: its errands in order of time, through the real SDK client, against a stand-in of its own.

A small simulation of events: whoever is next in time makes one call, then says when to come back. The clock is
simulated, so a month passes in seconds and no wait is a real one.
"""

from __future__ import annotations

import heapq
import signal
from collections import deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import anthropic
import httpx2

import router
from router import testing

from .plan import Errand, Outage

_BATCH_TIME = timedelta(minutes=40)

Visit = Generator[timedelta]
"""Makes one call each time it is resumed; yields how long until the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one process is to do."""

    home: Path
    start: datetime
    seed: int
    errands: list[Errand]
    outages: list[Outage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What one process did."""

    attempts: int
    """HTTP requests for Messages that the stand-in answered, and items of batches whose results were read."""
    given_up: int
    """Calls whose caller got an error."""

    def __add__(self, other: Done) -> Done:
        """Both together."""
        return Done(attempts=self.attempts + other.attempts, given_up=self.given_up + other.given_up)


_finished: list[Synchronized[int]] = []
"""The counter of finished errands that all processes share; set once in each."""


def begin(counter: Synchronized[int]) -> None:
    """Initialise a process: where it counts the errands that it has finished."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it at once; the parent has the last word
    _finished[:] = [counter]


def work(share: Share) -> Done:
    """Do a share."""
    worker = _Worker(share)
    visits = count()
    agenda: list[tuple[datetime, int, Visit]] = [
        (errand.at, next(visits), worker.visit(errand)) for errand in share.errands
    ]
    while agenda:
        at, number, visit = heapq.heappop(agenda)
        worker.clock.set(at)
        pause = next(visit, None)
        if pause is not None:
            heapq.heappush(agenda, (worker.clock.now() + pause, number, visit))
        else:
            _count_finished()
    return worker.close()


def _count_finished() -> None:
    for counter in _finished:
        with counter.get_lock():
            counter.value += 1


class _Worker:
    """A client, its stand-in and their clock."""

    def __init__(self, share: Share) -> None:
        self.clock = testing.Clock(share.start)
        self._api = testing.StandIn(
            clock=self.clock,
            seed=share.seed,
            latency=testing.PLAUSIBLE,
            batch_seconds=_BATCH_TIME.total_seconds(),
        )
        self._spool = router.Spool(share.home)
        self._client = self._api.client(router.Anthropic, spool=self._spool, clock=self.clock)
        self._attempts = 0
        self._given_up = 0
        self._script(share)

    def close(self) -> Done:
        """Leave everything on disk."""
        self._client.close()
        self._spool.close()
        return Done(attempts=self._attempts, given_up=self._given_up)

    def visit(self, errand: Errand) -> Visit:
        """One errand, call by call; the first that fails for good ends it."""
        try:
            yield from self._batch(errand) if errand.batch else self._conversation(errand)
        except (anthropic.AnthropicError, httpx2.TransportError, ValueError):  # ValueError: the SDK cannot send it
            self._given_up += 1
        self._attempts += sum(1 for request in self._api.requests if request.path == testing.MESSAGES)
        self._api.requests.clear()

    def _conversation(self, errand: Errand) -> Visit:
        """The first question, then tool results for as long as tools are asked for, then what the user says next."""
        scenario = errand.scenarios[0]
        messages: list[dict[str, Any]] = list(scenario.body["messages"])
        results, follow_ups = deque(scenario.tool_results), deque(scenario.follow_ups)
        while True:
            message = self._ask(errand, messages)
            if message.stop_reason == "tool_use" and results:
                messages = [*messages, _said(message), _tool_results(message, results.popleft())]
                yield timedelta(seconds=2)
            elif follow_ups and message.content and message.stop_reason == "end_turn":
                messages = [*messages, _said(message), {"role": "user", "content": follow_ups.popleft()}]
                yield timedelta(seconds=40)
            else:
                return

    def _ask(self, errand: Errand, messages: list[dict[str, Any]]) -> anthropic.types.Message:
        body: dict[str, Any] = {**errand.scenarios[0].body, "model": errand.model, "messages": messages}
        endpoint: Any = self._client.messages  # bodies from data fit no overload
        with router.tagged(team=errand.team, feature=errand.feature, environment=errand.environment):
            if not errand.stream:
                return endpoint.create(**body)
            with endpoint.stream(**body) as stream:
                return stream.get_final_message()

    def _batch(self, errand: Errand) -> Visit:
        """A Message Batch, made now and read when it has ended."""
        requests: list[Any] = [
            {"custom_id": f"item-{number}", "params": {**scenario.body, "model": errand.model}}
            for number, scenario in enumerate(errand.scenarios, start=1)
        ]
        with router.tagged(team=errand.team, feature=errand.feature, environment=errand.environment):
            batch = self._client.messages.batches.create(requests=requests)
        yield _BATCH_TIME + timedelta(minutes=5)
        self._client.messages.batches.retrieve(batch.id)  # the stand-in ends a batch when somebody looks at it
        self._attempts += sum(1 for _ in self._client.messages.batches.results(batch.id))

    def _script(self, share: Share) -> None:
        """What goes wrong: the outages of the plan, and now and then something else. No retry waits in real time."""
        overloaded = testing.Overloaded(retry_after=0.001)
        for outage in share.outages:
            self._api.script(overloaded, model=outage.model, probability=outage.share, when=self._during(share, outage))
        self._api.script(testing.RateLimited(retry_after=0.001), probability=0.003)
        self._api.script(testing.ServerError(retry_after=0.001), probability=0.002)
        self._api.script(testing.Refusal(category="cyber"), probability=0.002)
        for room in (1_200, 2_400, 4_800):
            self._api.script(_double, when=_leaves_room(room))
        self._api.script(testing.Cut(after=4), when=lambda body: body.get("stream") is True, probability=0.01)

    def _during(self, share: Share, outage: Outage) -> Callable[[Mapping[str, Any]], bool]:
        day = share.start + timedelta(days=outage.day)
        start, end = day + timedelta(hours=outage.start), day + timedelta(hours=outage.end)

        def is_out(_body: Mapping[str, Any]) -> bool:
            return start <= self.clock.now() < end

        return is_out


def _said(message: anthropic.types.Message) -> dict[str, Any]:
    return {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]}


def _tool_results(message: anthropic.types.Message, result: str) -> dict[str, Any]:
    calls = [block for block in message.content if block.type == "tool_use"]
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": result} for call in calls],
    }


def _double(message: dict[str, Any]) -> None:
    """Say a text twice: the stand-in's answers are short, and who leaves room for a long one wants a long one."""
    texts = [block["text"] for block in message["content"] if block["type"] == "text"]
    if texts and message["stop_reason"] == "end_turn":
        testing.Answer(" ".join(texts * 2))(message)


def _leaves_room(tokens: int) -> Callable[[Mapping[str, Any]], bool]:
    return lambda body: body["max_tokens"] >= tokens
