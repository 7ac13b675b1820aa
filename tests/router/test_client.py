from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest

from router import Anthropic, AsyncAnthropic, Meter, Policy, Router, Task, pinned, tagged
from router.record import UsageRecord
from router.testing import (
    Clock,
    Cut,
    Failure,
    Overloaded,
    Refusal,
    ServerError,
    Slow,
    StandIn,
    StreamError,
    Unreachable,
    Usage,
)

Records = Callable[[], list[UsageRecord]]
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"


def small(**changes: Any) -> Any:
    """A request that the policy sends to Haiku, as keyword arguments."""
    translate = {"role": "user", "content": "Translate into French: good morning, everybody"}
    return {"model": OPUS, "max_tokens": 200, "messages": [translate], **changes}


@pytest.fixture
def client(api: StandIn, clock: Clock, home: Path) -> Anthropic:
    """The drop-in, talking to the stand-in."""
    return api.client(Anthropic, clock=clock)


def create(client: Anthropic) -> None:
    client.messages.create(**small())


def create_stream(client: Anthropic) -> None:
    for _ in client.messages.create(**small(), stream=True):
        pass


def stream(client: Anthropic) -> None:
    with client.messages.stream(**small()) as events:
        events.get_final_message()


def beta(client: Anthropic) -> None:
    client.beta.messages.create(**small())


def raw(client: Anthropic) -> None:
    client.messages.with_raw_response.create(**small()).parse()


def streaming_response(client: Anthropic) -> None:
    with client.messages.with_streaming_response.create(**small()) as response:
        response.read()


async def create_async(client: AsyncAnthropic) -> None:
    await client.messages.create(**small())


async def create_stream_async(client: AsyncAnthropic) -> None:
    async for _ in await client.messages.create(**small(), stream=True):
        pass


async def stream_async(client: AsyncAnthropic) -> None:
    async with client.messages.stream(**small()) as events:
        await events.get_final_message()


@pytest.mark.parametrize("style", [create, create_stream, stream, beta, raw, streaming_response])
def test_every_way_to_call_leaves_one_record(
    client: Anthropic, records: Records, style: Callable[[Anthropic], None]
) -> None:
    """One attempt is one record, with what was asked, what was decided and what happened."""
    style(client)

    (record,) = records()
    assert (record.requested_model, record.sent_model, record.model) == (OPUS, HAIKU, HAIKU)
    assert (record.task_type, record.tier, record.max_tokens) == ("transform", "haiku", 200)
    assert (record.status, record.error_type, record.stop_reason) == (200, None, "end_turn")
    assert record.stream is (style in (create_stream, stream))
    assert (record.attempt, record.complete, record.content_empty) == (1, True, False)
    assert record.request_id
    assert record.request_id.startswith("req_")
    assert record.message_id
    assert record.usage
    assert record.usage["output_tokens"] > 0


@pytest.mark.parametrize("style", [create_async, create_stream_async, stream_async])
def test_the_async_client_leaves_the_same_record(
    api: StandIn, clock: Clock, records: Records, style: Callable[[AsyncAnthropic], Any]
) -> None:
    """The two drivers drive one flow."""
    asyncio.run(style(api.async_client(AsyncAnthropic, clock=clock)))

    (record,) = records()
    assert (record.requested_model, record.sent_model, record.model) == (OPUS, HAIKU, HAIKU)
    assert (record.status, record.complete, record.stream) == (200, True, style is not create_async)


def test_the_caller_gets_what_the_sdk_gives(clock: Clock, client: Anthropic) -> None:
    """The answer has the SDK's own type and content, and the client is one of the SDK's."""
    plain = StandIn(clock=Clock(clock.now()), seed=1)

    ours = client.messages.create(**small())
    theirs = plain.client().messages.create(**small(model=HAIKU))

    assert type(ours) is type(theirs)
    assert ours.model_dump() == theirs.model_dump()
    assert isinstance(client, anthropic.Anthropic)


