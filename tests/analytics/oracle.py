"""What an attempt costs, worked out a second time: plain Decimal arithmetic, straight from the YAML. No code in common.

Written from the billing rules, for every platform. It reads pricing.yaml as a bare YAML document and knows neither the
tables of the ledger nor its SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

PRICING: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "pricing.yaml").read_text(encoding="utf-8"))
MODELS: dict[str, str] = {
    spelling: key for key, model in PRICING["models"].items() for spelling in model["ids"]["anthropic"]
}
GLOBAL_IDS: dict[tuple[str, str], str] = {
    (platform, spelling): key
    for key, model in PRICING["models"].items()
    for platform in ("vertex", "foundry")
    for spelling in model["ids"].get(platform) or ()
}
BEDROCK: dict[str, tuple[str, str]] = {
    prefix + spelling: (key, place)
    for key, model in PRICING["models"].items()
    for spelling in (model["ids"].get("bedrock") or {"ids": []})["ids"][:1]
    for prefix, place in [
        ("", "regional"),
        *((f"{profile}.", profile) for profile in model["ids"]["bedrock"].get("profiles", [])),
    ]
}
"""Id -> model and where it runs."""
MILLION = Decimal(1_000_000)
BILLED_REFUSALS = {"bio", "frontier_llm", "reasoning_extraction"}


@dataclass(frozen=True, slots=True)
class Expected:
    """One line: None where no price is known."""

    list_cost: Decimal | None
    requested_list_cost: Decimal | None
    uncached_list_cost: Decimal | None


def expected(attempt: dict[str, Any]) -> list[Expected]:
    """The lines of one attempt, in order; `attempt` has the fields of UsageRecord."""
    usage = attempt["usage"]
    searches = (usage.get("server_tool_use") or {}).get("web_search_requests") or 0
    entries = list(usage.get("iterations") or [])
    if not entries:
        return [_line(attempt, usage, "top_level", attempt["model"], searches)]
    fell_back = any(entry["type"] == "fallback_message" for entry in entries)
    default = attempt["sent_model"] if fell_back else attempt["model"]
    lines = [_line(attempt, entry, entry["type"], entry.get("model") or default, 0) for entry in entries]
    if searches:
        lines.append(_line(attempt, {"input_tokens": 0, "output_tokens": 0}, "top_level", default, searches))
    return lines


def _line(attempt: dict[str, Any], entry: dict[str, Any], kind: str, model: str, searches: int) -> Expected:
    output = entry["output_tokens"]
    if kind == "top_level" and not attempt["complete"]:
        output = max(output, attempt.get("estimated_output_tokens") or 0)
    if not _billed(attempt, kind, output):
        return Expected(Decimal(0), Decimal(0), Decimal(0))
    writes_5m, writes_1h = _writes(entry)
    read = entry.get("cache_read_input_tokens") or 0
    prompt = entry["input_tokens"] + writes_5m + writes_1h + read
    used = {
        "input": entry["input_tokens"],
        "output": output,
        "cache_write_5m": writes_5m,
        "cache_write_1h": writes_1h,
        "cache_read": read,
    }
    at, usage, key = attempt["started_at"], attempt["usage"], MODELS.get(model)
    speed = usage.get("speed") or "standard"
    factor = _factor(key, usage, speed, at.date())
    fee = _fee(searches, at.date())
    asked = key if kind == "advisor_message" else MODELS.get(attempt["requested_model"])
    asked_speed = speed if asked and _has_speed(asked, speed) else "standard"
    uncached = {"input": prompt, "output": output}
    return Expected(
        _cost(used, _row(key, speed, prompt, at.date()), factor, fee),
        _cost(used, _row(asked, asked_speed, prompt, at.date()), factor, fee),
        _cost(uncached, _row(key, speed, prompt, at.date()), factor, fee),
    )


def _billed(attempt: dict[str, Any], kind: str, output: int) -> bool:
    usage = attempt["usage"]
    if attempt.get("batch_result_type") in {"errored", "canceled", "expired"}:
        return False
    entries = usage.get("iterations") or []
    if kind == "message" and output == 0 and any(entry["type"] == "fallback_message" for entry in entries):
        return False
    if attempt.get("stop_reason") != "refusal" or kind in {"compaction", "advisor_message"}:
        return True
    # The line of the searches has no tokens of its own: whether there was output, only the content says.
    counted = not (entries and kind == "top_level")
    before_output = attempt.get("content_empty") is True or (counted and output == 0)
    free_since = datetime(2026, 6, 2, tzinfo=UTC)
    return not (
        before_output and attempt["started_at"] >= free_since and attempt["stop_category"] not in BILLED_REFUSALS
    )


def _writes(entry: dict[str, Any]) -> tuple[int, int]:
    total = entry.get("cache_creation_input_tokens") or 0
    one_hour = (entry.get("cache_creation") or {}).get("ephemeral_1h_input_tokens") or 0
    return total - one_hour, one_hour


def _row(model: str | None, speed: str, prompt: int, day: date) -> dict[str, Any] | None:
    """The row in force whose threshold is the highest one that the prompt passes."""
    rows = PRICING["models"][model].get("prices", []) if model else []
    held = [
        row
        for row in rows
        if _holds(row, day)
        and row.get("when", {}).get("speed", "standard") == speed
        and prompt > row.get("when", {}).get("prompt_over", -1)
    ]
    return max(held, key=lambda row: row.get("when", {}).get("prompt_over", -1), default=None)


def _has_speed(model: str, speed: str) -> bool:
    rows = PRICING["models"][model].get("prices", [])
    return any(row.get("when", {}).get("speed", "standard") == speed for row in rows)


def _holds(row: dict[str, Any], day: date) -> bool:
    return row.get("from", date.min) <= day < row.get("to", date.max)


def _factor(model: str | None, usage: dict[str, Any], speed: str, day: date) -> Decimal | None:
    if model is None:
        return None
    accepts, product = PRICING["models"][model]["modifiers"], Decimal(1)
    if usage.get("service_tier") == "batch":
        if "batch" not in accepts or speed == "fast" or day < date(2024, 10, 8):
            return None
        product *= Decimal("0.5")
    if usage.get("inference_geo") == "us":
        if "us_inference" not in accepts or day < date(2026, 2, 5):
            return None
        product *= Decimal("1.1")
    return product


def _fee(searches: int, day: date) -> Decimal | None:
    if not searches:
        return Decimal(0)
    return searches * Decimal(10) / 1000 if day >= date(2025, 5, 7) else None


def _cost(
    used: dict[str, int], row: dict[str, Any] | None, factor: Decimal | None, fee: Decimal | None
) -> Decimal | None:
    if row is None or factor is None or fee is None:
        return None
    if any(tokens and row.get(bucket) is None for bucket, tokens in used.items()):
        return None
    dollars = sum((tokens * Decimal(row.get(bucket, "0")) for bucket, tokens in used.items()), Decimal(0)) / MILLION
    return dollars * factor + fee


def expected_elsewhere(platform: str, model: str, region: str, usage: dict[str, Any], day: date) -> Decimal | None:
    """What one answer on Bedrock, Vertex or Foundry costs; `region` is `global` or where the endpoint stands.

    On these platforms nothing but the place and fast mode changes a token's price.
    """
    if platform == "bedrock":
        key, place = BEDROCK[model]
    else:
        key, place = GLOBAL_IDS[platform, model], region
    factor = _premium(platform, key, place, day)
    prompt = sum(usage[bucket] for bucket in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"))
    used = {
        "input": usage["input_tokens"],
        "output": usage["output_tokens"],
        "cache_write_5m": usage["cache_creation_input_tokens"],
        "cache_read": usage["cache_read_input_tokens"],
    }
    return _cost(used, _row(key, usage["speed"], prompt, day), factor, Decimal(0))


def _premium(platform: str, key: str, place: str, day: date) -> Decimal | None:
    """A tenth more in a region, from Sonnet 4.5 on; nobody published the premium of GovCloud."""
    accepts = PRICING["models"][key]["modifiers"]
    if place == "us-gov":
        return None
    if place == "global":
        return Decimal(1)
    if platform == "foundry":
        return Decimal("1.1") if "us_data_zone" in accepts and day >= date(2026, 2, 5) else None
    return Decimal("1.1") if "regional" in accepts and day >= date(2025, 9, 29) else Decimal(1)
