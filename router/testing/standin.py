"""StandIn: the transport. It routes paths, keeps a log of what arrived, and hands the work on."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from string import ascii_letters, digits
from typing import Any, TypeVar

import anthropic
import httpx2

from . import catalogue, clouds
from .batches import Batches
from .checks import check_body
from .clock import TimeSource, pause, pause_async
from .failures import Cut, Failure, Unreachable, invalid, not_found
from .pace import Pace
from .prompt import read_prompt
from .script import MESSAGES, Effect, Rule, Script, Slow, delay
from .turns import AnswerFunction, Turn, Turns
from .wire import Reply, cut, failure_reply, json_reply, jsonl_reply, turn_reply, unreachable_reply

MODELS = "/v1/models"
MAX_BODY_BYTES = 32 * 1024 * 1024
KEPT_REQUESTS = 1_000
_SECRET_HEADERS = frozenset({"x-api-key", "authorization", "proxy-authorization", "cookie"})
_ALPHABET = ascii_letters + digits

Client = TypeVar("Client", bound=anthropic.Anthropic)
AsyncClient = TypeVar("AsyncClient", bound=anthropic.AsyncAnthropic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One HTTP request as it arrived, and what it was answered."""

    method: str
    path: str
    """From `/v1` on, whatever stands before it in the base URL."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Lower-case names; keys and cookies are left out."""
    body: Any
    """Parsed JSON, an empty object if there was none; None if it was not JSON, or not looked at."""
    status: int | None
    """None if no answer was sent."""
    request_id: str


class StandIn(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """An in-process Claude API, for `httpx2.Client(transport=...)` and `httpx2.AsyncClient(transport=...)` alike.

    It answers Messages, count_tokens, Message Batches and Models, at the URLs of the cloud platforms too. One stand-in
    is one organization: its prompt cache, batches and script are shared by all clients and threads that use it, but not
    between processes.
    """

    def __init__(
        self,
        *,
        clock: TimeSource = time,
        seed: int | None = None,
        latency: Mapping[str, Pace] | None = None,
        answer: AnswerFunction | None = None,
        batch_seconds: float = 0,
    ) -> None:
        """Everything is optional.

        - clock: the `time` module, or a `Clock`. It times the prompt cache, the batches and every wait.
        - seed: makes ids, probabilities and latencies repeat, so give each process another one; answers follow from
          seed and request anyway.
        - latency: a `Pace` per model line, as in `PLAUSIBLE`; without one, answers come at once.
        - answer: what to say, from the request body: a text or content blocks. Default: something plausible.
        - batch_seconds: how long a Message Batch takes.
        """
        dice = Random(seed)  # noqa: S311 - variety, not secrecy
        self.requests: deque[Received] = deque(maxlen=KEPT_REQUESTS)
        """What arrived, in the order it was answered; the latest 1,000."""
        self._clock = clock
        self._dice = dice
        self._script = Script(dice)
        self._turns = Turns(
            clock=clock, script=self._script, dice=dice, latency=latency or {}, answer=answer, seed=seed
        )
        self._batches = Batches(turns=self._turns, clock=clock, seconds=batch_seconds, new_id=self._new_id)

    def script(
        self,
        effect: Effect,
        *,
        model: str | None = None,
        path: str = MESSAGES,
        when: Callable[[Mapping[str, Any]], bool] | None = None,
        times: int | None = None,
        probability: float = 1,
    ) -> None:
        """Let matching requests meet an effect.

        Rules apply in the order they were scripted. Several effects can meet in one request, but only one of each kind:
        two answers, each scripted for one time, are given one after the other. The first that makes the request fail
        ends the list, and a request that the API would reject anyway meets none.

        - effect: `Overloaded()`, `Slow(seconds=2)`, `Refusal()` ...; or a function that changes the message, a dict.
        - model: only requests for this model.
        - path: only requests to this path; `BATCH_ITEM` for the requests inside a batch.
        - when: only requests whose body this accepts.
        - times: how often, at most; None for always.
        - probability: of each matching request.
        """
        self._script.add(Rule(effect=effect, model=model, path=path, when=when, left=times, probability=probability))

    def unscript(self) -> None:
        """Forget everything scripted."""
        self._script.clear()

    def client(self, cls: type[Client] = anthropic.Anthropic, **options: Any) -> Client:
        """A client of this class that talks to the stand-in; options go to its constructor."""
        return cls(api_key="test", http_client=httpx2.Client(transport=self), **options)

    def async_client(self, cls: type[AsyncClient] = anthropic.AsyncAnthropic, **options: Any) -> AsyncClient:
        """An async client of this class that talks to the stand-in; options go to its constructor."""
        return cls(api_key="test", http_client=httpx2.AsyncClient(transport=self), **options)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a sync client."""
        request.read()
        reply = self._answer(request)
        pause(self._clock, reply.wait)
        return reply.response(request, self._clock)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer an async client."""
        await request.aread()
        reply = self._answer(request)
        await pause_async(self._clock, reply.wait)
        return reply.response(request, self._clock)

    def _answer(self, request: httpx2.Request) -> Reply:
        request_id = self._new_id("req_")
        body, failure = _read_body(request)
        reply = failure_reply(failure, request_id) if failure else self._route(request, body, request_id)
        clouds.frame(reply, request.url.path)
        reply.headers |= {"request-id": request_id, "anthropic-organization-id": "00000000-0000-4000-8000-000000000000"}
        self.requests.append(
            Received(
                method=request.method,
                path=_path(request.url),
                query=dict(request.url.params),
                headers={name: value for name, value in request.headers.items() if name not in _SECRET_HEADERS},
                body=body,
                status=reply.status,
                request_id=request_id,
            )
        )
        return reply

    def _route(self, request: httpx2.Request, body: dict[str, Any], request_id: str) -> Reply:
        path, body = clouds.translate(_path(request.url), body)
        if path == MESSAGES and request.method == "POST":
            return self._messages(body, request_id)
        effects = self._script.due(path, body)
        failed = next((effect for effect in effects if not isinstance(effect, Slow)), None)
        if isinstance(failed, Unreachable):
            return unreachable_reply()
        result = failed if isinstance(failed, Failure) else self._look_up(request, path, body)
        if isinstance(result, Failure):
            return failure_reply(result, request_id)
        reply = jsonl_reply(result) if isinstance(result, list) else json_reply(result)
        reply.wait = delay(effects)
        if isinstance(failed, Cut):
            cut(reply, failed)
        return reply

    def _messages(self, body: dict[str, Any], request_id: str) -> Reply:
        turn = self._turns.take(body, MESSAGES, message_id=self._new_id("msg_"))
        match turn:
            case Turn():
                return turn_reply(turn, request_id, stream=body.get("stream") is True)
            case Failure():
                return failure_reply(turn, request_id)
            case _:
                return unreachable_reply()

    def _look_up(
        self, request: httpx2.Request, path: str, body: dict[str, Any]
    ) -> dict[str, Any] | list[dict[str, Any]] | Failure:
        """Every path but Messages itself. A list is answered as JSON lines."""
        url = request.url
        match request.method, path.removeprefix("/v1/").split("/"):
            case "POST", ["messages", "count_tokens"]:
                return _count_tokens(body)
            case "GET", ["models"]:
                return _page(catalogue.describe_all(), url.params)
            case "GET", ["models", name]:
                return catalogue.describe(name) or not_found(f"model: {name}")
            case "POST", ["messages", "batches"]:
                return self._batches.create(body, str(url.copy_with(query=None)))
            case "GET", ["messages", "batches"]:
                return _page(self._batches.list_all(), url.params)
            case "GET", ["messages", "batches", batch_id]:
                return self._batches.retrieve(batch_id)
            case "DELETE", ["messages", "batches", batch_id]:
                return self._batches.delete(batch_id)
            case "POST", ["messages", "batches", batch_id, "cancel"]:
                return self._batches.cancel(batch_id)
            case "GET", ["messages", "batches", batch_id, "results"]:
                return self._batches.results(batch_id)
            case _:
                return not_found(f"{request.method} {_path(url)}: the stand-in has no such path")

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}01{''.join(self._dice.choices(_ALPHABET, k=22))}"


