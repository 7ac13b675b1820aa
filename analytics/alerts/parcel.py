"""Parcel: one notice for one recipient on its way, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from .notice import Notice


class Parcel(NamedTuple):
    """One notice for one recipient."""

    parcel_id: str
    """Derived from notice and recipient: hexadecimal."""
    notice: Notice
    recipient: str
    """An e-mail address, or the name of a channel."""


class Result(NamedTuple):
    """What became of a parcel."""

    delivered: bool
    said: str
    """By the other side, or about it: one line, without secrets."""
    permanent: bool = False
    """Not delivered, and trying again is of no use."""


Tell = Callable[[Parcel, Result], None]
"""To be called as soon as a parcel's result is known, before the next one is tried."""


class Carrier(Protocol):
    """Something that takes parcels to where they belong."""

    def carry(self, parcels: Sequence[Parcel], tell: Tell) -> None:
        """Try each, in order, and tell what became of it; never raises for what the other side does."""
        ...
