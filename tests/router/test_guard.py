from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Anthropic, AsyncAnthropic, BudgetExceeded, BudgetGuard, Policy, Router, pinned, tagged
from router.bound import at_most, prompt_at_most, used
from router.guard import Ask, Hold, Spent
from router.layout import Layout
from router.periods import Recurrence
from router.prices import Bucket, price_of
from router.record import UsageRecord
from router.reservations import NANO, Guarded, InLedger, Reservations, Spend
from router.testing import Clock, Overloaded, StandIn
from router.testing.tokens import count_text
from tests import fresh

Records = Callable[[], list[UsageRecord]]
HAIKU, OPUS = "claude-haiku-5-5", "claude-opus-5-5"
MONTH = Recurrence("month")
NOVEMBER = "2026-11-01T00:00:00+00:00"


def ask_for(text: str = "Translate into French: good morning", **changes: Any) -> Any:
    """A request that the policy sends to Haiku, as keyword arguments."""
    return {"model": OPUS, "max_tokens": 100, "messages": [{"role": "user", "content": text}], **changes}


def a_budget(dollars: str, **changes: Any) -> Guarded:
    """A monthly budget over everything, after which calls are refused, with `changes`."""
    budget = Guarded("cap", int(Decimal(dollars) * NANO), "refuse", (), MONTH)
    return budget._replace(**changes)


def publish(home: Path, *budgets: Guarded, spends: tuple[Spend, ...] = (), now: float = 0) -> None:
    """As the batch path does it."""
    Reservations(home).publish(budgets, spends, {}, now=now)


def spent(dollars: str, limit: str, *, members: str = "", period: str = NOVEMBER, budget: str = "cap") -> Spend:
    """What the ledger says."""
    return Spend(budget, members, period, int(Decimal(dollars) * NANO), int(Decimal(limit) * NANO))


def set_aside(home: Path) -> list[Any]:
    return [row["owner"] for row in Reservations(home).outstanding()]


@pytest.fixture
def client(api: StandIn, clock: Clock, home: Path) -> Anthropic:
    """The drop-in, talking to the stand-in."""
    return api.client(Anthropic, clock=clock, max_retries=0)


