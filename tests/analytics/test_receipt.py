from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.desk import price_all
from analytics.rating import price
from analytics.receipt import Receipt, exact_sum, plain
from analytics.receipt_text import as_json_line
from tests.analytics.oracle import BEDROCK, GLOBAL_IDS, expected_elsewhere

MILLION = 10**6
TIERED = ("claude-haiku-5-5", "claude-opus-5-5")
"""A model whose price depends on the length of the prompt, and one whose price does not."""


def used(fresh: int = 0, output: int = 0, **more: Any) -> dict[str, Any]:
    return {"input_tokens": fresh, "output_tokens": output, **more}


def written(total: int, one_hour: int | None = None, five_minutes: int = 0) -> dict[str, Any]:
    if one_hour is None:
        return {"cache_creation_input_tokens": total}
    split = {"ephemeral_1h_input_tokens": one_hour, "ephemeral_5m_input_tokens": five_minutes}
    return {"cache_creation_input_tokens": total, "cache_creation": split}


def receipt(usage: Any, model: str = "claude-opus-5-5", at: str = "2026-11-10", **more: Any) -> Receipt:
    return price_all([{"model": model, "at": at, "usage": usage, **more}])[0]


def entry(kind: str, fresh: int, output: int, model: str | None = None, **more: Any) -> dict[str, Any]:
    return {"type": kind, "model": model, **used(fresh, output, **more)}


