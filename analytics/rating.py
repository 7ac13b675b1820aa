"""Rating: lines × prices -> charges, and what could not be priced. The arithmetic is sql/rate.sql, and only there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .ledger import Connection, run
from .prices import PriceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingResult:
    """What rating made of the attempts it was given."""

    lines: int
    """Each has one charge."""
    unpriced: Mapping[str, int]
    """Why a line has no cost (naming the model or the bucket) -> how many lines; the most frequent first."""


def rate(con: Connection, prices: PriceTable) -> RatingResult:
    """Add the lines and charges of the attempts whose record ids are in the temporary table `fresh`.

    `con` stands in a transaction on the ledger. What has lines or charges already is left as it is, so rating twice is
    rating once.
    """
    install_prices(con, prices)
    run(con, "lines")
    run(con, "rate")
    counts = run(con, "rating_counts")
    return RatingResult(
        lines=sum(row["lines"] for row in counts),
        unpriced={row["unpriced_reason"]: row["lines"] for row in counts if row["unpriced_reason"] is not None},
    )


def rerate(con: Connection, prices: PriceTable) -> RatingResult:
    """Rebuild every line and charge of the ledger from its usage and these prices."""
    run(con, "rating_clear")
    return rate(con, prices)


def install_prices(con: Connection, prices: PriceTable) -> bool:
    """Copy the price table into the ledger, if the one in there is another; True if it was."""
    if run(con, "prices_version") == [{"version": prices.version}]:
        return False
    run(con, "prices_stage", tables=json.dumps(prices.tables()))
    run(con, "prices_install")
    return True
