from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Meter, Spool, tagged
from router.record import UsageRecord
from router.sessions import SnapshotTally, forget_sessions, growth_of, shows_sessions
from tests.router.conftest import Records

CREATED = "2026-11-02T09:00:00.5Z"
USED = {
    "active_seconds": 12.5,
    "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 2048},
    "cache_read_input_tokens": 4096,
    "input_tokens": 1500,
    "list_cost": {"amount": "7", "currency": "USD"},
    "output_tokens": 300,
    "server_tool_use": {"web_fetch_requests": 0, "web_search_requests": 2},
}
MORE = {**USED, "active_seconds": 20.25, "output_tokens": 900}
UNUSED = {"active_seconds": 0, "cache_read_input_tokens": 0, "input_tokens": 0, "output_tokens": 0}


def a_session(usage: Mapping[str, Any] = USED, *, name: str = "sesn_01", **model: Any) -> dict[str, Any]:
    return {
        "id": name,
        "type": "session",
        "created_at": CREATED,
        "agent": {"type": "agent", "id": "agent_01", "model": {"id": "claude-opus-5-5", "effort": None, **model}},
        "status": "idle",
        "usage": usage,
    }


def a_snapshot(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "evt_1", "type": "session.usage", "processed_at": "2026-11-02T10:00:00Z", "usage": usage}


def a_thread(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "thr_1", "type": "session_thread", "session_id": "sesn_01", "created_at": CREATED, "usage": usage}


class Agents(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """An API that answers each path as it is told: objects as JSON, lists as an event stream."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = dict(answers)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a sync client."""
        answer = self.answers.get(f"{request.method} {request.url.path}")
        if answer is None:
            error = {"type": "error", "error": {"type": "not_found_error", "message": "no such thing"}}
            return httpx2.Response(404, json=error)
        if not isinstance(answer, list):
            return httpx2.Response(200, json=answer)
        events = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in answer)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=events.encode())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer an async client."""
        return self.handle_request(request)

    def client(self, spool: Spool) -> anthropic.Anthropic:
        """The SDK's own client, metered."""
        return anthropic.Anthropic(api_key="t", http_client=httpx2.Client(transport=self), middleware=[Meter(spool)])


ONE = {"GET /v1/sessions/sesn_01": a_session()}


def holding(records: list[UsageRecord]) -> UsageRecord:
    """The one that holds."""
    assert len({record.record_id for record in records}) == 1
    return max(records, key=lambda record: record.revision or 0)


def test_a_session_that_is_looked_at_is_recorded(spool: Spool, records: Records) -> None:
    """Whoever retrieves a session leaves a record of it: its usage verbatim, its model, dated when it was created."""
    with tagged(team="agents"):
        Agents(ONE).client(spool).beta.sessions.retrieve("sesn_01")

    (record,) = records()
    assert (record.endpoint, record.model, record.call_id) == ("/v1/sessions", "claude-opus-5-5", "sesn_01")
    assert record.started_at.isoformat() == "2026-11-02T09:00:00.500000+00:00"
    assert record.usage == USED
    assert record.tags == {"team": "agents"}
    assert (record.status, record.complete, record.platform) == (200, True, "anthropic")


def test_a_later_figure_replaces_an_earlier_one(spool: Spool, records: Records) -> None:
    """However often a session is looked at it is one record, whose revision grows with its usage alone."""
    api = Agents(ONE)
    client = api.client(spool)
    revisions: list[int] = []
    for usage in (USED, USED, MORE):
        api.answers["GET /v1/sessions/sesn_01"] = a_session(usage)
        client.beta.sessions.retrieve("sesn_01")
        revisions.append(holding(records()).revision or 0)

    assert revisions[0] == revisions[1] < revisions[2]
    assert holding(records()).usage == MORE


def test_a_session_without_usage_leaves_no_record(spool: Spool, records: Records) -> None:
    """A session that was only created used nothing."""
    Agents({"POST /v1/sessions": a_session(UNUSED)}).client(spool).beta.sessions.create(
        agent="agent_01", environment_id="env_01"
    )
    assert records() == []


def test_the_events_of_a_session_carry_its_usage(spool: Spool, home: Path, records: Records) -> None:
    """Snapshots in an event stream are recorded with what was kept when the session was created, by any process."""
    api = Agents(
        {
            "POST /v1/sessions": a_session(UNUSED),
            "GET /v1/sessions/sesn_01/events/stream": [
                {"type": "agent.message", "id": "e0", "content": [{"type": "text", "text": "SECRET"}]},
                a_snapshot(USED),
                a_snapshot(MORE),
            ],
        }
    )
    with tagged(team="agents"):
        api.client(spool).beta.sessions.create(agent="agent_01", environment_id="env_01")
    with api.client(Spool(home)).beta.sessions.events.stream("sesn_01") as stream:
        kinds = [event.type for event in stream]

    assert kinds == ["agent.message", "session.usage", "session.usage"]
    record = holding(records())
    assert (record.usage, record.model, dict(record.tags)) == (MORE, "claude-opus-5-5", {"team": "agents"})
    assert record.started_at.isoformat() == "2026-11-02T09:00:00.500000+00:00"
    assert "SECRET" not in "".join(path.read_text() for path in home.rglob("*") if path.is_file())