ON = {name: {"platform": name} for name in ("bedrock", "vertex", "foundry", "claude_platform_aws")}
US: dict[str, Any] = {"inference_geo": "us"}
BATCH: dict[str, Any] = {"service_tier": "batch"}
FAST: dict[str, Any] = {"speed": "fast"}
SEARCHED: dict[str, Any] = {"server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 2}}
REFUSED: dict[str, Any] = {"stop_reason": "refusal", "content_empty": True}
ARN = "arn:aws:bedrock:us-east-1:1:"
SONNET_4_5 = "anthropic.claude-sonnet-4-5-20250929-v1:0"

# usage, model, at, what else; the dollars, worked out by hand from the published prices.
Case = tuple[dict[str, Any], str, str, dict[str, Any], str]
CASES: list[Case] = [
    # The four buckets.
    (used(500, 425), "claude-opus-5-5", "2026-11-10", {}, "0.0105"),
    (used(MILLION, MILLION), "claude-fable-5-2", "2026-11-09", {}, "48"),
    (used(0, 0, **written(MILLION, 0, MILLION)), "claude-opus-5-5", "2026-11-10", {}, "5"),
    (used(0, 0, **written(MILLION, MILLION)), "claude-opus-5-5", "2026-11-10", {}, "8"),
    (used(0, 0, **written(MILLION, 600_000, 400_000)), "claude-opus-5-5", "2026-11-10", {}, "6.8"),
    (used(0, 0, **written(MILLION)), "claude-opus-5-5", "2026-11-10", {}, "5"),
    (used(0, 0, **written(MILLION, 400_000)), "claude-opus-5-5", "2026-11-10", {}, "6.2"),
    (used(0, 0, cache_read_input_tokens=MILLION), "claude-fable-5-1", "2026-09-02", {}, "0.25"),
    (used(0, 0, **written(MILLION)), "claude-3-haiku-20240307", "2025-01-01", {}, "0.3"),
    (used(0, 0, cache_read_input_tokens=MILLION), "claude-3-haiku-20240307", "2025-01-01", {}, "0.03"),
    (used(9, 100, output_tokens_details={"thinking_tokens": 90}), "claude-opus-5", "2026-08-01", {}, "0.002545"),
    # What was served multiplies tokens, and never fees.
    (used(MILLION, MILLION, **BATCH), "claude-opus-5-5", "2026-11-10", {}, "12"),
    (used(MILLION, MILLION, **US), "claude-opus-5-5", "2026-11-10", {}, "26.4"),
    (used(MILLION, MILLION, **BATCH, **US), "claude-opus-5-5", "2026-11-10", {}, "13.2"),
    (used(MILLION, 0, **BATCH, **SEARCHED), "claude-opus-5-5", "2026-11-10", {}, "2.03"),
    (used(MILLION, 0, **US, **SEARCHED), "claude-opus-5-5", "2026-11-10", {}, "4.43"),
    (used(MILLION, 0, service_tier="priority"), "claude-opus-4-8", "2026-11-10", {}, "5"),
    (used(MILLION, 0, inference_geo="not_available"), "claude-haiku-4-5", "2026-11-10", {}, "1"),
    (used(0, 0, cache_read_input_tokens=1, **BATCH), "claude-haiku-5-5", "2026-11-10", {}, "0.000000005"),
    (used(MILLION, 0), "claude-opus-5-5", "2026-11-10", {"endpoint": "/v1/messages/batches"}, "2"),
    # Fast mode.
    (used(MILLION, MILLION, **FAST), "claude-opus-5-5", "2026-11-10", {}, "48"),
    (used(MILLION, MILLION, **FAST, **US), "claude-opus-5-5", "2026-11-10", {}, "52.8"),
    (used(MILLION, MILLION, **FAST), "claude-opus-4-7", "2026-07-23", {}, "180"),
    (used(200_001, 0, **FAST), "claude-opus-4-6", "2026-02-10", {}, "12.00006"),
    (used(200_001, 0, **FAST), "claude-opus-4-6", "2026-03-01", {}, "6.00003"),
    (used(0, 0, cache_read_input_tokens=MILLION, **FAST), "claude-fable-5-2", "2026-11-20", {}, "0.4"),
    # Prompt tiers: strictly over, from the whole prompt, for every token.
    (used(200_000, MILLION), "claude-sonnet-4-6", "2026-03-01", {}, "15.6"),
    (used(200_001, MILLION), "claude-sonnet-4-6", "2026-03-01", {}, "23.700006"),
    (used(200_001, MILLION), "claude-sonnet-4-6", "2026-03-13", {}, "15.600003"),
    (used(1, 0, cache_read_input_tokens=200_000), "claude-sonnet-4-5", "2026-04-29", {}, "0.120006"),
    (used(1, 0, cache_read_input_tokens=200_000), "claude-sonnet-4-5", "2026-04-30", {}, "0.060003"),
    (used(100_000, 1000), "claude-haiku-5-5", "2026-10-07", {}, "0.0105"),
    (used(100_001, 1000), "claude-haiku-5-5", "2026-10-07", {}, "0.0525005"),
    (used(100_001, 1000, **BATCH, **US), "claude-haiku-5-5", "2026-10-07", {}, "0.028875275"),
    # Prices that changed.
    (used(0, 0, cache_read_input_tokens=MILLION), "claude-sonnet-5-5", "2026-10-06T23:59:59Z", {}, "0.2"),
    (used(0, 0, cache_read_input_tokens=MILLION), "claude-sonnet-5-5", "2026-10-07", {}, "0.1"),
    (used(0, 0, cache_read_input_tokens=MILLION), "claude-sonnet-5-5", "2026-10-07T01:00:00+02:00", {}, "0.2"),
    (used(MILLION, 0), "claude-3-5-haiku-20241022", "2024-11-10", {}, "1"),
    (used(MILLION, 0), "claude-3-5-haiku-latest", "2025-03-01", {}, "0.8"),
    # Several models in one response.
    (
        used(50, 10, iterations=[entry("compaction", 180_000, 3_500), entry("message", 50, 10)]),
        *("claude-opus-5-5", "2026-11-10", {}, "0.7904"),
    ),
    (
        used(50, 10, iterations=[entry("message", 50, 10), entry("advisor_message", 1000, 100, "claude-fable-5-2")]),
        *("claude-opus-5-5", "2026-11-10", {}, "0.0124"),
    ),
    (
        used(9, 9, iterations=[entry("message", 9, 0), entry("fallback_message", MILLION, 0, "claude-sonnet-5-5")]),
        *("claude-opus-5-5", "2026-11-10", {}, "2"),
    ),
    (
        used(1, 1, iterations=[entry("message", 90_000, 0), entry("message", 90_000, 0)]),
        *("claude-haiku-5-5", "2026-11-10", {}, "0.018"),
    ),
    (used(50, 0, iterations=[entry("message", 50, 0)], **SEARCHED), "claude-opus-5-5", "2026-11-10", {}, "0.0302"),
    # What is not billed, and what is after all.
    (used(100, 0), "claude-opus-4-8", "2026-06-02", REFUSED, "0"),
    (used(100, 0), "claude-opus-4-8", "2026-06-01", REFUSED, "0.0005"),
    (used(100, 4), "claude-opus-4-8", "2026-06-02", REFUSED | {"content_empty": False}, "0.0006"),
    (used(100, 0), "claude-opus-4-8", "2026-06-02", REFUSED | {"stop_category": "bio"}, "0.0005"),
    (used(100, 0), "claude-opus-4-8", "2026-06-02", REFUSED | {"stop_details": {"category": "cyber"}}, "0"),
    (used(100, 9), "claude-opus-5-5", "2026-11-10", {"batch_result_type": "errored"}, "0"),
    (
        used(50, 10, iterations=[entry("message", 50, 10)], **SEARCHED),
        *("claude-opus-5-5", "2026-11-10", REFUSED | {"content_empty": False}, "0.0304"),
    ),
    (used(MILLION, 0, server_tool_use={"code_execution_requests": 2}), "claude-opus-5-5", "2026-11-10", {}, "4"),
    (used(MILLION, 0, fallback_credit={"status": {"type": "redeemed"}}), "claude-opus-5-5", "2026-11-10", {}, "4"),
    # Amazon Bedrock: the id says where.
    (used(MILLION), f"global.{SONNET_4_5}", "2026-11-10", ON["bedrock"], "3"),
    (used(MILLION), f"us.{SONNET_4_5}", "2026-11-10", ON["bedrock"], "3.3"),
    (used(MILLION), f"jp.{SONNET_4_5}", "2026-11-10", ON["bedrock"], "3.3"),
    (used(MILLION), SONNET_4_5, "2026-11-10", ON["bedrock"], "3.3"),
    (used(MILLION), SONNET_4_5, "2026-11-10", ON["bedrock"] | {"endpoint": "global"}, "3"),
    (used(MILLION), f"global.{SONNET_4_5}", "2026-11-10", ON["bedrock"] | {"endpoint": "us-east-1"}, "3"),
    (used(MILLION), f"{ARN}inference-profile/eu.{SONNET_4_5}", "2026-11-10", ON["bedrock"], "3.3"),
    (used(MILLION), f"arn:aws:bedrock:us-east-1::foundation-model/{SONNET_4_5}", "2026-11-10", ON["bedrock"], "3.3"),
    (used(MILLION), "us.anthropic.claude-opus-4-1-20250805-v1:0", "2026-01-10", ON["bedrock"], "15"),
    # Google Cloud: the endpoint says where.
    (used(MILLION), "claude-opus-4-5@20251101", "2026-11-10", ON["vertex"] | {"endpoint": "global"}, "5"),
    (used(MILLION), "claude-opus-4-5@20251101", "2026-11-10", ON["vertex"], "5"),
    (used(MILLION), "claude-opus-4-5@20251101", "2026-11-10", ON["vertex"] | {"endpoint": "us-east5"}, "5.5"),
    (used(MILLION), "claude-opus-5-5", "2026-11-10", ON["vertex"] | {"endpoint": "multi_region"}, "4.4"),
    (used(MILLION), "claude-opus-5-5", "2026-11-10", ON["vertex"] | {"endpoint": "regional"}, "4.4"),
    (
        *(used(MILLION), "claude-opus-5-5", "2026-11-10"),
        *(ON["vertex"] | {"endpoint": "/v1/projects/p/locations/eu/publishers/anthropic/models/m:rawPredict"}, "4.4"),
    ),
    (
        *(used(MILLION), "claude-opus-5-5", "2026-11-10"),
        *(ON["vertex"] | {"endpoint": "https://aiplatform.googleapis.com/v1/projects/p/locations/global"}, "4"),
    ),
    (
        *(used(MILLION), "claude-opus-5-5", "2026-11-10"),
        *(ON["vertex"] | {"endpoint": "https://europe-west1-aiplatform.googleapis.com"}, "4.4"),
    ),
    (used(MILLION), "claude-opus-4-1@20250805", "2026-01-10", ON["vertex"] | {"endpoint": "us-east5"}, "15"),
    # Microsoft Foundry: the kind of deployment says where.
    (used(MILLION), "claude-opus-5-5", "2026-11-10", ON["foundry"], "4"),
    (used(MILLION), "claude-opus-5-5", "2026-11-10", ON["foundry"] | {"deployment_type": "GlobalStandard"}, "4"),
    (used(MILLION), "claude-opus-5-5", "2026-11-10", ON["foundry"] | {"deployment_type": "DataZoneStandard"}, "4.4"),
    (used(MILLION), "claude-opus-5-5", "2026-11-10", ON["foundry"] | {"deployment_type": "us_data_zone"}, "4.4"),
    (used(MILLION, **US), "claude-opus-5-5", "2026-11-10", ON["foundry"], "4.4"),
    (
        *(used(MILLION, **US), "claude-opus-5-5", "2026-11-10"),
        *(ON["foundry"] | {"deployment_type": "data_zone_standard"}, "4.4"),
    ),
    # Claude Platform on AWS: the Claude API by another door.
    (used(MILLION, **US), "claude-opus-5-5", "2026-11-10", ON["claude_platform_aws"], "4.4"),
]


@pytest.fixture(scope="module")
def worked() -> list[Receipt]:
    """The receipts of all the cases, asked for at once."""
    return price_all([{"usage": usage, "model": model, "at": at, **more} for usage, model, at, more, _ in CASES])


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: str(CASES[number]))
def test_the_rules_of_billing_by_worked_examples(worked: list[Receipt], number: int) -> None:
    """Each rule gives the amount that was worked out by hand, exactly."""
    found, dollars = worked[number], CASES[number][-1]
    assert (found.status, found.list_cost and plain(found.list_cost)) == ("priced", dollars if dollars != "0" else 0)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (5, "found 5, expected a JSON object"),
        ({"at": ...}, "at: found nothing"),
        ({"at": "soon"}, 'at: found "soon"'),
        ({"model": ...}, "model: found nothing"),
        ({"model": 5}, "model: found 5, expected a string"),
        ({"platform": "azure"}, 'platform: found "azure", expected one of anthropic'),
        ({"usage": "many"}, "usage is not an object"),
        ({"usage": None}, "the answer came without usage"),
        ({"usage": float("nan")}, "usage: found what JSON cannot hold"),
        ({"usage": used(-1)}, "input_tokens is not a count"),
        ({"usage": used(1) | {"output_tokens": "5"}}, "output_tokens is not a count"),
        ({"usage": used(1, audio_tokens=7)}, "no price for audio_tokens"),
        ({"usage": used(1, **written(5, 6))}, "cache_creation adds up to more"),
        ({"model": "claude-opus-9"}, "unknown model claude-opus-9 on anthropic"),
        ({"model": "claude-opus-5-5-20260922"}, "unknown model"),
        ({"model": "my-deployment", "platform": "foundry"}, "unknown model my-deployment on foundry"),
        (
            {"platform": "foundry", "deployment_type": "provisioned"},
            "no price for claude-opus-5-5 with scope provisioned",
        ),
        ({"model": f"us-gov.{SONNET_4_5}", "platform": "bedrock"}, "with scope us-gov"),
        ({"model": SONNET_4_5, "platform": "bedrock", "endpoint": "us-gov-west-1"}, "with scope us-gov"),
        ({"model": f"{ARN}application-inference-profile/abc", "platform": "bedrock"}, "unknown model"),
        ({"at": "2026-09-21"}, "claude-opus-5-5 was launched on 2026-09-22"),
        ({"model": "claude-opus-4-7", "at": "2026-07-24", "usage": used(1, **FAST)}, "at fast speed at that time"),
        ({"usage": used(1, **FAST, **BATCH)}, "with service_tier batch"),
        ({"usage": used(1, **US), "model": "claude-haiku-4-5"}, "with inference_geo us"),
        ({"batch_result_type": "cancelled"}, "batch_result_type: found"),
        ({"content_empty": 1}, "content_empty: found 1, expected true or false"),
    ],
)
def test_what_cannot_be_priced_says_why(call: Any, reason: str) -> None:
    """Bad or unknown input is a receipt without a cost and with a reason; its neighbours are priced."""
    good = {"model": "claude-opus-5-5", "at": "2026-11-10", "usage": used(MILLION)}
    whole = {key: value for key, value in (good | call).items() if value is not ...} if isinstance(call, dict) else call
    before, found, after = price_all([good, whole, good])
    assert (found.status, found.list_cost, found.contracted_cost) == ("unpriced", None, None)
    assert found.reason is not None
    assert reason in found.reason
    assert (before.list_cost, after.list_cost) == (4, 4)


