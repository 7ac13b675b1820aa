"""Rating: lines × prices -> charges, and what could not be priced. The arithmetic is sql/rate.sql, and only there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack

from . import rules
from .contract import Contract
from .desk import price_all
from .install import install_contract, install_prices
from .prices import PriceTable
from .questions import Connection, run
from .receipt import Receipt

__all__ = ["Call", "RatingResult", "price", "price_all", "rate"]


class Call(TypedDict, total=False):
    """The fields of a call that is to be priced: those of the JSON that `tollgate price` reads."""

    platform: str
    """anthropic if not given."""
    stop_reason: str | None
    stop_category: str | None
    content_empty: bool | None
    endpoint: str | None
    """A path, a region or a word such as `global`, where the price depends on it."""
    contract: Mapping[str, Any] | str | None
    batch_result_type: str | None
    deployment_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingResult:
    """What rating made of the attempts it was given."""

    lines: int
    """Each has one charge."""
    unpriced: Mapping[str, int]
    """Why a line has no cost (naming the model or the bucket) -> how many lines; the most frequent first."""


def price(
    *, model: str, at: datetime, usage: object, prices: PriceTable | None = None, **more: Unpack[Call]
) -> Receipt:
    """What one call costs, item by item, as the ledger would have it. `at` is aware.

    Bad input makes a receipt that says what is wrong. Raises ValueError if `at` is naive.
    """
    if at.tzinfo is None:
        raise ValueError("at: found a time without a zone, expected an aware datetime")
    return price_all([{"model": model, "at": at, "usage": usage, **more}], prices=prices)[0]


def rate(con: Connection, prices: PriceTable, contract: Contract | None = None) -> RatingResult:
    """Add the lines and charges of the attempts whose record ids are in the temporary table `fresh`.

    Without `contract`, the one that the ledger has a copy of.

    `con` stands in a transaction on the ledger. What has lines or charges already is left as it is, so rating twice is
    rating once.
    """
    install_prices(con, prices)
    if contract is not None:
        install_contract(con, contract)
    rules.record(con)
    run(con, "lines")
    run(con, "rate")
    counts = run(con, "rating_counts")
    return RatingResult(
        lines=sum(row["lines"] for row in counts),
        unpriced={row["unpriced_reason"]: row["lines"] for row in counts if row["unpriced_reason"] is not None},
    )
