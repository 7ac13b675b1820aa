"""What happens when: rules that pick requests, and the effects that those requests meet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from random import Random
from typing import Any, TypeAlias

from .failures import Cut, Failure, StreamError, Unreachable

MESSAGES = "/v1/messages"
COUNT_TOKENS = "/v1/messages/count_tokens"
BATCHES = "/v1/messages/batches"
BATCH_ITEM = "batch item"
"""The path under which rules see each request inside a Message Batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """The answer begins so many seconds late."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The batch item is never processed: its result is `expired`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    """The batch item is canceled: its result is `canceled`."""


Change: TypeAlias = Callable[[dict[str, Any]], object]
"""Changes a finished message in place, before it is sent; any function of the message will do."""

Effect: TypeAlias = Failure | StreamError | Unreachable | Cut | Slow | Expired | Canceled | Change


@dataclass(slots=True, kw_only=True)
class Rule:
    """One effect, and the requests that meet it; see `StandIn.script`."""

    effect: Effect
    model: str | None
    path: str
    when: Callable[[Mapping[str, Any]], bool] | None
    left: int | None
    """How often it can still apply; None for always."""
    probability: float

    def __post_init__(self) -> None:
        """Refuse a rule that could never do anything."""
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability is a number from 0 to 1, found {self.probability}")
        if not _fits(self.effect, self.path):
            raise ValueError(f"{self.effect!r} cannot happen at path {self.path!r}")

    @property
    def kind(self) -> object:
        """Rules of one kind do not meet in one request; one whose effect is a function always may."""
        return type(self.effect) if is_dataclass(self.effect) else id(self)

    def matches(self, path: str, body: Mapping[str, Any]) -> bool:
        """Whether the rule concerns this request, before any dice are thrown."""
        return (
            self.left != 0
            and self.path == path
            and self.model in {None, body.get("model")}
            and not (isinstance(self.effect, StreamError) and not body.get("stream"))
            and (self.when is None or self.when(body))
        )


class Script:
    """The rules, in the order they were added. Thread-safe."""

    def __init__(self, dice: Random) -> None:
        """Draw probabilities from `dice`."""
        self._dice = dice
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """Put a rule behind the others."""
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            self._rules.clear()

    def due(self, path: str, body: Mapping[str, Any]) -> list[Effect]:
        """The effects on this request, one of each kind; each uses up one time of its rule. A failure ends the list."""
        effects: list[Effect] = []
        kinds: set[object] = set()
        with self._lock:
            for rule in self._rules:
                if rule.kind in kinds or not rule.matches(path, body) or self._dice.random() >= rule.probability:
                    continue
                kinds.add(rule.kind)
                if rule.left is not None:
                    rule.left -= 1
                effects.append(rule.effect)
                if isinstance(rule.effect, Failure | Unreachable | Expired | Canceled):
                    break
        return effects


def delay(effects: list[Effect]) -> float:
    """The seconds by which these effects make an answer late."""
    return sum(effect.seconds for effect in effects if isinstance(effect, Slow))


def _fits(effect: Effect, path: str) -> bool:
    match effect:
        case Failure():
            return True
        case Expired() | Canceled():
            return path == BATCH_ITEM
        case Unreachable() | Cut() | Slow():
            return path != BATCH_ITEM
        case StreamError():
            return path == MESSAGES
        case _:
            return path in {MESSAGES, BATCH_ITEM}
