"""Records of every kind that is rated otherwise, or counted otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.period import Period
from analytics.reports import Filters
from router.record import UsageRecord
from tests.conftest import a_record

NOW = datetime(2026, 11, 12, 12, 30, tzinfo=UTC)
PERIOD = Period(NOW - timedelta(days=2), NOW - timedelta(minutes=7))
FILTERS = Filters(period=PERIOD)
NARROW = Filters(period=PERIOD, models=("claude-haiku-4-5",), tags={"team": "a'b"}, within={"tier": ("haiku", "opus")})
ITERATIONS = [
    {"type": "message", "input_tokens": 7, "output_tokens": 3},
    {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 11, "output_tokens": 13},
]
CACHED = {
    "input_tokens": 1200,
    "output_tokens": 340,
    "cache_read_input_tokens": 4000,
    "cache_creation_input_tokens": 500,
    "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 200},
    "service_tier": "standard",
    "output_tokens_details": {"thinking_tokens": 55},
}


def attempts() -> list[UsageRecord]:
    """Of every kind that is rated otherwise: priced and not, cached, searched, batched, failed, cut off, repeated."""
    usages: tuple[Any, ...] = (
        CACHED,
        {
            "input_tokens": 18,
            "output_tokens": 16,
            "iterations": ITERATIONS,
            "server_tool_use": {"web_search_requests": 3},
        },
        {"input_tokens": 5, "output_tokens": "many"},
        {
            "input_tokens": 100,
            "output_tokens": 7,
            "service_tier": "batch",
            "output_tokens_details": {"thinking_tokens": -1},
        },
        None,
    )
    reasons = (
        "coding (0.83, before analysis 0.05)",
        "coding (0.91, before analysis 0.05); up from haiku",
        "shadow: shadow: chat (0.50, before coding 0.49); cut",
        "budget team: \u00fcbrig is spent: coding (0.8, before chat 0.1)",
        "not sure (no text to go by), so the default",
        "pinned",
        "back to the model named: it was rejected (coding (0.8, before chat 0.1))",
        None,
    )
    models = ("claude-haiku-4-5", "claude-opus-5-5", "claude-unheard-of")
    made: list[UsageRecord] = []
    for number in range(90):
        changes: dict[str, Any] = {
            "call_id": f"call-{number}",
            "started_at": NOW - timedelta(minutes=37 * number, microseconds=number),
            "model": models[number % 3],
            "sent_model": models[number % 3],
            "requested_model": "claude-opus-5-5",
            "usage": usages[number % 5],
            "status": 529 if number % 5 == 4 else 200,
            "error_type": "overloaded_error" if number % 5 == 4 else None,
            "tags": {"team": "a'b", "env": str(number % 2)} if number % 7 else {},
            "tier": ("haiku", "opus", None)[number % 3],
            "task_type": ("coding", None)[number % 2],
            "user_id": f"user-{number % 4}" if number % 3 else None,
            "duration_ms": round(1.537 * number, 3),
            "time_to_first_token_ms": round(0.1234 * number, 3) if number % 2 else None,
            "stream": number % 2 == 1,
            "complete": number % 11 != 3,
            "stop_reason": ("end_turn", "max_tokens", None)[number % 3],
            "reason": reasons[number % 8],
            "confidence": (number % 11) / 10 if number % 4 else None,
            "shadow_model": models[1] if number % 8 == 2 else None,
            "request_id": f"req_{number % 10}_{number}" if number % 6 else None,
            "batch_result_type": ("errored", "canceled", "expired")[number % 3] if number % 20 == 3 else None,
        }
        if number % 9 == 8:
            changes |= {"stream": True, "complete": False, "duration_ms": None}
        if number % 12 == 7:
            changes["tags"] = {"team": "a'b", "tollgate": "second_opinion"}
        made.append(a_record(**changes))
        if number % 5 == 4:
            again = {"attempt": 2, "status": 200, "error_type": None, "usage": CACHED, "model": models[0]}
            made.append(a_record(**changes | again | {"sent_model": models[0]}))
    return made