def test_a_spent_budget_refuses_and_says_everything(client: Anthropic, api: StandIn, home: Path) -> None:
    """BudgetExceeded names budget, spent, limit, period and reset time, and nothing is sent."""
    publish(home, a_budget("5"), spends=(spent("4.9999999", "5"),))

    with pytest.raises(BudgetExceeded) as caught:
        client.messages.create(**ask_for())

    error = caught.value
    assert (error.budget, error.spent, error.limit) == ("cap", Decimal("4.9999999"), Decimal(5))
    assert error.period == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert error.reset_at == error.period[1]
    assert "budget cap has no room: $5.0000 of $5.00" in str(error)
    assert "resets at 2026-12-01 00:00 UTC" in str(error)
    assert isinstance(error, anthropic.AnthropicError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  # our own
    assert not api.requests


def test_a_call_takes_what_it_cost_and_no_more(client: Anthropic, home: Path, records: Records) -> None:
    """What was set aside before a call is settled after it at what its answer says it used."""
    publish(home, a_budget("5"))

    client.messages.create(**ask_for())

    (record,) = records()
    assert record.usage
    price = price_of(HAIKU)
    assert price
    cost = price.cost(Bucket(record.usage["input_tokens"], output=record.usage["output_tokens"]))
    with Reservations(home).state.transaction() as con:
        (row,) = con.execute("SELECT * FROM reservation").fetchall()
    assert (row["amount"], row["record_id"], row["owner"]) == (cost, record.record_id, None)


@pytest.mark.parametrize("how", ["closed", "broken off", "read"])
def test_a_stream_takes_what_was_seen_of_it(client: Anthropic, home: Path, records: Records, how: str) -> None:
    """A stream holds its reservation while it runs; however it ends, what was seen of it is what it took."""
    publish(home, a_budget("5"))

    stream = client.messages.create(**ask_for("Write a long story", max_tokens=400), stream=True)
    events = iter(stream)
    next(events)
    assert set_aside(home) != [None]
    if how == "read":
        list(events)
    elif how == "closed":
        stream.close()
    else:
        for event in events:
            if event.type == "content_block_delta":
                break
        stream.close()

    (record,) = records()
    with Reservations(home).state.transaction() as con:
        (row,) = con.execute("SELECT amount, owner, record_id FROM reservation").fetchall()
    assert (row["owner"], row["record_id"]) == (None, record.record_id)
    assert record.usage
    output = max(record.estimated_output_tokens or 0, record.usage["output_tokens"])
    assert row["amount"] == used({**record.usage, "output_tokens": output}, record.model, layout=Layout(0))


def test_what_cost_nothing_takes_nothing(client: Anthropic, api: StandIn, home: Path) -> None:
    """A call that fails gives back all that was set aside, over every attempt and fallback."""
    publish(home, a_budget("5"))
    api.script(Overloaded())

    with pytest.raises(anthropic.APIStatusError):
        client.messages.create(**ask_for())

    assert set_aside(home) == []


def test_async_calls_are_held_too(api: StandIn, clock: Clock, home: Path) -> None:
    """The asynchronous client refuses by the same budgets."""
    publish(home, a_budget("0.000001"))

    async def call() -> None:
        async with api.async_client(AsyncAnthropic, clock=clock) as client:
            await client.messages.create(**ask_for())

    with pytest.raises(BudgetExceeded):
        asyncio.run(call())
    assert not api.requests


@pytest.mark.parametrize(
    ("scope", "tags", "changes", "covered"),
    [
        ((), {}, {}, True),
        ((("tag:team", ("search",)),), {"team": "search"}, {}, True),
        ((("tag:team", ("search",)),), {"team": "ads"}, {}, False),
        ((("tag:team", ("search",)),), {}, {}, False),
        ((("tag:team", ("ads", "search")), ("tier", ("haiku",))), {"team": "search"}, {}, True),
        ((("model", (HAIKU,)),), {}, {}, True),
        ((("model", (OPUS,)),), {}, {}, False),
        ((("requested_model", (OPUS,)),), {}, {}, True),
        ((("platform", ("bedrock",)),), {}, {}, False),
        ((("user_id", ()),), {}, {"metadata": {"user_id": "ana"}}, True),
        ((("user_id", ()),), {}, {}, False),
        ((("user_id", ("bob",)),), {}, {"metadata": {"user_id": "ana"}}, False),
        ((("key_fingerprint", ("0123",)),), {}, {}, True),  # nobody knows yet which key it is
        ((("key_fingerprint", ()),), {}, {}, False),  # nor which of the budgets is its own
    ],
)
def test_a_budget_covers_its_scope(
    client: Anthropic, home: Path, scope: Any, tags: dict[str, str], changes: Any, *, covered: bool
) -> None:
    """A call is held by the budgets whose every dimension it matches, and by no other."""
    publish(home, a_budget("0.00000001", scope=scope))

    with tagged(**tags):
        if covered:
            with pytest.raises(BudgetExceeded):
                client.messages.create(**ask_for(**changes))
        else:
            client.messages.create(**ask_for(**changes))


def test_each_value_has_a_budget_of_its_own(client: Anthropic, home: Path) -> None:
    """Of a budget for each user, one user's spend leaves the others' alone."""
    budget = a_budget("5", scope=(("user_id", ()),))
    publish(home, budget, spends=(spent("5", "5", members='["ana"]'),))

    client.messages.create(**ask_for(metadata={"user_id": "bob"}))
    with pytest.raises(BudgetExceeded, match="budget cap for user_id ana has no room"):
        client.messages.create(**ask_for(metadata={"user_id": "ana"}))


def test_what_only_answers_tell_is_learnt(api: StandIn, clock: Clock, home: Path, records: Records) -> None:
    """A budget for one key holds a client until its first answer shows another key, and lets it go from then on."""
    client = Anthropic(api_key="sk-ant-api03-mine", http_client=httpx2.Client(transport=api), clock=clock)
    publish(home, a_budget("1", scope=(("key_fingerprint", ("0123",)),)))

    client.messages.create(**ask_for())
    publish(home, a_budget("0", scope=(("key_fingerprint", ("0123",)),)))

    assert set_aside(home) == []
    client.messages.create(**ask_for())
    fingerprint = records()[0].key_fingerprint
    publish(home, a_budget("0", scope=(("key_fingerprint", (str(fingerprint),)),)))
    _look_again(client)
    with pytest.raises(BudgetExceeded):
        client.messages.create(**ask_for())


def _look_again(client: Anthropic) -> None:
    """A second passes, after which a guard looks for new budgets."""
    (router,) = (entry for entry in client._middleware if isinstance(entry, Router))  # pyright: ignore[reportPrivateUsage]
    router.guard._looked = float("-inf")  # pyright: ignore[reportPrivateUsage]


def test_a_step_down_goes_to_the_cheapest_tier(client: Anthropic, home: Path, records: Records) -> None:
    """Where a spent budget says so, a call goes to the cheapest tier that accepts it, and the record says why."""
    essay = ask_for("Prove that there are infinitely many primes, then design a distributed consensus protocol")
    with pinned(None):
        client.messages.create(**essay)
    publish(home, a_budget("1", over="step_down"), spends=(spent("1", "1"),))
    _look_again(client)

    client.messages.create(**essay)

    before, after = records()
    assert before.model != HAIKU
    assert after.model == HAIKU
    assert after.reason
    assert after.reason.startswith("budget cap is spent: ")
    assert len(set_aside(home)) == 1  # what goes over is counted all the same


def test_a_pin_is_not_stepped_down_from(client: Anthropic, home: Path, records: Records) -> None:
    """A call that is pinned goes where it is pinned to, also when a budget that steps down is spent."""
    publish(home, a_budget("1", over="step_down"), spends=(spent("1", "1"),))

    with pinned(OPUS):
        client.messages.create(**ask_for())

    assert records()[0].model == OPUS


def test_a_step_down_stays_within_what_refuses(client: Anthropic, home: Path) -> None:
    """Of a budget that steps down and one that refuses, both spent, the one that refuses has the last word."""
    publish(home, a_budget("0", name="soft", over="step_down"), a_budget("0", name="hard"))

    with pytest.raises(BudgetExceeded, match="budget hard has no room"):
        client.messages.create(**ask_for())


@pytest.mark.parametrize(
    ("over", "policy", "guard", "refused"),
    [
        ("refuse", None, None, True),
        ("notify", None, None, False),
        ("refuse", "notify", None, False),
        ("notify", "refuse", None, True),
        ("notify", None, BudgetGuard("cap", over="refuse"), True),
        ("refuse", None, BudgetGuard("another"), False),
    ],
    ids=["budget", "notify", "policy off", "policy on", "guard on", "guard of another"],
)
def test_who_says_what_happens(
    api: StandIn, clock: Clock, home: Path, over: Any, policy: Any, guard: Any, *, refused: bool
) -> None:
    """What happens to a call is what the guard says, else the policy's `on_budget`, else the budget."""
    publish(home, a_budget("0", over=over))
    guard = guard and BudgetGuard(*guard._names, over=guard.over, home=home, clock=clock)
    client = api.client(Anthropic, clock=clock, policy=Policy(on_budget=policy), guard=guard)

    if refused:
        with pytest.raises(BudgetExceeded):
            client.messages.create(**ask_for())
    else:
        client.messages.create(**ask_for())


def test_a_new_period_has_room_again(client: Anthropic, clock: Clock, home: Path) -> None:
    """When the next period begins, calls go through without anybody publishing anything."""
    publish(
        home,
        a_budget("5", recurrence=Recurrence("day", "America/New_York")),
        spends=(spent("5", "5", period="2026-11-02T05:00:00+00:00"),),
    )
    with pytest.raises(BudgetExceeded):
        client.messages.create(**ask_for())

    clock.set(datetime(2026, 11, 3, 5, tzinfo=UTC))

    client.messages.create(**ask_for())


def test_a_budget_holds_while_it_is_in_effect(client: Anthropic, clock: Clock, home: Path) -> None:
    """Before and after its effective dates a budget holds nobody."""
    tomorrow = clock.now() + timedelta(days=1)
    publish(home, a_budget("0", effective_from=tomorrow), a_budget("0", name="old", effective_to=clock.now()))

    client.messages.create(**ask_for())


def test_a_fallback_that_does_not_fit_is_not_made(client: Anthropic, api: StandIn, home: Path) -> None:
    """Where there is room for a model that is overloaded and none for the next, the caller gets the overload."""
    publish(home, a_budget("0", scope=(("model", ("claude-sonnet-5-5", OPUS)),)))
    api.script(Overloaded())

    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**ask_for())

    assert caught.value.status_code == 529
    assert len(api.requests) == 1


