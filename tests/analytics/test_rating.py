from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import rating
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from analytics.questions import Connection
from tests.analytics.oracle import MODELS, PRICING, expected

NOVEMBER = datetime(2026, 11, 10, 12, tzinfo=UTC)
BIG = 10**15 - 1


@pytest.fixture(scope="module")
def prices() -> PriceTable:
    return PriceTable.load()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """One for all tests: attempts do not know each other."""
    return Ledger(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def books(ledger: Ledger, prices: PriceTable) -> Books:
    return Books(ledger, prices)


class Books:
    """Puts attempts into a real ledger, rates them and reads their lines back."""

    def __init__(self, ledger: Ledger, prices: PriceTable) -> None:
        self.ledger = ledger
        self.prices = prices

    def rate(self, attempts: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        with self.ledger.write() as con:
            insert(con, attempts)
            rating.rate(con, self.prices)
            return lines_of(con, attempts)

    def lines(self, usage: Any, **changes: Any) -> list[dict[str, Any]]:
        return self.rate([an_attempt(usage, **changes)])[0]

    def line(self, usage: Any, **changes: Any) -> dict[str, Any]:
        (line,) = self.lines(usage, **changes)
        return line


def an_attempt(usage: Any, **changes: Any) -> dict[str, Any]:
    """A finished call to Opus 5.5; `model` also sets what was sent and asked for, unless they are given."""
    model = changes.get("model", "claude-opus-5-5")
    attempt = {
        "record_id": str(uuid.uuid4()),
        "call_id": "call",
        "attempt": 1,
        "started_at": NOVEMBER,
        "platform": "anthropic",
        "endpoint": "/v1/messages",
        "stream": False,
        "requested_model": changes.get("sent_model", model),
        "sent_model": model,
        "model": model,
        "tags": {},
        "status": 200,
        "complete": True,
        "usage": usage,
    }
    return attempt | changes


def insert(con: Connection, attempts: Sequence[dict[str, Any]]) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE fresh (record_id UUID)")
    rows = [
        attempt
        | {
            "started_at": attempt["started_at"].replace(tzinfo=None),
            "usage": None if attempt["usage"] is None else json.dumps(attempt["usage"]),
        }
        for attempt in attempts
    ]
    places = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
    values = [value for row in rows for value in row.values()]
    con.execute(f"INSERT INTO usage ({', '.join(rows[0])}) VALUES {places}", values)  # noqa: S608 - our own names
    con.execute("INSERT INTO fresh SELECT unnest(?::UUID[])", [[row["record_id"] for row in rows]])


def lines_of(con: Connection, attempts: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The rated lines of each attempt, in order."""
    result = con.execute(
        "FROM line JOIN charge USING (record_id, line_number) JOIN fresh USING (record_id) ORDER BY line_number"
    )
    names = [column[0] for column in result.description or ()]
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in result.fetchall():
        line = dict(zip(names, row, strict=True))
        found[str(line["record_id"])].append(line)
    return [found[attempt["record_id"]] for attempt in attempts]


def tokens(fresh: int = 0, output: int = 0, **more: Any) -> dict[str, Any]:
    return {"input_tokens": fresh, "output_tokens": output, **more}


# Real responses, documented with what they cost.


def test_a_plain_response_costs_its_tokens_at_the_list_price(books: Books) -> None:
    """Input and output tokens cost their price per million."""
    line = books.line(tokens(1_000_000, 1_000_000))
    assert (line["input_cost"], line["output_cost"], line["list_cost"]) == (4, 20, 24)


def test_the_four_prompt_buckets_are_disjoint(books: Books) -> None:
    """Cache writes are split by lifetime and never counted twice, nor reads as input."""
    usage = tokens(
        2,
        796,
        cache_read_input_tokens=48_209,
        cache_creation_input_tokens=6_540,
        cache_creation={"ephemeral_5m_input_tokens": 1_000, "ephemeral_1h_input_tokens": 5_540},
        output_tokens_details={"thinking_tokens": 700},
    )
    line = books.line(usage)
    assert line["cache_write_cost"] == Decimal("0.04932")  # 1000 at 5 and 5540 at 8
    assert line["cache_read_cost"] == Decimal("0.0096418")
    assert line["list_cost"] == Decimal("0.0748898")
    assert line["flags"] == []


def test_the_cheapest_thing_there_is_does_not_vanish(books: Books) -> None:
    """One token of a batched cache read costs $0.000000005, exactly."""
    line = books.line(tokens(cache_read_input_tokens=1, service_tier="batch"), model="claude-haiku-5-5")
    assert line["list_cost"] == Decimal("0.000000005")


def test_the_largest_counts_neither_overflow_nor_round(books: Books) -> None:
    """Fifteen digits of every bucket at the dearest price ever charged are added up to the last digit."""
    usage = tokens(BIG, BIG, cache_read_input_tokens=BIG, cache_creation_input_tokens=BIG, speed="fast")
    line = books.line(
        usage | {"inference_geo": "us"}, model="claude-opus-4-6", started_at=datetime(2026, 2, 10, tzinfo=UTC)
    )
    assert line["list_cost"] == BIG * (60 + 225 + 75 + 6) * Decimal("1.1") / 1_000_000


@pytest.mark.parametrize(
    ("model", "at", "prompt", "dollars"),
    [
        ("claude-sonnet-5-5", "2026-10-06T23:59:59.999999", {"cache_read_input_tokens": 1_000_000}, "0.2"),
        ("claude-sonnet-5-5", "2026-10-07T00:00:00", {"cache_read_input_tokens": 1_000_000}, "0.1"),
        ("claude-haiku-5-5", "2026-11-01T00:00:00", {"input_tokens": 100_000}, "0.01"),
        ("claude-haiku-5-5", "2026-11-01T00:00:00", {"input_tokens": 100_001}, "0.0500005"),
        (
            "claude-haiku-5-5",
            "2026-11-01T00:00:00",
            {"input_tokens": 1, "cache_read_input_tokens": 100_000},
            "0.0050005",
        ),
        ("claude-opus-4-6", "2026-03-12T00:00:00", {"input_tokens": 200_001}, "2.00001"),
        ("claude-opus-4-6", "2026-03-13T00:00:00", {"input_tokens": 200_001}, "1.000005"),
        ("claude-sonnet-4-5", "2026-04-29T00:00:00", {"input_tokens": 200_001}, "1.200006"),
        ("claude-3-haiku-20240307", "2024-09-01T00:00:00", {"cache_creation_input_tokens": 1_000_000}, "0.30"),
    ],
)
def test_the_price_is_the_one_in_force_for_that_prompt(
    books: Books, model: str, at: str, prompt: dict[str, int], dollars: str
) -> None:
    """The day, in UTC, and the length of the whole prompt choose the price."""
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert books.line(tokens() | prompt, model=model, started_at=moment)["list_cost"] == Decimal(dollars)


def test_a_prompt_tier_holds_for_output_too(books: Books) -> None:
    """Over the threshold every token of the request is at the upper price."""
    line = books.line(tokens(100_001, 1_000_000), model="claude-haiku-5-5")
    assert line["output_cost"] == Decimal("2.5")
    assert line["sku_price_id"] == "claude-haiku-5-5/standard/2026-10-07/over-100000"


@pytest.mark.parametrize(
    ("said", "factor"),
    [
        ({}, "1"),
        ({"service_tier": "priority"}, "1"),
        ({"inference_geo": "not_available"}, "1"),
        ({"inference_geo": ""}, "1"),
        ({"service_tier": "batch"}, "0.5"),
        ({"inference_geo": "us"}, "1.1"),
        ({"service_tier": "batch", "inference_geo": "us"}, "0.55"),
        ({"speed": "fast"}, "2"),
        ({"speed": "fast", "inference_geo": "us"}, "2.2"),
    ],
)
def test_what_was_served_multiplies_tokens_but_not_fees(books: Books, said: dict[str, str], factor: str) -> None:
    """Batch, US-only inference and fast mode stack on tokens; a web search costs $0.01 whatever they are."""
    usage = tokens(1_000_000, 0, server_tool_use={"web_search_requests": 3, "web_fetch_requests": 9}, **said)
    line = books.line(usage)
    assert line["tool_cost"] == Decimal("0.03")
    assert line["list_cost"] == 4 * Decimal(factor) + Decimal("0.03")


# Several models in one response.


def test_iterations_replace_the_top_level_and_have_their_own_models(books: Books) -> None:
    """Each entry is a line at its own model; the top level's token counts are not added to them."""
    usage = tokens(
        50,
        10,
        server_tool_use={"web_search_requests": 2},
        iterations=[
            {"type": "message", **tokens(50, 10)},
            {"type": "advisor_message", "model": "claude-fable-5-2", **tokens(1000, 100)},
            {"type": "compaction", **tokens(180_000, 3_500)},
        ],
    )
    lines = books.lines(usage)
    assert [line["kind"] for line in lines] == ["message", "advisor_message", "compaction", "top_level"]
    costs = [line["list_cost"] for line in lines]
    assert costs == [Decimal("0.0004"), Decimal("0.012"), Decimal("0.79"), Decimal("0.02")]


def test_a_hop_that_declined_before_it_wrote_is_not_billed(books: Books) -> None:
    """In a server-side fallback only the hops with output cost anything, each at its own model."""
    usage = tokens(
        100,
        10,
        iterations=[
            {"type": "message", **tokens(100, 0)},
            {"type": "fallback_message", "model": "claude-sonnet-5-5", **tokens(1_000_000, 0)},
        ],
    )
    declined, served = books.lines(usage, model="claude-sonnet-5-5", sent_model="claude-opus-5-5")
    assert (declined["model"], declined["billable"], declined["flags"]) == (
        "claude-opus-5-5",
        False,
        ["not_billed:declined"],
    )
    assert declined["list_cost"] == 0
    assert (served["list_cost"], served["requested_list_cost"]) == (2, 4)


@pytest.mark.parametrize(
    ("category", "at", "output", "empty", "billed"),
    [
        (None, NOVEMBER, 0, True, False),
        ("cyber", NOVEMBER, 0, True, False),
        ("bio", NOVEMBER, 0, True, True),
        ("frontier_llm", NOVEMBER, 0, True, True),
        ("reasoning_extraction", NOVEMBER, 0, True, True),
        ("cyber", NOVEMBER, 0, None, False),
        ("cyber", NOVEMBER, 12, False, True),
        ("cyber", datetime(2026, 6, 1, tzinfo=UTC), 0, True, True),
        ("cyber", datetime(2026, 6, 2, tzinfo=UTC), 0, True, False),
    ],
)
def test_a_refusal_before_output_is_free_except_some(
    books: Books, *, category: str | None, at: datetime, output: int, empty: bool | None, billed: bool
) -> None:
    """From 2026-06-02 a refusal without output is free, except in three categories; mid-output it is billed."""
    line = books.line(
        tokens(100, output),
        model="claude-opus-4-8",
        started_at=at,
        stop_reason="refusal",
        stop_category=category,
        content_empty=empty,
    )
    assert line["billable"] is billed
    assert (line["list_cost"] == 0) is not billed
    assert ("not_billed:refusal" in line["flags"]) is not billed


@pytest.mark.parametrize("outcome", ["errored", "canceled", "expired"])
def test_what_a_batch_did_not_do_costs_nothing(books: Books, outcome: str) -> None:
    """Items of a batch that errored, were cancelled or expired are not billed."""
    line = books.line(tokens(100, 10), batch_id="b", custom_id="c", batch_result_type=outcome)
    assert (line["list_cost"], line["flags"]) == (0, [f"not_billed:batch_{outcome}"])


def test_an_item_of_a_batch_is_at_half_price_even_if_it_does_not_say_so(books: Books) -> None:
    """A batch item without `service_tier` is rated as one of a batch."""
    line = books.line(tokens(1_000_000), batch_id="b", custom_id="c", batch_result_type="succeeded")
    assert line["list_cost"] == 2


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"status": 529, "error_type": "overloaded_error"}, 0),
        ({"status": None, "error_type": "APIConnectionError"}, 0),
        ({"status": 200, "error_type": "overloaded_error"}, 0),
        ({"status": 200, "complete": False}, 1),
    ],
)
def test_only_an_answer_without_usage_is_an_unpriced_line(books: Books, changes: dict[str, Any], lines: int) -> None:
    """An attempt that was refused used nothing; an answer whose usage was not seen used something unknown."""
    found = books.lines(None, **changes)
    assert [line["unpriced_reason"] for line in found] == ["the answer came without usage"] * lines
    assert [line["list_cost"] for line in found] == [None] * lines


