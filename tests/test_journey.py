"""The whole way: the swapped import -> spool -> ledger -> charge -> report, against an independent recomputation."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from analytics.cli import cli
from router import Anthropic, tagged
from router.record import FIELDS, UsageRecord
from router.spool import segments
from router.testing import Clock, Cut, Overloaded, Refusal, Served, StandIn, WebSearches
from tests.analytics import oracle

MANUAL = "You answer questions about the espresso machine. " + "Descale it every two months, with care. " * 200
ASKS = [
    "Classify this ticket: my parcel is late.",
    "Translate into German: good morning.",
    "Write a function that adds two numbers.",
    "Prove that there are infinitely many primes.",
    "How do I descale it?",
]


def live_a_little(client: Anthropic, api: StandIn, clock: Clock) -> None:
    """Calls of every kind over three days: cached, streamed, overloaded, refused, cut off, batched."""
    api.script(Overloaded(), model="claude-haiku-5-5", times=3)
    api.script(Refusal(), when=lambda body: "primes" in str(body), times=1)
    api.script(Served(inference_geo="us"), probability=0.2)
    api.script(WebSearches(requests=2), probability=0.1)
    api.script(Cut(after=2), when=lambda body: body.get("stream") is True, times=1)
    for number in range(60):
        clock.advance(timedelta(minutes=70 if number % 5 == 0 else 1))
        request: Any = {
            "model": ["claude-opus-5-5", "claude-sonnet-5-5", "auto"][number % 3],
            "max_tokens": 300,
            "system": [{"type": "text", "text": MANUAL, "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": f"{ASKS[number % len(ASKS)]} ({number})"}],
        }
        with tagged(team=["search", "support"][number % 2]):
            if number % 4 == 0:
                with contextlib.suppress(httpx2.RemoteProtocolError):
                    for _ in client.messages.create(**request, stream=True):
                        pass
            else:
                client.messages.create(**request)
            if number == 30:
                batch = client.messages.batches.create(
                    requests=[{"custom_id": str(n), "params": request} for n in range(5)]
                )
                list(client.messages.batches.results(batch.id))
                list(client.messages.batches.results(batch.id))


def recompute(records: list[UsageRecord]) -> tuple[Decimal, Decimal]:
    """List cost, and what routing saved, worked out from the records alone."""
    cost = saved = Decimal(0)
    for record in {record.record_id: record for record in records}.values():
        if record.usage is None:
            continue
        for line in oracle.expected({name: getattr(record, name) for name in FIELDS}):
            cost += line.list_cost or 0
            if line.list_cost is not None and line.requested_list_cost is not None:
                saved += line.requested_list_cost - line.list_cost
    return cost, saved


@pytest.mark.parametrize("seed", [1, 2])
def test_the_report_equals_a_recomputation_from_the_spool(home: Path, seed: int) -> None:
    """Every figure of the report follows from the records that the calls left, to the last digit."""
    clock = Clock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    api = StandIn(clock=clock, seed=seed)
    live_a_little(api.client(Anthropic, clock=clock), api, clock)
    lines = b"".join(segment.read(0) for segment in segments(home)).splitlines()
    records = [UsageRecord.from_json(line) for line in lines]

    answer = CliRunner().invoke(cli, ["report", "--since", "2026-11-01", "--until", "2026-11-30", "--json"])

    assert answer.exit_code == 0, answer.output
    totals = json.loads(answer.stdout)["totals"]
    cost, saved = recompute(records)
    assert cost > 0
    assert Decimal(totals["list_cost"]) == cost
    assert Decimal(totals["routing_saved"]) == saved
    unique = {record.record_id: record for record in records}
    assert totals["attempts"] == len(unique)
    assert totals["calls"] == len({record.call_id for record in unique.values()}) == 60 + 5
    assert totals["fallback_calls"] == 3
    sent = [request for request in api.requests if request.path == "/v1/messages"]
    assert totals["attempts"] == len(sent) + 5
    for field in ("input_tokens", "cache_read_input_tokens"):
        name = field.replace("cache_read_input_tokens", "cache_read_tokens")
        assert totals[name] == sum((record.usage or {}).get(field, 0) for record in unique.values())


def test_the_second_look_adds_nothing(home: Path) -> None:
    """Reading the report again, and the spool with it, changes no figure."""
    clock = Clock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    api = StandIn(clock=clock, seed=3)
    live_a_little(api.client(Anthropic, clock=clock), api, clock)
    command = ["report", "--since", "2026-11-01", "--until", "2026-11-30", "--json"]

    first = CliRunner().invoke(cli, command)
    second = CliRunner().invoke(cli, command)

    assert json.loads(first.stdout)["totals"] == json.loads(second.stdout)["totals"]