def test_usage_is_recorded_verbatim(api: StandIn, client: Anthropic, records: Records) -> None:
    """Unknown fields, nulls and missing parts of a usage object are kept as they came."""
    odd = {"input_tokens": 1, "output_tokens": None, "moon_tokens": {"phases": [1, 2]}}
    api.script(Usage(odd))

    client.messages.create(**small())

    assert records()[0].usage == odd


def test_no_prompt_no_answer_and_no_key_is_recorded(api: StandIn, clock: Clock, home: Path) -> None:
    """The spool holds no text of the request or of the answer and no credential."""
    client = api.client(Anthropic, clock=clock)
    answer = client.messages.create(
        model=OPUS, max_tokens=100, system="SECRETSYSTEM", messages=[{"role": "user", "content": "Classify SECRETWORD"}]
    )
    batch = client.messages.batches.create(requests=[{"custom_id": "a", "params": small(system="SECRETSYSTEM")}])
    list(client.messages.batches.results(batch.id))

    written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert written
    for secret in (b"SECRETWORD", b"SECRETSYSTEM", b"api-key", answer.content[0].model_dump()["text"].encode()):
        assert secret not in written


def test_an_overloaded_model_is_followed_by_the_next_of_the_chain(
    api: StandIn, client: Anthropic, records: Records
) -> None:
    """On 529 the next model answers at once, and both attempts of the call are recorded."""
    api.script(Overloaded(), model=HAIKU)

    answer = client.messages.create(**small())

    assert answer.model == SONNET
    first, second = records()
    assert (first.status, first.error_type, first.model) == (529, "overloaded_error", None)
    assert (second.status, second.model, second.attempt) == (200, SONNET, 2)
    assert first.call_id == second.call_id
    assert first.reason == second.reason


def test_a_stream_falls_back_like_any_call(api: StandIn, client: Anthropic, records: Records) -> None:
    """A 529 comes before the stream, so another model can give it."""
    api.script(Overloaded(), model=HAIKU)

    create_stream(client)

    assert [(record.status, record.sent_model) for record in records()] == [(529, HAIKU), (200, SONNET)]


def test_an_exhausted_chain_gives_the_sdks_own_error(api: StandIn, client: Anthropic, records: Records) -> None:
    """When every model is overloaded the caller gets OverloadedError, after len(chain) * (max_retries + 1) attempts."""
    api.script(Overloaded(retry_after=0.001))

    with pytest.raises(anthropic.APIStatusError) as error:
        client.with_options(max_retries=1).messages.create(**small())

    assert error.value.status_code == 529
    assert [record.sent_model for record in records()] == [HAIKU, SONNET, OPUS] * 2
    assert [record.attempt for record in records()] == [1, 2, 3, 4, 5, 6]
    assert len({record.call_id for record in records()}) == 1


def test_other_errors_are_left_to_the_sdk(api: StandIn, client: Anthropic, records: Records) -> None:
    """A 500 is retried by the SDK on the same model; each attempt is a record."""
    api.script(ServerError(retry_after=0.001), times=1)

    client.messages.create(**small())

    assert [(record.status, record.sent_model, record.attempt) for record in records()] == [
        (500, HAIKU, 1),
        (200, HAIKU, 2),
    ]


def test_a_request_the_api_refuses_is_recorded_and_raised(client: Anthropic, records: Records) -> None:
    """A 400 is the caller's, typed as ever, after the model named has judged the request as well."""
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(model=OPUS, max_tokens=10, messages=[])

    assert records()[-1].sent_model == OPUS
    for record in records():
        assert (record.status, record.error_type, record.usage) == (400, "invalid_request_error", None)


