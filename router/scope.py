"""tagged() and pinned(): what the caller says about the calls made in a block.

Both are context managers and decorators over a ContextVar: nested, and safe in threads and tasks. A new thread
starts without its parent's tags, as with every ContextVar; `contextvars.copy_context().run` carries them over.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_NO_TAGS: Mapping[str, str] = {}
_tags: ContextVar[Mapping[str, str]] = ContextVar("tollgate_tags", default=_NO_TAGS)
_pin: ContextVar[str | None] = ContextVar("tollgate_pin", default=None)


@contextmanager
def tagged(**tags: object) -> Generator[None]:
    """Tag every call made in the block; inner tags win over outer ones. Values are recorded as text."""
    token = _tags.set({**_tags.get(), **{key: str(value) for key, value in tags.items()}})
    try:
        yield
    finally:
        _tags.reset(token)


@contextmanager
def pinned(tier_or_model: str | None) -> Generator[None]:
    """Send every call made in the block to this tier (`haiku`, `sonnet`, `opus`) or model id, with no fallback.

    `pinned(None)` lifts an outer pin.
    """
    token = _pin.set(tier_or_model)
    try:
        yield
    finally:
        _pin.reset(token)


def current_tags() -> Mapping[str, str]:
    """The tags in force here."""
    return _tags.get()


def current_pin() -> str | None:
    """The tier or model pinned here, if any."""
    return _pin.get()
