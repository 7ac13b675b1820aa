"""LLMClassifier: where the local classifier is not sure, the cheapest model of the policy is asked. Off by default.

The question travels as one more request inside the caller's own call: over the same client, with its credentials, on
its platform, through the same middleware. So it is awaited where the caller awaits, needs no thread and blocks no event
loop; and the Meter counts it, under the caller's tags and one of its own, `TAG`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import httpx2
from anthropic import APIRequest

from . import call as calls
from . import faults
from .classify import Classifier, Task, TaskType, classify
from .features import Body
from .inquiry import answer_in, digest, excerpt, inquiry
from .policy import TIERS, Decision, Policy
from .prices import Bucket, price_of

TAG = ("tollgate", "second_opinion")
"""On the records of the questions: `tollgate report --by tag:tollgate` shows what they cost."""

_REST_SECONDS = 60
_USUAL = Bucket(uncached=600, read=1_000, output=60)
"""What a question takes, in tokens."""


class Doubt(NamedTuple):
    """A decision that its classifier was not sure of."""

    decision: Decision
    policy: Policy
    """In force for the call."""
    platform: str | None
    again: Callable[[Task], Decision]
    """The decision that another opinion would lead to."""

    @property
    def matters(self) -> bool:
        """Whether another opinion could change where the call goes."""
        if self.decision.confidence is None or self.decision.confidence >= self.policy.margin:
            return False
        one_each: dict[str, TaskType] = {tier: task_type for task_type, tier in self.policy.tasks.items()}
        ends = [self.again(Task(type=task_type, confidence=1, reason="")) for task_type in one_each.values()]
        return len({end.shadow_model or end.model for end in [self.decision, *ends]}) > 1


class Question:
    """What is asked about one request, and what was answered."""

    def __init__(self, model: str, text: str, request: APIRequest | None, task: Task | None) -> None:
        self.model = model
        self.text = text
        self.request = request
        """To be sent; None: the answer is known already."""
        self.task = task

    def hear(self, response: httpx2.Response) -> None:
        """The answer; one that says nothing useful is none."""
        try:
            self.task = answer_in(response, self.model)
        except Exception as error:  # noqa: BLE001  # the call goes on by the local opinion
            faults.note("reading a second opinion", error)


class LLMClassifier:
    """For `Router(classifier=LLMClassifier())`: a local classifier, and a second opinion where that is not sure.

    A model is asked only if the decision's confidence is below the policy's margin and another opinion could change
    where the call goes. If it does not answer in time or not usefully, the local opinion holds, and for a minute it is
    not asked again. What it said is remembered for the process, by a digest of what was asked. Requests of a batch and
    `explain` go by the local classifier alone.

    The model's confidence is its own word, not calibrated. Text of the request is quoted as data, shortened; it may
    still mislead the model, but only to one of the task types, within what the policy allows.
    """

    def __init__(
        self, first: Classifier = classify, *, seconds: float = 2, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`first`: the local classifier.

        `seconds`: how long a call waits at most, in phases: an eighth for a connection, three quarters for the answer,
        the rest for a place in the pool and for sending. Only an answer that comes in drips can take longer.
        """
        if not 0 < seconds < float("inf"):
            raise ValueError(f"seconds: found {seconds}, expected a positive number")
        self._first = first
        self._timeout = httpx2.Timeout(connect=seconds / 8, read=seconds * 0.75, write=seconds / 16, pool=seconds / 16)
        self._clock = clock
        self._asks_from = clock()
        self._said: dict[bytes, Task] = {}

    def __call__(self, body: Body) -> Task:
        """The local opinion."""
        return self._first(body)

    def question(self, request: APIRequest, doubt: Doubt) -> Question | None:
        """What to ask about a request; None if nothing, or nobody."""
        try:
            return self._question(request, doubt) if doubt.matters else None
        except Exception as error:  # noqa: BLE001  # the call goes on by the local opinion
            faults.note("asking for a second opinion", error)
            return None

    def opinion(self, question: Question) -> Task | None:
        """What was answered, if anything; to be called when the question is over."""
        if question.task is None:
            self._asks_from = self._clock() + _REST_SECONDS
        else:
            calls.keep(self._said, digest(question.text), question.task)
        return question.task

    def _question(self, request: APIRequest, doubt: Doubt) -> Question | None:
        body = calls.body_of(request)
        text = excerpt(body)
        plain, model = cheapest(doubt.policy, like=str(body.get("model")), platform=doubt.platform) or (None, None)
        if not text or plain is None or model is None:
            return None
        if said := self._said.get(digest(text)):
            return Question(model, text, None, said)
        if self._clock() < self._asks_from:
            return None
        asking = inquiry(request, model, text, facts_of=plain, timeout=self._timeout)
        call = calls.begin(asking)
        call.tags = {**call.tags, TAG[0]: TAG[1]}
        call.decision = Decision(requested_model=model, chain=(model,), reason="a second opinion")
        return Question(model, text, asking, None)


def cheapest(policy: Policy, *, like: str, platform: str | None) -> tuple[str, str] | None:
    """The model of the tiers that answers a question for the least money, of those that may be sent to.

    As the Claude API spells it, and as it is spelt where the model `like` is. Without prices: that of the lowest tier.
    """
    sendable = [
        (policy.tiers[name].model, spelt)
        for name in TIERS
        if policy.allowed(policy.tiers[name].model) and (spelt := policy.model_for(name, like=like, platform=platform))
    ]
    return min(sendable, key=lambda models: _cost(models[0]), default=None)


def _cost(model: str) -> float:
    price = price_of(model)
    return float("inf") if price is None else price.cost(_USUAL)
