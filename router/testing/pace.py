"""How long an answer takes: until its first token, and from token to token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds that a model takes, on average."""

    first_token: float
    per_token: float


PLAUSIBLE: Mapping[str, Pace] = MappingProxyType(
    {
        "haiku": Pace(first_token=0.45, per_token=0.006),
        "sonnet": Pace(first_token=0.80, per_token=0.013),
        "opus": Pace(first_token=1.20, per_token=0.019),
        "fable": Pace(first_token=1.60, per_token=0.024),
        "mythos": Pace(first_token=2.00, per_token=0.030),
    }
)
"""A pace per model line: orders of magnitude for a demonstration, measured nowhere."""

AT_ONCE = Pace(first_token=0, per_token=0)
FAST_FACTOR = 2.5
"""Fast mode writes so many times as quickly."""
