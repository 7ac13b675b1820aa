from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import pytest

from analytics.exceptions import SettingsError
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period, midnight
from analytics.reports import Filters, totals
from analytics.routing_report import RoutingRow, routing
from router import Meter, Policy, Router, Task, pinned
from router.features import Body
from router.second_opinion import TAG
from router.spool import Spool
from router.testing import Failure, Overloaded, StandIn
from tests.conftest import Tollgate, a_record, fill

DAY = midnight(datetime(2026, 11, 10, tzinfo=UTC).date())
NOON = DAY + timedelta(hours=12)
EVERYTHING = Filters(period=Period(DAY - timedelta(days=9), DAY + timedelta(days=9)))
HAIKU, SONNET, OPUS, OLDER = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-opus-4-6"
DECISIONS = ("kept", "stepped_down", "left_open", "pinned", "shadow", "taken_back", "undecided", "second_opinions")
USD_PER_MILLION = {  # input, output, 5m writes, reads; 10 November 2026
    HAIKU: ("0.10", "0.50", "0.125", "0.01"),
    SONNET: ("2", "10", "2.5", "0.1"),
    OPUS: ("4", "20", "5", "0.2"),
    OLDER: ("5", "25", "6.25", "0.5"),
}


def usd(model: str, fresh: int = 0, output: int = 0, write: int = 0, read: int = 0) -> Decimal:
    counts = (fresh, output, write, read)
    prices = USD_PER_MILLION[model]
    return sum((count * Decimal(price) for count, price in zip(counts, prices, strict=True)), Decimal(0)) / 1_000_000


def on(model: str, asked: str = OPUS, *, fresh: int = 1000, output: int = 100, **more: Any) -> dict[str, Any]:
    """An attempt that a model served; `write` and `read` are its cache, `minute` is after noon."""
    write, read, minute = more.pop("write", 0), more.pop("read", 0), more.pop("minute", 0)
    usage = {
        "input_tokens": fresh,
        "output_tokens": output,
        "cache_creation_input_tokens": write,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": 0},
    }
    at = NOON + timedelta(minutes=minute)
    sent = {"requested_model": asked, "sent_model": model, "model": model, "started_at": at}
    return {"reason": "coding (words)", "usage": usage, **sent, **more}


def total(ledger: Ledger, filters: Filters = EVERYTHING) -> RoutingRow:
    found = routing(ledger, filters, opus=OPUS).total
    assert found is not None
    return found


def test_a_new_machine(ledger: Ledger) -> None:
    """An empty ledger has no routing to speak of."""
    found = routing(ledger, EVERYTHING, opus=OPUS)

    assert found.total is None
    assert found.tables == {("task_type",): ()}


def test_a_step_down_saves(ledger: Ledger) -> None:
    """A call that a cheaper model served saved the difference to the model that was asked for."""
    fill(ledger, on(HAIKU))

    row = total(ledger)

    assert (row.calls, row.stepped_down, row.compared_calls) == (1, 1, 1)
    assert row.list_cost == usd(HAIKU, 1000, 100)
    assert row.requested_cost == row.same_tokens_cost == row.opus_cost == usd(OPUS, 1000, 100)
    assert row.saved == row.saved_against_opus == usd(OPUS, 1000, 100) - usd(HAIKU, 1000, 100)


def test_tokenizers_count(ledger: Ledger) -> None:
    """On a model with the older tokenizer the same text is fewer tokens, so it saves less than the tokens say."""
    fill(ledger, on(SONNET, asked=OLDER, fresh=1300, output=130))

    row = total(ledger)

    assert row.same_tokens_cost == usd(OLDER, 1300, 130)
    assert row.requested_cost == usd(OLDER, 1000, 100)
    assert row.saved == usd(OLDER, 1000, 100) - usd(SONNET, 1300, 130)


