from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import anthropic
import httpx2
import pytest

import router
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from router import Meter, Policy, Router, pinned
from router.record import UsageRecord
from router.testing import Overloaded, StandIn, Unreachable, Usage

Records = Callable[[], list[UsageRecord]]


class Cloud(NamedTuple):
    """A client class, how to make one, what it calls Opus and Haiku, and where its calls go."""

    name: str
    options: dict[str, Any]
    opus: str
    haiku: str
    platform: str
    region: str | None
    endpoint: str = "/v1/messages"


AMAZON: dict[str, Any] = {"api_key": "test", "aws_region": "us-east-1"}
VERTEX: dict[str, Any] = {"project_id": "p-1234", "region": "us-east5", "access_token": "test"}
GOOGLE: dict[str, Any] = {"project": "p-1234", "workspace_id": "w", "token_provider": lambda: "test"}
OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"
CLOUDS = [
    Cloud("Anthropic", {"api_key": "test"}, OPUS, HAIKU, "anthropic", None),
    Cloud("AnthropicAWS", {**AMAZON, "workspace_id": "w"}, OPUS, HAIKU, "claude_platform_aws", "us-east-1"),
    Cloud("AnthropicBedrock", AMAZON, f"us.anthropic.{OPUS}", f"us.anthropic.{HAIKU}", "bedrock", "us-east-1"),
    Cloud("AnthropicBedrockMantle", AMAZON, f"anthropic.{OPUS}", f"anthropic.{HAIKU}", "bedrock", "us-east-1"),
    Cloud("AnthropicFoundry", {"api_key": "test", "resource": "r"}, OPUS, HAIKU, "foundry", None),
    Cloud("AnthropicGoogleCloud", GOOGLE, OPUS, HAIKU, "anthropic", "global", "/locations/global/v1/messages"),
    Cloud("AnthropicVertex", VERTEX, OPUS, HAIKU, "vertex", "us-east5", "/locations/us-east5/v1/messages"),
]
FOUNDRY = Policy(ids={HAIKU: {"foundry": HAIKU}, "claude-sonnet-5-5": {"foundry": "claude-sonnet-5-5"}})
"""Deployments under the names of their models, as Foundry proposes them; the policy has to say that they are there."""

clouds = pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)


def small(model: str, **changes: Any) -> Any:
    """A request that the policy sends to Haiku, as keyword arguments."""
    translate = {"role": "user", "content": "Translate into French: good morning, everybody"}
    return {"model": model, "max_tokens": 200, "messages": [translate], **changes}


def made(cloud: Cloud, api: StandIn, package: Any = router, **options: Any) -> Any:
    """A client of the cloud, of `router` or of the SDK, that talks to the stand-in."""
    ours = {"policy": FOUNDRY} if package is router and cloud.platform == "foundry" else {}
    transport = httpx2.Client(transport=api)
    return getattr(package, cloud.name)(http_client=transport, **cloud.options, **ours, **options)


def made_async(cloud: Cloud, api: StandIn, **options: Any) -> Any:
    """The asynchronous twin."""
    ours = {"policy": FOUNDRY} if cloud.platform == "foundry" else {}
    transport = httpx2.AsyncClient(transport=api)
    return getattr(router, f"Async{cloud.name}")(http_client=transport, **cloud.options, **ours, **options)


def check(record: UsageRecord, cloud: Cloud) -> None:
    """What every complete call leaves."""
    assert (record.requested_model, record.sent_model, record.model) == (cloud.opus, cloud.haiku, HAIKU)
    assert (record.platform, record.region, record.endpoint) == (cloud.platform, cloud.region, cloud.endpoint)
    assert (record.status, record.complete, record.tier) == (200, True, "haiku")
    assert record.usage
    assert record.usage["output_tokens"] > 0


def last(records: list[UsageRecord]) -> UsageRecord:
    """The record that holds, where a stream left two of one id."""
    assert len({record.record_id for record in records}) == 1
    return records[-1]


@clouds
def test_every_client_routes_and_counts(cloud: Cloud, api: StandIn, records: Records) -> None:
    """A call of any client goes to the model chosen, by its platform's id, and leaves one record with its place."""
    answer = made(cloud, api).messages.create(**small(cloud.opus))

    assert isinstance(answer, anthropic.types.Message)
    (record,) = records()
    check(record, cloud)
    assert (record.stream, record.stop_reason) == (False, "end_turn")


