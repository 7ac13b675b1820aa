"""router/prices.json: what the request path has to know of pricing.yaml, which it cannot read.

    python -m analytics.router_prices        # after every change of pricing.yaml; a test compares the two

Amounts are whole nano-dollars per token, so that weighing one model against another is exact and needs no Decimal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from .price_file import Model, Row
from .prices import BUCKETS, PriceTable

PLACE = Path(__file__).parent.parent / "router" / "prices.json"

TOKENS_FOR_THE_SAME_TEXT = {"before_4_7": 100, "from_4_7": 130}
"""Percent. About 30 % more, says pricing.yaml, which is all that is published."""


def router_prices(table: PriceTable) -> dict[str, Any]:
    """The document, from the day on which the table was checked: older prices decide nothing any more."""
    return {
        "about": "Written by analytics/router_prices.py from pricing.yaml; edit that. Nano-dollars per token.",
        "version": table.file.version,
        "models": {
            key: {
                "ids": model.ids.anthropic,
                "min_cacheable_tokens": model.min_cacheable_tokens,
                "token_percent": TOKENS_FOR_THE_SAME_TEXT[model.tokenizer],
                "prices": rows,
            }
            for key, model in table.file.models.items()
            if (rows := list(_rows(model, table)))
        },
    }


def text_of(document: dict[str, Any]) -> str:
    """The file, byte for byte."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _rows(model: Model, table: PriceTable) -> Iterator[dict[str, Any]]:
    """The standard prices that hold on that day or later; a model without a price for each bucket is not weighed."""
    for row in model.prices or []:
        whole = all(getattr(row, bucket) is not None for bucket in BUCKETS)
        if row.when.speed == "standard" and row.to > table.checked and whole:
            bounds = {"from": row.from_.isoformat(), "to": row.to.isoformat(), "prompt_over": row.when.prompt_over}
            yield bounds | {bucket: _nano_dollars(row, bucket) for bucket in BUCKETS}


def _nano_dollars(row: Row, bucket: str) -> int:
    amount: Decimal = getattr(row, bucket) * 1000  # a dollar per million tokens is a thousand nano-dollars a token
    if amount != int(amount):
        raise ValueError(f"pricing.yaml: {bucket}: found {getattr(row, bucket)}, expected whole nano-dollars per token")
    return int(amount)


if __name__ == "__main__":
    PLACE.write_text(text_of(router_prices(PriceTable.load())), "utf-8")
