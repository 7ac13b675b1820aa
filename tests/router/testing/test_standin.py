from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import Message, RawMessageStreamEvent, ToolParam
from anthropic.types.thread_not_found_error import ThreadNotFoundError

from router.testing import PLAUSIBLE, Clock, Overloaded, Pace, StandIn

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 400,
    "messages": [{"role": "user", "content": "How do I return a parcel?"}],
}


def create(api: StandIn, **more: Any) -> Message:
    body: Any = ASK | more
    message: Message = api.client().messages.create(**body)
    return message


async def create_async(client: anthropic.AsyncAnthropic, **more: Any) -> Message:
    body: Any = ASK | more
    message: Message = await client.messages.create(**body)
    return message


WEATHER: ToolParam = {
    "name": "weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def test_same_question_same_answer() -> None:
    """The same request gets the same answer from any stand-in with the same seed."""
    texts = {create(StandIn(seed=3)).content[0].to_json() for _ in range(2)}
    assert len(texts) == 1


def test_stream_and_json_agree() -> None:
    """A stream adds up to what the same request gets as one body, usage included."""
    api = StandIn(seed=3)
    whole = create(api)
    with api.client().messages.stream(**ASK) as stream:
        streamed = stream.get_final_message()
    assert (streamed.content[0].to_json(), streamed.stop_reason) == (whole.content[0].to_json(), whole.stop_reason)
    assert streamed.usage.to_dict() == whole.usage.to_dict()


def test_async_clients_use_the_same_standin() -> None:
    """One stand-in serves sync and async clients, streams included."""
    api = StandIn(seed=3)

    async def both() -> tuple[Message, Message]:
        async with api.async_client() as client:
            whole = await create_async(client)
            async with client.messages.stream(**ASK) as stream:
                return whole, await stream.get_final_message()

    whole, streamed = asyncio.run(both())
    assert whole.content[0].to_json() == streamed.content[0].to_json()
    assert whole.content[0].to_json() == create(api).content[0].to_json()


def test_real_waits_do_not_block_the_loop() -> None:
    """With real time an async wait leaves the event loop to others, so eight waits take hardly longer than one."""
    api = StandIn(latency={"sonnet": Pace(first_token=0.02, per_token=0)})

    async def many() -> list[str]:
        order: list[str] = []
        async with api.async_client() as client:

            async def one(name: str) -> None:
                order.append(f"{name} begins")
                await create_async(client)
                order.append(f"{name} ends")

            await asyncio.gather(*(one(str(number)) for number in range(8)))
        return order

    assert [entry.split()[1] for entry in asyncio.run(many())] == ["begins"] * 8 + ["ends"] * 8


def test_the_log_keeps_no_key() -> None:
    """The log tells what arrived and how it was answered, without the key."""
    api = StandIn()
    create(api)
    with pytest.raises(anthropic.NotFoundError):
        create(api, model="claude-nobody-1")
    first, second = api.requests
    assert (first.method, first.path, first.status, first.body["model"]) == ("POST", "/v1/messages", 200, ASK["model"])
    assert second.status == 404
    assert "x-api-key" not in first.headers
    assert "anthropic-version" in first.headers


def test_the_example_of_the_docstring() -> None:
    """The test that the package's docstring shows does what it says: a retry, then a cache write, then a read."""
    clock = Clock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    api = StandIn(clock=clock)
    api.script(Overloaded(retry_after=0.001), model="claude-opus-5-5", times=1)
    manual: Any = [{"type": "text", "text": "Page. " * 900, "cache_control": {"type": "ephemeral"}}]
    first = create(api, model="claude-opus-5-5", system=manual)
    clock.advance(timedelta(minutes=4))
    second = create(api, model="claude-opus-5-5", system=manual)
    assert [request.status for request in api.requests] == [529, 200, 200]
    assert second.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens


def test_max_tokens_cuts_the_answer() -> None:
    """An answer never costs more than `max_tokens`; one that would is cut and says so."""
    api = StandIn(answer=lambda _: "word " * 500)
    message = create(api, max_tokens=50)
    assert message.stop_reason == "max_tokens"
    assert 40 < message.usage.output_tokens <= 50


def test_no_tokens_only_warm_the_cache() -> None:
    """With `max_tokens` 0 the prompt is written to the cache and nothing is said."""
    manual: Any = [{"type": "text", "text": "How to. " * 1000, "cache_control": {"type": "ephemeral"}}]
    message = create(StandIn(), max_tokens=0, system=manual)
    assert message.content == []
    assert message.usage.output_tokens == 0
    assert message.usage.cache_creation_input_tokens


def test_stop_sequence_ends_the_answer() -> None:
    """The answer ends before a stop sequence and names it."""
    api = StandIn(answer=lambda _: "one two END three")
    message = create(api, stop_sequences=["END"])
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "END")
    assert message.to_dict()["content"] == [{"type": "text", "text": "one two "}]