def test_events_alone_leave_a_record_that_a_look_at_the_session_completes(spool: Spool, records: Records) -> None:
    """A session that only its events told of has no model, until the same figure is seen with one."""
    api = Agents(ONE | {"GET /v1/sessions/sesn_01/events": {"data": [a_snapshot(USED)], "next_page": None}})
    client = api.client(spool)
    list(client.beta.sessions.events.list("sesn_01"))
    assert holding(records()).model is None

    client.beta.sessions.retrieve("sesn_01")
    assert holding(records()).model == "claude-opus-5-5"


def test_tags_are_those_of_the_first_sight(spool: Spool, records: Records) -> None:
    """Who looks at a session later does not take its tags away."""
    api = Agents({**ONE, "GET /v1/sessions": {"data": [a_session(MORE), a_session(name="sesn_02")], "next_page": None}})
    with tagged(team="agents"):
        api.client(spool).beta.sessions.retrieve("sesn_01")
    with tagged(job="monitor"):
        list(api.client(spool).beta.sessions.list())

    mine = holding([record for record in records() if record.call_id == "sesn_01"])
    assert (mine.usage, dict(mine.tags)) == (MORE, {"team": "agents"})
    assert {record.call_id for record in records()} == {"sesn_01", "sesn_02"}


def test_threads_are_part_of_their_session(spool: Spool, records: Records) -> None:
    """What a thread or a model request used is in the session's figure, and leaves no record of its own."""
    span = {"type": "span.model_request_end", "id": "e", "model_usage": {"input_tokens": 5, "output_tokens": 5}}
    api = Agents(
        {
            "GET /v1/sessions/sesn_01/threads/thr_1": a_thread(USED),
            "GET /v1/sessions/sesn_01/threads": {"data": [a_thread(USED)], "next_page": None},
            "GET /v1/sessions/sesn_01/threads/thr_1/stream": [span],
            "GET /v1/sessions/sesn_01/events/stream": [span],
        }
    )
    sessions = api.client(spool).beta.sessions
    sessions.threads.retrieve("thr_1", session_id="sesn_01")
    assert len(list(sessions.threads.list("sesn_01"))) == 1
    with sessions.threads.events.stream("thr_1", session_id="sesn_01") as stream:
        assert len(list(stream)) == 1
    with sessions.events.stream("sesn_01") as stream:
        assert len(list(stream)) == 1

    assert records() == []


def a_dream(**changes: Any) -> dict[str, Any]:
    usage = {
        "input_tokens": 9000,
        "output_tokens": 800,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 50,
    }
    dream = {"id": "drm_1", "type": "dream", "session_id": "sesn_01", "created_at": CREATED, "usage": usage}
    return {**dream, "model": {"id": "claude-sonnet-5-5", "speed": "standard"}, **changes}


@pytest.mark.parametrize("first", ["dream", "session"])
def test_a_dream_counts_with_its_session(spool: Spool, records: Records, first: str) -> None:
    """A dream stands in for the session it runs in, and gives way to that session's own figure, in any order."""
    client = Agents({**ONE, "GET /v1/dreams/drm_1": a_dream()}).client(spool)
    if first == "session":
        client.beta.sessions.retrieve("sesn_01")
    client.beta.dreams.retrieve("drm_1")
    assert first == "session" or holding(records()).model == "claude-sonnet-5-5"
    client.beta.sessions.retrieve("sesn_01")

    assert holding(records()).usage == USED


def test_a_dream_that_has_not_begun(spool: Spool, records: Records) -> None:
    """A dream without a session used nothing."""
    Agents({"GET /v1/dreams/drm_1": a_dream(session_id=None)}).client(spool).beta.dreams.retrieve("drm_1")
    assert records() == []


def test_the_speed_of_the_agent_is_kept(spool: Spool, records: Records) -> None:
    """Speed and geography, which cost money and stand with the agent's model, are kept with the usage."""
    answers = {"GET /v1/sessions/sesn_01": a_session(speed="fast", inference_geo="us")}
    Agents(answers).client(spool).beta.sessions.retrieve("sesn_01")

    assert holding(records()).usage == {"speed": "fast", "inference_geo": "us", **USED}