def test_an_aborted_stream_is_billed_for_what_was_generated(books: Books) -> None:
    """An incomplete stream is rated at the larger of the output counted and the output estimated, and flagged."""
    line = books.line(tokens(100, 1), complete=False, estimated_output_tokens=1_000_000)
    assert line["output_cost"] == 20
    assert set(line["flags"]) == {"incomplete", "output_estimated"}


@pytest.mark.parametrize(
    ("usage", "flags", "write_cost"),
    [
        ({"cache_creation_input_tokens": 10**6}, ["ttl_assumed_5m"], "5"),
        ({"cache_creation_input_tokens": 10**6, "cache_creation": None}, ["ttl_assumed_5m"], "5"),
        (
            {"cache_creation_input_tokens": 10**6, "cache_creation": {"ephemeral_1h_input_tokens": 400_000}},
            ["cache_split_falls_short"],
            "6.2",
        ),
        ({"fallback_credit": {"status": {"type": "redeemed"}}}, ["fallback_credit"], "0"),
        ({"server_tool_use": {"code_execution_requests": 1}}, ["code_execution_time_unknown"], "0"),
    ],
)
def test_what_is_assumed_is_flagged(books: Books, usage: dict[str, Any], flags: list[str], write_cost: str) -> None:
    """Where the response leaves something open, the line is rated by the rule and says so."""
    line = books.line(tokens(1, 1) | usage)
    assert line["flags"] == flags
    assert line["cache_write_cost"] == Decimal(write_cost)
    assert line["unpriced_reason"] is None


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ([1, 2], "usage is not an object"),
        ("text", "usage is not an object"),
        ({}, "input_tokens is missing"),
        ({"input_tokens": 5}, "output_tokens is missing"),
        ({"input_tokens": 5, "output_tokens": None}, "output_tokens is missing"),
        (tokens(5) | {"output_tokens": "5"}, "output_tokens is not a count"),
        (tokens(-5), "input_tokens is not a count"),
        (tokens(5, cache_read_input_tokens=1.5), "cache_read_input_tokens is not a count"),
        (tokens(5, cache_read_input_tokens=True), "cache_read_input_tokens is not a count"),
        (tokens(10**15), "input_tokens is not a count"),
        (tokens(10**30), "input_tokens is not a count"),
        (tokens(5, cache_creation=[3]), "cache_creation is not an object"),
        (
            tokens(5, cache_creation_input_tokens=5, cache_creation={"ephemeral_1h_input_tokens": 6}),
            "cache_creation adds up to more than cache_creation_input_tokens",
        ),
        (tokens(5, server_tool_use={"web_search_requests": "many"}), "web_search_requests is not a count"),
        (tokens(5, iterations={"type": "message"}), "iterations is not a list"),
        (tokens(5, audio_tokens=7), "no price for audio_tokens"),
        (tokens(5) | {'q"/~': {"deep": ["a1", {"n": 7}]}}, 'no price for q"/~'),
        (tokens(5, server_tool_use={"spells": 1}), "no price for spells"),
        (tokens(5, cache_creation={"ephemeral_24h_input_tokens": 5}), "no price for ephemeral_24h_input_tokens"),
        (tokens(5, inference_geo="eu"), "no price for claude-opus-5-5 with inference_geo eu"),
        (tokens(5, service_tier="flex"), "no price for claude-opus-5-5 with service_tier flex"),
        (tokens(5, speed="ludicrous"), "no price for claude-opus-5-5 at ludicrous speed at that time"),
        (tokens(5, speed="fast", service_tier="batch"), "no price for claude-opus-5-5 with service_tier batch"),
    ],
)
def test_usage_that_cannot_be_rated_says_why(books: Books, usage: Any, reason: str) -> None:
    """Damaged or unknown usage has no cost and a reason; nothing is clamped, and nothing crashes."""
    line = books.line(usage)
    assert line["unpriced_reason"] == reason
    assert (line["list_cost"], line["requested_list_cost"], line["uncached_list_cost"]) == (None, None, None)


