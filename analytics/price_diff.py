"""Where our price table and the tables of others differ on a day, with our source beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .price_file import Model, Row
from .price_history import holds
from .prices import BUCKETS, PriceTable
from .published import Condition, Prices, Published, published


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One bucket of one model, under one condition. US dollars per million tokens."""

    model: str
    speed: str
    prompt_over: int | None
    bucket: str
    ours: Decimal | None
    """None: no row of ours is in force for that, or it has no such price."""
    theirs: Decimal | None
    """None: they have no such price."""
    sources: tuple[str, ...]
    """Of our row: authority and date, as in `official 2026-11-09: models overview`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Our table beside one other."""

    package: str
    version: str | None
    """None: it is not installed, and so not compared."""
    on: date
    compared: int
    """Models that both list and that are sold on that day."""
    not_listed: tuple[str, ...]
    """Models sold on that day that they do not know."""
    differences: tuple[Difference, ...]


def compare(prices: PriceTable, *, on: date) -> list[Comparison]:
    """Our table beside each published one."""
    models = {key: model for key, model in prices.file.models.items() if _rows(model, on)}
    ids = {key: [key, *model.ids.anthropic] for key, model in models.items()}
    return [_comparison(prices, models, theirs, on) for theirs in published(ids, on=on)]


def _comparison(prices: PriceTable, models: Mapping[str, Model], theirs: Published, on: date) -> Comparison:
    listed = {key: model for key, model in models.items() if key in theirs.models}
    return Comparison(
        package=theirs.package,
        version=theirs.version,
        on=on,
        compared=len(listed),
        not_listed=tuple(key for key in models if key not in listed) if theirs.version else (),
        differences=tuple(
            difference
            for key, model in listed.items()
            for difference in _differences(prices, key, _rows(model, on), theirs.models[key])
        ),
    )


def _rows(model: Model, on: date) -> dict[Condition, Row]:
    return {(row.when.speed, row.when.prompt_over): row for row in model.prices or () if holds(row, on)}


def _differences(prices: PriceTable, model: str, ours: Mapping[Condition, Row], theirs: Prices) -> Iterator[Difference]:
    for condition in dict.fromkeys([*ours, *theirs]):
        row, published_row = ours.get(condition), theirs.get(condition, {})
        for bucket in BUCKETS:
            our_price: Decimal | None = getattr(row, bucket, None)
            their_price = published_row.get(bucket)
            if our_price != their_price:
                yield Difference(
                    model=model,
                    speed=condition[0],
                    prompt_over=condition[1],
                    bucket=bucket,
                    ours=our_price,
                    theirs=their_price,
                    sources=_sources(prices, row),
                )


def _sources(prices: PriceTable, row: Row | None) -> tuple[str, ...]:
    named = (prices.file.sources[name] for name in (row.source if row else ()))
    return tuple(f"{source.authority} {source.dated}: {source.what}" for source in named)