def test_a_lost_connection_is_recorded_and_raised(api: StandIn, client: Anthropic, records: Records) -> None:
    """Where no answer came there is no status, and the SDK's own error reaches the caller."""
    api.script(Unreachable())

    with pytest.raises(anthropic.APIConnectionError):
        client.with_options(max_retries=0).messages.create(**small())

    assert [record.sent_model for record in records()] == [HAIKU, SONNET, OPUS]
    for record in records():
        assert (record.status, record.error_type, record.complete) == (None, "APIConnectionError", False)


def test_a_broken_stream_counts_what_was_seen(api: StandIn, client: Anthropic, records: Records) -> None:
    """A connection cut in the middle leaves one incomplete record with the input and an estimated output."""
    api.script(Cut(after=3))

    with pytest.raises(httpx2.RemoteProtocolError):
        create_stream(client)

    (record,) = records()
    assert not record.complete
    assert record.usage
    assert record.usage["input_tokens"] > 0
    assert record.estimated_output_tokens


def test_a_stream_left_early_counts_what_was_seen(client: Anthropic, records: Records) -> None:
    """Breaking out of a stream and closing it leaves one incomplete record."""
    events = client.messages.create(**small(), stream=True)
    for event in events:
        if event.type == "content_block_delta":
            break
    events.close()

    (record,) = records()
    assert (record.status, record.complete) == (200, False)


def test_a_stream_that_is_never_read_is_recorded_when_it_is_dropped(client: Anthropic, records: Records) -> None:
    """Garbage collection ends a stream that nobody read; where it has no fallback, nothing of it was seen."""
    events = client.messages.create(**small(model=HAIKU), stream=True)
    del events
    gc.collect()

    (record,) = records()
    assert (record.status, record.complete, record.usage, record.estimated_output_tokens) == (200, False, None, None)


def test_an_error_inside_a_stream_is_recorded(api: StandIn, client: Anthropic, records: Records) -> None:
    """An SSE error after the first deltas reaches the caller as the SDK gives it, and the record names it."""
    api.script(StreamError(after=2))

    with pytest.raises(anthropic.APIStatusError):
        create_stream(client)

    (record,) = records()
    assert (record.status, record.error_type, record.complete) == (200, "overloaded_error", False)


def test_a_refusal_keeps_its_category(api: StandIn, client: Anthropic, records: Records) -> None:
    """Whether and why a model refused decides what is billed."""
    api.script(Refusal(category="bio"))

    client.messages.create(**small())

    (record,) = records()
    assert (record.stop_reason, record.stop_category, record.content_empty) == ("refusal", "bio", True)


def test_durations_follow_the_clock(api: StandIn, client: Anthropic, records: Records) -> None:
    """The time to the first token and the whole are measured on the given clock, in milliseconds."""
    api.script(Slow(seconds=2))

    create_stream(client)

    (record,) = records()
    assert record.time_to_first_token_ms == pytest.approx(2000)
    assert record.duration_ms == pytest.approx(2000)
    assert record.started_at.isoformat() == "2026-11-02T09:00:00+00:00"


def test_tags_are_in_every_record_of_the_block(client: Anthropic, records: Records) -> None:
    """Tags nest, inner ones win, and they end with their block."""
    with tagged(team="search", feature=1):
        create(client)
        with tagged(feature="autocomplete"):
            create(client)
    create(client)

    assert [dict(record.tags) for record in records()] == [
        {"team": "search", "feature": "1"},
        {"team": "search", "feature": "autocomplete"},
        {},
    ]


def test_tags_do_not_leak_between_tasks(api: StandIn, clock: Clock, records: Records) -> None:
    """Concurrent tasks keep their own tags."""

    async def work(client: AsyncAnthropic, team: str) -> None:
        with tagged(team=team):
            await asyncio.sleep(0)
            await create_async(client)

    async def all_at_once() -> None:
        client = api.async_client(AsyncAnthropic, clock=clock)
        await asyncio.gather(*(work(client, str(n)) for n in range(5)))

    asyncio.run(all_at_once())

    assert sorted(record.tags["team"] for record in records()) == ["0", "1", "2", "3", "4"]