def test_one_bad_entry_leaves_the_others_priced(books: Books) -> None:
    """An entry of `iterations` that is no object is unpriced; its neighbours are rated."""
    good, bad = books.lines(tokens(iterations=[{"type": "message", **tokens(1_000_000)}, 5]))
    assert (good["list_cost"], bad["unpriced_reason"]) == (4, "usage is not an object")


@pytest.mark.parametrize("noise", [{"id": "abc:123"}, ["a1", None, True, 0], "x9", 0, None, {"a": {"b": 0}}])
def test_unknown_keys_that_count_nothing_do_no_harm(books: Books, noise: Any) -> None:
    """Only a number other than zero under an unknown key can cost money."""
    assert books.line(tokens(1_000_000, novelty=noise))["list_cost"] == 4


@pytest.mark.parametrize(
    ("changes", "usage", "reason"),
    [
        ({"model": "claude-opus-9"}, tokens(1), "unknown model claude-opus-9 on anthropic"),
        ({"model": "claude-opus-5-5-20260922"}, tokens(1), "unknown model claude-opus-5-5-20260922 on anthropic"),
        ({"model": "claude-opus-5-5", "platform": "bedrock"}, tokens(1), "unknown model claude-opus-5-5 on bedrock"),
        ({"model": None}, tokens(1), "the answer names no model"),
        (
            {"model": "claude-1.3"},
            tokens(1),
            "no price for claude-1.3: no dated price was found in any source",
        ),
        (
            {"started_at": datetime(2026, 9, 21, 23, 59, tzinfo=UTC)},
            tokens(1),
            "claude-opus-5-5 was launched on 2026-09-22, later than that",
        ),
        (
            {"model": "claude-3-5-haiku-latest", "started_at": datetime(2024, 12, 24, tzinfo=UTC)},
            tokens(1),
            "no price for claude-3-5-haiku-20241022 at standard speed at that time",
        ),
        (
            {"model": "claude-3-sonnet-20240229"},
            tokens(1, cache_read_input_tokens=1),
            "no price for cache reads of claude-3-sonnet-20240229",
        ),
        (
            {"model": "global.anthropic.claude-opus-5-5", "platform": "bedrock"},
            tokens(1, server_tool_use={"web_search_requests": 1}),
            "no price for web_search_requests on bedrock",
        ),
        (
            {"model": "us-gov.anthropic.claude-opus-5-5", "platform": "bedrock"},
            tokens(1),
            "no price for claude-opus-5-5 with scope us-gov",
        ),
    ],
)
def test_what_has_no_price_is_unpriced_and_never_zero(
    books: Books, changes: dict[str, Any], usage: dict[str, Any], reason: str
) -> None:
    """A model, a bucket or a counter without a price makes the cost unknown and is named."""
    line = books.line(usage, **changes)
    assert (line["list_cost"], line["unpriced_reason"]) == (None, reason)