@clouds
def test_every_client_streams(cloud: Cloud, api: StandIn, records: Records) -> None:
    """A stream of any client, Bedrock's binary one too, gives the SDK's events and the same record."""
    with made(cloud, api).messages.stream(**small(cloud.opus)) as events:
        text = "".join(events.text_stream)
        answer = events.get_final_message()

    assert answer.content[0].text == text
    record = last(records())
    check(record, cloud)
    assert record.stream
    assert record.usage
    assert record.usage["output_tokens"] == answer.usage.output_tokens
    assert record.time_to_first_token_ms is not None


@clouds
def test_a_stream_has_the_events_of_the_sdk_alone(cloud: Cloud, api: StandIn) -> None:
    """Event by event the caller gets what the SDK's own client gives."""
    twin = StandIn(clock=api._clock, seed=1)  # pyright: ignore[reportPrivateUsage]  # the same moment for both
    ours = made(cloud, api).messages.create(**small(cloud.opus, stream=True))
    theirs = made(cloud, twin, anthropic).messages.create(**small(cloud.haiku, stream=True))

    assert [event.to_dict() for event in ours] == [event.to_dict() for event in theirs]


@clouds
def test_every_asynchronous_client_does_the_same(cloud: Cloud, api: StandIn, records: Records) -> None:
    """The asynchronous twin leaves the same two records, called and streamed."""

    async def call() -> None:
        client = made_async(cloud, api)
        await client.messages.create(**small(cloud.opus))
        check(records()[0], cloud)
        async with client.messages.stream(**small(cloud.opus)) as events:
            await events.get_final_message()
        await client.close()

    asyncio.run(call())

    check(last(records()[1:]), cloud)


@clouds
def test_overload_falls_back_within_the_platform(cloud: Cloud, api: StandIn, records: Records) -> None:
    """The fallback chain is spelt as the platform spells it, with the inference profile of the model named."""
    api.script(Overloaded(), model=HAIKU, times=1)

    made(cloud, api).messages.create(**small(cloud.opus))

    sonnet = cloud.opus.replace("opus", "sonnet")
    assert [(record.status, record.sent_model) for record in records()] == [(529, cloud.haiku), (200, sonnet)]
    assert {record.platform for record in records()} == {cloud.platform}


@clouds
def test_a_lost_connection_is_a_record_of_the_platform(cloud: Cloud, api: StandIn, records: Records) -> None:
    """Where nothing answered, the client still knows its platform, and the SDK's own error is raised."""
    api.script(Unreachable())

    with pytest.raises(anthropic.APIConnectionError):
        made(cloud, api, max_retries=0).messages.create(**small(cloud.opus))

    assert {(record.platform, record.status, record.complete) for record in records()} == {
        (cloud.platform, None, False)
    }


@clouds
def test_counting_tokens_is_as_with_the_sdk(cloud: Cloud, api: StandIn, records: Records) -> None:
    """`count_tokens` gives the count, or the SDK's refusal, for the model named, and is not recorded."""
    question = {key: value for key, value in small(cloud.opus).items() if key != "max_tokens"}

    def count(package: Any) -> object:
        try:
            return made(cloud, api, package).messages.count_tokens(**question).input_tokens
        except anthropic.AnthropicError as error:
            return str(error)

    assert count(router) == count(anthropic)
    assert records() == []


def test_a_tier_pinned_or_left_open_is_spelt_for_the_platform(api: StandIn, records: Records) -> None:
    """`auto` and pinned tiers are sent as the platform's ids, on Bedrock with the profile that the policy says."""
    bedrock, vertex = (made(cloud, api) for cloud in CLOUDS if cloud.name in ("AnthropicBedrock", "AnthropicVertex"))
    old = Policy(tiers={"haiku": {"model": "claude-haiku-4-5-20251001"}})  # pyright: ignore[reportArgumentType]  # as YAML gives it

    bedrock.messages.create(**small("auto"))
    with pinned("opus"):
        bedrock.messages.create(**small(f"eu.anthropic.{HAIKU}"))
    vertex.messages.create(**small("auto"))
    router.wrap(made(CLOUDS[-1], api, anthropic), policy=old).messages.create(**small("auto"))

    assert [record.sent_model for record in records()] == [
        f"global.anthropic.{HAIKU}",
        f"eu.anthropic.{OPUS}",
        HAIKU,
        "claude-haiku-4-5@20251001",
    ]


