"""Router: decides once per call and walks the fallback chain. One generator, two drivers.

Attempts of one call are bounded by `len(chain) * (max_retries + 1)`: the chain is walked at once, then the SDK backs
off and the chain is walked again.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from anthropic import APIRequest, Middleware

from . import call as calls
from . import faults
from .classify import Classifier
from .decide import decide
from .features import Body, mappings, texts
from .policy import Decision, Policy
from .scope import current_pin

if TYPE_CHECKING:
    from anthropic import APIResponse, AsyncAPIResponse, AsyncCallNext, CallNext

OVERLOADED = 529
Flow = Generator[APIRequest, "APIResponse[Any] | AsyncAPIResponse[Any]", "APIResponse[Any] | AsyncAPIResponse[Any]"]
"""Yields requests, is sent their responses, returns the one that the caller gets."""


class Router(Middleware):
    """SDK middleware that chooses the model of Messages calls; belongs outermost. Everything else passes through."""

    def __init__(self, policy: Policy | None = None, *, classifier: Classifier | None = None) -> None:
        self.policy = policy or Policy()
        self._classifier = classifier
        self._served: dict[int, str] = {}

    def handle(self, request: APIRequest, call_next: CallNext) -> APIResponse[Any]:
        """Drive the flow with the synchronous client."""
        flow = self.flow(request)
        outgoing = next(flow)
        while True:
            response: Any = call_next(outgoing)
            try:
                outgoing = flow.send(response)
            except StopIteration as finished:
                return calls.presentable(finished.value, request)
            response.http_response.close()

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> AsyncAPIResponse[Any]:
        """Drive the flow with the asynchronous client."""
        flow = self.flow(request)
        outgoing = next(flow)
        while True:
            response: Any = await call_next(outgoing)
            try:
                outgoing = flow.send(response)
            except StopIteration as finished:
                return calls.presentable(finished.value, request)
            await response.http_response.aclose()

    def flow(self, request: APIRequest) -> Flow:
        """The requests to send for this one, until a response is fit to be handed on."""
        body = calls.body_of(request)
        match calls.path_of(request):
            case calls.MESSAGES if isinstance(body.get("model"), str):
                response = yield from self._walk(request, body)
            case calls.BATCHES if items := _items(body):
                response = yield self._batch(request, body, items)
            case _:
                response = yield request
        return response

    def _walk(self, request: APIRequest, body: Body) -> Flow:
        call = calls.current(request) if request.retries_taken else None
        call = call or calls.begin(request)
        conversation = _conversation(body)
        decision = call.decision or self._decide(body, betas=_has_betas(request), conversation=conversation)
        call.decision = decision
        model, *rest = decision.chain
        response = yield _with_model(request, body, model)
        while rest and calls.status_of(response) == OVERLOADED:
            model, *rest = rest
            response = yield _with_model(request, body, model)
        if conversation is not None and calls.status_of(response) == 200:
            calls.keep(self._served, conversation, model)
        return response

    def _batch(self, request: APIRequest, body: Body, items: Sequence[Body]) -> APIRequest:
        """Every request of a batch goes to the model decided for it; there is no fallback inside a batch."""
        call = calls.begin(request)
        routed: list[Body] = []
        for item in items:
            params: Body = item["params"]
            decision = self._decide(params, betas=_has_betas(request), conversation=None)
            call.items[str(item.get("custom_id"))] = decision
            routed.append({**item, "params": {**params, "model": decision.model}})
        return calls.replace_body(request, {**body, "requests": routed})

    def _decide(self, body: Body, *, betas: bool, conversation: int | None) -> Decision:
        try:
            return decide(
                body,
                policy=self.policy,
                classifier=self._classifier,
                pin=current_pin(),
                previous=None if conversation is None else self._served.get(conversation),
                betas=betas,
            )
        except Exception as error:  # noqa: BLE001  # whatever is wrong with our judgement, the call goes on
            faults.note("deciding", error)
            return _undecided(body, self.policy)


def _items(body: Body) -> Sequence[Body]:
    """The requests of a batch; none if one of them is no request, for then the API is to say so."""
    found = mappings(body.get("requests"))
    whole = all(isinstance(item.get("params"), dict) for item in found)
    return found if whole and found and len(found) == len(body["requests"]) else ()


def _undecided(body: Body, policy: Policy) -> Decision:
    """What the caller named; for `auto`, the policy's default."""
    requested = str(body.get("model"))
    model = policy.tiers[policy.default].model if requested == "auto" else requested
    return Decision(requested_model=requested, chain=(model,), reason="not decided: a fault of the router")


def _with_model(request: APIRequest, body: Body, model: str) -> APIRequest:
    return request if body.get("model") == model else calls.replace_body(request, {**body, "model": model})


def _has_betas(request: APIRequest) -> bool:
    return any(name.lower() == "anthropic-beta" for name in request.headers)


def _conversation(body: Body) -> int | None:
    """The same for every turn of a conversation: its model, system prompt and first message. None if it has none."""
    messages = mappings(body.get("messages"))
    if not messages:
        return None
    return hash((str(body.get("model")), *texts(body.get("system")), None, *texts(messages[0].get("content"))))
