from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import AsyncGenerator, Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Spool, faults
from router.scope import LONGEST, current_pin, current_tags, pinned, tagged
from tests import fresh


class Unprintable:
    """A value that has no text."""

    def __str__(self) -> str:
        """Raise instead."""
        raise RuntimeError("SECRETWORD")


def test_inner_tags_win_and_end_with_their_block() -> None:
    """Blocks nest, also one and the same object, and after an error too."""
    outer = tagged(team="search", feature=1)
    with pytest.raises(KeyError), outer, tagged(feature="autocomplete"), outer:
        raise KeyError(*current_tags().values())
    with outer:
        with tagged(feature="autocomplete"):
            assert current_tags() == {"team": "search", "feature": "autocomplete"}
        assert current_tags() == {"team": "search", "feature": "1"}
    assert current_tags() == {}


def test_pins_nest_and_none_lifts_one() -> None:
    """The innermost pin holds."""
    with pinned("opus"):
        with pinned(None):
            assert current_pin() is None
        with pinned("haiku"):
            assert current_pin() == "haiku"
        assert current_pin() == "opus"
    assert current_pin() is None


@given(st.permutations(range(4)))
def test_blocks_may_end_in_any_order(order: list[int]) -> None:
    """Whichever of several open blocks ends, the others go on, and nothing is left behind."""
    blocks = [tagged(**{f"n{number}": number}) for number in range(4)]
    for block in blocks:
        block.__enter__()
    left = set(order)
    for number in order:
        blocks[number].__exit__(None, None, None)
        left.remove(number)
        assert current_tags() == {f"n{each}": str(each) for each in left}


def test_a_block_that_ends_in_another_context_raises_nothing() -> None:
    """A generator may be closed by another task than the one that ran it."""
    block = tagged(team="search")
    contextvars.copy_context().run(block.__enter__)

    block.__exit__(None, None, None)

    assert current_tags() == {}


def test_a_decorated_coroutine_is_tagged_over_its_awaits() -> None:
    """The block is open while the function runs, not only while its coroutine is made."""

    @tagged(team="search")
    async def work() -> Mapping[str, str]:
        await asyncio.sleep(0)
        return current_tags()

    async def both() -> list[Mapping[str, str]]:
        return [await work(), current_tags()]

    assert asyncio.run(both()) == [{"team": "search"}, {}]
    assert inspect.iscoroutinefunction(work)


def test_a_decorated_generator_is_tagged_only_while_it_runs() -> None:
    """Its consumer is not; what is sent and thrown in, and what it returns, pass through."""
    ran: list[Mapping[str, str]] = []

    @tagged(team="search")
    def numbers(first: int) -> Generator[int, int, str]:
        try:
            ran.append(current_tags())
            second = yield first
            with pytest.raises(KeyError):
                yield second
            ran.append(current_tags())
            return "done"
        finally:
            ran.append(current_tags())

    running = numbers(1)
    assert [next(running), running.send(2)] == [1, 2]
    assert current_tags() == {}
    with pytest.raises(StopIteration) as stopped:
        running.throw(KeyError("thrown in"))
    assert stopped.value.value == "done"
    broken_off = numbers(1)
    next(broken_off)
    broken_off.close()

    assert ran == [{"team": "search"}] * 5
    assert current_tags() == {}
    assert inspect.isgeneratorfunction(numbers)


def test_a_decorated_async_generator_is_tagged_only_while_it_runs() -> None:
    """The same, awaited."""
    ran: list[Mapping[str, str]] = []

    @tagged(team="search")
    async def numbers(first: int) -> AsyncGenerator[int, int]:
        try:
            await asyncio.sleep(0)
            ran.append(current_tags())
            second = yield first
            with pytest.raises(KeyError):
                yield second
            yield 3
        finally:
            ran.append(current_tags())

    async def consume() -> None:
        running = numbers(1)
        assert [await anext(running), await running.asend(2)] == [1, 2]
        assert await running.athrow(KeyError("thrown in")) == 3
        assert current_tags() == {}
        assert [item async for item in running] == []
        broken_off = numbers(1)
        await anext(broken_off)
        await broken_off.aclose()
        assert current_tags() == {}

    asyncio.run(consume())

    assert ran == [{"team": "search"}] * 4
    assert inspect.isasyncgenfunction(numbers)


def test_a_block_in_a_generator_leaves_nothing_behind() -> None:
    """Between two items it holds for the consumer, whose own blocks it does not disturb; then it is gone."""

    def numbers() -> Generator[int]:
        with tagged(team="search"):
            yield 1

    running = numbers()
    next(running)
    with tagged(feature="autocomplete"):
        assert current_tags() == {"team": "search", "feature": "autocomplete"}
        running.close()
        assert current_tags() == {"feature": "autocomplete"}
    assert current_tags() == {}


def test_a_thread_starts_without_tags_unless_it_is_given_the_context() -> None:
    """As with every ContextVar; `copy_context().run` is the way around it."""
    found: list[Mapping[str, str]] = []

    def look() -> None:
        found.append(current_tags())

    with tagged(team="search"):
        carried = contextvars.copy_context()
        for work in (look, partial(carried.run, look)):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()

    assert found == [{}, {"team": "search"}]


def test_a_tag_that_cannot_be_written_down_costs_nobody_the_call(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A value without text is recorded by its type, and noted without what it said; a long one is cut."""
    spool = Spool(home)
    with tagged(team=Unprintable(), feature="x" * 1000):
        assert current_tags() == {"team": "<Unprintable>", "feature": "x" * LONGEST}

    assert spool.lost == 0
    assert faults.faults(home) == {"writing-down-a-tag-RuntimeError": 1}
    assert "SECRETWORD" not in caplog.text


PROCESS = """
import json, threading
from router.scope import current_tags, tag_process, tagged
seen = [current_tags()]
tag_process(team="search", feature=1)
with tagged(feature="autocomplete"):
    seen.append(current_tags())
thread = threading.Thread(target=lambda: seen.append(current_tags()))
thread.start()
thread.join()
tag_process(team=None)
seen.append(current_tags())
print(json.dumps(seen))
"""


def run(program: str, home: Path, **environment: str) -> Any:
    return fresh.run(program, env={"TOLLGATE_HOME": str(home), **environment})


def test_process_wide_tags_hold_in_every_thread(home: Path) -> None:
    """Blocks win over tag_process(), which wins over TOLLGATE_TAGS; None takes a tag away again."""
    done = run(PROCESS, home, TOLLGATE_TAGS="team=everybody, env = prod ,url=a=b,")

    env = '"env": "prod", "url": "a=b"'
    assert done.stdout.strip() == (
        f'[{{"team": "everybody", {env}}}, '
        f'{{"team": "search", {env}, "feature": "autocomplete"}}, '
        f'{{"team": "search", {env}, "feature": "1"}}, '
        f'{{"team": "everybody", {env}, "feature": "1"}}]'
    )
    assert done.stderr == ""


def test_bad_tags_in_the_environment_are_noted(home: Path) -> None:
    """What is no name=value is left out, and the rest holds."""
    done = run("from router.scope import current_tags as t; print(t(), t())", home, TOLLGATE_TAGS="team,=x,env=prod")

    assert done.stdout.strip() == "{'env': 'prod'} {'env': 'prod'}"
    assert faults.faults(home) == {"reading-TOLLGATE-TAGS-ValueError": 2}