def test_a_part_is_not_the_cost() -> None:
    """Where one model of several has no price, the total is unknown and what is known stands beside it."""
    usage = used(1, 1, iterations=[entry("message", MILLION, 0), entry("advisor_message", 1, 1, "claude-x")])
    found = receipt(usage)
    assert (found.status, found.list_cost, found.known_cost) == ("partial", None, 4)
    assert found.reason == "unknown model claude-x on anthropic"


def test_an_item_can_be_checked_by_hand() -> None:
    """A receipt shows units, unit price, multipliers and amount of each item, with the price row and its source."""
    found = receipt(used(500, 0, **written(1000, 400, 600), **US, **BATCH, **SEARCHED))
    (line,) = found.lines
    assert [(item.bucket, item.units, item.unit_price, item.amount and plain(item.amount)) for item in line.items] == [
        ("input", 500, 4, "0.0011"),
        ("cache_write_5m", 600, 5, "0.00165"),
        ("cache_write_1h", 400, 8, "0.00176"),
        ("web_search_requests", 3, Decimal("0.01"), "0.03"),
    ]
    assert [(factor.name, factor.value, factor.multiplier) for factor in line.multipliers] == [
        ("inference_geo", "us", Decimal("1.1")),
        ("service_tier", "batch", Decimal("0.5")),
    ]
    assert (line.sku_price_id, str(line.price_from), line.price_to) == (
        "claude-opus-5-5/standard/2026-09-22",
        "2026-09-22",
        None,
    )
    assert "opus55_overview" in line.source