def test_a_pinned_block_goes_where_it_is_pinned(api: StandIn, client: Anthropic, records: Records) -> None:
    """A pin overrides the policy and has no fallback."""
    api.script(Overloaded(retry_after=0.001), model=OPUS, times=1)

    with pinned("opus"):
        create(client)

    assert [record.sent_model for record in records()] == [OPUS, OPUS]


def test_the_turns_of_a_conversation_stay_on_one_model(client: Anthropic, records: Records) -> None:
    """What served the first turn serves the next that asks for no more."""
    opening: Any = {"role": "user", "content": "Translate into French: good morning"}
    first = client.messages.create(**small(messages=[opening]))
    again = {"role": "user", "content": "Translate into French: good night"}
    turns: Any = [opening, {"role": "assistant", "content": first.content}, again]
    client.messages.create(**small(messages=turns))

    assert [record.sent_model for record in records()] == [HAIKU, HAIKU]


def test_only_messages_are_recorded(client: Anthropic, records: Records) -> None:
    """Counting tokens and listing models costs nothing and is not recorded."""
    client.messages.count_tokens(model=OPUS, messages=small()["messages"])
    client.models.list()

    assert records() == []


def test_copies_of_a_client_keep_router_and_meter(client: Anthropic, records: Records) -> None:
    """Router stays outermost and Meter innermost, once each, through every way to derive a client."""
    other = RecordingMiddleware()
    for derived in (
        client.copy(),
        client.with_options(timeout=3),
        client.with_options(middleware=[other]),
        client.with_middleware(other),
        client.with_options(middleware=[*client.middleware, other]),
    ):
        kinds = [type(entry) for entry in derived._middleware]  # pyright: ignore[reportPrivateUsage]  # ours are hidden
        assert kinds[0] is Router
        assert kinds[-1] is Meter
        assert len(kinds) == len(set(kinds))
    client.with_options(middleware=[other]).messages.create(**small())

    assert other.seen == [HAIKU]
    assert client.with_middleware(other).middleware == (other,)


def test_a_copy_keeps_the_policy(client: Anthropic, records: Records) -> None:
    """Middleware given as None or as nothing clears the caller's own, and the policy stays."""
    kept = Anthropic(api_key="k", policy=Policy(explicit="keep"), http_client=client._client)  # pyright: ignore[reportPrivateUsage]

    for derived in (kept.copy(), kept.with_options(middleware=None), kept.with_options(middleware=[])):
        derived.messages.create(**small())

    assert [record.sent_model for record in records()] == [OPUS] * 3


