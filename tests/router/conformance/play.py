"""One cell of the table: a client of one package meets what happens, over one of two transports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx2

from router.record import UsageRecord
from router.testing import Clock, StandIn, serve
from tests.router.conformance.cases import Case, ask
from tests.router.conformance.either import within
from tests.router.conformance.styles import Style
from tests.router.conformance.ways import WAYS, Way
from tests.router.conformance.witness import received

Records = Callable[[], list[UsageRecord]]


class Cell(NamedTuple):
    """What is called, by what kind of client, and what happens to it."""

    style: Style
    case: Case
    asynchronous: bool
    over_sockets: bool
    way: Way = WAYS["the constructor"]


class Played(NamedTuple):
    """What came of it."""

    api: StandIn
    received: list[Any]


def play(cell: Cell, package: Any, models: tuple[str, ...]) -> Played:
    """Calls of these models with a client of this package, one after the other; where they are many, without retries.

    What counts is what the caller receives from the last.
    """
    api = StandIn(clock=Clock(datetime(2026, 11, 2, 9, tzinfo=UTC)), seed=1)
    if cell.case.effect is not None:
        api.script(cell.case.effect, model=cell.case.model, times=cell.case.times)

    async def calls(base_url: str | None) -> list[Any]:
        made = cell.way.make(package.AsyncAnthropic if cell.asynchronous else package.Anthropic, options(base_url))
        async with within(made.with_options(max_retries=1 if len(models) == 1 else 0)) as client:
            return [await received(cell.style, client, ask(model)) for model in models][-1]

    def options(base_url: str | None) -> dict[str, Any]:
        # Loading certificates that nobody checks would take most of the time.
        kind: Any = httpx2.AsyncClient if cell.asynchronous else httpx2.Client
        http_client = kind(transport=None if base_url else api, verify=False)
        return {"api_key": "test", "base_url": base_url, "http_client": http_client}

    with ExitStack() as stack:
        base_url = stack.enter_context(serve(api)) if cell.over_sockets else None
        return Played(api, asyncio.run(calls(base_url)))
