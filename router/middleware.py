"""Router: decides once per call and walks the fallback chain. One generator, two drivers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2
from anthropic import APIRequest, Middleware

from . import call as calls
from . import faults
from .classify import Classifier, Task
from .conversations import Conversations, Turn
from .decide import Situation, decide, home_of, named, plain
from .exceptions import BudgetExceeded
from .fallback import Answer, Outcome, how_far, judged, overloaded, rejected
from .features import Body, mappings
from .guard import BudgetGuard
from .learnt import Learnt
from .peek import apeek, peek
from .policy import AUTO, Decision, Policy
from .room import Room, Wanted, leave
from .scope import current_pin
from .second_opinion import Doubt, LLMClassifier

if TYPE_CHECKING:
    from anthropic import APIResponse, AsyncAPIResponse, AsyncCallNext, CallNext


class Ask(NamedTuple):
    """An attempt that the flow wants made."""

    request: APIRequest
    ahead: bool = False
    """Another model may be tried, so read as much of the answer as tells; else it goes to the caller untouched."""
    hear: Callable[[httpx2.Response], None] | None = None
    """Told the answer of a question of ours, which goes to nobody else."""


Flow = Generator[Ask, Outcome, None]
"""Yields attempts and is sent what they came to; where it ends, the caller gets the last one as it was."""


class Router(Middleware):
    """SDK middleware that chooses the model of Messages calls; belongs outermost. Everything else passes through.

    When a model is overloaded, the next of its chain is tried at once: on 529 and 429 (not where a spend limit is
    reached), on an `overloaded_error` that is the first event of a stream, on a connection that is lost or times out
    before the first byte; never on what will fail again, never after the first event. Then the SDK backs off, and
    the chain is walked again. So a call makes at most `len(chain) * (max_retries + 1)` attempts, one more if a model
    rejects what the model named accepts; and none of another model after `Policy.fallback_seconds`. What the caller
    gets in the end is the last attempt's: the SDK's own error, or its own answer.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        guard: BudgetGuard | None = None,
        classifier: Classifier | None = None,
        platform: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`guard`: None is the default home's. `platform`: where the client sends to, if known. `clock`: seconds."""
        self.policy = policy or Policy()
        self.guard = guard or BudgetGuard()
        self._classifier = classifier
        self._platform = platform
        self._clock = clock
        self.conversations = Conversations(clock)
        self._learnt = Learnt()

    def handle(self, request: APIRequest, call_next: CallNext) -> APIResponse[Any]:
        """Drive the flow with the synchronous client."""
        with contextlib.closing(self.flow(request)) as flow:
            ask = _begin(flow, request)
            while True:
                try:
                    response = call_next(ask.request)
                except Exception as error:
                    following = _continue(flow, error)
                    if following is None:
                        raise
                else:
                    following = _continue(flow, _look(response, ask))
                    if following is None:
                        return calls.presentable(response, request)
                    _dispose(response)
                ask = following

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> AsyncAPIResponse[Any]:
        """Drive the flow with the asynchronous client."""
        with contextlib.closing(self.flow(request)) as flow:
            ask = _begin(flow, request)
            while True:
                try:
                    response = await call_next(ask.request)
                except Exception as error:
                    following = _continue(flow, error)
                    if following is None:
                        raise
                else:
                    following = _continue(flow, await _alook(response, ask))
                    if following is None:
                        return calls.presentable(response, request)
                    await _adispose(response)
                ask = following

    def flow(self, request: APIRequest) -> Flow:
        """The attempts to make for this request, until one is fit to be handed on."""
        body = calls.body_of(request)
        match calls.path_of(request):
            case calls.MESSAGES if isinstance(body.get("model"), str):
                yield from self._walk(request, body)
            case calls.BATCHES if items := _items(body):
                yield Ask(self._batch(request, body, items))
                leave(calls.current(request))
            case _:
                yield Ask(request)

    def _walk(self, request: APIRequest, body: Body) -> Flow:
        call = (calls.current(request) if request.retries_taken else None) or calls.begin(request)
        call.began = self._clock() if call.began is None else call.began
        if call.decision is None:
            turn = self._turn(body, call)
            call.decision = yield from self._judge(request, body, call, turn=turn)
            _follow(call, turn)
        decision = call.decision
        home = self._home(decision)
        rest = list(decision.chain)
        outcome: Outcome | None = None
        while True:
            model = rest.pop(0)
            try:
                ((_, fitting, fit),) = self._make_room(request, call, [Wanted(body, call.decision, model)])
            except BudgetExceeded:
                if outcome is None:
                    raise
                break  # there is room for the model that did not answer, and none for the next
            if fitting is not call.decision:
                call.decision, model, rest = fitting, fit, list(fitting.chain[1:])
            outcome = yield Ask(_with_model(request, body, model), ahead=bool(rest) or model != home)
            leave(call)
            if not rest or not overloaded(outcome) or not self._in_time(call.began):
                break
        if model != home and isinstance(outcome, Answer) and outcome.status and rejected(outcome):
            rejection, guess, model = outcome.status, model, home
            call.decision = _back(decision, home, f"{guess} answered {rejection}")
            self._make_room(request, call, [Wanted(body, call.decision, home)])
            outcome = yield Ask(_with_model(request, body, home))
            leave(call)
            if _accepted(outcome):
                self._learnt.add(guess, rejection, body)
        if call.turn is not None and _accepted(outcome):
            call.turn.served(model)

    def _make_room(
        self, request: APIRequest, call: calls.Call, wanted: Sequence[Wanted], *, batch: bool = False
    ) -> Sequence[Wanted]:
        """What is wanted, with what it can cost set aside. Raises BudgetExceeded."""

        def again(body: Body) -> Decision:
            return self._decide(request, body, call, turn=None)

        room = Room(self.guard, self.policy.for_tags(call.tags), self._platform)
        return room.make(call, wanted, again=again, batch=batch)

    def _judge(
        self, request: APIRequest, body: Body, call: calls.Call, *, turn: Turn | None
    ) -> Generator[Ask, Outcome, Decision]:
        """The decision; where its classifier is not sure and asks a model, with a second opinion."""
        decision, asker = self._decide(request, body, call, turn=turn), self._classifier
        if not isinstance(asker, LLMClassifier):
            return decision

        def again(task: Task) -> Decision:
            return self._decide(request, body, call, turn=turn, task=task)

        doubt = Doubt(decision, self.policy.for_tags(call.tags), self._platform, again)
        question = asker.question(request, doubt)
        if question is None:
            return decision
        if question.request is not None:
            yield Ask(question.request, hear=question.hear)
        task = asker.opinion(question)
        return decision if task is None else again(task)

    def _batch(self, request: APIRequest, body: Body, items: Sequence[Body]) -> APIRequest:
        """Every request of a batch goes to the model decided for it; there is no fallback inside a batch."""
        call = calls.begin(request)
        bodies: list[Body] = [item["params"] for item in items]
        decisions = [self._decide(request, params, call, turn=None) for params in bodies]
        wanted = [Wanted(params, decision, decision.model) for params, decision in zip(bodies, decisions, strict=True)]
        routed: list[Body] = []
        for item, (params, decision, model) in zip(
            items, self._make_room(request, call, wanted, batch=True), strict=True
        ):
            call.items[str(item.get("custom_id"))] = decision
            routed.append({**item, "params": {**params, "model": model}})
        return calls.replace_body(request, {**body, "requests": routed})

    def _turn(self, body: Body, call: calls.Call) -> Turn | None:
        """The turn of a conversation; None where the model is not ours to choose, or nothing can be weighed."""
        try:
            policy, requested = self.policy.for_tags(call.tags), str(body.get("model"))
            if current_pin() is not None or body.get("thread") is not None:
                return None
            home = plain(home_of(requested, policy, self._platform), policy)
            return self.conversations.turn(body, home=home, spelling=lambda model: plain(model, policy))
        except Exception as error:  # noqa: BLE001  # what cannot be weighed is decided without
            faults.note("weighing", error)
            return None

    def _decide(
        self, request: APIRequest, body: Body, call: calls.Call, *, turn: Turn | None, task: Task | None = None
    ) -> Decision:
        """`task`: what the request is for, if that is known already."""
        try:

            def against(model: str) -> str | None:
                return self._learnt.against(model, body)

            situation = Situation(
                pin=current_pin(),
                previous=turn and turn.previous,
                betas=calls.betas_of(request),
                platform=self._platform,
                against=against,
                outlook=turn and turn.outlook,
            )
            policy = self.policy.for_tags(call.tags)
            policy = policy.cheapest if call.stepped_down else policy
            classifier = self._classifier if task is None else _told(task)
            return decide(body, policy=policy, classifier=classifier, situation=situation)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with our judgement, the call goes on
            faults.note("deciding", error)
            requested = str(body.get("model"))
            chain = (self._named(requested),)
            return Decision(requested_model=requested, chain=chain, reason="not decided: a fault of the router")

    def _home(self, decision: Decision) -> str:
        """The model that answers for a wrong guess; a pin is no guess."""
        return decision.model if current_pin() is not None else self._named(decision.requested_model)

    def _named(self, requested: str) -> str:
        try:
            return named(requested, self.policy, self._platform)
        except Exception as error:  # noqa: BLE001  # as above
            faults.note("deciding", error)
            return self.policy.tiers[self.policy.default].model if requested == AUTO else requested

    def _in_time(self, began: float) -> bool:
        return self._clock() - began < self.policy.fallback_seconds


