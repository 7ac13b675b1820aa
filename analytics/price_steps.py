"""Price steps: what a bucket of one model cost from which day on, as the price table tells its history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from .price_file import LAST_DAY, Span
from .price_history import holds
from .prices import PriceTable

BATCH = "batch"
"""What a Message Batch does to a price, as the table calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """A price and the first day on which it holds: until the next step."""

    since: date
    price: Decimal | None
    """US dollars per million tokens; None: from here on there is none, or nobody published one."""


def price_steps(prices: PriceTable, model: str, bucket: str, *, batch: bool = False) -> list[PriceStep]:
    """The steps of a model, by its key in the table: of an ordinary call to the Claude API, or of one in a batch."""
    known = prices.file.models[model]
    rows = [row for row in known.prices or () if row.when.speed == "standard" and row.when.prompt_over is None]
    factors = [each for each in prices.file.modifiers.get(BATCH, ()) if "anthropic" in each.platforms]

    def price_on(day: date) -> Decimal | None:
        price: Decimal | None = next((getattr(row, bucket) for row in rows if holds(row, day)), None)
        if price is None or not batch:
            return price
        offered = BATCH in known.modifiers
        return next((price * each.multiply for each in factors if offered and each.from_ <= day < each.to), None)

    days = _turns([*rows, *(factors if batch else ())])
    first = min((row.from_ for row in rows), default=LAST_DAY)
    found = ((day, price_on(day)) for day in sorted(days) if first <= day < LAST_DAY)
    return [PriceStep(since=next(same)[0], price=price) for price, same in groupby(found, lambda pair: pair[1])]


def _turns(spans: Iterable[Span]) -> set[date]:
    """The days on which one of them begins, or has ended."""
    return {day for span in spans for day in (span.from_, span.to)}