def _path(url: httpx2.URL) -> str:
    _, version, rest = url.path.rpartition("/v1/")
    return version + rest


def _read_body(request: httpx2.Request) -> tuple[Any, Failure | None]:
    """The parsed body, and what the API says before it looks at the path."""
    if not ("x-api-key" in request.headers or "authorization" in request.headers):
        message = "x-api-key header is required"
        return None, Failure(status=401, error_type="authentication_error", message=message)
    if len(request.content) > MAX_BODY_BYTES:
        message = "Request exceeds the maximum size"
        return None, Failure(status=413, error_type="request_too_large", message=message)
    try:
        body = json.loads(request.content or b"{}")
    except ValueError:
        return None, invalid("The request body is not valid JSON")
    # Not `isinstance(body, dict)`: that would make a dict of unknown contents of it, for the type checker.
    return body, None if type(body) is dict else invalid("The request body must be a JSON object")


def _count_tokens(body: dict[str, Any]) -> dict[str, Any] | Failure:
    failure = check_body(body, counting=True)
    if failure is not None:
        return failure
    model = catalogue.find(body["model"]) or catalogue.MODELS[0]
    return {"input_tokens": read_prompt(body, model).tokens}


def _page(items: list[dict[str, Any]], params: httpx2.QueryParams) -> dict[str, Any] | Failure:
    """A page of a list: after `after_id`, or before `before_id`, at most `limit`."""
    given = params.get("limit", "20")
    if not given.isdecimal() or not 1 <= int(given) <= 1_000:
        return invalid("limit: Input should be a number from 1 to 1000")
    ids, limit = [item["id"] for item in items], int(given)
    start, end = 0, len(items)
    if (after := params.get("after_id")) in ids:
        start = ids.index(after) + 1
    if (before := params.get("before_id")) in ids:
        end = ids.index(before)
        start = max(start, end - limit)
    page = items[start : min(end, start + limit)]
    more = start > 0 if "before_id" in params else start + limit < end
    return {
        "data": page,
        "has_more": more,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }
