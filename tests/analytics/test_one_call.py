from __future__ import annotations

from decimal import Decimal
from typing import Any

from analytics.feedback import give
from analytics.ledger import Ledger
from analytics.one_call import one_call
from router.record import from_nanoseconds
from tests.conftest import NOON, fill

USAGE = {"input_tokens": 1000, "output_tokens": 100}
BUSY: dict[str, Any] = {
    "status": 529,
    "error_type": "overloaded_error",
    "model": None,
    "usage": None,
    "stop_reason": None,
}


def test_a_call_is_all_of_its_attempts(ledger: Ledger) -> None:
    """A call has its attempts in order, each with its receipt, the sum to the last digit, and what was said of it."""
    fill(
        ledger,
        {"call_id": "c", "attempt": 2, "usage": USAGE, "duration_ms": 900.0, "time_to_first_token_ms": 250.0},
        {"call_id": "c", **BUSY},
        {"call_id": "d", "usage": USAGE},
    )
    give(ledger, "c", verdict="good", note="well said", at=from_nanoseconds(NOON))

    call = one_call(ledger, "c")

    assert call is not None
    first, second = call.attempts
    assert (first.attempt, first.error_type, first.receipt.lines, first.receipt.list_cost) == (
        (1, "overloaded_error", (), Decimal(0))
    )
    # 1000 at $0.10 and 100 at $0.50 per million
    assert (second.attempt, second.receipt.list_cost, call.list_cost) == (2, Decimal("0.00015"), Decimal("0.00015"))
    assert (second.writing_ms, first.writing_ms, second.open) == (650.0, None, False)
    assert (call.verdict, call.note) == ("good", "well said")


def test_what_nobody_knows_is_none(ledger: Ledger) -> None:
    """A call that is not there is None; with an attempt that has no price, so is the cost of the call."""
    fill(
        ledger,
        {"call_id": "c", "usage": USAGE},
        {"call_id": "c", "attempt": 2, "usage": USAGE, "model": "claude-unheard-of"},
        {"call_id": "open", "stream": True, "complete": False, "duration_ms": None, "usage": USAGE},
    )
    call, begun = one_call(ledger, "c"), one_call(ledger, "open")
    assert call is not None
    assert call.list_cost is None
    assert call.attempts[0].receipt.list_cost == Decimal("0.00015")
    assert begun is not None
    assert begun.attempts[0].open
    assert one_call(ledger, "C") is None
    assert one_call(ledger, "' OR 1=1 --") is None