def test_a_guard_that_cannot_work_lets_the_call_go_on(client: Anthropic, home: Path) -> None:
    """A state that cannot be read is a fault that is counted, and no reason for a call to fail."""
    home.mkdir(parents=True)
    (home / "state.sqlite").write_bytes(b"this is no database, and long enough to be seen as none" * 100)

    client.messages.create(**ask_for())

    assert any(name.startswith("holding-a-budget") for name in os.listdir(home / "faults"))  # noqa: PTH208


def test_a_call_that_no_budget_covers_touches_no_state(client: Anthropic, home: Path) -> None:
    """Without a hard budget there is no state, and nothing makes one."""
    client.messages.create(**ask_for())

    assert not (home / "state.sqlite").exists()


def test_a_batch_is_held_until_its_results_are_known(client: Anthropic, home: Path) -> None:
    """A batch sets aside half of what its items can cost under its own name; one that does not fit is not made."""
    publish(home, a_budget("0.001"))
    item = {"custom_id": "a", "params": ask_for()}
    one = -(-at_most(ask_for(), HAIKU) // 2)
    two: list[Any] = [item, {**item, "custom_id": "b"}]
    many: list[Any] = [{**item, "custom_id": str(number)} for number in range(1000)]

    batch = client.messages.batches.create(requests=two)

    with Reservations(home).state.transaction() as con:
        (row,) = con.execute("SELECT amount, call_id, owner FROM reservation").fetchall()
    assert tuple(row) == (2 * one, batch.id, None)
    with pytest.raises(BudgetExceeded):
        client.messages.batches.create(requests=many)


CALLS = """
import json, os, sys, time
from pathlib import Path
import httpx2
from router import Anthropic, BudgetExceeded
from router.bound import prompt_at_most

MESSAGES = [{"role": "user", "content": "Hi"}]

def answer(request):
    body = json.loads(request.content)
    usage = {"input_tokens": prompt_at_most(body), "output_tokens": body["max_tokens"]}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": [],
               "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
    if len(sys.argv) > 2:
        print("sent", flush=True)
        time.sleep(600)
    return httpx2.Response(200, json=message)

def work():
    client = Anthropic(api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(answer)))
    through = 0
    for _ in range(10):
        try:
            client.messages.create(model="claude-haiku-5-5", max_tokens=100, messages=MESSAGES)
            through += 1
        except BudgetExceeded:
            pass
    return through

if len(sys.argv) > 2:
    work()
children = []
for _ in range(int(sys.argv[1])):
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, str(work()).encode())
        os._exit(0)
    os.close(write)
    children.append(read)
print(json.dumps([int(os.read(read, 10)) for read in children]))
"""
BODY: dict[str, Any] = {"model": HAIKU, "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}


def test_sixteen_processes_get_through_exactly_what_fits(home: Path) -> None:
    """Of 160 calls that 16 processes make at a small cap, exactly as many go through as fit: none more, none fewer."""
    one, fit = at_most(BODY, HAIKU), 57
    publish(home, a_budget("0", amount=one * fit + one - 1))

    run = fresh.run(CALLS, 16)

    through = json.loads(run.stdout)
    assert sum(through) == fit
    with Reservations(home).state.transaction() as con:
        assert con.execute("SELECT sum(amount) FROM reservation").fetchone()[0] == one * fit


def test_what_a_killed_process_had_set_aside_is_given_back(home: Path) -> None:
    """A reservation outlives no process that was killed under way, and those of the living stay."""
    one = at_most(BODY, HAIKU)
    publish(home, a_budget("0", amount=one))
    run = subprocess.Popen([sys.executable, "-c", CALLS, "0", "stay"], stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own text
    with run:
        assert run.stdout
        assert run.stdout.readline() == "sent\n"
        guard = BudgetGuard(home=home)
        ask = Ask("another", HAIKU, {"model": HAIKU}, {})
        assert isinstance(guard.hold(ask, BODY), Spent)

        run.send_signal(signal.SIGKILL)

    assert isinstance(guard.hold(ask, BODY), Hold)


def test_what_the_ledger_has_counts_once(home: Path) -> None:
    """A reservation goes when the ledger has its record; of one under way, what the ledger has counts once."""
    publish(home, a_budget("1"))
    guard, store = BudgetGuard(home=home), Reservations(home)
    ask = Ask("call", HAIKU, {}, {})
    first, second = guard.hold(ask, BODY), guard.hold(ask, BODY)
    assert isinstance(first, Hold)
    assert isinstance(second, Hold)
    ids = [row["reservation_id"] for row in store.outstanding()]
    one = at_most(BODY, HAIKU)
    known = {ids[0]: InLedger(one, over=True), ids[1]: InLedger(one // 2, over=False)}
    store.publish([a_budget("1")], [], known, now=0)

    with store.state.transaction() as con:
        rows = con.execute("SELECT amount, in_ledger FROM reservation").fetchall()
    assert [tuple(row) for row in rows] == [(one, one // 2)]


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(max_size=400),
    system=st.one_of(st.none(), st.text(max_size=200)),
    model=st.sampled_from([HAIKU, "claude-sonnet-5-5", OPUS, "claude-unknown-9"]),
    max_tokens=st.integers(1, 5000),
)
def test_a_call_never_costs_more_than_its_bound(text: str, system: str | None, model: str, max_tokens: int) -> None:
    """As many tokens as the stand-in's tokenizer finds, and all of `max_tokens`, cost no more than was set aside."""
    body: dict[str, Any] = {"model": model, "max_tokens": max_tokens, "messages": [{"role": "user", "content": text}]}
    if system is not None:
        body["system"] = system
    tokens = count_text(text) + count_text(system or "")

    assert tokens <= prompt_at_most(body)
    usage = {"input_tokens": tokens, "output_tokens": max_tokens}
    assert used(usage, model, layout=Layout(0)) <= at_most(body, model)


def test_a_model_without_a_price_is_held_at_the_dearest() -> None:
    """Unknown is never zero: what has no price is held as if it cost the most that anything costs."""
    assert at_most(BODY, "claude-unknown-9") > max(at_most(BODY, model) for model in (HAIKU, OPUS, "claude-mythos-5-2"))


def test_what_multiplies_a_price_is_in_the_bound() -> None:
    """Fast mode, regional inference, searches, caching, images and documents each make the bound higher."""
    plain = at_most(BODY, OPUS)
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 1000}}
    document = {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}
    cached = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    more = [
        {"speed": "fast"},
        {"inference_geo": "us"},
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]},
        {"messages": [{"role": "user", "content": [cached]}]},
        {"messages": [{"role": "user", "content": [image]}]},
        {"messages": [{"role": "user", "content": [document]}]},
    ]

    assert all(at_most({**BODY, **change}, OPUS) > plain for change in more)
    assert at_most(BODY, OPUS, platform="bedrock") > plain
    assert at_most({**BODY, **more[2]}, OPUS) - plain >= 20_000_000


def test_what_was_used_is_priced_iteration_by_iteration() -> None:
    """Where an answer lists iterations, each counts at its own model, with searches besides."""
    lines = [
        {"type": "message", "input_tokens": 10, "output_tokens": 1},
        {"type": "advisor_message", "model": OPUS, "input_tokens": 100, "output_tokens": 10},
    ]
    usage = {"input_tokens": 10, "output_tokens": 1, "iterations": lines, "server_tool_use": {"web_search_requests": 3}}
    haiku, opus = price_of(HAIKU), price_of(OPUS)
    assert haiku
    assert opus

    expected = 10 * haiku.rates[-1][1].uncached + haiku.rates[-1][1].output
    expected += 100 * opus.rates[-1][1].uncached + 10 * opus.rates[-1][1].output
    assert used(usage, HAIKU, layout=Layout(0)) == expected + 30_000_000


def test_budgets_are_published_as_they_are(home: Path) -> None:
    """What is published is read back the same; what is no longer in the file is gone."""
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    budgets = [
        a_budget("5", scope=(("tag:team", ("a", "b")), ("user_id", ())), effective_from=moment),
        a_budget("7", name="fixed", over="step_down", recurrence=Recurrence("fixed", "UTC", 0, moment, moment)),
    ]
    publish(home, *budgets)
    assert Reservations(home).budgets() == budgets

    publish(home, budgets[1])
    assert Reservations(home).budgets() == budgets[1:]


def test_a_transport_that_fails_gives_back_what_was_set_aside(home: Path) -> None:
    """A connection that breaks before any answer leaves nothing set aside."""

    def broken(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route", request=request)

    publish(home, a_budget("5"))
    http = httpx2.Client(transport=httpx2.MockTransport(broken))
    client = Anthropic(api_key="k", http_client=http, max_retries=0)

    with pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**ask_for())
    assert set_aside(home) == []
