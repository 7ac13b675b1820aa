"""Read by the type checker only: what users write, and the types they must see."""

from __future__ import annotations

from typing import assert_type

import anthropic
import httpx2
from anthropic.lib.vertex import AnthropicVertex
from anthropic.types import Message, RawMessageStreamEvent

import router
from router import (
    Anthropic,
    AnthropicBedrock,
    AnthropicFoundry,
    AsyncAnthropic,
    AsyncAnthropicFoundry,
    Decision,
    Meter,
    Policy,
    Router,
    Spool,
    Tier,
    pinned,
    tagged,
    wrap,
)


def swap() -> None:
    """The one-line swap keeps every overload of the SDK."""
    client = Anthropic()
    answer = client.messages.create(
        model="claude-opus-5-5", max_tokens=1024, messages=[{"role": "user", "content": "Hello"}]
    )
    assert_type(answer, Message)
    events = client.messages.create(
        model="auto", max_tokens=1024, messages=[{"role": "user", "content": "Hello"}], stream=True
    )
    assert_type(events, anthropic.Stream[RawMessageStreamEvent])
    with client.messages.stream(model="auto", max_tokens=9, messages=[]) as stream:
        assert_type(stream.get_final_text(), str)
    theirs: anthropic.Anthropic = client
    assert_type(client.with_options(timeout=3), Anthropic)
    del theirs


def arguments() -> None:
    """The SDK's own arguments are checked as ever, beside ours."""
    Anthropic(api_key="k", max_retries=1, timeout=3.0, policy=Policy(), spool=Spool(fsync="every"))
    Anthropic(api_kye="k")  # pyright: ignore[reportCallIssue]  # a misspelt argument is an error
    Anthropic(max_retries="1")  # pyright: ignore[reportArgumentType]  # so is a wrong type


async def a_token() -> str:
    """What an asynchronous client may ask for a token."""
    return ""


def clouds() -> None:
    """The cloud clients take the SDK's arguments beside ours, and are the SDK's classes."""
    client = AnthropicBedrock("secret", "access", aws_region="us-east-1", policy=Policy())
    assert_type(client.with_options(timeout=3), AnthropicBedrock)
    assert_type(client.messages.create(model="auto", max_tokens=9, messages=[]), Message)
    AnthropicBedrock(aws_regoin="us-east-1")  # pyright: ignore[reportCallIssue]  # misspelt
    AnthropicFoundry(resource="r", http_client=httpx2.AsyncClient())  # pyright: ignore[reportArgumentType]  # not sync
    AsyncAnthropicFoundry(resource="r", azure_ad_token_provider=a_token)
    AnthropicFoundry(resource="r", azure_ad_token_provider=a_token)  # pyright: ignore[reportArgumentType]  # not sync


def wrapped() -> None:
    """A wrapped client keeps its type."""
    assert_type(wrap(AnthropicVertex(region="global"), policy=Policy()), AnthropicVertex)


class Derived(Anthropic):
    """A client of one's own."""

    def __init__(self) -> None:
        """Hand the SDK its arguments."""
        super().__init__(api_key="k", max_retries=1)


def derived() -> None:
    """Copies of a client of one's own are of its class."""
    assert_type(Derived().with_options(timeout=3), Derived)


def middleware() -> None:
    """The same in the SDK's own idiom."""
    anthropic.Anthropic(middleware=[Router(), Meter()])
    anthropic.AsyncAnthropic(middleware=[Meter()])


async def asynchronous() -> None:
    """The async client is the SDK's too."""
    client: anthropic.AsyncAnthropic = AsyncAnthropic(policy=Policy(shadow=True))
    assert_type(await client.messages.create(model="auto", max_tokens=9, messages=[]), Message)


def scope() -> None:
    """Tags and pins, as blocks and as decorators."""
    with tagged(team="search", feature="autocomplete"), pinned("opus"):
        pass

    @tagged(team="search")
    def work(number: int) -> str:
        return str(number)

    assert_type(work(1), str)


def policy() -> None:
    """A policy in code; tiers and task types are checked."""
    Policy(default="opus", tasks={"coding": "opus"}, tiers={"haiku": Tier(model="claude-haiku-4-5")})
    Policy(default="gpt")  # pyright: ignore[reportArgumentType]  # no such tier
    assert_type(router.explain({"model": "auto", "messages": []}), Decision)
