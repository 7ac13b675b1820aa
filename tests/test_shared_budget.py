"""A hard budget over several machines: what each of them knows, and by how much they can spend more together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.clickhouse.address import Address
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.shipping import ship
from analytics.period import Period
from analytics.reports import Filters, totals
from analytics.ship_commands import tell_guard
from router import Anthropic, BudgetExceeded
from router.testing import Clock, StandIn
from tests.analytics.clickhouse.conftest import a_ledger

BUDGETS = """
recipients: ana@example.com
budgets:
- {name: cap, amount: "0.002", period: {from: 2026-11-01, until: 2199-12-31}, over: refuse}
"""
ASK: Any = {
    "model": "claude-haiku-5-5",
    "max_tokens": 400,
    "messages": [{"role": "user", "content": "Translate into French: good morning"}],
}


class Machine:
    """One of those that share a ledger and a budget."""

    def __init__(self, home: Path, address: Address, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        home.mkdir()
        (home / "budgets.yaml").write_text(BUDGETS, encoding="utf-8")
        self.home, self._address, self._clock = home, address, clock
        monkeypatch.setenv("TOLLGATE_HOME", str(home))
        self._client = StandIn(clock=clock, seed=1).client(Anthropic, clock=clock)
        self.hear()

    def call(self, times: int = 1) -> int:
        """How many of the calls went through."""
        for number in range(times):
            self._clock.advance(timedelta(seconds=1))
            try:
                self._client.messages.create(**ASK)
            except BudgetExceeded:
                return number
        return times

    def ship(self) -> None:
        ship(self.home, self._address, now=self._clock.now())

    def hear(self) -> None:
        tell_guard(self.home, self._address, now=self._clock.now())


@pytest.fixture
def shared(in_process: Address) -> Iterator[Address]:
    with a_ledger(in_process) as address:
        yield address
        forget(address)


def spent(address: Address, home: Path, clock: Clock) -> Decimal:
    period = Period(clock.now() - timedelta(days=9), clock.now() + timedelta(days=1))
    return totals(SharedLedger(home, address), Filters(period=period)).contracted_cost or Decimal(0)


def test_a_hard_budget_holds_for_all_machines_that_have_heard_of_each_other(
    tmp_path: Path, shared: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each call is shipped and told before the next, two machines together spend no more than the budget."""
    clock = Clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    machines = [Machine(tmp_path / name, shared, clock, monkeypatch) for name in ("a", "b")]
    went = [0, 0]
    for turn in range(40):
        machine = machines[turn % 2]
        machine.hear()
        went[turn % 2] += machine.call()
        machine.ship()

    assert min(went) > 1
    assert sum(went) < 40
    assert spent(shared, tmp_path / "a", clock) <= Decimal("0.002")
    assert [machine.call() for machine in machines] == [0, 0]


def test_what_nobody_has_heard_of_is_all_that_can_be_spent_too_much(
    tmp_path: Path, shared: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine counts its own calls at once, and those of others once it hears of them: from then on it refuses.

    So what is spent above the budget is at most what the others have spent since they were last heard of.
    """
    clock = Clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    here, there = (Machine(tmp_path / name, shared, clock, monkeypatch) for name in ("a", "b"))
    here.call(100)
    here.ship()
    unheard = spent(shared, here.home, clock)
    there.call(100)
    there.ship()
    together = spent(shared, here.home, clock)
    there.hear()
    here.hear()

    assert Decimal("0.001") < unheard <= Decimal("0.002") < together <= Decimal("0.002") + unheard
    assert (here.call(), there.call()) == (0, 0)