def test_an_error_reaches_who_asked_for_the_bare_response(api: StandIn, client: Anthropic, records: Records) -> None:
    """`cast_to=httpx2.Response` is retried and raises as with the SDK alone, though middleware stands in between."""
    api.script(ServerError(retry_after=0.001), times=1)
    answer = client.post("/v1/messages", cast_to=httpx2.Response, body=small())
    assert answer.status_code == 200
    api.script(ServerError(retry_after=0.001))

    with pytest.raises(anthropic.InternalServerError):
        client.post("/v1/messages", cast_to=httpx2.Response, body=small())
    assert [record.status for record in records()] == [500, 200, 500, 500, 500]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages/batches", {"request": []}),
        ("/v1/messages/batches", {"requests": [{"custom_id": "a", "params": small()}, "no request"]}),
        ("/v1/messages/batches", {"requests": [{"custom_id": "a", "params": "no parameters"}]}),
        ("/v1/messages", {"max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}),
        ("/v1/messages", {"model": 5, "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}),
        ("/v1/messages", {}),
    ],
)
def test_what_is_no_request_goes_out_as_it_is(api: StandIn, client: Anthropic, path: str, body: dict[str, Any]) -> None:
    """A body that we cannot route is left to the API to refuse, byte for byte."""
    api.script(Failure(status=400, error_type="invalid_request_error", message="no"), path=path)
    with pytest.raises(anthropic.BadRequestError):
        client.post(path, cast_to=object, body=body)

    assert api.requests[-1].body == body


class RecordingMiddleware(anthropic.Middleware):
    """Somebody else's middleware."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.seen: list[str] = []

    def handle(self, request: anthropic.APIRequest, call_next: anthropic.CallNext) -> anthropic.APIResponse[Any]:
        """Note the model that is asked for."""
        body: Any = request.json
        self.seen.append(body["model"])
        return call_next(request)


def test_the_meter_alone_changes_nothing(api: StandIn, clock: Clock, records: Records) -> None:
    """With only the Meter, the call goes where it was sent and is counted."""
    client = api.client(middleware=[Meter(clock=clock)])

    assert client.messages.create(**small()).model == OPUS

    (record,) = records()
    assert (record.sent_model, record.task_type, record.attempt) == (OPUS, None, 1)


def test_the_router_alone_records_nothing(api: StandIn, records: Records) -> None:
    """With only the Router, the call is routed and nothing is written."""
    client = api.client(middleware=[Router()])

    assert client.messages.create(**small()).model == HAIKU
    assert records() == []


def test_a_fault_of_the_classifier_costs_nobody_the_call(
    api: StandIn, home: Path, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    """If our judgement fails, the call goes to the model named, or for `auto` to the default, and the log says so."""

    def broken(_: object) -> Task:
        raise RuntimeError("SECRETWORD")

    client = api.client(middleware=[Router(classifier=broken), Meter()])
    with caplog.at_level(logging.WARNING, "tollgate"):
        assert client.messages.create(**small()).model == OPUS
        assert client.messages.create(**small(model="auto")).model == SONNET

    assert "SECRETWORD" not in caplog.text


def test_a_home_that_cannot_be_written_costs_nobody_the_call(api: StandIn, home: Path) -> None:
    """Where the usage cannot be recorded, the call succeeds."""
    home.write_text("a file where the home should be")

    assert api.client(Anthropic).messages.create(**small()).model == HAIKU


def test_shadow_mode_records_what_would_have_been(api: StandIn, records: Records) -> None:
    """In shadow the answer comes from the model named and the record names the one decided for."""
    client = api.client(Anthropic, policy=Policy(shadow=True))

    assert client.messages.create(**small()).model == OPUS

    (record,) = records()
    assert (record.sent_model, record.shadow_model) == (OPUS, HAIKU)


def test_a_batch_is_recorded_once_when_its_results_are_read(client: Anthropic, records: Records) -> None:
    """Each item of a batch is routed, and recorded with its own tags and decision, however often it is read."""
    with tagged(team="insights"):
        batch = client.messages.batches.create(
            requests=[
                {"custom_id": "easy", "params": small()},
                {"custom_id": "hard", "params": small(messages=[{"role": "user", "content": "Prove it."}])},
            ]
        )
    assert records() == []
    list(client.messages.batches.results(batch.id))
    list(client.messages.batches.results(batch.id))

    by_id = {record.custom_id: record for record in records()}
    assert len(records()) == 4
    assert len({record.record_id for record in records()}) == 2
    assert {key: (record.requested_model, record.model) for key, record in by_id.items()} == {
        "easy": (OPUS, HAIKU),
        "hard": (OPUS, OPUS),
    }
    for record in by_id.values():
        assert record.batch_result_type == "succeeded"
        assert dict(record.tags) == {"team": "insights"}
        assert record.usage
        assert record.usage["service_tier"] == "batch"


def test_profiles_are_found_as_with_the_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Credential discovery, which the SDK keeps for its own classes, works for the drop-in."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "default.json").write_text(
        '{"authentication": {"type": "user_oauth"}, "organization_id": "org_1"}'
    )
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    assert anthropic.Anthropic().credentials is not None
    assert type(Anthropic().credentials) is type(anthropic.Anthropic().credentials)