def test_json_has_exact_amounts_and_the_id_that_was_given() -> None:
    """Amounts are plain decimal strings without an exponent or idle zeros."""
    call = {"id": "q1", "model": "claude-opus-5-5", "at": "2026-11-10", "usage": used(500, 425)}
    found = json.loads(as_json_line(price_all([call])[0]))
    assert (found["id"], found["status"], found["list_cost"], found["reason"]) == ("q1", "priced", "0.0105", None)
    assert found["lines"][0]["items"][0] == {
        "bucket": "input",
        "units": 500,
        "per": MILLION,
        "unit_price": "4",
        "amount": "0.002",
    }


def test_an_unknown_key_is_named() -> None:
    """A misspelt key changes nothing, and the receipt says that it was there."""
    assert receipt(used(1), endpiont="global").flags == ("unknown_key:endpiont",)


def test_a_managed_session_is_billed_by_the_hour_beside_its_tokens() -> None:
    """The cumulative usage of a session costs its tokens, its searches, and the time it was at work."""
    found = receipt(used(500, 425, active_seconds=5400.0, list_cost={"amount": "13", "currency": "USD"}, **SEARCHED))

    assert plain(found.list_cost or Decimal(0)) == "0.1605"
    assert [(item.bucket, item.units, item.per, item.amount) for item in found.lines[0].items[2:]] == [
        ("web_search_requests", 3, 1, Decimal("0.03")),
        ("active_seconds", 5400, 3600, Decimal("0.12")),
    ]