@pytest.mark.parametrize(
    ("platform", "sent", "endpoint", "dollars"),
    [
        ("bedrock", "global.anthropic.claude-opus-5-5", "/", "4"),
        ("bedrock", "us.anthropic.claude-opus-5-5", "/", "4.4"),
        ("bedrock", "anthropic.claude-opus-5-5", "/", "4.4"),
        ("bedrock", "arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-opus-5-5", "/", "4"),
        ("bedrock", "us.anthropic.claude-opus-4-1-20250805-v1:0", "/", "15"),
        ("vertex", "claude-opus-4-5@20251101", "/v1/projects/p/locations/global/publishers/anthropic", "5"),
        ("vertex", "claude-opus-4-5@20251101", "/v1/projects/p/locations/us-east5/publishers/anthropic", "5.5"),
        ("claude_platform_aws", "claude-opus-5-5", "/v1/messages", "4"),
    ],
)
def test_other_platforms_are_rated_by_the_id_that_was_sent(
    books: Books, platform: str, sent: str, endpoint: str, dollars: str
) -> None:
    """Regional endpoints cost a tenth more, for the models that have that premium."""
    line = books.line(tokens(1_000_000), platform=platform, sent_model=sent, model="claude-opus-5-5", endpoint=endpoint)
    assert line["list_cost"] == Decimal(dollars)


