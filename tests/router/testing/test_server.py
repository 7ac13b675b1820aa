from __future__ import annotations

import threading
from typing import Any

import anthropic
import httpx2
import pytest

from router.testing import Cut, StandIn, Unreachable, serve

ASK: Any = {"model": "claude-haiku-5-5", "max_tokens": 200, "messages": [{"role": "user", "content": "hello"}]}


def post(url: str, **more: object) -> httpx2.Response:
    with httpx2.Client(verify=False) as client:
        return client.post(f"{url}/v1/messages", headers={"x-api-key": "test"}, json=ASK | more)


@pytest.mark.parametrize("stream", [False, True])
def test_the_server_answers_byte_for_byte_what_the_transport_does(stream: bool) -> None:
    """Status, headers and body over the wire are those of the stand-in in the process."""
    with httpx2.Client(transport=StandIn(seed=1), headers={"x-api-key": "test"}) as client:
        direct = client.post("http://api/v1/messages", json=ASK | {"stream": stream})
    with serve(StandIn(seed=1)) as url:
        served = post(url, stream=stream)

    assert (served.status_code, served.content) == (direct.status_code, direct.content)
    assert dict(direct.headers).items() <= dict(served.headers).items()


def test_a_server_that_cannot_be_reached_resets_the_connection() -> None:
    """What is no connection in the process is a lost one over the wire, for the SDK the same error."""
    api = StandIn()
    api.script(Unreachable())
    with serve(api) as url, pytest.raises(httpx2.ReadError):
        post(url)


def test_a_cut_ends_the_body_early() -> None:
    """A stream that is cut gives what came before, then the error of a connection that was closed."""
    api = StandIn()
    api.script(Cut(after=1))
    with serve(api) as url:
        client = anthropic.Anthropic(api_key="test", base_url=url)
        seen: list[str] = []
        with pytest.raises(httpx2.RemoteProtocolError), client.messages.create(**ASK, stream=True) as stream:
            seen.extend(event.type for event in stream)

    assert seen[-1] == "content_block_delta"


def test_nothing_of_the_server_outlives_its_block() -> None:
    """Kept connections are ended, threads are over and the port is free."""
    before = threading.active_count()
    client = httpx2.Client(verify=False)
    with serve(StandIn()) as url:
        client.get(f"{url}/v1/models", headers={"x-api-key": "test"})

    assert threading.active_count() == before
    with pytest.raises(httpx2.ConnectError):
        client.get(f"{url}/v1/models")
    client.close()
