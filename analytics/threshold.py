"""Threshold: when a budget says something, read from words such as `80 %`, `$50 left` or `forecast 100 %`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Basis = Literal["actual", "forecast"]

_WORDS = re.compile(
    r"(?P<forecast>forecast )?((?P<percent>\d{1,4}(\.\d{1,2})?) ?%|\$(?P<amount>\d{1,9}(\.\d{1,6})?))(?P<left> left)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """When to say something. As written: `80 %`, `$400`, `$50 left`, `15 % left`, each also after `forecast`."""

    text: str
    """As written, in one spelling; the threshold's part of an alert's identity."""
    basis: Basis
    percent: Decimal | None = None
    """Of the limit; this or `amount`."""
    amount: Decimal | None = None
    """US dollars."""
    left: bool = False
    """Whether it is about what is left instead of what is used."""

    @classmethod
    def parse(cls, written: str) -> Threshold | None:
        """What a person wrote; None if it is not a threshold."""
        words = _WORDS.fullmatch(" ".join(written.split()))
        if words is None:
            return None
        percent, amount = (Decimal(words[name]) if words[name] else None for name in ("percent", "amount"))
        if not (percent or amount):  # zero
            return None
        text = f"${_shortest(amount)}" if amount is not None else f"{_shortest(percent)} %"
        return cls(
            text=f"{words['forecast'] or ''}{text}{words['left'] or ''}",
            basis="forecast" if words["forecast"] else "actual",
            percent=percent,
            amount=amount,
            left=words["left"] is not None,
        )

    def line(self, limit: Decimal) -> Decimal:
        """The amount at which it is crossed."""
        part = self.amount if self.percent is None else limit * self.percent / 100
        assert part is not None  # noqa: S101  # one of the two is there
        return limit - part if self.left else part


def _shortest(number: Decimal | None) -> str:
    """`80` of 80.00, `2.5` of 2.50."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