def _begin(flow: Flow, request: APIRequest) -> Ask:
    try:
        return next(flow)
    except BudgetExceeded:
        raise
    except Exception as error:  # noqa: BLE001  # a request that we cannot judge goes as it came
        faults.note("routing", error)
        return Ask(request)


def _continue(flow: Flow, outcome: Outcome) -> Ask | None:
    """The next attempt, if the flow wants one after this outcome."""
    try:
        return flow.send(outcome)
    except StopIteration:
        return None
    except BudgetExceeded:
        raise
    except Exception as error:  # noqa: BLE001  # the caller gets what there is
        faults.note("routing", error)
        return None


def _look(response: object, ask: Ask) -> Answer:
    answer = calls.answer_of(response)
    if answer is not None and ask.hear is not None:
        ask.hear(answer)
    if answer is None or not ask.ahead:
        return Answer(answer and answer.status_code)
    enough = how_far(answer)
    return judged(answer) if enough is None else judged(answer, *peek(answer, enough))


async def _alook(response: object, ask: Ask) -> Answer:
    answer = calls.answer_of(response)
    if answer is not None and ask.hear is not None:
        ask.hear(answer)
    if answer is None or not ask.ahead:
        return Answer(answer and answer.status_code)
    enough = how_far(answer)
    return judged(answer) if enough is None else judged(answer, *await apeek(answer, enough))


