"""Price tables that other packages publish, where installed: read as data, in the terms of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .exceptions import SettingsError

Condition = tuple[str, int | None]
"""Speed, and the length that a prompt must pass, if any."""
Prices = Mapping[Condition, Mapping[str, Decimal]]
"""By condition and bucket, US dollars per million tokens."""
MILLION = Decimal(1_000_000)
STANDARD: Condition = ("standard", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one package says on one day."""

    package: str
    version: str | None
    """None: it is not installed."""
    models: Mapping[str, Prices] = field(default_factory=dict[str, Prices])
    """By the model's key in our table; models that the package does not list are missing."""


def published(ids: Mapping[str, Iterable[str]], *, on: date) -> list[Published]:
    """The tables of LiteLLM and genai-prices, for models given by key with the ids of the Claude API.

    Raises SettingsError if an installed package holds its table otherwise than expected.
    """
    return [_table("litellm", _litellm, ids, on), _table("genai-prices", _genai_prices, ids, on)]


def _table(package: str, reader: Any, ids: Mapping[str, Iterable[str]], on: date) -> Published:
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        return Published(package=package, version=None)
    try:
        return Published(package=package, version=version, models=dict(reader(ids, on)))
    except (ImportError, OSError, LookupError, AttributeError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SettingsError(f"{package} {version}: its price table cannot be read ({reason})") from error


_LITELLM_FILE = "model_prices_and_context_window_backup.json"
_LITELLM_BUCKETS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "cache_read_input_token_cost": "cache_read",
}
_LITELLM_TIER = re.compile(r"(?P<bucket>.+)_above_(?P<thousands>\d+)k_tokens")


def _litellm(ids: Mapping[str, Iterable[str]], _on: date) -> Iterator[tuple[str, Prices]]:
    """Its own file, so that nothing of LiteLLM is imported; it knows no dates."""
    package = find_spec("litellm")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package has no files")
    text = Path(package.origin).with_name(_LITELLM_FILE).read_text(encoding="utf-8")
    entries = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    for model, names in ids.items():
        entry = next((entries[name] for name in names if name in entries), None)
        if entry is not None:
            yield model, _litellm_prices(entry)


def _litellm_prices(entry: Mapping[str, Any]) -> Prices:
    prices: dict[Condition, dict[str, Decimal]] = {STANDARD: {}}
    for key, value in entry.items():
        tier = _LITELLM_TIER.fullmatch(key)
        bucket = _LITELLM_BUCKETS.get(tier["bucket"] if tier else key)
        if bucket is not None and isinstance(value, Decimal):
            condition = ("standard", int(tier["thousands"]) * 1000) if tier else STANDARD
            prices.setdefault(condition, {})[bucket] = (value * MILLION).normalize()
    extras: Mapping[str, Any] = entry.get("provider_specific_entry") or {}
    if (times := extras.get("fast")) is not None:
        prices["fast", None] = {bucket: price * times for bucket, price in prices[STANDARD].items()}
    return prices


_GENAI_BUCKETS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "cache_read_mtok": "cache_read",
}


def _genai_prices(ids: Mapping[str, Iterable[str]], on: date) -> Iterator[tuple[str, Prices]]:
    """Its table is Python; a model and its prices are found as the package itself finds them."""
    noon = datetime.combine(on, time(12), UTC)
    providers = import_module("genai_prices.data").providers
    provider: Any = next(provider for provider in providers if provider.id == "anthropic")
    for model, names in ids.items():
        found = _find(provider, names)
        if found is None:
            continue
        prices = _genai_tiers("standard", found.get_prices(noon))
        if any(variant.when == {"speed": "fast"} for variant in found.price_variants or ()):
            prices |= _genai_tiers("fast", found.get_prices(noon, {"speed": "fast"}))
        yield model, prices


def _find(provider: Any, names: Iterable[str]) -> Any:
    for name in names:
        if (found := provider.find_model(name)) is not None:
            return found
    return None


def _genai_tiers(speed: str, row: Any) -> dict[Condition, dict[str, Decimal]]:
    prices: dict[Condition, dict[str, Decimal]] = {}
    for name, bucket in _GENAI_BUCKETS.items():
        price = getattr(row, name)
        if price is None:
            continue
        prices.setdefault((speed, None), {})[bucket] = getattr(price, "base", price)
        for tier in getattr(price, "tiers", ()):
            prices.setdefault((speed, tier.start), {})[bucket] = tier.price
    return prices