def test_a_lost_cache_is_counted(ledger: Ledger) -> None:
    """What a switch wrote anew although it lay warm on the model asked for is a read there: the switch cost money."""
    fill(
        ledger,
        on(OPUS, fresh=10, output=10, write=100_000, minute=0),
        on(SONNET, fresh=10, output=10, write=100_000, minute=2),
    )

    row = total(ledger)

    assert (row.cold_switches, row.cold_tokens) == (1, 100_000)
    assert row.requested_cost == usd(OPUS, 10, 10, write=100_000) + usd(OPUS, 10, 10, read=100_000)
    assert row.saved == usd(OPUS, 10, 10, read=100_000) - usd(SONNET, 10, 10, write=100_000)
    assert row.saved == Decimal("-0.22988")


@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"minute": 6}, id="the cache had expired"),
        pytest.param({"minute": 2, "tags": {"team": "other"}}, id="other tags"),
        pytest.param({"minute": 2, "user_id": "somebody else"}, id="another user"),
    ],
)
def test_a_cache_that_was_not_there_is_not_counted(ledger: Ledger, later: dict[str, Any]) -> None:
    """Only what a call of the same tags, user and key left warm is held to have been lost."""
    fill(ledger, on(OPUS, write=100_000), on(SONNET, write=100_000, **later))

    row = total(ledger)

    assert row.cold_tokens == 0
    assert row.requested_cost == 2 * usd(OPUS, 1000, 100, write=100_000)


def test_shadow_is_priced(ledger: Ledger) -> None:
    """A call in shadow cost what it cost; what it would have cost where it was not sent stands beside it."""
    fill(ledger, on(OPUS, shadow_model=HAIKU, reason="shadow: coding (words)"))

    row = total(ledger)

    assert (row.shadow, row.saved) == (1, 0)
    assert row.shadow_cost == usd(HAIKU, 1000, 100)
    assert row.shadow_would_save == usd(OPUS, 1000, 100) - usd(HAIKU, 1000, 100)


def test_shadow_counts_the_cache_it_would_have_lost(ledger: Ledger) -> None:
    """A read that a switch in shadow would have made impossible is priced as a write there."""
    fill(
        ledger,
        on(OPUS, shadow_model=OPUS, fresh=10, output=10, write=100_000, reason="shadow: hard_math (words)"),
        on(OPUS, shadow_model=SONNET, fresh=10, output=10, read=100_000, minute=1, reason="shadow: coding (words)"),
    )

    row = total(ledger)

    assert row.shadow_cold_tokens == 100_000
    assert row.shadow_cost == usd(OPUS, 10, 10, write=100_000) + usd(SONNET, 10, 10, write=100_000)
    assert row.shadow_would_save is not None
    assert row.shadow_would_save < 0


def test_what_cannot_be_compared_is_not(ledger: Ledger) -> None:
    """`auto` asks for no model, and a model without a price cannot be compared with: both are spent, neither saved."""
    fill(ledger, on(HAIKU, asked="auto"), on(HAIKU, asked="claude-unheard-of"), on("claude-unheard-of", asked=OPUS))

    row = total(ledger)

    assert (row.calls, row.left_open, row.compared_calls, row.unpriced_attempts) == (3, 1, 0, 1)
    assert row.list_cost == 2 * usd(HAIKU, 1000, 100)
    assert (row.requested_cost, row.saved) == (None, None)
    assert row.saved_against_opus == 2 * (usd(OPUS, 1000, 100) - usd(HAIKU, 1000, 100))


def test_the_clouds_compare_with_their_own(ledger: Ledger) -> None:
    """On Bedrock the comparison with Opus is with Bedrock's Opus, of the same inference profile."""
    haiku, opus = "us.anthropic.claude-haiku-5-5", "us.anthropic.claude-opus-5-5"
    fill(ledger, on(haiku, asked=opus, platform="bedrock", region="us-east-1"))

    row = total(ledger)

    assert row.compared_with_opus == row.compared_calls == 1
    assert row.opus_cost == row.requested_cost
    assert row.list_cost is not None
    assert row.list_cost > usd(HAIKU, 1000, 100)  # a profile that stays in a region costs more