@pytest.mark.parametrize("seconds", [-1, "soon", [], {"a": 1}])
def test_a_time_that_is_none_leaves_a_session_unpriced(seconds: object) -> None:
    """What is no duration is not taken for none."""
    assert receipt(used(1, 1, active_seconds=seconds)).reason == "active_seconds is not a duration"


@pytest.mark.parametrize("milliseconds", [1, 999, 3_600_000, 86_399_999, 10**12])
def test_time_costs_to_the_nano_dollar_what_it_should(milliseconds: int) -> None:
    """Hours are kept to nine decimals."""
    (item,) = receipt(used(0, 0, active_seconds=milliseconds / 1000)).lines[0].items

    assert abs((item.amount or Decimal(0)) - Decimal(milliseconds) * Decimal("0.08") / 3_600_000) < Decimal("1e-9")


def test_a_prompt_tier_that_was_chosen_by_iteration_is_flagged() -> None:
    """Which prompt length counts over several iterations is unsettled, so a receipt says which one was taken."""
    several = used(1, 1, iterations=[entry("message", 60_000, 1), entry("message", 60_000, 1)])
    only_one = used(1, 1, iterations=[entry("message", 60_000, 1)])

    flags = [receipt(usage, model).flags for usage in (several, only_one) for model in TIERED]

    assert flags == [("prompt_length_of_the_iteration",), (), (), ()]