def _dispose(response: object) -> None:
    """Nobody will read this answer."""
    try:
        if (answer := calls.answer_of(response)) is not None:
            answer.close()
    except Exception as error:  # noqa: BLE001  # it is superseded, and so is what is wrong with it
        faults.note("closing an answer", error)


async def _adispose(response: object) -> None:
    """Nobody will read this answer."""
    try:
        if (answer := calls.answer_of(response)) is not None:
            await answer.aclose()
    except Exception as error:  # noqa: BLE001  # as above
        faults.note("closing an answer", error)


def _back(decision: Decision, home: str, why: str) -> Decision:
    return decision._replace(chain=(home,), reason=f"back to the model named: {why} ({decision.reason})")


def _accepted(outcome: Outcome) -> bool:
    return isinstance(outcome, Answer) and outcome.status == 200 and outcome.failure is None


def _items(body: Body) -> Sequence[Body]:
    """The requests of a batch; none if one of them is no request, for then the API is to say so."""
    found = mappings(body.get("requests"))
    whole = all(isinstance(item.get("params"), dict) for item in found)
    return found if whole and found and len(found) == len(body["requests"]) else ()


def _with_model(request: APIRequest, body: Body, model: str) -> APIRequest:
    return request if body.get("model") == model else calls.replace_body(request, {**body, "model": model})


def _told(task: Task) -> Classifier:
    def classify(_: Body) -> Task:
        return task

    return classify


def _follow(call: calls.Call, turn: Turn | None) -> None:
    """Have the turn hear what the call's attempts used; in shadow, as if the model had been asked that was not."""
    call.turn = turn
    if turn is not None and call.decision is not None:
        turn.instead = call.decision.shadow_model