def test_rows_add_up(ledger: Ledger) -> None:
    """Each call is in one row of each table, whatever its attempts were, and the rows add up to the total."""
    retried: dict[str, Any] = {"call_id": "retried"}
    fill(
        ledger,
        on(HAIKU, task_type="coding"),
        on(OPUS, task_type="hard_math", tags={"team": "support"}),
        on(SONNET, status=529, usage=None, error_type="overloaded_error", **retried),
        on(HAIKU, attempt=2, task_type="coding", **retried),
        on(OPUS, reason=None, task_type=None),
    )
    by = [("task_type",), ("model",), ("day", "tag:team"), ("status",)]

    found = routing(ledger, EVERYTHING, by, opus=OPUS)

    whole = found.total
    assert whole is not None
    assert (whole.calls, whole.fallbacks, whole.undecided) == (4, 1, 1)
    assert whole.list_cost == totals(ledger, EVERYTHING).list_cost
    for rows in found.tables.values():
        for name in ("calls", "list_cost", "saved", "opus_cost", "fallbacks", *DECISIONS):
            assert sum(getattr(row, name) or 0 for row in rows) == getattr(whole, name)
        assert all(sum(getattr(row, name) for name in DECISIONS) == row.calls for row in rows)


def test_a_sum_of_calls_is_priced_as_each_of_them(ledger: Ledger) -> None:
    """Calls that are priced alike are priced together, to the same digit as each by itself, however long they are."""
    asked = [OPUS, OLDER, HAIKU, "auto"]
    lengths = [3, 7, 5001, 76_923, 76_925, 99_999, 100_001, 130_001]
    fill(
        ledger,
        *(
            on(model, asked=asked[n % 4], fresh=fresh + n, write=n % 3 * 70, read=n % 2 * 33, output=n, minute=n // 4,
               task_type=f"{model}/{fresh}/{n}", shadow_model=[None, HAIKU, OLDER][n % 3])
            for model in (HAIKU, SONNET, OPUS)
            for fresh in lengths
            for n in range(5)
        ),
    )  # fmt: skip

    whole = routing(ledger, EVERYTHING, (), opus=OPUS).total
    each = routing(ledger, EVERYTHING, [("task_type",)], opus=OPUS).tables[("task_type",)]

    assert whole is not None
    assert len(each) == whole.calls == 3 * 8 * 5
    for name in ("list_cost", "requested_cost", "saved", "opus_cost", "shadow_cost", "cold_tokens", "compared_calls"):
        assert sum(getattr(row, name) or 0 for row in each) == getattr(whole, name)


def test_only_what_was_asked_for(ledger: Ledger) -> None:
    """Every filter narrows the report, and none of them hides the call that a cache was warm from."""
    fill(ledger, on(HAIKU), on(HAIKU, tags={"team": "support"}), on(HAIKU, minute=60 * 24))
    fill(ledger, on(OPUS, write=9000, tier="opus"), on(SONNET, write=9000, minute=2, tier="sonnet", task_type="coding"))
    one_day = Period.days(NOON.date(), NOON.date())

    assert total(ledger, Filters(period=one_day, tags={"team": "support"})).calls == 1
    for narrow in (
        Filters(period=one_day, models=(SONNET,)),
        Filters(period=one_day, within={"tier": ("sonnet",), "status": ("200",)}),
    ):
        assert (total(ledger, narrow).calls, total(ledger, narrow).cold_tokens) == (1, 9000)
    with pytest.raises(SettingsError, match="by: found 'colour', expected one of day,"):
        routing(ledger, EVERYTHING, [("colour",)], opus=OPUS)


def test_the_ledger_is_left_as_it_was(ledger: Ledger) -> None:
    """Lines that never were are priced beside the books, not in them."""
    fill(ledger, on(HAIKU), on(OPUS, shadow_model=HAIKU))
    before = totals(ledger, EVERYTHING)

    total(ledger)

    assert totals(ledger, EVERYTHING) == before
    assert total(ledger) == total(ledger)