def test_price_takes_an_aware_time() -> None:
    """The Python way is the same receipt; a naive time is refused."""
    now = datetime(2026, 11, 10, tzinfo=UTC)
    found = price(model="claude-opus-4-5@20251101", at=now, usage=used(MILLION), platform="vertex", endpoint="us-east5")
    assert found.list_cost == Decimal("5.5")
    with pytest.raises(ValueError, match="aware"):
        price(model="claude-opus-5-5", at=now.replace(tzinfo=None), usage=used(1))


counts = st.integers(0, 10**9)


@st.composite
def usages(draw: st.DrawFn) -> dict[str, Any]:
    one_hour, five_minutes = draw(counts), draw(counts)
    usage = used(draw(counts), draw(counts), **written(one_hour + five_minutes, one_hour, five_minutes))
    usage["cache_read_input_tokens"] = draw(counts)
    for values in ({}, US, BATCH, SEARCHED):
        usage |= values if draw(st.booleans()) else {}
    return usage


@settings(max_examples=10, deadline=None)
@given(st.lists(usages(), min_size=10, max_size=20), st.integers(2, 1000))
def test_items_add_up_and_scale(given_usages: list[dict[str, Any]], factor: int) -> None:
    """Items add up to the total, which is not zero for tokens; within a tier, times the tokens is times the cost."""
    model = "claude-opus-5-5"
    calls = [{"model": model, "at": "2026-11-10", "usage": usage} for usage in given_usages]
    bigger = [call | {"usage": _scaled(call["usage"], factor)} for call in calls]
    found = price_all([*calls, *bigger])
    for usage, small, big in zip(given_usages, found[: len(calls)], found[len(calls) :], strict=True):
        assert small.list_cost is not None
        items = [item.amount for line in small.lines for item in line.items if item.amount is not None]
        assert exact_sum(items) == small.list_cost
        assert (small.list_cost == 0) is not any(line.items for line in small.lines)
        assert big.list_cost == exact_sum([small.list_cost] * factor), usage


@st.composite
def calls_elsewhere(draw: st.DrawFn) -> tuple[dict[str, Any], Decimal | None]:
    """A call on another platform, under some contract, and its list cost by the oracle."""
    platform = draw(st.sampled_from(["bedrock", "vertex", "foundry"]))
    ids = list(BEDROCK) if platform == "bedrock" else [name for on, name in GLOBAL_IDS if on == platform]
    model, at = draw(st.sampled_from(ids)), draw(st.dates(date(2024, 3, 1), date(2026, 12, 31)))
    usage = used(draw(counts), draw(counts), **written(draw(counts)))
    usage |= {"cache_read_input_tokens": draw(counts), "speed": draw(st.sampled_from(["standard", "standard", "fast"]))}
    far = draw(st.booleans())
    where = {"vertex": {"endpoint": "us-east5"}, "foundry": {"deployment_type": "DataZoneStandard"}, "bedrock": {}}
    call = {"platform": platform, "model": model, "at": at.isoformat(), "usage": usage} | (
        where[platform] if far else {}
    )
    return call, expected_elsewhere(platform, model, "elsewhere" if far else "global", usage, at)


@settings(max_examples=10, deadline=None)
@given(st.lists(calls_elsewhere(), min_size=10, max_size=20), st.decimals("0.01", 100, places=2))
def test_other_platforms_equal_an_independent_calculation(
    given_calls: list[tuple[dict[str, Any], Decimal | None]], percent: Decimal
) -> None:
    """On Bedrock, Vertex and Foundry, with a contract, statement and Decimal oracle agree to the last digit."""
    terms = {"discounts": [{"percent_off": str(percent)}]}
    found = price_all([call | {"contract": terms} for call, _ in given_calls])
    for one, (call, wanted) in zip(found, given_calls, strict=True):
        assert one.list_cost == wanted, call
        assert one.contracted_cost == (None if wanted is None else wanted * (1 - percent / 100))
        assert (one.reason is None) == (wanted is not None)


def _scaled(value: Any, factor: int) -> Any:
    if isinstance(value, dict):
        return {key: _scaled(inner, factor) for key, inner in value.items()}
    return value * factor if isinstance(value, int) else value
