from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from analytics.price_history import price_history
from analytics.price_steps import price_steps
from analytics.prices import BUCKETS, PriceTable


@pytest.mark.parametrize("bucket", BUCKETS)
def test_steps_are_the_rows_in_force(bucket: str) -> None:
    """On the day of each step, and on the last before the next, its price is that of the row in force."""
    prices = PriceTable.load()
    for model in prices.file.models:
        steps = price_steps(prices, model, bucket)
        for step in steps:
            assert step.price == listed(prices, model, bucket, on=step.since)
        for one, other in pairwise(steps):
            assert one.price != other.price
            assert one.price == listed(prices, model, bucket, on=other.since - timedelta(days=1))


def listed(prices: PriceTable, model: str, bucket: str, *, on: date) -> Decimal | None:
    """The usual price of a day."""
    rows = price_history(prices, model, on=on).rows
    usual = (row for row in rows if row.in_force and row.speed == "standard" and row.prompt_over is None)
    return next((row.prices[bucket] for row in usual), None)


def test_a_batch_costs_half_since_there_are_batches() -> None:
    """In a batch a model that offers it costs what the table's modifier makes of the list price, and nothing before."""
    prices = PriceTable.load()
    (usual,), (batch,) = (price_steps(prices, "claude-opus-5-5", "input", batch=way) for way in (False, True))
    assert usual.price
    assert (batch.price, batch.since) == (usual.price / 2, usual.since)
    old = price_steps(prices, "claude-3-opus-20240229", "input", batch=True)
    assert old[0].price is None
    assert date(2024, 10, 8) in [step.since for step in old]
