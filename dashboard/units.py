"""Units: how a figure is written short, exactly, and on an axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from analytics.measures import Amount, Measure

from . import theme


@dataclass(frozen=True, slots=True)
class Unit:
    """How figures of one kind are written."""

    short: Callable[[Amount], str]
    exact: Callable[[Amount], str]
    tick: Callable[[float], str]
    """By the largest on the axis, Plotly's format of its ticks."""
    sign: str = ""
    """Before the ticks."""


def of(measure: Measure[Any], currency: str = "USD") -> Unit:
    """The unit of a measure."""
    return money(currency) if measure.unit == "money" else _OTHERS[measure.unit]


def money(currency: str = "USD") -> Unit:
    """Amounts of a currency."""
    return Unit(
        lambda amount: theme.money(_decimal(amount), currency),
        lambda amount: theme.exact(_decimal(amount), currency),
        lambda largest: ",.0f" if largest >= 20 else ",.2f" if largest >= 0.04 else "~g",
        theme.sign(currency),
    )


def _decimal(amount: Amount) -> Decimal | None:
    return None if amount is None else Decimal(amount)


def _whole(amount: Amount) -> str:
    return theme.UNKNOWN if amount is None else f"{amount:,f}" if isinstance(amount, Decimal) else f"{amount:,}"


def _share(digits: int) -> Callable[[Amount], str]:
    return lambda amount: theme.UNKNOWN if amount is None else f"{amount * 100:,.{digits}f}%"


COUNT = Unit(_whole, _whole, lambda _: ",d")
TOKENS = Unit(lambda amount: theme.UNKNOWN if amount is None else theme.tokens(int(amount)), _whole, lambda _: "~s")
SHARE = Unit(_share(1), _share(3), lambda _: ".0%")
SECONDS = Unit(
    lambda amount: theme.UNKNOWN if amount is None else f"{amount:,.2f} s",
    lambda amount: (
        theme.UNKNOWN if amount is None else f"{amount:f} s" if isinstance(amount, Decimal) else f"{amount} s"
    ),
    lambda _: "~g",
)
_OTHERS = {"count": COUNT, "tokens": TOKENS, "share": SHARE, "seconds": SECONDS}