# What routing and caching saved.


@pytest.mark.parametrize(
    ("asked", "usage", "dollars"),
    [
        ("claude-opus-5-5", tokens(1_000_000), "4"),
        ("claude-sonnet-4-5", tokens(1_000_000), "3"),  # an alias
        ("auto", tokens(1_000_000), None),
        (None, tokens(1_000_000), None),
        ("claude-opus-5", tokens(1_000_000, speed="fast"), "10"),
        ("claude-haiku-5-5", tokens(1_000_000, speed="fast"), "0.5"),  # has no fast mode
        ("claude-3-sonnet-20240229", tokens(0, cache_read_input_tokens=1), None),  # has no cache price
    ],
)
def test_the_same_tokens_on_the_model_that_was_asked_for(
    books: Books, asked: str | None, usage: dict[str, Any], dollars: str | None
) -> None:
    """requested_list_cost reprices the line, at its own speed where that model has it; unknown stays unknown."""
    line = books.line(usage, requested_model=asked)
    assert line["requested_list_cost"] == (None if dollars is None else Decimal(dollars))


def test_without_a_cache_every_prompt_token_costs_the_input_price(books: Books) -> None:
    """uncached_list_cost is the line had nothing been written or read."""
    line = books.line(tokens(1, 0, cache_read_input_tokens=700_000, cache_creation_input_tokens=299_999))
    assert line["uncached_list_cost"] == 4


