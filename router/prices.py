"""What a token costs on each model, in whole nano-dollars: the prices of the ledger, for weighing one against another.

prices.json is written from pricing.yaml by `python -m analytics.router_prices`. What multiplies every model alike, as
a region does, is left out: it changes no comparison.
"""

from __future__ import annotations

import json
import time
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()


class Bucket(NamedTuple):
    """The tokens of one attempt, as the API counts them."""

    uncached: int = 0
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    output: int = 0

    @property
    def prompt(self) -> int:
        """All of the prompt."""
        return self.uncached + self.read + self.written_5m + self.written_1h


class Rate(NamedTuple):
    """Nano-dollars per token, by bucket."""

    uncached: int
    read: int
    written_5m: int
    written_1h: int
    output: int


class Price(NamedTuple):
    """One model on one day."""

    rates: tuple[tuple[int, Rate], ...]
    """The longest prompt first: the rate for prompts of more tokens than the number before it."""
    least: int | None
    """Tokens of the shortest prefix that is cached at all; None: not published."""
    percent: int
    """Tokens for the same text, in percent of the older tokenizer."""

    def rate(self, prompt: int) -> Rate:
        """The rate for a prompt of so many tokens."""
        for over, rate in self.rates:
            if prompt > over:
                return rate
        return self.rates[-1][1]

    def cost(self, tokens: Bucket) -> int:
        """Nano-dollars for one attempt."""
        uncached, read, written_5m, written_1h, output = tokens
        rate = self.rates[0][1] if len(self.rates) == 1 else self.rate(tokens.prompt)
        return (
            uncached * rate.uncached
            + read * rate.read
            + written_5m * rate.written_5m
            + written_1h * rate.written_1h
            + output * rate.output
        )


def price_of(model: str) -> Price | None:
    """The price of a model today (UTC), by its Claude API id; None if none is known."""
    return _price_on(model, int(time.time() // _DAY))


def dearest() -> Price:
    """The dearest price of today in every bucket: for what has none that is known."""
    return _dearest_on(int(time.time() // _DAY))


@cache
def never_dearer(price: Price, than: Price, *, cached: bool) -> bool:
    """Whether no bucket costs more for the same text, however long the prompt is.

    `cached`: also where the prompt has cache breakpoints. Then the one model has to cache whatever the other does; and
    where it caches what the other does not, its writes are held against the other's uncached tokens.
    """
    if cached and (price.least is None or price.least * than.percent > (than.least or 0) * price.percent):
        return False
    more = cached and (price.least or 0) * than.percent < (than.least or 0) * price.percent
    lengths = {over for over, _ in than.rates} | {over * than.percent // price.percent for over, _ in price.rates}
    for length in (max(length, 0) + 1 for length in lengths):
        mine, theirs = price.rate(length * price.percent // than.percent + 1), than.rate(length)
        pairs = [(mine.uncached, theirs.uncached), (mine.output, theirs.output)]
        if cached:
            pairs += zip(mine[1:4], theirs[1:4], strict=True)
        if more:
            pairs.append((mine.written_1h, theirs.uncached))
        if any(one * price.percent > other * than.percent for one, other in pairs):
            return False
    return True


@cache
def _price_on(model: str, day: int) -> Price | None:
    entry = _table().get(model)
    if entry is None:
        return None
    today = date.fromordinal(day + _EPOCH).isoformat()
    holding = [row for row in entry["prices"] if row["from"] <= today < row["to"]]
    rates = sorted((-1 if row["prompt_over"] is None else row["prompt_over"], _rate(row)) for row in holding)
    return Price(tuple(reversed(rates)), entry["min_cacheable_tokens"], entry["token_percent"]) if rates else None


@cache
def _dearest_on(day: int) -> Price:
    prices = [price for model in _table() if (price := _price_on(model, day))]
    rates = [rate for price in prices for _, rate in price.rates]
    return Price(((-1, Rate(*map(max, zip(*rates, strict=True)))),), None, max(price.percent for price in prices))


def _rate(row: dict[str, Any]) -> Rate:
    return Rate(row["input"], row["cache_read"], row["cache_write_5m"], row["cache_write_1h"], row["output"])


@cache
def _table() -> dict[str, dict[str, Any]]:
    """By id: read at the first decision, not at import."""
    whole: Any = json.loads(files("router").joinpath("prices.json").read_text("utf-8"))
    return {spelling: entry for entry in whole["models"].values() for spelling in entry["ids"]}
