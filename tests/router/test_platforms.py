from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import anthropic
import httpx2
import pytest
import yaml

import router
from router import Policy
from router.platforms import Place, Platform, place_of, platform_of, platform_of_id, with_profile_of, within_region

ROOT = Path(__file__).parents[2]
MODELS: Mapping[str, Any] = yaml.safe_load((ROOT / "pricing.yaml").read_text("utf-8"))["models"]


class Looking(anthropic.Middleware):
    """Finds out where each attempt went, as the Meter does."""

    def __init__(self, platform: str | None = None) -> None:
        """`platform`: what the client knows."""
        self.platform = platform
        self.places: list[Place] = []

    def handle(self, request: anthropic.APIRequest, call_next: anthropic.CallNext) -> anthropic.APIResponse[Any]:
        """Look at the answer, or at its absence."""
        answer = None
        try:
            response = call_next(request)
            answer = response.http_response
        finally:
            self.places.append(place_of(request, answer, platform=self.platform))
        return response


def place(client: str, model: str, *, status: int | None = 400, knows: bool = True, **options: Any) -> Place:
    """Where a call of the SDK's own client goes, when the answer is `status`, or when there is none."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if status is None:
            raise httpx2.ConnectError("no route", request=request)
        return httpx2.Response(status, json={})

    cls: Any = getattr(anthropic, client)
    looking = Looking(platform_of(cls) if knows else None)
    transport = httpx2.Client(transport=httpx2.MockTransport(answer))
    made = cls(http_client=transport, middleware=[looking], max_retries=0, **options)
    with pytest.raises(anthropic.APIError):
        made.messages.create(model=model, max_tokens=5, messages=[{"role": "user", "content": "Hi"}])
    return looking.places[-1]


OPUS = "claude-opus-5-5"
BEDROCK: dict[str, Any] = {"api_key": "k", "aws_region": "us-east-1"}
VERTEX: dict[str, Any] = {"project_id": "account-1234", "access_token": "t"}
PLACES: list[tuple[str, str, dict[str, Any], Place]] = [
    ("Anthropic", OPUS, {"api_key": "k"}, Place("anthropic", None, "/v1/messages")),
    ("AnthropicBedrock", f"us.anthropic.{OPUS}", BEDROCK, Place("bedrock", "us-east-1", "/v1/messages")),
    (
        "AnthropicBedrock",
        "arn:aws:bedrock:us-east-1:account-1234:application-inference-profile/abc",
        BEDROCK,
        Place("bedrock", "us-east-1", "/v1/messages"),
    ),
    (
        "AnthropicBedrock",
        f"anthropic.{OPUS}",
        {**BEDROCK, "aws_region": "us-gov-west-1"},
        Place("bedrock", "us-gov-west-1", "us-gov"),
    ),
    (
        "AnthropicBedrock",
        f"anthropic.{OPUS}",
        {**BEDROCK, "base_url": "https://bedrock-runtime-fips.us-west-2.amazonaws.com"},
        Place("bedrock", "us-west-2", "/v1/messages"),
    ),
    ("AnthropicBedrockMantle", f"anthropic.{OPUS}", BEDROCK, Place("bedrock", "us-east-1", "/v1/messages")),
    (
        "AnthropicVertex",
        OPUS,
        {**VERTEX, "region": "global"},
        Place("vertex", "global", "/locations/global/v1/messages"),
    ),
    ("AnthropicVertex", OPUS, {**VERTEX, "region": "eu"}, Place("vertex", "eu", "/locations/eu/v1/messages")),
    (
        "AnthropicVertex",
        "claude-opus-4-5@20251101",
        {**VERTEX, "region": "us-east5"},
        Place("vertex", "us-east5", "/locations/us-east5/v1/messages"),
    ),
    ("AnthropicFoundry", "our-opus", {"api_key": "k", "resource": "r"}, Place("foundry", None, "/v1/messages")),
    (
        "AnthropicAWS",
        OPUS,
        {**BEDROCK, "workspace_id": "wrkspc_1234"},
        Place("claude_platform_aws", "us-east-1", "/v1/messages"),
    ),
    (
        "AnthropicGoogleCloud",
        OPUS,
        {"project": "account-1234", "workspace_id": "wrkspc_1234", "token_provider": lambda: "t"},
        Place("anthropic", "global", "/locations/global/v1/messages"),
    ),
]


@pytest.mark.parametrize(("client", "model", "options", "expected"), PLACES)
@pytest.mark.parametrize("knows", [True, False], ids=["told", "found-out"])
def test_the_place_of_every_client(
    client: str, model: str, options: dict[str, Any], expected: Place, *, knows: bool
) -> None:
    """Platform, region and endpoint are those of the URL, told or not, and no account, project or workspace is kept."""
    found = place(client, model, knows=knows, **options)

    assert found == expected
    assert "1234" not in str(found)


def test_where_nothing_answered_the_client_or_the_id_tells_the_platform() -> None:
    """Without an answer there is no region, and the platform is the client's, or else what the model's id says."""
    vertex: dict[str, Any] = {**VERTEX, "region": "global"}

    assert place("AnthropicBedrock", OPUS, status=None, **BEDROCK) == Place("bedrock", None, "/v1/messages")
    for client, model, platform in [
        ("AnthropicVertex", "claude-opus-4-5@20251101", "vertex"),
        ("AnthropicVertex", OPUS, "anthropic"),
    ]:
        found = place(client, model, status=None, knows=False, **vertex)
        assert found == Place(platform, None, "/v1/messages")


def test_behind_a_gateway_the_client_tells_the_platform() -> None:
    """A host that says nothing leaves the region unknown, and what the client knows stands."""
    behind: dict[str, Any] = {**BEDROCK, "base_url": "https://gateway.example"}
    found = place("AnthropicBedrock", f"us.anthropic.{OPUS}", **behind)

    assert found == Place("bedrock", None, "/v1/messages")


def test_an_answer_made_up_by_other_middleware_has_no_url() -> None:
    """A response without a request is placed by what is known without it."""
    looking = Looking()

    def making_up(request: anthropic.APIRequest, _: anthropic.CallNext) -> Any:
        looking.places.append(place_of(request, httpx2.Response(200, json={}), platform=None))
        return anthropic.types.Message.model_construct()

    client = anthropic.Anthropic(api_key="k", middleware=[making_up])
    client.messages.create(model=OPUS, max_tokens=5, messages=[])

    assert looking.places == [Place("anthropic", None, "/v1/messages")]


def test_every_client_class_of_the_sdk_is_here_under_its_name() -> None:
    """Whatever client the SDK offers, `router` offers under the same name, and its platform is known."""
    theirs = {
        name
        for name, value in vars(anthropic).items()
        if isinstance(value, type) and issubclass(value, anthropic._base_client.BaseClient)  # pyright: ignore[reportPrivateUsage]
    }

    assert len(theirs) == 16
    for name in theirs - {"Client", "AsyncClient"}:  # other names of the first two
        ours, of_the_sdk = getattr(router, name), getattr(anthropic, name)
        assert issubclass(ours, of_the_sdk)
        assert (ours.__name__, ours.__module__.partition(".")[0]) == (name, "router")
        assert platform_of(ours) == platform_of(of_the_sdk) is not None
        assert inspect.signature(ours) == inspect.signature(of_the_sdk)
        assert inspect.signature(ours.copy) == inspect.signature(of_the_sdk.copy)


def test_the_options_shown_to_type_checkers_are_the_sdks() -> None:
    """What the SDK's constructors take, ours are declared to take: every name, and no other but ours."""
    classes = {
        node.name: node
        for name in ("client", "clouds")
        for node in ast.walk(ast.parse((ROOT / "router" / f"{name}.py").read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }

    def keys(name: str) -> set[str]:
        own = {ast.unparse(field.target) for field in classes[name].body if isinstance(field, ast.AnnAssign)}
        bases = [ast.unparse(base).partition("[")[0] for base in classes[name].bases]
        return own.union(*(keys(base) for base in bases if base in classes))

    for name in [name for name in router.__all__ if "Anthropic" in name]:
        (declared,) = [
            ast.unparse(node.slice).partition("[")[0]
            for node in ast.walk(classes[name])
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Unpack"
        ]
        theirs = set(inspect.signature(getattr(anthropic, name)).parameters) - {"_token_cache"}
        assert keys(declared) == theirs | {"policy", "spool", "guard", "clock"}, name


def test_the_ids_of_the_default_policy_are_those_of_the_price_table() -> None:
    """Each id that we would send, or know a tier by, is priced on its platform as the model we take it for."""
    ids = Policy().ids
    of = {alias: model["ids"] for model in MODELS.values() for alias in model["ids"]["anthropic"]}

    assert set(ids) == {model for tier in Policy().tiers.values() for model in (tier.model, *tier.also)}
    for model, spelt in ids.items():
        bedrock = of[model]["bedrock"]
        profile = spelt["bedrock"].removesuffix(within_region(spelt["bedrock"]))
        assert within_region(spelt["bedrock"]) in bedrock["ids"]
        assert profile.rstrip(".") in {"", *bedrock["profiles"]}
        assert spelt["vertex"] in of[model]["vertex"]
        assert "foundry" not in spelt  # deployments are the customer's


def test_every_id_of_the_price_table_tells_its_platform_or_is_shared() -> None:
    """A Bedrock id is taken for one with and without each of its profiles, and no other platform's id is."""
    for model in MODELS.values():
        ids = model["ids"]
        for name in ids.get("bedrock", {}).get("ids", ()):
            for profile in ("", *(f"{profile}." for profile in ids["bedrock"].get("profiles", ()))):
                assert platform_of_id(profile + name) == "bedrock"
                assert within_region(profile + name) == name
        for name in (*ids["anthropic"], *ids.get("vertex", ()), *ids.get("foundry", ())):
            assert platform_of_id(name) == ("vertex" if "@" in name else None)
            assert within_region(name) == name


@pytest.mark.parametrize(
    ("like", "model", "expected"),
    [
        ("us.anthropic.claude-a", "global.anthropic.claude-b", "us.anthropic.claude-b"),
        ("us-gov.anthropic.claude-a", "anthropic.claude-b", "us-gov.anthropic.claude-b"),
        ("anthropic.claude-a", "global.anthropic.claude-b", "anthropic.claude-b"),
        ("auto", "global.anthropic.claude-b", "global.anthropic.claude-b"),
        ("arn:aws:bedrock:x:1:a/b", "global.anthropic.claude-b", "global.anthropic.claude-b"),
        ("us.anthropic.claude-a", "arn:aws:bedrock:x:1:a/b", "arn:aws:bedrock:x:1:a/b"),
        ("claude-a@1", "claude-b@2", "claude-b@2"),
    ],
)
def test_an_inference_profile_is_kept(like: str, model: str, expected: str) -> None:
    """A Bedrock id takes over the profile, or its absence, of the id that was named; other ids have none."""
    assert with_profile_of(like, model) == expected


def test_the_platforms_are_those_that_price() -> None:
    """The names of platforms in records are those of the price table."""
    from analytics.price_file import Platform as Priced  # noqa: PLC0415  # only here do the two meet

    assert set(get_args(Platform)) == set(get_args(Priced))
