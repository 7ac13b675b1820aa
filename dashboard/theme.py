"""How things look: a colour and a hatch per name, and figures written for people."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from analytics.period import Period
from analytics.presets import local_days

# Told apart with normal, protan and deutan sight (tests/dashboard/test_theme.py measures it), on white and on black.
PALETTE = (
    "#3b72fa", "#f2a93c", "#6abfac", "#e3604a", "#91b8fe", "#257d84", "#c082cc", "#9c5535", "#ebce9f", "#7959c0",
)  # fmt: skip
HATCHES = ("", "/", ".", "\\", "-", "x", "|", "+", "/", ".")
FIRST_CHOICE = 6
"""So many of the palette are given out first: those that are told apart best."""
UNKNOWN = "—"
_MINUS = "\N{MINUS SIGN}"
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


@dataclass(frozen=True, slots=True)
class Look:
    """How one name is drawn: the hatch tells it apart where the colour does not."""

    color: str
    hatch: str


OTHER = Look("#8b95a3", "")


def looks(names: Iterable[str]) -> Mapping[str, Look]:
    """A look for every name, from its spelling, so that filters and most new names leave it as it is.

    `names` is all there are in the ledger, not only those on show. Two names share a look only beyond ten.
    """
    taken: dict[str, int] = {}
    for name in sorted(set(names)):
        slot = zlib.crc32(name.encode("utf-8", "backslashreplace")) % FIRST_CHOICE
        order = [(slot + step) % FIRST_CHOICE for step in range(FIRST_CHOICE)] + [*range(FIRST_CHOICE, len(PALETTE))]
        taken[name] = next((free for free in order if free not in taken.values()), slot)
    return {name: Look(PALETTE[slot], HATCHES[slot]) for name, slot in taken.items()}


def sign(currency: str) -> str:
    """What stands before an amount: `$`, `€`, or the code and a space."""
    return _SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")


def money(amount: Decimal | None, currency: str = "USD") -> str:
    """`$1,234.57`; below a dollar three significant digits, at least to the cent: `$0.0042`."""
    if amount is None:
        return UNKNOWN
    size = abs(amount)
    digits = 2 if size >= 1 or not size else max(2, 2 - size.adjusted())
    text = f"{size.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,f}"
    if digits > 2:
        whole, cents = text.split(".")
        text = f"{whole}.{cents.rstrip('0').ljust(2, '0')}"
    return f"{_MINUS if amount < 0 else ''}{sign(currency)}{text}"


def exact(amount: Decimal | None, currency: str = "USD") -> str:
    """Every digit there is: `$1,234.567890123`."""
    if amount is None:
        return "not known"
    whole, _, cents = f"{amount.copy_abs():,f}".partition(".")
    return f"{_MINUS if amount < 0 else ''}{sign(currency)}{whole}.{cents.rstrip('0').ljust(2, '0')}"


def count(number: int) -> str:
    """`1,234`."""
    return f"{number:,}"


def tokens(number: int) -> str:
    """`950`, `12.3k`, `4.56M`, `1.20B`: three digits and a unit."""
    for size, unit in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            value = number / size
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}{unit}"
    return str(number)


def percent(part: Decimal | int, whole: Decimal | int) -> str | None:
    """`12.3%`; None where there is no whole to be a part of."""
    if not whole:
        return None
    value = Decimal(part) / Decimal(whole) * 100
    text = f"{abs(value):,.1f}" if abs(value) < 100 else f"{abs(value):,.0f}"
    return f"{'-' if value < 0 and text != '0.0' else ''}{text}%"


def day(moment: date) -> str:
    """`21 Nov 2026`."""
    return f"{moment.day} {moment:%b %Y}"


def days(period: Period, zone: str = "UTC") -> str:
    """`23 Oct – 21 Nov 2026`: the first and the last local day that the period touches."""
    first, last = local_days(period, zone)
    if first == last:
        return day(first)
    return f"{day(first) if first.year != last.year else f'{first.day} {first:%b}'} – {day(last)}"


def moment(at: datetime | None, zone: str = "UTC") -> str:
    """`21 Nov 2026, 09:12 UTC`."""
    if at is None:
        return "never"
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local)}, {local:%H:%M} {local.tzname()}"


def headline(figure: str, text: str) -> str:
    """A large figure with a line beside it, as HTML."""
    return (
        f'<div style="display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .6rem">'
        f'<span style="font-size:1.7rem;font-weight:620">{html.escape(figure)}</span>'
        f"<span>{html.escape(text)}</span></div>"
    )


def plural(number: int, noun: str) -> str:
    """`1 call`, `1,234 calls`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def markdown(text: str) -> str:
    """`text` as Markdown that shows exactly it: `$` starts no formula, `*` no emphasis."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