def test_an_id_that_the_policy_does_not_list_is_left_alone(api: StandIn, records: Records) -> None:
    """An ARN, and on Foundry a deployment, is sent as named; so is what has no listed deployment to go to."""
    arn = f"arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.{OPUS}"
    by_name = {cloud.name: cloud for cloud in CLOUDS}
    foundry = by_name["AnthropicFoundry"]

    made(by_name["AnthropicBedrock"], api).messages.create(**small(arn))
    made(foundry, api, anthropic).with_options(middleware=[Router(platform="foundry"), Meter()]).messages.create(
        **small(OPUS)
    )

    assert [record.sent_model for record in records()] == [arn, OPUS]


@pytest.mark.parametrize(
    ("name", "changes", "model", "dollars"),
    [
        ("AnthropicVertex", {"region": "global"}, OPUS, "4"),
        ("AnthropicVertex", {"region": "us-east5"}, OPUS, "4.4"),
        ("AnthropicVertex", {"region": "eu"}, OPUS, "4.4"),
        ("AnthropicBedrock", {}, f"global.anthropic.{OPUS}", "4"),
        ("AnthropicBedrock", {}, f"us.anthropic.{OPUS}", "4.4"),
        ("AnthropicBedrock", {}, f"anthropic.{OPUS}", "4.4"),
        ("AnthropicBedrock", {"aws_region": "us-gov-west-1"}, f"anthropic.{OPUS}", None),
        ("AnthropicBedrockMantle", {}, f"anthropic.{OPUS}", "4.4"),
        ("AnthropicGoogleCloud", {}, OPUS, "4"),
        ("AnthropicGoogleCloud", {"location": "us-east5"}, OPUS, "4"),
        ("AnthropicFoundry", {}, OPUS, "4"),
        ("AnthropicAWS", {}, OPUS, "4"),
    ],
)
def test_the_price_follows_from_where_the_call_went(
    api: StandIn, ledger: Ledger, name: str, changes: dict[str, Any], model: str, dollars: str | None
) -> None:
    """A million input tokens cost the list price, a tenth more at a regional endpoint, unknown where no price is."""
    (cloud,) = (cloud for cloud in CLOUDS if cloud.name == name)
    api.script(Usage({"input_tokens": 1_000_000, "output_tokens": 0}))
    with pinned(model):
        made(cloud._replace(options={**cloud.options, **changes}), api).messages.create(**small(model))

    ingest(ledger, PriceTable.load())
    with ledger.read() as con:
        charges = con.execute("FROM charge SELECT list_cost").fetchall()
    assert charges == [(None if dollars is None else Decimal(dollars),)]


@pytest.mark.parametrize("derive", ["copy", "with_options", "with_middleware", "with_options(middleware)"])
@clouds
def test_every_copy_keeps_router_and_meter(cloud: Cloud, api: StandIn, derive: str) -> None:
    """Router stays outermost and Meter innermost, once each, and the policy and the platform stay with them."""

    def other(request: anthropic.APIRequest, call_next: anthropic.CallNext) -> Any:
        return call_next(request)

    client = made(cloud, api)
    derived = {
        "copy": client.copy,
        "with_options": lambda: client.with_options(timeout=3),
        "with_middleware": lambda: client.with_middleware(other),
        "with_options(middleware)": lambda: client.with_options(middleware=[*client.middleware, other]),
    }[derive]()

    first, *between, final = derived._middleware
    assert (first, final) == (client._middleware[0], client._middleware[-1])
    assert (type(first), type(final)) == (Router, Meter)
    assert tuple(between) == derived.middleware == ((other,) if "middleware" in derive else ())
    assert type(derived) is type(client)


@clouds
def test_a_wrapped_client_keeps_its_class_and_its_connections(cloud: Cloud, api: StandIn, records: Records) -> None:
    """`wrap` makes a routing, counting copy of the SDK's own client, once however often it is applied."""
    client = made(cloud, api, anthropic, timeout=3, max_retries=1)
    policy = FOUNDRY if cloud.platform == "foundry" else None
    wrapped = router.wrap(router.wrap(client, policy=policy), policy=policy)

    assert type(wrapped) is type(client)
    assert (wrapped.timeout, wrapped.max_retries, wrapped._client) == (3, 1, client._client)
    assert [type(entry) for entry in wrapped._middleware] == [Router, Meter]
    assert client._middleware == ()
    wrapped.messages.create(**small(cloud.opus))
    check(records()[0], cloud)


