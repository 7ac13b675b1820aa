from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics import reports
from analytics.exceptions import SettingsError
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period, midnight
from analytics.reports import Filters
from tests.conftest import empty_ledger, fill

DAY = midnight(datetime(2026, 11, 10, tzinfo=UTC).date())
NOON = DAY + timedelta(hours=12)
EVERYTHING = Filters(period=Period(DAY - timedelta(days=9), DAY + timedelta(days=9)))
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5", "claude-opus-5-5"


def usage(tokens_in: int, tokens_out: int, *, write: int = 0, read: int = 0) -> dict[str, Any]:
    return {
        "input_tokens": tokens_in,
        "output_tokens": tokens_out,
        "cache_creation_input_tokens": write,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    }


def dollars(
    tokens_of_haiku: tuple[int, int] = (0, 0), tokens_of_opus: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> Decimal:
    """Input and output of Haiku 5.5; input, output, 5m writes and reads of Opus 5.5; prices of 10 November 2026."""
    haiku = zip(tokens_of_haiku, ("0.10", "0.50"), strict=True)
    opus = zip(tokens_of_opus, ("4", "20", "5", "0.2"), strict=True)
    return sum((count * Decimal(price) for count, price in (*haiku, *opus)), Decimal(0)) / 1_000_000


def test_a_new_machine(ledger: Ledger) -> None:
    """On an empty ledger counts are zero, amounts are unknown, and there are no groups."""
    totals = reports.totals(ledger, EVERYTHING)

    assert (totals.calls, totals.attempts, totals.input_tokens) == (0, 0, 0)
    assert (totals.list_cost, totals.routing_saved, totals.cache_saved) == (None, None, None)
    assert reports.cost_by(ledger, EVERYTHING, ["day"]) == []
    assert reports.dimensions(ledger) == reports.Dimensions(
        models=(), task_types=(), tags={}, first_at=None, last_at=None
    )
    health = reports.health(ledger)
    assert (health.attempts, health.first_at, health.unpriced, health.demo) == (0, None, (), False)
    assert health.price_table_version is None


def test_totals_by_hand(ledger: Ledger) -> None:
    """The totals equal what the price table says, worked out by hand, to the last digit."""
    fill(
        ledger,
        {"usage": usage(1000, 100)},
        {"usage": usage(50, 10, write=2000, read=3000), "model": OPUS, "sent_model": OPUS},
    )
    cheap, asked = dollars((1000, 100)), dollars(tokens_of_opus=(1000, 100, 0, 0))
    cached, uncached = dollars(tokens_of_opus=(50, 10, 2000, 3000)), dollars(tokens_of_opus=(5050, 10, 0, 0))

    totals = reports.totals(ledger, EVERYTHING)

    assert totals.list_cost == cheap + cached
    assert totals.requested_list_cost == asked + cached
    assert totals.routing_saved == asked - cheap
    assert totals.routing_compared_attempts == 2
    assert totals.cache_saved == uncached - cached
    assert (totals.input_tokens, totals.output_tokens) == (1050, 110)
    assert (totals.cache_write_tokens, totals.cache_read_tokens) == (2000, 3000)


def test_a_call_counts_once(ledger: Ledger) -> None:
    """Attempts of one call are one call; items of a batch are each their own."""
    overloaded: dict[str, Any] = {"model": None, "status": 529, "error_type": "overloaded_error", "usage": None}
    fill(
        ledger,
        {"call_id": "a", "sent_model": OPUS, **overloaded},
        {"call_id": "a", "attempt": 2},
        {"call_id": "batch/1", "batch_id": "batch", "custom_id": "1", "batch_result_type": "succeeded"},
        {"call_id": "batch/2", "batch_id": "batch", "custom_id": "2", "batch_result_type": "succeeded"},
    )

    totals = reports.totals(ledger, EVERYTHING)

    assert (totals.calls, totals.attempts, totals.failed_attempts) == (3, 4, 1)


def test_fallback_calls(ledger: Ledger) -> None:
    """A call fell back if another model answered it: not if the same one did, nor if none did."""
    overloaded: dict[str, Any] = {"model": None, "status": 529, "error_type": "overloaded_error", "usage": None}
    fill(
        ledger,
        {"call_id": "fell back", "sent_model": OPUS, **overloaded},
        {"call_id": "fell back", "attempt": 2},
        {"call_id": "retried", "sent_model": HAIKU, **overloaded},
        {"call_id": "retried", "attempt": 2},
        {"call_id": "gave up", "sent_model": OPUS, **overloaded},
        {"call_id": "gave up", "attempt": 2, **overloaded},
        {"call_id": "broke inside a 200", "sent_model": OPUS, **overloaded},
        {"call_id": "broke inside a 200", "attempt": 2, "error_type": "overloaded_error", "usage": None},
    )

    assert reports.totals(ledger, EVERYTHING).fallback_calls == 1


def test_auto_is_not_compared(ledger: Ledger) -> None:
    """A call that asked for no model costs something, but has nothing to be compared with."""
    fill(ledger, {"requested_model": "auto"})

    totals = reports.totals(ledger, EVERYTHING)

    assert totals.list_cost is not None
    assert (totals.routing_saved, totals.requested_list_cost, totals.routing_compared_attempts) == (None, None, 0)


def test_unpriced_is_counted_and_not_zero(ledger: Ledger) -> None:
    """An attempt without a price is no part of the amounts; it is counted beside them, with the reason."""
    fill(ledger, {"model": "claude-unheard-of"}, {"usage": None}, {})
    only = reports.cost_by(ledger, EVERYTHING, ["model"])

    totals, health = reports.totals(ledger, EVERYTHING), reports.health(ledger)

    assert totals.unpriced_attempts == 2
    assert totals.list_cost == dollars((1000, 100))
    assert [(row.group, row.list_cost, row.unpriced_attempts) for row in only[1:]] == [
        (("claude-unheard-of",), None, 1)
    ]
    assert [attempts for _, attempts in health.unpriced] == [1, 1]
    assert any("claude-unheard-of" in reason for reason, _ in health.unpriced)


def test_a_refused_attempt_costs_nothing(ledger: Ledger) -> None:
    """An attempt that the API refused is failed, not unpriced, and its cost is known: nothing."""
    fill(ledger, {"model": None, "status": 400, "error_type": "invalid_request_error", "usage": None})

    totals = reports.totals(ledger, EVERYTHING)

    assert (totals.failed_attempts, totals.unpriced_attempts, totals.list_cost) == (1, 0, 0)


def test_the_period_is_half_open(ledger: Ledger) -> None:
    """The first moment of a period belongs to it, its end to the next."""
    fill(ledger, {"started_at": DAY}, {"started_at": DAY + timedelta(days=1)})
    period = Period(DAY, DAY + timedelta(days=1))

    assert reports.totals(ledger, Filters(period=period)).attempts == 1
    assert reports.totals(ledger, Filters(period=period.previous)).attempts == 0


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Attempts of two models and two tasks, two of them tagged: for tests that only read."""
    ledger = empty_ledger(tmp_path_factory.mktemp("three"))
    fill(
        ledger,
        {"tags": {"team": "search", "feature": "x"}},
        {"tags": {"team": "search"}},
        {"model": SONNET, "task_type": "code", "tags": {}},
    )
    return ledger


@pytest.mark.parametrize(
    ("chosen", "attempts"),
    [
        ({"models": (HAIKU,)}, 2),
        ({"models": (HAIKU, SONNET)}, 3),
        ({"task_types": ("code",)}, 1),
        ({"tags": {"team": "search"}}, 2),
        ({"tags": {"team": "search", "feature": "x"}}, 1),
        ({"tags": {"feature": "y"}}, 0),
        ({"models": (SONNET,), "tags": {"team": "search"}}, 0),
    ],
)
def test_filters(three: Ledger, chosen: dict[str, Any], attempts: int) -> None:
    """Every filter narrows; of several tags all must match."""
    filters = Filters(period=EVERYTHING.period, **chosen)

    assert reports.totals(three, filters).attempts == attempts


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """An attempt with everything that it can be grouped by, and a later, cheaper one with as little as there can be."""
    ledger = empty_ledger(tmp_path_factory.mktemp("two"))
    fill(
        ledger,
        {"task_type": None, "tags": {}},
        {
            "started_at": DAY - timedelta(minutes=1),
            "model": OPUS,
            "sent_model": OPUS,
            "task_type": "code",
            "region": "us-east-1",
            "workspace_id": "wrkspc_1",
            "user_id": "u-1",
            "key_fingerprint": "0123456789abcdef",
        },
    )
    return ledger


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        (["day"], [("2026-11-09",), ("2026-11-10",)]),
        (["hour"], [("2026-11-09 23:00",), ("2026-11-10 12:00",)]),
        (["model"], [(OPUS,), (HAIKU,)]),
        (["requested_model"], [(OPUS,)]),
        (["task_type"], [("code",), (None,)]),
        (["tier"], [("haiku",)]),
        (["platform"], [("anthropic",)]),
        (["status"], [("200",)]),
        (["region"], [("us-east-1",), (None,)]),
        (["workspace_id"], [("wrkspc_1",), (None,)]),
        (["user_id"], [("u-1",), (None,)]),
        (["key_fingerprint", "day"], [("0123456789abcdef", "2026-11-09"), (None, "2026-11-10")]),
        (["tag:team"], [("search",), (None,)]),
        (["day", "model"], [("2026-11-09", OPUS), ("2026-11-10", HAIKU)]),
    ],
)
def test_breakdowns(two: Ledger, by: list[str], groups: list[tuple[str | None, ...]]) -> None:
    """Groups come in order of time, else the dearest first; what an attempt does not have is None."""
    assert [row.group for row in reports.cost_by(two, EVERYTHING, by)] == groups


def test_several_breakdowns_at_once(two: Ledger) -> None:
    """Breakdowns that are asked for together are those that are asked for one by one, four dimensions in all."""
    several = (["model"], ["tag:team", "model"], ["day"], ["model", "region"])

    assert reports.costs_by(two, EVERYTHING, several) == [reports.cost_by(two, EVERYTHING, by) for by in several]
    with pytest.raises(SettingsError, match="found 5 dimensions, expected at most 4"):
        reports.costs_by(two, EVERYTHING, [*several, ["tier"]])


def test_breakdowns_add_up(ledger: Ledger) -> None:
    """The rows of a breakdown add up to the totals."""
    fill(
        ledger,
        *({"model": model, "started_at": NOON - timedelta(days=day)} for model in (HAIKU, OPUS) for day in range(4)),
    )
    totals = reports.totals(ledger, EVERYTHING)

    for by in (["day"], ["model"], ["day", "model", "tag:team"]):
        rows = reports.cost_by(ledger, EVERYTHING, by)
        assert sum(row.list_cost or 0 for row in rows) == totals.list_cost
        assert sum(row.attempts for row in rows) == totals.attempts
        assert sum(row.input_tokens for row in rows) == totals.input_tokens


@pytest.mark.parametrize("by", [[], ["weather"], ["tag:"], [""], ["day", "usage; DROP TABLE usage"]])
def test_unknown_dimensions_are_refused(ledger: Ledger, by: list[str]) -> None:
    """A breakdown by something else is a sentence that lists what there is."""
    with pytest.raises(SettingsError, match="by: found"):
        reports.cost_by(ledger, EVERYTHING, by)


WORDS = ["'; DROP TABLE usage; --", "team'] OR true --", "$start", "%", "größe\n", "a'b\"c"]


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger with each of the words as a tag, and as its value."""
    ledger = empty_ledger(tmp_path_factory.mktemp("worded"))
    fill(ledger, *({"tags": {word: word}} for word in WORDS), {})
    return ledger


@pytest.mark.parametrize("word", WORDS)
def test_tags_are_data(worded: Ledger, word: str) -> None:
    """Keys and values of tags are never read as SQL, in a breakdown as in a filter."""
    rows = reports.cost_by(worded, EVERYTHING, [f"tag:{word}"])
    found = reports.totals(worded, Filters(period=EVERYTHING.period, tags={word: word}, models=(HAIKU,)))
    missed = reports.totals(worded, Filters(period=EVERYTHING.period, tags={"team": word}, task_types=(word,)))

    assert {row.group for row in rows} == {(word,), (None,)}
    assert (found.attempts, missed.attempts) == (1, 0)
    assert reports.dimensions(worded).tags == {word: (word,) for word in WORDS} | {"team": ("search",)}


def test_health(ledger: Ledger, home: Path) -> None:
    """Health counts what is waiting, lost, damaged and flagged, and says how old the price table is."""
    fill(ledger, {"started_at": DAY}, {"started_at": NOON, "complete": False})
    (home / "spool" / "1.ndjson").write_bytes(b"junk\n")
    ingest(ledger)
    (home / "spool" / "2.ndjson").write_bytes(b"waiting\n")
    (home / "lost").write_bytes(b"..")
    (home / "DEMO").touch()

    health = reports.health(ledger)

    assert (health.attempts, health.first_at, health.last_at) == (2, DAY, NOON)
    assert (health.waiting_bytes, health.lost_records, health.rejected_lines) == (8, 2, 1)
    assert dict(health.flagged)["incomplete"] == 1
    assert health.price_table_version is not None
    assert health.price_table_checked_on is not None
    assert health.demo


def test_dimensions(ledger: Ledger) -> None:
    """What can be chosen is what occurs, sorted; of the values of one tag at most two hundred."""
    fill(
        ledger,
        {"started_at": DAY, "model": OPUS, "tags": {"team": "b", "x": "1"}},
        {"model": None, "task_type": None, "tags": {"team": "a"}, "status": 500},
        *({"tags": {"user": f"{number:03}"}} for number in range(201)),
        {"tags": {"user": "200"}},
    )

    dimensions = reports.dimensions(ledger)

    assert dimensions.models == (HAIKU, OPUS)
    assert dimensions.task_types == ("classify",)
    assert dimensions.tags["team"] == ("a", "b")
    assert len(dimensions.tags["user"]) == 200
    assert "200" in dimensions.tags["user"]
    assert (dimensions.first_at, dimensions.last_at) == (DAY, NOON)
    assert dimensions.identities == ()


def test_identities_that_differ(ledger: Ledger) -> None:
    """Of users, keys, workspaces, platforms and regions those are dimensions that have more than one value."""
    fill(
        ledger,
        {"user_id": "u-1", "key_fingerprint": "a", "platform": "bedrock", "region": "us-east-1"},
        {"user_id": "u-2", "key_fingerprint": "a", "region": None},
        {"user_id": None, "key_fingerprint": "a", "workspace_id": "w"},
    )

    assert reports.dimensions(ledger).identities == ("platform", "user_id")
