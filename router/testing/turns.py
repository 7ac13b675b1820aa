"""One turn of a model: a request body in, a message or a failure out, whichever path the request came by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from . import answers, catalogue, messages, tokens
from .cache import PromptCache
from .catalogue import Model
from .checks import check_body, check_prompt
from .clock import TimeSource
from .failures import Cut, Failure, StreamError, Unreachable, invalid
from .pace import AT_ONCE, FAST_FACTOR, Pace
from .prompt import read_prompt
from .script import BATCH_ITEM, Canceled, Effect, Expired, Script, delay
from .threads import Threads

AnswerFunction: TypeAlias = Callable[[dict[str, Any]], str | Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A message that is ready to be sent, and how it is to travel."""

    message: dict[str, Any]
    first_token: float
    """Seconds."""
    per_token: float
    """Seconds."""
    broken: Cut | StreamError | None


class Turns:
    """Answers requests, with one prompt cache, one script and one pace for all of them. Thread-safe."""

    def __init__(
        self,
        *,
        clock: TimeSource,
        script: Script,
        dice: Random,
        latency: Mapping[str, Pace],
        answer: AnswerFunction | None,
        seed: int | None,
    ) -> None:
        """Without `answer`, answers are made up."""
        self._clock, self._script, self._dice, self._latency = clock, script, dice, latency
        self._answer: AnswerFunction = answer or (lambda body: answers.answer(body, seed))
        self._cache = PromptCache()
        self._threads = Threads()

    def take(
        self, body: dict[str, Any], path: str, *, message_id: str
    ) -> Turn | Failure | Unreachable | Expired | Canceled:
        """Answer one request. One that fails leaves the prompt cache alone."""
        failure = check_body(body)
        if failure is not None:
            return failure
        whole = self._threads.whole(body)
        if isinstance(whole, Failure):
            return whole
        body, model = whole, catalogue.find(body["model"]) or catalogue.MODELS[0]
        prompt = read_prompt(body, model)
        failure = check_prompt(prompt, model) or _check_batch_item(body, path)
        if failure is not None:
            return failure
        effects = self._script.due(path, body)
        if effects and isinstance(effects[-1], Failure | Unreachable | Expired | Canceled):
            return effects[-1]
        pace = self._pace(body, model, effects)
        now_ns = self._clock.time_ns()
        ready_ns = now_ns + round(pace.first_token * 1_000_000_000)
        split = self._cache.take(prompt, model, now_ns=now_ns, ready_ns=ready_ns)
        message = messages.build(body, self._content(body), model=model, split=split, message_id=message_id)
        if path == BATCH_ITEM:
            message["usage"]["service_tier"] = "batch"
        broken = _apply(effects, message)
        self._threads.keep(body, message)
        return Turn(message=message, first_token=pace.first_token, per_token=pace.per_token, broken=broken)

    def _content(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        content = self._answer(body)
        return tokens.blocks_of(content if isinstance(content, str) else [dict(block) for block in content])

    def _pace(self, body: Mapping[str, Any], model: Model, effects: list[Effect]) -> Pace:
        pace = self._latency.get(model.line, AT_ONCE)
        first_token = pace.first_token * self._dice.uniform(0.7, 1.6)
        first_token += delay(effects)
        faster = FAST_FACTOR if body.get("speed") == "fast" else 1
        return Pace(first_token=first_token, per_token=pace.per_token * self._dice.uniform(0.8, 1.3) / faster)


def _apply(effects: list[Effect], message: dict[str, Any]) -> Cut | StreamError | None:
    """Let the changes change the message; return how it is to break on its way, if it is."""
    broken: Cut | StreamError | None = None
    for effect in effects:
        if isinstance(effect, Cut | StreamError):
            broken = broken or effect
        elif callable(effect):
            effect(message)
    return broken


def _check_batch_item(body: Mapping[str, Any], path: str) -> Failure | None:
    if path == BATCH_ITEM and body.get("speed") == "fast":
        return invalid("speed: fast mode is not available in Message Batches")
    return None