# Laws.

days = sorted(
    {
        day
        for model in PRICING["models"].values()
        for row in model.get("prices", ())
        for day in (row["from"], row.get("to"))
        if day is not None
    }
)
moments = st.builds(
    lambda day, offset: datetime(day.year, day.month, day.day, tzinfo=UTC) + offset,
    st.sampled_from(days),
    st.sampled_from([timedelta(microseconds=-1), timedelta(0), timedelta(hours=13), timedelta(days=9)]),
)
models = st.sampled_from([*MODELS, "claude-of-tomorrow"])
counts = st.one_of(
    st.just(0), st.integers(0, 3), st.integers(99_990, 200_010), st.integers(0, 10**9), st.just(BIG // 4)
)


@st.composite
def buckets(draw: st.DrawFn) -> dict[str, Any]:
    one_hour, five_minutes = draw(counts), draw(counts)
    usage = tokens(draw(counts), draw(counts), cache_read_input_tokens=draw(counts))
    match draw(st.sampled_from(["none", "total", "split", "short"])):
        case "none":
            return usage
        case "total":
            return usage | {"cache_creation_input_tokens": one_hour}
        case "split":
            split = {"ephemeral_1h_input_tokens": one_hour, "ephemeral_5m_input_tokens": five_minutes}
        case _:
            split = {"ephemeral_1h_input_tokens": one_hour}
    return usage | {"cache_creation_input_tokens": one_hour + five_minutes, "cache_creation": split}


@st.composite
def attempts(draw: st.DrawFn) -> dict[str, Any]:
    usage = draw(buckets())
    for key, values in {
        "service_tier": ["standard", "priority", "batch"],
        "inference_geo": ["global", "not_available", "us"],
        "speed": ["standard", "fast"],
    }.items():
        if draw(st.booleans()):
            usage[key] = draw(st.sampled_from(values))
    if draw(st.booleans()):
        usage["server_tool_use"] = {"web_search_requests": draw(st.integers(0, 9)), "web_fetch_requests": 4}
    if draw(st.integers(0, 3)) == 0:
        kinds = draw(
            st.lists(st.sampled_from(["message", "compaction", "advisor_message", "fallback_message"]), max_size=4)
        )
        usage["iterations"] = [
            {"type": kind, **({"model": draw(models)} if kind.endswith("_message") else {}), **draw(buckets())}
            for kind in kinds
        ]
    return an_attempt(
        usage,
        model=draw(models),
        sent_model=draw(models),
        requested_model=draw(st.one_of(models, st.just("auto"))),
        started_at=draw(moments),
        complete=draw(st.integers(0, 5)) > 0,
        estimated_output_tokens=draw(st.one_of(st.none(), st.integers(0, 10**6))),
        stop_reason=draw(st.sampled_from(["end_turn", "end_turn", "refusal"])),
        stop_category=draw(st.sampled_from([None, "cyber", "bio"])),
        content_empty=draw(st.sampled_from([None, True, False])),
    )


@settings(max_examples=12, deadline=None)
@given(st.lists(attempts(), min_size=15, max_size=30))  # of the time it takes, little is for the number of attempts
def test_the_statement_equals_an_independent_calculation(books: Books, given_attempts: list[dict[str, Any]]) -> None:
    """Whatever was used, whenever, on whichever model: rate.sql and the Decimal oracle agree to the last digit."""
    for attempt, lines in zip(given_attempts, books.rate(given_attempts), strict=True):
        wanted = expected(attempt)
        found = [(line["list_cost"], line["requested_list_cost"], line["uncached_list_cost"]) for line in lines]
        assert found == [(line.list_cost, line.requested_list_cost, line.uncached_list_cost) for line in wanted]
        for line in lines:
            assert (line["list_cost"] is None) == (line["unpriced_reason"] is not None)
            if line["list_cost"] is not None:
                parts = ("input_cost", "output_cost", "cache_write_cost", "cache_read_cost", "tool_cost")
                assert line["list_cost"] == sum(line[part] for part in parts)


def test_every_model_on_every_day_that_a_price_changed_equals_the_calculation(books: Books) -> None:
    """No model and no change of a price is left out of the comparison."""
    usage = tokens(7, 11, cache_creation_input_tokens=13, cache_read_input_tokens=17)
    every = [
        an_attempt(usage, model=model, started_at=datetime(day.year, day.month, day.day, tzinfo=UTC))
        for model, day in product(PRICING["models"], days)
    ]
    found = [line["list_cost"] for (line,) in books.rate(every)]
    assert found == [expected(attempt)[0].list_cost for attempt in every]


def test_rating_twice_is_rating_once(books: Books, prices: PriceTable) -> None:
    """Lines and charges that are there are left alone."""
    attempt = an_attempt(tokens(1_000_000))
    with books.ledger.write() as con:
        insert(con, [attempt])
        first = rating.rate(con, prices)
        assert rating.rate(con, prices) == first
        assert [len(lines) for lines in lines_of(con, [attempt])] == [1]


def test_the_result_names_what_is_unpriced(books: Books, prices: PriceTable) -> None:
    """Rating returns how many lines there are, and how many have no cost, by reason."""
    unknown = [an_attempt(tokens(1), model="claude-opus-9") for _ in range(2)]
    with books.ledger.write() as con:
        insert(con, [*unknown, an_attempt(tokens(1))])
        result = rating.rate(con, prices)
    assert result == rating.RatingResult(lines=3, unpriced={"unknown model claude-opus-9 on anthropic": 2})