def by_first_word(body: Body) -> Task:
    """A classifier that knows two words."""
    proof = body["messages"][0]["content"].startswith("Prove")
    return Task(type="hard_math" if proof else "transform", confidence=0.9, reason="the first word")


def create(client: anthropic.Anthropic, content: str, model: str = OPUS) -> None:
    client.messages.create(model=model, max_tokens=200, messages=[{"role": "user", "content": content}])


def test_decisions_of_the_real_router(ledger: Ledger) -> None:
    """What the Router writes down is told apart, whatever becomes of a call."""
    api = StandIn()
    translate, prove = "Translate into French: good morning", "Prove that the square root of two is irrational."
    client, only_deciding = (
        api.client(anthropic.Anthropic, middleware=[Router(policy, classifier=by_first_word), Meter()])
        for policy in (Policy(), Policy(shadow=True))
    )
    create(client, prove)
    create(client, translate)
    create(client, translate, "auto")
    with pinned("opus"):
        create(client, translate)
    create(only_deciding, translate)
    api.script(Overloaded(), model=HAIKU, times=1)
    create(client, translate)
    api.script(Failure(status=400, error_type="invalid_request_error", message="no"), model=HAIKU, times=1)
    create(client, translate)
    ingest(ledger)
    now = datetime.now(UTC)

    row = total(ledger, Filters(period=Period(now - timedelta(hours=1), now + timedelta(hours=1))))

    counts = {name: getattr(row, name) for name in (*DECISIONS, "fallbacks")}
    assert counts == {
        "kept": 1,
        "stepped_down": 2,
        "left_open": 1,
        "pinned": 1,
        "shadow": 1,
        "taken_back": 1,
        "undecided": 0,
        "second_opinions": 0,
        "fallbacks": 1,
    }


def test_going_home_is_no_wrong_guess(ledger: Ledger) -> None:
    """A conversation that is brought back to the model named, because staying away would cost more, is kept there."""
    fill(ledger, on(OPUS, reason="back to the model named: staying would make the conversation dearer"))

    row = total(ledger)

    assert (row.kept, row.taken_back) == (1, 0)


SPAN = ("--since", "2026-11-09", "--until", "2026-11-11")


def test_the_command(tollgate: Tollgate, ledger: Ledger) -> None:
    """`tollgate report routing` shows the decisions by task type, what they saved, and how it was reckoned."""
    fill(ledger, on(HAIKU, task_type="coding"), on(OPUS, task_type="hard_math", shadow_model=SONNET))

    shown = tollgate("report", "routing", *SPAN).stdout

    assert "2026-11-09 to 2026-11-11, UTC" in shown
    for word in ("coding", "hard_math", "Stepped down", "Shadow would save", "Routing saved", "$0.0058", "Estimated:"):
        assert word in shown
    assert "Pinned" not in shown  # nothing to say


def test_the_json(tollgate: Tollgate, ledger: Ledger) -> None:
    """`--json` has every figure, amounts as exact decimal strings, groups with their dimensions named."""
    fill(ledger, on(HAIKU, task_type="coding"))

    shown = json.loads(tollgate("report", "routing", *SPAN, "--by", "model,day", "--by", "tier", "--json").stdout)

    found = routing(ledger, EVERYTHING, [("model", "day")], opus=OPUS)
    assert found.total is not None
    assert Decimal(shown["total"]["saved"]) == found.total.saved
    assert [table["by"] for table in shown["breakdowns"]] == [["model", "day"], ["tier"]]
    assert shown["breakdowns"][0]["rows"][0]["group"] == {"model": HAIKU, "day": "2026-11-10"}
    assert shown["opus"] == OPUS
    assert shown["demo"] is False