def test_wrapping_keeps_the_callers_middleware_between(api: StandIn) -> None:
    """What the caller had in the client stands inside the Router and outside the Meter."""

    def other(request: anthropic.APIRequest, call_next: anthropic.CallNext) -> Any:
        return call_next(request)

    wrapped = router.wrap(api.client(middleware=[other]))

    assert [getattr(entry, "__name__", type(entry).__name__) for entry in wrapped.middleware] == [
        "Router",
        "other",
        "Meter",
    ]


def test_wrapping_what_routes_already_changes_only_what_is_given(api: StandIn, records: Records) -> None:
    """A client that routes already is routed once, by the policy given last."""
    wrapped = router.wrap(router.wrap(api.client(router.Anthropic), policy=Policy(shadow=True)))

    wrapped.messages.create(**small(OPUS))

    assert wrapped.middleware == ()
    assert [(record.sent_model, record.shadow_model) for record in records()] == [(OPUS, HAIKU)]


@clouds
def test_the_wire_shows_the_sdks_own_client(cloud: Cloud, api: StandIn) -> None:
    """Headers and URL are those of the SDK's client, its name in the User-Agent among them, but for the raw marker."""
    seen: list[tuple[Any, dict[str, str]]] = []

    def look(request: httpx2.Request) -> None:
        seen.append((request.url, dict(request.headers)))

    for package in (router, anthropic):
        transport = httpx2.Client(transport=api, event_hooks={"request": [look]})
        client = getattr(package, cloud.name)(http_client=transport, **cloud.options)
        with pinned(cloud.opus):
            client.messages.create(**small(cloud.opus))

    (our_url, ours), (their_url, theirs) = seen
    assert our_url == their_url
    assert ours.pop("x-stainless-raw-response", "raw") == "raw"
    assert ours == theirs
    assert cloud.name.removeprefix("Anthropic") in ours["user-agent"]


def test_amazons_signature_is_of_the_request_that_is_sent(api: StandIn) -> None:
    """SigV4 signs the URL and body after routing, so the signature is the one of a call that named the model chosen."""
    keys: dict[str, Any] = {"aws_access_key": "AKIA", "aws_secret_key": "secret", "aws_region": "us-east-1"}
    signatures: list[tuple[str, str]] = []

    def look(request: httpx2.Request) -> None:
        authorization = request.headers["authorization"]
        assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIA/")
        signatures.append((request.url.path, authorization.partition("SignedHeaders")[0]))

    for package, model in ((router, f"us.anthropic.{OPUS}"), (anthropic, f"us.anthropic.{HAIKU}")):
        transport = httpx2.Client(transport=api, event_hooks={"request": [look]})
        getattr(package, "AnthropicBedrock")(http_client=transport, **keys).messages.create(**small(model))  # noqa: B009

    assert signatures[0] == signatures[1]


def test_positional_arguments_are_as_with_the_sdk(api: StandIn) -> None:
    """The SDK's Bedrock clients take their keys by position, and so do ours."""
    client = router.AnthropicBedrock("secret", "AKIA", "eu-west-1", http_client=httpx2.Client(transport=api))

    assert (client.aws_secret_key, client.aws_access_key, client.aws_region) == ("secret", "AKIA", "eu-west-1")
    assert client.with_options(timeout=3).aws_region == "eu-west-1"


@clouds
def test_pickling_and_copying_are_as_with_the_sdk(cloud: Cloud, api: StandIn) -> None:
    """What the SDK's client answers to `pickle` and `copy`, ours answers too."""

    def outcome(do: Callable[[Any], object], package: Any) -> object:
        try:
            return type(do(made(cloud, api, package))).__name__
        except Exception as error:  # noqa: BLE001  # the outcome is what is compared
            return type(error), str(error)

    for do in (pickle.dumps, copy.copy):
        assert outcome(do, router) == outcome(do, anthropic)


@clouds
def test_subclasses_and_blocks_are_as_with_the_sdk(cloud: Cloud, api: StandIn, records: Records) -> None:
    """A class derived from ours routes and counts, in its copies too, and closes its connections with its block."""
    derived = type("Theirs", (getattr(router, cloud.name),), {"extra": 5})
    policy = {"policy": FOUNDRY} if cloud.platform == "foundry" else {}
    with derived(http_client=httpx2.Client(transport=api), **cloud.options, **policy) as client:
        assert isinstance(client, getattr(anthropic, cloud.name))
        derived_again: Any = client.with_options(timeout=3)
        assert (type(derived_again), derived_again.extra) == (derived, 5)
        derived_again.messages.create(**small(cloud.opus))

    assert client.is_closed()
    check(records()[0], cloud)
