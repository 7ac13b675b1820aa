"""tagged() and pinned(): what the caller says about the calls made in a block.

Both are context managers and decorators over a ContextVar: nested, and safe in threads and tasks. Two limits:

A new thread starts without its parent's blocks, as with every ContextVar. `contextvars.copy_context().run` carries
them over (`asyncio.to_thread` does it by itself), and `tag_process()` holds in every thread.

A `with` block inside a generator holds, between two of its items, for whoever consumes them: Python has one context for
both. As a decorator of the generator function, sync or async, the block holds only while the generator itself runs.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextvars import ContextVar
from typing import Any, Generic, TypeVar, cast

from . import faults

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., Any])

LONGEST = 256
"""Characters that are kept of a tag's name and of its value."""


class Block(Generic[_T]):
    """A value that holds in a `with` block or in a function.

    The variable has all open blocks, outermost first, and a block takes itself away when it ends: blocks in generators
    end in any order, and in other contexts than they began in.
    """

    def __init__(self, variable: ContextVar[tuple[Block[_T], ...]], value: _T) -> None:
        self.value = value
        self._variable = variable

    def __enter__(self) -> None:
        """The block begins."""
        self._variable.set((*self._variable.get(), self))

    def __exit__(self, *_: object) -> None:
        """The block ends."""
        blocks = self._variable.get()
        last = max((at for at, block in enumerate(blocks) if block is self), default=None)
        if last is not None:
            self._variable.set(blocks[:last] + blocks[last + 1 :])

    def __call__(self, function: _F) -> _F:
        """The function with the block around it: over every await, and in a generator only while that runs."""
        if inspect.isasyncgenfunction(function):
            around = _around_async_generator(self, function)
        elif inspect.isgeneratorfunction(function):
            around = _around_generator(self, function)
        elif inspect.iscoroutinefunction(function):
            around = _around_coroutine(self, function)
        else:
            around = _around_call(self, function)
        return cast("_F", functools.wraps(function)(around))


def _around_call(block: Block[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        with block:
            return function(*args, **options)

    return call


def _around_coroutine(block: Block[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **options: Any) -> Any:
        with block:
            return await function(*args, **options)

    return call


def _around_generator(block: Block[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def generate(*args: Any, **options: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **options)
        step, sent = inner.send, None
        try:
            while True:
                try:
                    with block:
                        item = step(sent)
                except StopIteration as end:
                    return end.value
                try:
                    step, sent = inner.send, (yield item)
                except Exception as error:  # noqa: BLE001  # what is thrown in is for the generator
                    step, sent = inner.throw, error
        finally:
            with block:
                inner.close()

    return generate


def _around_async_generator(block: Block[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    async def generate(*args: Any, **options: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **options)
        step, sent = inner.asend, None
        try:
            while True:
                try:
                    with block:
                        item = await step(sent)
                except StopAsyncIteration:
                    return
                try:
                    step, sent = inner.asend, (yield item)
                except Exception as error:  # noqa: BLE001  # what is thrown in is for the generator
                    step, sent = inner.athrow, error
        finally:
            with block:
                await inner.aclose()

    return generate


_tags: ContextVar[tuple[Block[Mapping[str, str]], ...]] = ContextVar("tollgate_tags", default=())
_pins: ContextVar[tuple[Block[str | None], ...]] = ContextVar("tollgate_pins", default=())
_process_tags: dict[str, str] = {}


def tagged(**tags: object) -> Block[Mapping[str, str]]:
    """Tag every call made in the block; inner tags win over outer ones.

    Values are recorded as text, cut at 256 characters.
    """
    return Block(_tags, _texts(tags))


def tag_process(**tags: object) -> None:
    """Tag every call of this process, in whatever thread; tags of blocks win over these, and None takes one away.

    The environment can do the same: `TOLLGATE_TAGS=team=search,env=prod`, over which these win.
    """
    given = {name: value for name, value in tags.items() if value is not None}
    _process_tags.update(_texts(given))
    for name in tags.keys() - given.keys():
        _process_tags.pop(name, None)


def pinned(tier_or_model: str | None) -> Block[str | None]:
    """Send every call made in the block to this tier (`haiku`, `sonnet`, `opus`) or model id, with no fallback.

    `pinned(None)` lifts an outer pin.
    """
    return Block(_pins, tier_or_model)


def current_tags() -> Mapping[str, str]:
    """The tags in force here."""
    tags = {**_environment_tags(), **_process_tags}
    for block in _tags.get():
        tags.update(block.value)
    return tags


def current_pin() -> str | None:
    """The tier or model pinned here, if any."""
    pins = _pins.get()
    return pins[-1].value if pins else None


@functools.cache
def _environment_tags() -> Mapping[str, str]:
    tags: dict[str, str] = {}
    for part in filter(None, os.environ.get("TOLLGATE_TAGS", "").split(",")):
        name, equals, value = part.partition("=")
        if equals and name.strip():
            tags[name.strip()] = value.strip()
        else:
            faults.note("reading TOLLGATE_TAGS", ValueError(f"found {part!r}, expected name=value"))
    return _texts(tags)


def _texts(tags: Mapping[str, object]) -> dict[str, str]:
    return {name[:LONGEST]: _text(value) for name, value in tags.items()}


def _text(value: object) -> str:
    try:
        return str(value)[:LONGEST]
    except Exception as error:  # noqa: BLE001  # a tag that cannot be written down must not cost the call
        faults.note("writing down a tag", error)
        return f"<{type(value).__name__}>"
