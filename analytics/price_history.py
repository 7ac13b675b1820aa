"""The price history of one model: its facts, its ids, every row with its sources, and the rows in force on a day."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .exceptions import SettingsError
from .price_file import LAST_DAY, Model, Row
from .prices import BUCKETS, PriceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSource:
    """Who says so."""

    name: str
    authority: str
    dated: str
    what: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPrice:
    """One row of the table."""

    valid_from: date
    valid_to: date | None
    """The first day after it; None: it is open."""
    speed: str
    prompt_over: int | None
    """Holds for prompts longer than this; None: for all, or for those up to the next threshold."""
    in_force: bool
    prices: Mapping[str, Decimal | None]
    """By bucket, US dollars per million tokens; None: nobody published one."""
    sources: tuple[PriceSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHistory:
    """What the table knows of one model."""

    model: str
    name: str
    on: date
    """The day that `in_force` is about."""
    facts: Mapping[str, str | int | None]
    ids: Mapping[str, tuple[str, ...]]
    """By platform."""
    modifiers: tuple[str, ...]
    unpriced: str | None
    """Why it has no prices, if it has none."""
    rows: tuple[DatedPrice, ...]


def price_history(prices: PriceTable, name: str, *, on: date) -> PriceHistory:
    """What the table knows of the model that some platform calls `name`.

    Raises SettingsError, with the nearest names, if none does.
    """
    key = find_model(prices, name)
    model = prices.file.models[key]
    return PriceHistory(
        model=key,
        name=model.name,
        on=on,
        facts=_facts(model),
        ids=_ids(model),
        modifiers=tuple(model.modifiers),
        unpriced=model.unpriced,
        rows=tuple(_dated(prices, row, on) for row in model.prices or ()),
    )


def find_model(prices: PriceTable, name: str) -> str:
    """The key of the model with that id, alias or inference profile, on whichever platform."""
    wanted, known = _bare(name), owners(prices)
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    meant = f"did you mean {', '.join(near)}?" if near else "tollgate prices show claude-opus-5-5 shows one"
    raise SettingsError(f"model: found {name!r}, which no platform calls any model in the price table; {meant}")


def find_models(prices: PriceTable, text: str) -> list[str]:
    """The keys of all models that have `text` in their name or in any id, in the order of the table.

    Raises SettingsError, with the nearest names, if none has.
    """
    wanted = _bare(text.strip()).casefold()
    known = [*owners(prices).items(), *((model.name, key) for key, model in prices.file.models.items())]
    found = {key for spelling, key in known if wanted in spelling.casefold()}
    return [key for key in prices.file.models if key in found] or [find_model(prices, text.strip())]


def owners(prices: PriceTable) -> dict[str, str]:
    """Every id, alias and inference profile on any platform, and the key of the model that it names."""
    spelled = {spelling: key for key, model in prices.file.models.items() for _, spelling, _ in model.ids.spellings()}
    return spelled | {key: key for key in prices.file.models}


def _bare(name: str) -> str:
    """Without what an ARN has before the id."""
    return name.rsplit("/", 1)[-1] if name.startswith("arn:") else name


def holds(row: Row, on: date) -> bool:
    """Whether a row is in force on a day."""
    return row.from_ <= on < row.to


def _dated(prices: PriceTable, row: Row, on: date) -> DatedPrice:
    return DatedPrice(
        valid_from=row.from_,
        valid_to=None if row.to == LAST_DAY else row.to,
        speed=row.when.speed,
        prompt_over=row.when.prompt_over,
        in_force=holds(row, on),
        prices={bucket: getattr(row, bucket) for bucket in BUCKETS},
        sources=tuple(PriceSource(name=name, **prices.file.sources[name].model_dump()) for name in row.source),
    )


def _facts(model: Model) -> dict[str, str | int | None]:
    def day(value: date | None) -> str | None:
        return value and value.isoformat()

    return {
        "launched": day(model.launched),
        "retires": day(model.retires),
        "retires_not_before": day(model.retires_not_before),
        "context_window": model.context_window,
        "max_output": model.max_output,
        "min_cacheable_tokens": model.min_cacheable_tokens,
        "tokenizer": model.tokenizer,
    }


def _ids(model: Model) -> dict[str, tuple[str, ...]]:
    ids: dict[str, tuple[str, ...]] = {}
    for platform, spelling, _ in model.ids.spellings():
        ids[platform] = (*ids.get(platform, ()), spelling)
    return ids
