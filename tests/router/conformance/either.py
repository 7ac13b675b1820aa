"""One text for both kinds of client: what is awaited only where there is something to await."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any


async def take(value: Any) -> Any:
    """The value, awaited if it has to be."""
    return await value if inspect.isawaitable(value) else value


async def some(items: Any, count: int) -> list[Any]:
    """The first items of an iterator, which is then left."""
    return [await anext(items) if hasattr(items, "__anext__") else next(items) for _ in range(count)]


async def each(items: Any) -> AsyncGenerator[Any]:
    """Every item of an iterable of either kind."""
    if hasattr(items, "__aiter__"):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


@asynccontextmanager
async def within(manager: Any) -> AsyncGenerator[Any]:
    """The block of a context manager of either kind."""
    if hasattr(manager, "__aenter__"):
        async with manager as entered:
            yield entered
    else:
        with manager as entered:
            yield entered
