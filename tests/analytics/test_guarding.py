from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.budgets import Budget, Told
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.standing import standings
from router import Anthropic, BudgetExceeded, tagged
from router.periods import Recurrence
from router.reservations import NANO, Reservations
from router.testing import Clock, StandIn
from tests.conftest import a_record, fill

NOW = datetime(2026, 11, 12, 10, 20, tzinfo=UTC)


def a_budget(dollars: str, **changes: Any) -> Budget:
    """So much a month over everything, after which calls are refused, with `changes`."""
    told: dict[str, Any] = {
        "name": "cap",
        "amount": Decimal(dollars),
        "recurrence": Recurrence("month", "Europe/Berlin"),
        "thresholds": (),
        "over": "refuse",
        "told": Told(),
    }
    return Budget(**told | changes)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def client(clock: Clock, home: Path) -> Anthropic:
    """The drop-in, talking to the stand-in."""
    return StandIn(clock=clock, seed=1).client(Anthropic, clock=clock, max_retries=0)


def publish(ledger: Ledger, *budgets: Budget, now: datetime = NOW) -> None:
    ingest(ledger)
    standings(ledger, budgets, now=now)


def call(client: Anthropic, text: str = "Translate into French: good morning", **options: Any) -> Any:
    ask: Any = {"model": "claude-opus-5-5", "max_tokens": 60, "messages": [{"role": "user", "content": text}]}
    return client.messages.create(**ask | options)


def taken(home: Path) -> int:
    """Nano-dollars that the guard holds to be gone: what is published, and what is set aside besides."""
    with Reservations(home).state.read() as con:
        (spent,) = con.execute("SELECT coalesce(sum(spent), 0) FROM guarded_spend").fetchone()
        (held,) = con.execute("SELECT coalesce(sum(max(amount - in_ledger, 0)), 0) FROM reservation").fetchone()
    return int(spent) + int(held)


def in_ledger(ledger: Ledger) -> int:
    """What the ledger has, rounded up."""
    with ledger.read() as con:
        ((total,),) = con.execute("SELECT sum(contracted_cost) FROM charge").fetchall()
    return int((total * NANO).to_integral_value("ROUND_CEILING"))


def test_a_call_counts_once_before_and_after_it_is_in_the_ledger(client: Anthropic, ledger: Ledger) -> None:
    """What the guard holds to be gone is the same before the ledger has a call, while it has it, and after."""
    publish(ledger, a_budget("5"))
    for _ in range(3):
        call(client)
    before = taken(ledger.home)

    publish(ledger, a_budget("5"))

    assert taken(ledger.home) == before == in_ledger(ledger)
    assert Reservations(ledger.home).outstanding() == []


def test_a_stream_that_runs_counts_once(client: Anthropic, ledger: Ledger) -> None:
    """Of a stream that the ledger has the beginning of, no more is held than was set aside for all of it."""
    publish(ledger, a_budget("5"))
    stream = iter(call(client, stream=True))
    next(stream)
    before = taken(ledger.home)

    publish(ledger, a_budget("5"))
    assert taken(ledger.home) == before
    for _ in stream:
        pass
    publish(ledger, a_budget("5"))

    assert taken(ledger.home) == in_ledger(ledger)


def test_what_the_guard_never_saw_counts_too(client: Anthropic, ledger: Ledger) -> None:
    """Spend of programs without a guard reaches it through the ledger, and then stops the next call."""
    publish(ledger, a_budget("1"))
    call(client)
    dear = {"input_tokens": 0, "output_tokens": 2_000_000, "service_tier": "standard"}
    fill(ledger, {"started_at": NOW - timedelta(days=1), "usage": dear})

    publish(ledger, a_budget("1"))

    with pytest.raises(BudgetExceeded, match=r"budget cap has no room: \$1\.0"):
        call(client)


def test_what_has_no_price_stays_set_aside(client: Anthropic, ledger: Ledger, home: Path) -> None:
    """Unknown is not nothing: a call of a model without a price counts as it was held, until its period ends."""
    publish(ledger, a_budget("5"))
    call(client)
    (row,) = Reservations(home).outstanding()
    unpriced = a_record(record_id=row["record_id"], model="claude-unheard-of", started_at=NOW, revision=5)
    held = taken(home)

    fill(ledger, unpriced._asdict())
    publish(ledger, a_budget("5"))

    assert taken(home) == held
    publish(ledger, a_budget("5"), now=NOW + timedelta(days=20))
    assert taken(home) == 0


def test_a_batch_counts_as_its_results_come(client: Anthropic, ledger: Ledger, home: Path) -> None:
    """What is set aside for a batch goes down by what the ledger has of its items, and a day later is gone."""
    publish(ledger, a_budget("5"))
    ask: Any = {"model": "claude-opus-5-5", "max_tokens": 60, "messages": [{"role": "user", "content": "Good morning"}]}
    requests: Any = [{"custom_id": name, "params": ask} for name in "ab"]
    batch = client.messages.batches.create(requests=requests)
    held = taken(home)

    list(client.messages.batches.results(batch.id))
    publish(ledger, a_budget("5"))

    assert taken(home) == held
    publish(ledger, a_budget("5"), now=NOW + timedelta(hours=27))
    assert taken(home) == in_ledger(ledger)


def test_each_value_is_published(client: Anthropic, ledger: Ledger) -> None:
    """Of a budget for each team, the ledger's figure of one team stops that team alone."""
    dear = {"input_tokens": 0, "output_tokens": 2_000_000, "service_tier": "standard"}
    fill(ledger, {"started_at": NOW, "tags": {"team": 'a, "b"'}, "usage": dear})

    publish(ledger, a_budget("1", scope={"tag:team": ("*",)}))

    with tagged(team="search"):
        call(client)
    with tagged(team='a, "b"'), pytest.raises(BudgetExceeded) as caught:
        call(client)
    assert caught.value.members == {"tag:team": 'a, "b"'}
    assert caught.value.spent == Decimal(1)


def test_rolling_days_are_published(client: Anthropic, ledger: Ledger) -> None:
    """A rolling budget stops calls by its last days."""
    half = {"input_tokens": 0, "output_tokens": 1_000_000, "service_tier": "standard"}
    fill(ledger, {"started_at": NOW - timedelta(days=2), "usage": half})
    rolling = a_budget("0.5", recurrence=Recurrence("rolling", "UTC", 3))
    publish(ledger, rolling)
    with pytest.raises(BudgetExceeded):
        call(client)


def test_what_was_carried_over_is_published(client: Anthropic, ledger: Ledger) -> None:
    """A call is held to the limit of its period, which is the amount with what was left before."""
    budget = a_budget("0.0000001", recurrence=Recurrence("day"), roll_over=Decimal("0.0000003"))
    publish(ledger, replace(budget, effective_from=NOW - timedelta(days=9)))

    with pytest.raises(BudgetExceeded) as caught:
        call(client)
    assert caught.value.limit == Decimal("0.0000004")


def test_budgets_that_are_gone_hold_nobody(client: Anthropic, ledger: Ledger, home: Path) -> None:
    """A budget that is no longer in the file is no longer published."""
    publish(ledger, a_budget("0.0000001"))
    publish(ledger)

    assert Reservations(home).budgets() == []
    call(client)