def test_few_tokens_get_a_label() -> None:
    """A request with hardly any `max_tokens` gets a label of one word, uncut."""
    message = create(StandIn(), max_tokens=8)
    assert message.stop_reason == "end_turn"
    block = message.content[0]
    assert block.type == "text"
    assert " " not in block.text


def test_thinking_comes_first_and_is_counted() -> None:
    """With thinking on, a thinking block comes first and its tokens are a part of the output tokens."""
    message = create(StandIn(), thinking={"type": "adaptive"})
    assert message.content[0].type == "thinking"
    details = message.usage.output_tokens_details
    assert details is not None
    assert 0 < details.thinking_tokens <= message.usage.output_tokens


@pytest.mark.parametrize("question", ["How is it in Rome?", "And in Oslo, the day after tomorrow?", "Why?"])
def test_tool_loop_ends(question: str) -> None:
    """A request with tools calls one that exists, and after at most three rounds answers in words."""
    api = StandIn()
    messages: list[Any] = [{"role": "user", "content": question}]
    answer = create(api, tools=[WEATHER], messages=messages)
    while answer.stop_reason == "tool_use":
        call = answer.content[0]
        assert call.type == "tool_use"
        assert (call.name, set(call.input)) == ("weather", {"city"})
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
        messages += [answer.to_param(), {"role": "user", "content": [result]}]
        answer = create(api, tools=[WEATHER], messages=messages)
    assert 2 <= len(api.requests) <= 4
    assert answer.content[0].type == "text"


def test_tool_choice_is_obeyed() -> None:
    """`tool_choice` forces a tool, or forbids them all."""
    api = StandIn()
    assert create(api, tools=[WEATHER], tool_choice={"type": "tool", "name": "weather"}).stop_reason == "tool_use"
    assert create(api, tools=[WEATHER], tool_choice={"type": "none"}).content[0].type == "text"


def test_thread_remembers_the_conversation() -> None:
    """The SDK's tool_runner, which sends a thread only what is new, runs to its end, and the prompt counts it all."""

    @anthropic.beta_tool
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"sunny in {city}"

    api = StandIn()
    question: Any = ASK["messages"]
    turns = list(
        api.client().beta.messages.tool_runner(
            model="claude-sonnet-5-5", max_tokens=400, messages=question, tools=[weather]
        )
    )
    assert turns[0].stop_reason == "tool_use"
    assert turns[-1].stop_reason != "tool_use"
    assert len(api.requests[-1].body["messages"]) == 1
    assert turns[-1].usage.input_tokens > turns[0].usage.input_tokens


def test_unknown_thread_is_not_found() -> None:
    """A thread that continues from an unknown message is a 404 that the SDK has a class for."""
    thread = {"type": "continue", "previous_message_id": "msg_gone"}
    with pytest.raises(ThreadNotFoundError):
        create(StandIn(), extra_body={"thread": thread})


def test_count_tokens_is_what_the_prompt_costs() -> None:
    """count_tokens answers exactly what the same prompt costs as a message."""
    api = StandIn()
    prompt: Any = {"model": ASK["model"], "messages": ASK["messages"], "system": "Be kind.", "tools": [WEATHER]}
    assert api.client().messages.count_tokens(**prompt).input_tokens == create(api, **prompt).usage.input_tokens


