"""Durations: the ledger's milliseconds as the seconds that people read."""

from __future__ import annotations

from decimal import Decimal


def seconds(milliseconds: float | None) -> Decimal | None:
    """Every digit, the point moved; None stays None."""
    return None if milliseconds is None else Decimal(str(milliseconds)).scaleb(-3)
