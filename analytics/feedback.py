"""Feedback: what people say of the answer of a call, kept in the ledger beside what it cost."""

from __future__ import annotations

from datetime import datetime

from .exceptions import SettingsError
from .ledger import Ledger
from .period import naive
from .questions import run


def give(ledger: Ledger, call_id: str, *, verdict: str, note: str | None, at: datetime) -> None:
    """Keep a verdict, `good` or `bad`, in place of an earlier one. Raises SettingsError if the call is not known."""
    with ledger.write() as con:
        known = run(con, "feedback_give", call_id=call_id, verdict=verdict, note=note, given_at=naive(at))
    if not known:
        raise SettingsError(f"found no call {call_id!r} in {ledger}, expected the call_id of a record")
