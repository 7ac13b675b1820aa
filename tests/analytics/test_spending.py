from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.budgets import Budget, Cost, Told
from analytics.histories import Histories, Wanted
from analytics.ledger import Ledger
from analytics.series import DAY, HOUR
from analytics.spending import Spend, spending
from router.periods import Every, Recurrence, span_at
from tests.conftest import fill

NOW = datetime(2026, 11, 12, 10, 20, tzinfo=UTC)
HAIKU, SONNET, UNPRICED = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-unheard-of"
ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe")


def a_budget(scope: dict[str, tuple[str, ...]] | None = None, **changes: Any) -> Budget:
    """$10 a UTC day over a scope, with `changes`."""
    told: dict[str, Any] = {
        "name": "cap",
        "amount": Decimal(10),
        "scope": scope or {},
        "recurrence": Recurrence("day"),
        "thresholds": (),
        "told": Told(),
    }
    return Budget(**told | changes)


def ask(ledger: Ledger, *budgets: Budget, now: datetime = NOW, since: datetime | None = None) -> list[Spend]:
    with ledger.read() as con:
        return list(spending(con, budgets, now=now, since=since))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Three hundred attempts of two weeks, by three teams and four users, some without a price, one without a user."""
    dice, ledger = Random(7), Ledger(tmp_path_factory.mktemp("home"))  # noqa: S311  # variety, not secrecy
    records = [
        {
            "started_at": NOW - timedelta(minutes=dice.randrange(14 * 24 * 60)),
            "model": dice.choice([HAIKU, SONNET, HAIKU, UNPRICED]),
            "task_type": dice.choice(["classify", "code"]),
            "tags": dice.choice([{"team": "search"}, {"team": "ads", "env": "prod"}, {"team": 'o\'neil, "x"'}, {}]),
            "user_id": dice.choice(["ana", "bob", "c,d", "e\nf", None]),
            "usage": {"input_tokens": dice.randrange(100_000), "output_tokens": dice.randrange(9_000)},
        }
        for _ in range(300)
    ]
    fill(ledger, *records)
    return ledger


@pytest.fixture(scope="module")
def attempts(ledger: Ledger) -> list[dict[str, Any]]:
    """The same as the ledger rated them."""
    with ledger.read() as con:
        found = con.execute(
            "SELECT usage.started_at, usage.model, task_type, tags, user_id, list_cost, contracted_cost "
            "FROM usage JOIN charge USING (record_id)"
        )
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def expected(
    attempts: list[dict[str, Any]], budget: Budget, now: datetime
) -> dict[tuple[str, ...], tuple[Decimal, int]]:
    """Attempt by attempt, in Python."""
    span = span_at(budget.recurrence, now)
    assert span
    found: dict[tuple[str, ...], tuple[Decimal, int]] = {} if budget.each else {(): (Decimal(0), 0)}
    for attempt in attempts:
        members = {
            name: attempt["tags"].get(name[4:]) if name[:4] == "tag:" else attempt[name] for name in budget.scope
        }
        fits = all(
            members[name] is not None and (values == ("*",) or members[name] in values)
            for name, values in budget.scope.items()
        )
        if fits and span.start <= attempt["started_at"].replace(tzinfo=UTC) < span.end:
            key = tuple(members[name] for name in budget.each)
            spent, unpriced = found.get(key, (Decimal(0), 0))
            cost = attempt[budget.cost]
            found[key] = spent + (cost or 0), unpriced + (cost is None)
    return found


_VALUES: dict[str, list[tuple[str, ...]]] = {
    "tag:team": [("*",), ("search",), ("ads", 'o\'neil, "x"')],
    "model": [("*",), (HAIKU, SONNET), (UNPRICED,)],
    "task_type": [("*",), ("code",)],
    "user_id": [("*",), ("ana", "c,d"), ("e\nf",)],
    "tag:env": [("prod",), ("*",)],
}


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    names = draw(st.lists(st.sampled_from(sorted(_VALUES)), unique=True, max_size=4))
    every: Every = draw(st.sampled_from(["hour", "day", "week", "month", "quarter", "year", "rolling"]))
    cost: Cost = draw(st.sampled_from(["list_cost", "contracted_cost"]))
    recurrence = Recurrence(
        every, draw(st.sampled_from(ZONES)), days=draw(st.integers(1, 9)) if every == "rolling" else 0
    )
    return a_budget({name: draw(st.sampled_from(_VALUES[name])) for name in names}, recurrence=recurrence, cost=cost)


@settings(max_examples=8, deadline=None)
@given(asked=st.lists(budgets(), min_size=3, max_size=8), back=st.integers(0, 14 * 24 * 60))
def test_spending_is_the_sum_over_the_attempts(
    ledger: Ledger, attempts: list[dict[str, Any]], asked: list[Budget], back: int
) -> None:
    """Whatever scopes and local periods are asked about together, each is exactly the sum over its own attempts."""
    now = NOW - timedelta(minutes=back)
    named = [
        a_budget(dict(each.scope), name=str(at), recurrence=each.recurrence, cost=each.cost)
        for at, each in enumerate(asked)
    ]

    found = ask(ledger, *named, now=now)

    for budget in named:
        mine = {each.members: (each.spent, each.unpriced_attempts) for each in found if each.budget is budget}
        assert mine == expected(attempts, budget, now)


def test_what_is_left_is_carried_over_up_to_a_limit(home: Path) -> None:
    """What a period leaves is added to the next, from period to period, up to a limit; who was idle has all of it."""
    ledger = Ledger(home)
    used = {"input_tokens": 0, "output_tokens": 1_000_000}  # half a dollar
    days = [datetime(2026, 11, number, 12, tzinfo=UTC) for number in (9, 10, 10, 12, 12)]
    users = ["ana", "ana", "ana", "ana", "bob"]
    fill(ledger, *({"started_at": at, "user_id": user, "usage": used} for at, user in zip(days, users, strict=True)))
    begun, most = datetime(2026, 11, 9, tzinfo=UTC), Decimal("2.5")

    (whole,) = ask(ledger, a_budget(amount=Decimal(1), roll_over=most, effective_from=begun))
    each = ask(ledger, a_budget({"user_id": ("*",)}, amount=Decimal(1), roll_over=most, effective_from=begun))

    # 0.5 is left of the 9th, 0.5 of the 10th, 1.5 of the 11th; bob has 2.5 of three days.
    assert (whole.spent, whole.limit) == (Decimal(1), Decimal("2.5"))
    assert {spend.whose: spend.limit for spend in each} == {
        "user_id=ana": Decimal("2.5"),
        "user_id=bob": Decimal("3.5"),
    }


def test_nothing_is_carried_over_from_before_the_first_spend(home: Path) -> None:
    """A budget that names no beginning carries nothing over from periods in which nothing was there to spend."""
    ledger = Ledger(home)
    (idle,) = ask(ledger, a_budget(roll_over=Decimal(99)))
    fill(ledger, {"started_at": NOW - timedelta(days=1), "usage": {"input_tokens": 0, "output_tokens": 2_000_000}})

    (found,) = ask(ledger, a_budget(roll_over=Decimal(99)))

    assert (idle.limit, found.limit) == (Decimal(10), Decimal(19))


def test_a_budget_counts_while_it_is_in_effect(ledger: Ledger, attempts: list[dict[str, Any]]) -> None:
    """Of a period in which a budget begins, only what came after counts; before and after there is none."""
    start = NOW - timedelta(days=3)
    (found,) = ask(ledger, a_budget(recurrence=Recurrence("month"), effective_from=start, effective_to=NOW))
    inside = [
        each["contracted_cost"] or 0 for each in attempts if start <= each["started_at"].replace(tzinfo=UTC) < NOW
    ]

    assert found.spent == sum(inside)
    assert ask(ledger, a_budget(effective_from=NOW + DAY)) == []
    assert ask(ledger, a_budget(effective_to=NOW - DAY)) == []


def test_periods_that_ended_meanwhile_are_asked_about_too(ledger: Ledger) -> None:
    """Every period that ended since a moment comes first, the oldest of all before."""
    found = ask(ledger, a_budget(), since=NOW - timedelta(days=2, hours=1))

    assert [each.span.start.day for each in found] == [10, 11, 12]


def test_an_empty_ledger_has_spent_nothing(home: Path) -> None:
    """A budget of which nothing was spent is there; one for each value is not."""
    (found,) = ask(Ledger(home), a_budget(), a_budget({"tag:team": ("*",)}))

    assert (found.spent, found.limit, found.unpriced_attempts) == (Decimal(0), Decimal(10), 0)


@pytest.mark.parametrize("step", [HOUR, DAY])
@pytest.mark.parametrize("zone", ZONES)
def test_a_history_adds_up(ledger: Ledger, attempts: list[dict[str, Any]], step: timedelta, zone: str) -> None:
    """The buckets of a history, by team, add up to what the attempts cost, and follow each other without a gap."""
    wanted = Wanted({"tag:team": ("*",)}, step, zone)
    with ledger.read() as con:
        found = Histories(con, [wanted], now=NOW).of(wanted)

    for (team,), series in found.items():
        mine = [each["contracted_cost"] or 0 for each in attempts if each["tags"].get("team") == team]
        assert sum(series.costs) == sum(mine)
        assert list(series.starts) == sorted(set(series.starts))
    assert set(found) == {("search",), ("ads",), ('o\'neil, "x"',)}


def _records(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"started_at": NOW - timedelta(minutes=number)}


def test_roll_ups_change_no_figure(home: Path) -> None:
    """What is rolled up and what is not yet give the same figures, also where a local period cuts an hour."""
    ledger = Ledger(home)
    fill(ledger, *_records(150))
    kolkata = a_budget(recurrence=Recurrence("hour", "Asia/Kolkata"))
    before = ask(ledger, kolkata, now=NOW - HOUR)
    fill(ledger, {"started_at": NOW + timedelta(days=2)})  # which makes the older hours whole

    assert ask(ledger, kolkata, now=NOW - HOUR) == before
