"""The whole way of a budget: calls -> spool -> evaluation -> one mail; and, published, no further call."""

from __future__ import annotations

import os
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from analytics.alerts.delivery import carriers, deliver
from analytics.alerts.evaluation import evaluate
from analytics.budgets import BudgetFile
from analytics.clickhouse.ledger import forget
from analytics.period import Period
from analytics.reports import Filters, totals
from analytics.switch import ledger_at
from router import Anthropic, BudgetExceeded
from router.reservations import NANO, Reservations
from router.testing import Clock, StandIn
from tests.analytics.clickhouse.conftest import a_ledger
from tests.conftest import Tollgate
from tests.mail_server import listening

BUDGETS = """
recipients: ana@example.com
budgets:
- {name: cap, amount: "0.001", period: {from: 2026-11-01, until: 2199-12-31}, over: refuse, thresholds: ["30 %"]}
"""
ASK: Any = {
    "model": "claude-haiku-5-5",
    "max_tokens": 400,
    "messages": [{"role": "user", "content": "Translate into French: good morning"}],
}


class Server:
    """A real mail server on loopback, which keeps what it takes."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.taken.append(message_from_bytes(given[2].content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    """Listens, and the environment names it."""
    handler = Server()
    with listening(handler, monkeypatch):
        yield handler


@pytest.fixture(params=["a file", "a shared ledger"])
def wherever(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The environment names a ledger of either kind."""
    if request.param == "a file":
        yield
        return
    with a_ledger(request.getfixturevalue("in_process")) as address:
        monkeypatch.setenv("TOLLGATE_LEDGER", str(address))
        yield
        forget(address)


@pytest.mark.usefixtures("wherever")
def test_from_the_first_call_to_the_mail_and_the_last_call(home: Path, tollgate: Tollgate, server: Server) -> None:
    """Calls go through while there is room, one mail tells of it, and the guard's figure is the ledger's."""
    home.mkdir()
    (home / "budgets.yaml").write_text(BUDGETS, encoding="utf-8")
    assert tollgate("budgets", "status").exit_code == 0
    clock = Clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    client = StandIn(clock=clock, seed=1).client(Anthropic, clock=clock)

    calls, refusal = call_until_refused(client, clock)
    assert calls > 2

    found = mailed(home, now=clock.now())
    assert (found, mailed(home, now=clock.now() + timedelta(minutes=1))) == (1, 0)
    (mail,) = server.taken
    assert mail["To"] == "ana@example.com"
    assert mail["Subject"].strip().startswith("Tollgate: cap at ")
    assert [part.get_content_type() for part in mail.walk()].count("image/png") == 1

    ledger = ledger_at(home)
    whole = totals(ledger, Filters(period=Period(clock.now() - timedelta(days=9), clock.now() + timedelta(days=1))))
    assert whole.contracted_cost
    assert whole.calls == calls
    assert guarded(home) == refusal.spent * NANO == whole.contracted_cost * NANO
    assert Reservations(home).outstanding() == []
    assert (refusal.budget, refusal.limit) == ("cap", Decimal("0.001"))
    assert refusal.spent + refusal.wanted > refusal.limit

    with pytest.raises(BudgetExceeded) as again:  # another process would be told the same
        StandIn(clock=clock, seed=2).client(Anthropic, clock=clock).messages.create(**ASK)
    assert again.value.spent == refusal.spent


def call_until_refused(client: Anthropic, clock: Clock) -> tuple[int, BudgetExceeded]:
    """How many calls went through, and why the next one did not."""
    for calls in range(100):
        clock.advance(timedelta(minutes=20))
        try:
            client.messages.create(**ASK)
        except BudgetExceeded as refusal:
            return calls, refusal
    raise AssertionError("a budget of a tenth of a cent let a hundred calls through")


def mailed(home: Path, *, now: datetime) -> int:
    """Evaluate, deliver, and say how many were delivered."""
    evaluate(home, now=now)
    return deliver(home, carriers(BudgetFile.of(home), os.environ), now=now).delivered


def guarded(home: Path) -> int:
    """What the guard takes to be spent, in nano-dollars."""
    with Reservations(home).state.read() as con:
        return con.execute("SELECT spent FROM guarded_spend").fetchone()[0]