def test_models_are_listed_in_pages() -> None:
    """The list of models comes in pages that together hold every model once; an alias finds its model."""
    client = StandIn().client()
    ids = [model.id for model in client.models.list(limit=3)]
    assert len(ids) == len(set(ids)) > 10
    assert client.models.retrieve("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-nobody-1")
    newest = client.models.list(limit=2, before_id=ids[3])
    assert [model.id for model in newest.data] == ids[1:3]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"messages": []}, 400, "at least one message"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, 400, "messages.0.role"),
        ({"messages": [{"role": "user", "content": ""}]}, 400, "must not be empty"),
        ({"messages": "x"}, 400, "messages"),
        ({"max_tokens": None}, 400, "max_tokens"),
        ({"max_tokens": -1}, 400, "max_tokens"),
        ({"max_tokens": 200_000}, 400, "128000"),
        ({"model": None}, 400, "model"),
        ({"model": "claude-opus-4-1"}, 404, "claude-opus-4-1"),
        ({"tools": "x"}, 400, "tools"),
        ({"tool_choice": {"type": "tool", "name": "x"}}, 400, "'x' not found"),
        ({"temperature": 0.2}, 400, "temperature"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, 400, "adaptive"),
        ({"model": "claude-haiku-4-5", "inference_geo": "us"}, 400, "inference_geo"),
        ({"speed": "fast"}, 400, "fast mode"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, 400, "prefill"),
        ({"messages": [{"role": "user", "content": "a " * 800_000}]}, 400, "prompt is too long"),
    ],
)
def test_bad_requests_are_rejected(change: dict[str, Any], status: int, said: str) -> None:
    """A request that the API would reject gets the API's status and a message that names the cause."""
    with httpx2.Client(transport=StandIn(), base_url="https://api.anthropic.com") as client:
        response = client.post("/v1/messages", json={**ASK, **change}, headers={"x-api-key": "k"})
    body = response.json()
    assert response.status_code == status
    assert said in body["error"]["message"]
    assert body["request_id"] == response.headers["request-id"]


def test_what_is_no_request_is_rejected() -> None:
    """No key is a 401, no JSON a 400, too much of it a 413, an unknown path a 404."""
    with httpx2.Client(transport=StandIn(), base_url="https://api.anthropic.com") as client:
        key = {"x-api-key": "k"}
        assert client.post("/v1/messages", json=ASK).status_code == 401
        assert client.post("/v1/messages", content=b"{", headers=key).status_code == 400
        assert client.post("/v1/messages", content=b"[]", headers=key).status_code == 400
        assert client.post("/v1/messages", content=b" " * 34_000_000, headers=key).status_code == 413
        assert client.get("/v1/nothing", headers=key).status_code == 404
        assert client.get("/v1/models?limit=x", headers=key).status_code == 400


def test_older_models_keep_older_parameters() -> None:
    """What newer models reject, older ones accept: temperature, budgeted thinking, prefill."""
    prefill = [*ASK["messages"], {"role": "assistant", "content": "Well,"}]
    message = create(StandIn(), model="claude-haiku-4-5", messages=prefill, extra_body={"temperature": 0.2})
    assert message.model == "claude-haiku-4-5-20251001"


def test_base_url_may_have_a_path() -> None:
    """A base URL with a path of its own, as gateways have, is no obstacle."""
    api = StandIn()
    client = api.client(base_url="https://gateway.example/anthropic")
    items: Any = [{"custom_id": "a", "params": ASK}]
    batch = client.messages.batches.create(requests=items)
    assert [line.custom_id for line in client.messages.batches.results(batch.id)] == ["a"]
    assert api.requests[0].path == "/v1/messages/batches"


def test_latency_is_simulated() -> None:
    """With a simulated clock an answer takes time without anybody waiting, and a stream spends it between its parts."""
    clock = Clock(datetime(2026, 11, 2, tzinfo=UTC))
    stream: anthropic.Stream[RawMessageStreamEvent]
    stream = StandIn(clock=clock, latency=PLAUSIBLE).client().messages.create(**ASK, stream=True)
    moments = [clock.monotonic_ns() for _ in stream]
    assert moments[0] > 0.5e9
    assert moments == sorted(moments)
    assert moments[-1] > moments[0]


def test_threads_share_a_standin() -> None:
    """Calls from several threads are all answered and all logged, each with its own id."""
    api = StandIn()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, [api] * 60))
    assert len({answer.id for answer in answers}) == len(api.requests) == 60
