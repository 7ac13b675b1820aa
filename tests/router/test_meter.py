"""The Meter: who called, where it went, and that nothing of this can cost a call."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest

from router import Meter, Spool, tagged
from router.record import UsageRecord
from router.spool import segments
from router.testing import Clock, StandIn
from tests import fresh

Records = Callable[[], list[UsageRecord]]
OPUS = "claude-opus-5-5"
ASK: dict[str, Any] = {"model": OPUS, "max_tokens": 30, "messages": [{"role": "user", "content": "hello"}]}
KEY = "sk-ant-api03-0123456789"


def client(api: StandIn, **options: Any) -> anthropic.Anthropic:
    """The SDK's client with the Meter alone, whose answers come from a workspace."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        response = api.handle_request(request)
        response.headers["anthropic-workspace-id"] = "wrkspc_1"
        return response

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    ours: dict[str, Any] = {"api_key": KEY, "http_client": http, "middleware": [Meter()]}
    return anthropic.Anthropic(**ours | options)


@pytest.mark.parametrize("stream", [False, True])
def test_who_called_is_in_every_record(api: StandIn, home: Path, records: Records, *, stream: bool) -> None:
    """The user id of the request, the workspace of the answer and a fingerprint of the key, which is kept nowhere."""
    answer: Any = client(api).messages.create(**ASK, metadata={"user_id": "u-1"}, stream=stream)
    list(answer)

    (record,) = records()
    assert (record.user_id, record.workspace_id) == ("u-1", "wrkspc_1")
    assert record.key_fingerprint == hashlib.sha256(KEY.encode()).hexdigest()[:16]
    assert (record.platform, record.region, record.endpoint) == ("anthropic", None, "/v1/messages")
    assert all(KEY.encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("token", ["sk-ant-oat01-0123456789", "eyJhbGciOi", "ya29.a0Af"])
def test_a_token_has_no_fingerprint(api: StandIn, records: Records, token: str) -> None:
    """OAuth and workload tokens change while the account stays the same."""
    client(api, api_key=None, auth_token=token).messages.create(**ASK)

    assert records()[0].key_fingerprint is None


def test_a_key_in_its_own_header_has_the_same_fingerprint(api: StandIn, records: Records) -> None:
    """Foundry and gateways take the key as `x-api-key`."""
    client(api).messages.create(**ASK)
    client(api, api_key="other", default_headers={"x-api-key": KEY}).messages.create(**ASK)

    first, second = records()
    assert first.key_fingerprint == second.key_fingerprint is not None


@pytest.mark.parametrize("metadata", [None, "text", {"user_id": 5}, {}])
def test_odd_metadata_costs_nobody_the_call(api: StandIn, records: Records, metadata: Any) -> None:
    """What is no user id is none."""
    client(api).messages.create(**ASK, extra_body={"metadata": metadata} if metadata is not None else None)

    (record,) = records()
    assert (record.status, record.user_id) == (200, None)


def test_a_platform_that_is_given_is_recorded(api: StandIn, clock: Clock, records: Records) -> None:
    """A client that knows its platform need not have it found out, also where no answer comes."""
    api.client(middleware=[Meter(clock=clock, platform="foundry")]).messages.create(**ASK)

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no", request=request)

    lost = anthropic.Anthropic(
        api_key=KEY,
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(refuse)),
        middleware=[Meter(platform="foundry")],
    )
    with pytest.raises(anthropic.APIConnectionError):
        lost.messages.create(**ASK)

    assert [(record.platform, record.status) for record in records()] == [("foundry", 200), ("foundry", None)]


class MakesUp(anthropic.Middleware):
    """Middleware that answers by itself, without a request that was sent."""

    def handle(self, request: anthropic.APIRequest, call_next: anthropic.CallNext) -> Any:
        """Answer."""
        del request, call_next
        return httpx2.Response(200, json={"id": "made-up", "content": []})


def test_an_answer_without_a_request_has_no_fingerprint(api: StandIn, records: Records) -> None:
    """What stands between Meter and network may make an answer up; it is counted as far as it says."""
    made_up = client(api, middleware=[Meter(), MakesUp()])

    assert made_up.post("/v1/messages", cast_to=httpx2.Response, body=ASK).status_code == 200
    (record,) = records()
    assert (record.message_id, record.key_fingerprint) == ("made-up", None)


def test_a_tag_without_text_costs_nobody_the_call(api: StandIn, records: Records) -> None:
    """The call goes on and is recorded, with what can be said of the tag."""

    class Unprintable:
        __str__ = None  # pyright: ignore[reportAssignmentType]  # calling it raises

    with tagged(team=Unprintable(), odd="\ud800"):
        client(api).messages.create(**ASK)

    assert records()[0].tags["team"] == "<Unprintable>"


def test_a_spool_that_goes_away_is_made_anew(api: StandIn, home: Path, records: Records) -> None:
    """Somebody removes the directory between two calls: both succeed, and the second is recorded."""
    caller = client(api)
    caller.messages.create(**ASK)
    for segment in segments(home):
        segment.path.unlink()
    (home / "spool").rmdir()
    caller.messages.create(**ASK)

    assert len(records()) == 1


def test_a_directory_that_refuses_us_costs_nobody_the_call(api: StandIn, tmp_path: Path) -> None:
    """A home below something that is no directory cannot be made, whoever asks; the record is counted as lost."""
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file" / "home")

    assert client(api, middleware=[Meter(spool)]).messages.create(**ASK).content
    assert spool.lost == 1


WORKERS = """
import os
from router import Meter
from router.testing import StandIn

client = StandIn().client(middleware=[Meter()])

def call():
    client.messages.create(model="claude-opus-5-5", max_tokens=9, messages=[{"role": "user", "content": "hello"}])

call()
workers = []
for _ in range(3):  # as a server that forks its workers when the application is loaded
    if (pid := os.fork()) == 0:
        call()
        call()
        os._exit(0)
    workers.append(pid)
for pid in workers:
    os.waitpid(pid, 0)
call()
"""


def test_forked_workers_record_their_own_calls(home: Path, records: Records) -> None:
    """A Meter made before the fork counts in every worker: 2 of the parent and 2 of each, in segments of their own."""
    done = fresh.run(WORKERS, env={"TOLLGATE_HOME": str(home)})

    assert done.stderr == ""
    assert len({record.record_id for record in records()}) == 8
    assert len(segments(home)) == 4


def call_in_a_process() -> None:
    """One call."""
    StandIn().client(middleware=[Meter()]).messages.create(**ASK)


def test_spawned_processes_record_their_calls(records: Records) -> None:
    """The other way of multiprocessing, `spawn`, is no different."""
    process = multiprocessing.get_context("spawn").Process(target=call_in_a_process)
    process.start()
    process.join()

    assert process.exitcode == 0
    assert [record.status for record in records()] == [200]
