"""PriceTable: what a model costs, since when, and who says so. The only reader of pricing.yaml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from .exceptions import PriceFileError
from .price_file import FIRST_DAY, LAST_DAY, Fee, Ids, Model, PriceFile, Row, mistakes
from .yaml_file import read

BUCKETS = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
MOST_TOKENS = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class PriceTable:
    """A checked pricing.yaml."""

    path: Path
    file: PriceFile
    version: str
    """The file's own version and the first digits of its SHA-256: `2026.11+3f9a1c20`."""

    @classmethod
    def load(cls, path: Path | str | None = None) -> Self:
        """Read and check a price table; by default the one that came with this package.

        Raises PriceFileError with one line per mistake.
        """
        where = Path(path) if path is not None else _own_path()
        file, digest = read(where, PriceFile, check=mistakes, error=PriceFileError)
        return cls(where, file, f"{file.version}+{digest[:8]}")

    @property
    def checked(self) -> date:
        """The day on which somebody last compared the table with its sources."""
        return self.file.checked

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of the ledger's tables of prices, by table; amounts and days as text."""
        models = self.file.models
        return {
            "price_table": [{"version": self.version, "checked_on": self.checked.isoformat()}],
            "model": [_model_row(key, model) for key, model in models.items()],
            "model_id": [row for key, model in models.items() for row in _id_rows(key, model.ids)],
            "price": [row for key, model in models.items() for row in _price_rows(key, model.prices or [])],
            "modifier": [row for key, model in models.items() for row in _modifier_rows(key, model, self.file)],
            "per_use": [row for counter, fees in self.file.per_use.items() for row in _fee_rows(counter, fees)],
        }


def _own_path() -> Path:
    """In a wheel the table lies in the package; in a checkout beside it."""
    package = Path(__file__).parent
    packed = package / "pricing.yaml"
    return packed if packed.exists() else package.parent / "pricing.yaml"


def _model_row(key: str, model: Model) -> dict[str, Any]:
    launched = model.launched and model.launched.isoformat()
    return {"model": key, "name": model.name, "unpriced": model.unpriced, "launched": launched}


def _id_rows(model: str, ids: Ids) -> Iterator[dict[str, Any]]:
    for platform, spelling, scope in ids.spellings():
        yield {"platform": platform, "id": spelling, "model": model, "scope": scope}


def _price_rows(model: str, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """One row per band of prompt lengths, so that exactly one of them holds at a time."""
    bands: defaultdict[tuple[str, date], list[Row]] = defaultdict(list)
    for row in rows:
        bands[row.when.speed, row.from_].append(row)
    for (speed, first_day), band in bands.items():
        band.sort(key=lambda row: row.over)
        ends = [*(row.over for row in band[1:]), MOST_TOKENS]
        for row, end in zip(band, ends, strict=True):
            suffix = f"/over-{row.when.prompt_over}" if row.when.prompt_over else ""
            yield {
                "sku_price_id": f"{model}/{speed}/{first_day}{suffix}",
                "model": model,
                "speed": speed,
                "prompt_over": row.over,
                "prompt_up_to": end,
                **row.bounds(),
                **{bucket: _text(getattr(row, bucket)) for bucket in BUCKETS},
                "source": ", ".join(row.source),
            }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _modifier_rows(key: str, model: Model, file: PriceFile) -> Iterator[dict[str, Any]]:
    """Every value of every field that has a factor for this model; what is missing is unpriced."""
    always = {"model": key, "valid_from": FIRST_DAY.isoformat(), "valid_to": LAST_DAY.isoformat()}
    for field, values in file.neutral.model_dump().items():
        for value in values:
            yield {**always, "platform": None, "speed": None, "field": field, "value": value, "multiplier": "1"}
    for name, rows in file.modifiers.items():
        for row in rows:
            (condition,) = row.when.items()
            factor = row.multiply if name in model.modifiers else row.other_models
            if factor is None:
                continue
            for platform in row.platforms:
                for speed in row.speeds:
                    yield {
                        "model": key,
                        "platform": platform,
                        "speed": speed,
                        "field": condition[0],
                        "value": condition[1],
                        "multiplier": _text(factor),
                        **row.bounds(),
                    }


def _fee_rows(counter: str, fees: Iterable[Fee]) -> Iterator[dict[str, Any]]:
    for fee in fees:
        for platform in fee.platforms:
            yield {"counter": counter, "platform": platform, "price": _text(fee.price / fee.per), **fee.bounds()}
