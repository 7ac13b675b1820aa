"""Body: the part of a message that depends on what it is about."""

from __future__ import annotations

from dataclasses import dataclass

from .notice import Contributor, Figure, Plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is said; as of a Notice."""

    subject: str
    headline: str
    figures: tuple[Figure, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    plot: Plot | None = None
    actions: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()
