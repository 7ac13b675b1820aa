"""Read by the type checker only: what users write, and the types they must see."""

from __future__ import annotations

from typing import assert_type

import anthropic
from anthropic.types import Message, RawMessageStreamEvent

import router
from router import Anthropic, AsyncAnthropic, Decision, Meter, Policy, Router, Spool, Tier, pinned, tagged


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