def test_unhappy_periods(tollgate: Tollgate, ledger: Ledger) -> None:
    """Nothing recorded, nothing in the period, an unknown dimension, options in the wrong place: one sentence each."""
    assert "from router import Anthropic" in tollgate("report", "routing").stdout
    fill(ledger, on(HAIKU), on("claude-unheard-of"))
    nothing = tollgate("report", "routing", "--since", "2026-01-01", "--until", "2026-01-02")
    unknown = tollgate("report", "routing", "--by", "colour")
    misplaced = tollgate("report", "--since", "2026-01-01", "routing")

    assert "Nothing happened from 2026-01-01 to 2026-01-02" in nothing.stdout
    assert (unknown.exit_code, "found 'colour', expected one of day" in unknown.stderr) == (1, True)
    assert (misplaced.exit_code, "found options before routing, expected them after it" in misplaced.stderr) == (
        2,
        True,
    )
    assert "attempts without a price, not in the amounts: 1" in tollgate("report", "routing", *SPAN).stdout


def test_feedback(tollgate: Tollgate, ledger: Ledger) -> None:
    """A verdict on a call is in its receipt and in the routing report; said again, it replaces what was said before."""
    fill(ledger, on(HAIKU, call_id="a", task_type="coding"), on(HAIKU, call_id="b", task_type="coding"))

    assert tollgate("feedback", "a", "good").stdout == "good: a\n"
    assert tollgate("feedback", "b", "good").exit_code == 0
    assert tollgate("feedback", "a", "bad", "--note", "wrong \x1b[31m language").exit_code == 0

    (row,) = json.loads(tollgate("report", "routing", *SPAN, "--json").stdout)["breakdowns"][0]["rows"]
    (receipt,) = map(json.loads, tollgate("receipt", "a", "--json").stdout.splitlines())
    assert (row["good"], row["bad"]) == (1, 1)
    assert (receipt["feedback"], receipt["feedback_note"]) == ("bad", "wrong \x1b[31m language")
    assert "feedback: bad" in tollgate("receipt", "a").stdout
    assert "\x1b" not in tollgate("receipt", "a").stdout
    assert "feedback" not in tollgate("receipt", "b").stdout.partition("feedback: good")[2]


def test_feedback_on_what_is_not_there(tollgate: Tollgate, ledger: Ledger) -> None:
    """A call that the ledger does not know, or a verdict that is none, is one sentence, and nothing is kept."""
    fill(ledger, on(HAIKU, call_id="a"))

    unknown = tollgate("feedback", "zzz", "good")
    none = tollgate("feedback", "a", "splendid")

    assert unknown.exit_code == 1
    assert unknown.stderr == f"Error: found no call 'zzz' in {ledger.path}, expected the call_id of a record\n"
    assert none.exit_code == 2
    assert "feedback" not in tollgate("receipt", "a").stdout


def test_feedback_from_the_spool(tollgate: Tollgate, home: Path) -> None:
    """A call that is not in the ledger yet is taken in first."""
    Spool(home).append(a_record(call_id="fresh"))

    assert tollgate("feedback", "fresh", "bad").exit_code == 0


def test_second_opinions_are_what_routing_costs(ledger: Ledger) -> None:
    """What the Router asked a model itself is spent, and nobody would have spent it without the Router."""
    fill(ledger, on(HAIKU), on(HAIKU, asked=HAIKU, fresh=600, output=60, tags=dict([TAG]), reason="a second opinion"))

    row = total(ledger)

    assert (row.stepped_down, row.second_opinions) == (1, 1)
    assert row.saved == usd(OPUS, 1000, 100) - usd(HAIKU, 1000, 100) - usd(HAIKU, 600, 60)
    assert row.opus_cost == usd(OPUS, 1000, 100)


def test_a_failed_call_compares_with_nothing(ledger: Ledger) -> None:
    """An attempt that used nothing costs nothing on any model."""
    fill(ledger, on(SONNET, status=529, usage=None, error_type="overloaded_error", reason="coding (words)"))

    row = total(ledger)

    assert (row.calls, row.list_cost, row.requested_cost, row.saved) == (1, 0, 0, 0)