def test_the_async_client(spool: Spool, records: Records) -> None:
    """The same holds for the asynchronous client."""
    api = Agents({**ONE, "GET /v1/sessions/sesn_01/events/stream": [a_snapshot(MORE)]})

    async def look() -> None:
        transport = httpx2.AsyncClient(transport=api)
        async with anthropic.AsyncAnthropic(api_key="t", http_client=transport, middleware=[Meter(spool)]) as client:
            await client.beta.sessions.retrieve("sesn_01")
            async with await client.beta.sessions.events.stream("sesn_01") as stream:
                assert [event.type async for event in stream] == ["session.usage"]

    asyncio.run(look())
    assert holding(records()).usage == MORE


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"type": "session"},
        {"type": "session", "id": 7, "usage": USED},
        {"type": "session", "id": "../../etc", "usage": USED},
        {"type": "session", "id": "sesn_01", "usage": "much"},
        {"type": "session", "id": "sesn_01", "usage": {"output_tokens": None}},
        {"type": "session", "id": "sesn_01", "usage": {"output_tokens": 5}, "created_at": "soon", "agent": []},
        {"type": "session_deleted", "id": "sesn_01"},
        {"data": [7, None, {"type": "dream"}]},
    ],
)
def test_answers_that_nobody_expects(spool: Spool, home: Path, answer: dict[str, Any]) -> None:
    """An answer of another shape is handed on, and nothing is written outside of the home."""
    client = Agents({"GET /v1/sessions/sesn_01": answer}).client(spool)
    assert client.beta.sessions.with_raw_response.retrieve("sesn_01").json() == answer
    assert [path for path in home.parent.rglob("etc*")] == []  # noqa: C416


def test_errors_leave_no_record(spool: Spool, records: Records) -> None:
    """A session that is not found is the SDK's own error, and no record."""
    with pytest.raises(anthropic.NotFoundError):
        Agents({}).client(spool).beta.sessions.retrieve("sesn_09")
    assert records() == []


@pytest.mark.parametrize(
    ("path", "shows"),
    [
        ("/v1/sessions", True),
        ("/v1/sessions/sesn_1", True),
        ("/v1/sessions/sesn_1/archive", True),
        ("/v1/sessions/sesn_1/events", True),
        ("/v1/sessions/sesn_1/events/stream", True),
        ("/v1/dreams", True),
        ("/v1/dreams/drm_1/cancel", True),
        ("/v1/sessions/sesn_1/threads", False),
        ("/v1/sessions/sesn_1/threads/thr_1/stream", False),
        ("/v1/sessions/sesn_1/resources", False),
        ("/v1/messages", False),
    ],
)
def test_where_sessions_show(path: str, shows: bool) -> None:
    """Only answers that describe sessions, their events or dreams are read."""
    assert shows_sessions(path) is shows


FIGURES = st.tuples(st.integers(0, 10**9), st.integers(0, 10**6), st.floats(0, 10**6).map(lambda x: round(x, 3)))


@given(FIGURES, FIGURES)
def test_a_revision_grows_with_every_figure(before: tuple[int, int, float], growth: tuple[int, int, float]) -> None:
    """Of two cumulative figures the later has the higher revision, and the same one only if nothing has grown."""

    def revision(tokens: int, cents: int, seconds: float) -> int:
        return growth_of({"output_tokens": tokens, "list_cost": {"amount": str(cents)}, "active_seconds": seconds})

    later = (before[0] + growth[0], before[1] + growth[1], round(before[2] + growth[2], 3))
    assert (revision(*later) > revision(*before)) is any(growth)


@given(st.lists(st.integers(1, 60), min_size=1))
def test_snapshots_are_found_however_the_bytes_fall(sizes: list[int]) -> None:
    """The chunks in which a stream arrives make no difference."""
    text = "".join(f"event: message\ndata: {json.dumps(a_snapshot(usage))}\n\n" for usage in (USED, MORE)).encode()
    seen: list[Mapping[str, Any]] = []
    tally, at = SnapshotTally(seen.append), 0
    for size in [*sizes, len(text)]:
        tally.feed(text[at : at + size])
        at += size
    tally.end()

    assert [shown["usage"] for shown in seen] == [USED, MORE]


def test_what_was_kept_is_forgotten_in_time(spool: Spool, home: Path) -> None:
    """What is kept of a session stays for ninety days."""
    Agents(ONE).client(spool).beta.sessions.retrieve("sesn_01")
    (kept,) = (home / "sessions").iterdir()
    forget_sessions(home, now=datetime.now(UTC) + timedelta(days=89))
    assert kept.exists()
    forget_sessions(home, now=datetime.now(UTC) + timedelta(days=91))
    assert not kept.exists()
