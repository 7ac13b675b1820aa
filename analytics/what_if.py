"""What if: a period priced anew, had it gone to other models, in batch, with other caches or at other prices.

The lines of the period are added up to groups that are priced alike, changed as is supposed, and rated by rate.sql in
temporary tables: the books stay as they are, and nothing supposed is exactly what was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from .attempts import choose
from .contributors import Cost
from .exceptions import SettingsError
from .grouping import check_dimensions
from .install import install_prices
from .ledger import Ledger
from .period import Period, naive
from .prices import BUCKETS, PriceTable
from .questions import Connection, run
from .receipt import known_sum
from .reports import CostRow, Filters, cost_by
from .router_prices import TOKENS_FOR_THE_SAME_TEXT
from .what_if_words import sentences

TOKENS_UNSURE = Decimal(1) / 13
"""1.2 to 1.4 times as many tokens, where 1.3 are published ("about 30 %")."""
ANSWERS_UNSURE = Decimal("0.2")
"""How much longer or shorter another model may answer: an assumption, as nobody publishes it."""
MOST_FOUND, LEAST_FOUND = Decimal("0.98"), Decimal("0.3")
"""Reads that find their cache in a batch, which are only promised as far as it goes: 30 to 98 %, says Anthropic."""
_WAS, _LOW, _EXPECTED, _HIGH = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What would have been otherwise. Nothing given changes nothing."""

    models: Mapping[str, str] = field(default_factory=dict[str, str])
    """Task type, or model that served (see `keyed`) -> the model of the price table that it moves to."""
    keyed: Literal["task_type", "model"] = "task_type"
    batch_share: Decimal = Decimal(0)
    """How much of what can wait goes in batch, 0 to 1: calls at standard speed, where the platform has batches."""
    ttl: Literal["5m", "1h"] | None = None
    """The lifetime that every cache is written for."""
    prices: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict[str, Mapping[str, Decimal]])
    """Model -> bucket -> US dollars per million tokens, at standard speed and for ordinary prompts."""
    at: datetime | None = None
    """The moment whose prices and discounts count, whenever a call was made. Aware."""
    table: PriceTable | None = None
    """Another price table than the ledger's; `prices` change it."""

    def check(self, table: PriceTable) -> None:
        """Raises SettingsError with what is wrong, and what is expected; `table` is the one that counts."""
        known = table.file.models
        for name in (*self.models.values(), *self.prices):
            if name not in known:
                raise SettingsError(f"what if: found {name!r}, expected a model of the price table {table.version}")
        if not 0 <= self.batch_share <= 1:
            raise SettingsError(f"batch_share: found {self.batch_share}, expected a share from 0 to 1")
        for name, changed in self.prices.items():
            for bucket, amount in changed.items():
                if bucket not in BUCKETS:
                    raise SettingsError(f"prices of {name}: found {bucket!r}, expected one of {', '.join(BUCKETS)}")
                if not amount.is_finite() or not 0 <= amount < 10**6 or round(amount, 6) != amount:
                    raise SettingsError(
                        f"prices of {name}: {bucket}: found {amount}, expected US dollars per million tokens, "
                        "with six decimals at most"
                    )

    @property
    def follows_caches(self) -> bool:
        """Whether it depends on which calls shared a cache. If all calls of a model move together, their caches do."""
        return self.ttl is not None or (bool(self.models) and self.keyed == "task_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfRow:
    """One group of calls, as they were and as they would have been. Amounts are those of what has a price."""

    group: tuple[str | None, ...]
    attempts: int
    unpriced_attempts: int
    """As things are: not part of `cost`."""
    unpriced_lines: int
    """As is supposed: lines, of which an attempt has one for each model that was billed in it."""
    cost: Decimal | None
    """From the books."""
    low: Decimal | None
    expected: Decimal | None
    high: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """Expected less cost: negative where it would have been cheaper."""
        return None if self.expected is None or self.cost is None else self.expected - self.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A period, in all and by group, with what was assumed."""

    period: Period
    """What could be priced anew: what is pruned is left out on both sides."""
    total: WhatIfRow
    rows: tuple[WhatIfRow, ...]
    """The largest difference first."""
    assumed: tuple[str, ...]
    """One sentence each: what the estimates hold for true, and what was left as it was."""


def what_if(
    ledger: Ledger, filters: Filters, supposed: Supposed, *, by: str = "task_type", cost: Cost = "list_cost"
) -> WhatIf:
    """Price a period anew. `by` is a dimension as `reports.cost_by` knows them. Raises SettingsError.

    Rates at the ledger's copy of the price table. What the books say is made with older tables counts as a difference.
    """
    check_dimensions((by,))
    table = supposed.table or _own_prices()
    supposed.check(table)
    with ledger.extract(naive(filters.period.start), naive(filters.period.end)) as con:
        filters = replace(filters, period=_kept(con, filters.period))
        found = _rated(con, filters, supposed, table, by=by, contracted=cost == "contracted_cost")
    books = cost_by(ledger, filters, (by,))
    rows = _rows(books, found, cost)
    total = _total(rows)
    was = known_sum(row["cost"] for row in found if row["estimate"] == _WAS)
    return WhatIf(
        period=filters.period,
        total=total,
        rows=tuple(sorted(rows, key=lambda row: (-abs(row.difference or 0), row.group[0] or ""))),
        assumed=tuple(sentences(supposed, [row for row in found if row["estimate"] == _EXPECTED], was, total.cost)),
    )


@cache
def _own_prices() -> PriceTable:
    return PriceTable.load()


def _kept(con: Connection, period: Period) -> Period:
    """As much of a period as has attempts."""
    (book,) = run(con, "book")
    since = book["attempts_from"]
    if since is None or since <= naive(period.start):
        return period
    start = min(since.replace(tzinfo=UTC), period.end)
    return Period(start, period.end)


def _rated(
    con: Connection, filters: Filters, supposed: Supposed, table: PriceTable, *, by: str, contracted: bool
) -> list[dict[str, Any]]:
    """The rows of what_if.sql: what was, at the ledger's prices, and then what is supposed."""
    period = {"start": naive(filters.period.start), "until": naive(filters.period.end)}
    _choose(con, filters, supposed, by)
    if supposed.follows_caches:
        run(con, "what_if_turns", **period, ttl=supposed.ttl)
    else:
        run(con, "what_if_turns_none")
    run(con, "what_if_room")
    run(con, "what_if_bands")
    _measure(con, table, targets=set(supposed.models.values()))
    run(con, "what_if_groups", **period)
    if supposed.table is None and not supposed.prices:
        _rate(con, supposed, [_WAS, _LOW, _EXPECTED, _HIGH])
        return run(con, "what_if", contracted=contracted)
    _rate(con, supposed, [_WAS])
    was = run(con, "what_if", contracted=contracted)
    _reprice(con, supposed)
    _rate(con, supposed, [_LOW, _EXPECTED, _HIGH])
    return was + run(con, "what_if", contracted=contracted)


def _reprice(con: Connection, supposed: Supposed) -> None:
    if supposed.table is not None and install_prices(con, supposed.table):
        run(con, "what_if_bands")
    rows = [{"model": name} | {key: f"{usd:f}" for key, usd in row.items()} for name, row in supposed.prices.items()]
    run(con, "what_if_prices", prices=json.dumps(rows))


def _choose(con: Connection, filters: Filters, supposed: Supposed, by: str) -> None:
    run(
        con,
        "what_if_attempts",
        **choose(con, filters),
        by=by,
        keyed=supposed.keyed,
        keys=list(supposed.models),
        targets=list(supposed.models.values()),
        follow=supposed.follows_caches,
    )


def _measure(con: Connection, table: PriceTable, *, targets: set[str]) -> None:
    """The lengths at which something changes."""
    models = table.file.models
    run(
        con,
        "what_if_models",
        models=list(models),
        percents=[TOKENS_FOR_THE_SAME_TEXT[model.tokenizer] for model in models.values()],
        least=[model.min_cacheable_tokens for model in models.values()],
    )
    unsure = {"tokens_unsure": TOKENS_UNSURE, "answers_unsure": ANSWERS_UNSURE}
    run(con, "what_if_estimates", **unsure, most_found=MOST_FOUND, least_found=LEAST_FOUND)
    longs = [(name, row.over) for name, model in models.items() for row in model.prices or () if row.over > 0]
    run(
        con,
        "what_if_limits",
        targets=sorted(targets),
        models=[name for name, _ in longs],
        overs=[over for _, over in longs],
    )


def _rate(con: Connection, supposed: Supposed, estimates: Sequence[int]) -> None:
    at = supposed.at and naive(supposed.at)
    run(con, "what_if_lines", estimates=estimates, ttl=supposed.ttl, share=supposed.batch_share, at=at)
    run(con, "what_if_supposed")
    run(con, "rate")


def _rows(books: Sequence[CostRow], found: Sequence[Mapping[str, Any]], cost: Cost) -> list[WhatIfRow]:
    """Each group of the books with its estimates. What used nothing costs nothing, whatever is supposed."""
    lines = {(row["member"], row["estimate"]): row for row in found}
    rows = list[WhatIfRow]()
    for book in books:
        (member,) = book.group
        there = (member, _EXPECTED) in lines
        low, expected, high = (
            lines[member, number]["cost"] if there else book.list_cost for number in (_LOW, _EXPECTED, _HIGH)
        )
        rows.append(
            WhatIfRow(
                group=book.group,
                attempts=book.attempts,
                unpriced_attempts=book.unpriced_attempts,
                unpriced_lines=lines[member, _EXPECTED]["unpriced_lines"] if there else 0,
                cost=book.contracted_cost if cost == "contracted_cost" else book.list_cost,
                low=low,
                expected=expected,
                high=high,
            )
        )
    return rows


def _total(rows: Sequence[WhatIfRow]) -> WhatIfRow:
    return WhatIfRow(
        group=(),
        attempts=sum(row.attempts for row in rows),
        unpriced_attempts=sum(row.unpriced_attempts for row in rows),
        unpriced_lines=sum(row.unpriced_lines for row in rows),
        cost=known_sum(row.cost for row in rows),
        low=known_sum(row.low for row in rows),
        expected=known_sum(row.expected for row in rows),
        high=known_sum(row.high for row in rows),
    )
