"""Contract: what was negotiated. The only reader of contract.yaml, which is private and may be missing.

A contract makes `contracted_cost` out of `list_cost`, and names what stands behind deployments and profiles. It never
changes a list price.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, get_args

from .contract_file import ContractFile, Discount, mistakes
from .exceptions import ContractError
from .price_file import Platform
from .prices import PriceTable
from .yaml_file import parse

_UNBOUND_SCOPE = {"bedrock": "regional", "foundry": "global"}


@dataclass(frozen=True, slots=True)
class Contract:
    """A checked contract.yaml, or none at all."""

    file: ContractFile
    version: str | None
    """The first digits of the SHA-256 of the file; None: there is no contract."""
    prices: PriceTable

    @classmethod
    def load(cls, path: Path | str, prices: PriceTable) -> Self:
        """Read and check a contract against a price table. Raises ContractError with one line per mistake."""
        try:
            data = Path(path).read_bytes()
        except OSError as reason:
            raise ContractError(f"{path}: cannot be read ({reason.strerror})") from reason
        return cls._parse(data, str(path), prices)

    @classmethod
    def inline(cls, written: Mapping[str, object], prices: PriceTable) -> Self:
        """The same from an object that came with a call."""
        return cls._parse(json.dumps(written).encode(), "contract", prices)

    @classmethod
    def none(cls, prices: PriceTable) -> Self:
        """No contract: what is paid is the list price."""
        return cls(ContractFile(), None, prices)

    @classmethod
    def of(cls, home: Path, prices: PriceTable) -> Self:
        """The contract in use: TOLLGATE_CONTRACT, else `contract.yaml` of the home, else none."""
        if chosen := os.environ.get("TOLLGATE_CONTRACT"):
            return cls.load(Path(chosen).expanduser(), prices)
        path = home / "contract.yaml"
        return cls.load(path, prices) if path.exists() else cls.none(prices)

    @classmethod
    def _parse(cls, data: bytes, name: str, prices: PriceTable) -> Self:
        ids = {platform: _owners(prices, platform) for platform in ("anthropic", "bedrock")}
        check = partial(mistakes, models=ids["anthropic"], bedrock=ids["bedrock"])
        file = parse(data, name, ContractFile, check=check, error=ContractError)
        return cls(file, hashlib.sha256(data).hexdigest()[:8], prices)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of the ledger's tables of contracts, by table; amounts and days as text."""
        file = self.file
        return {
            "contract": [{"version": self.version, "currency": file.currency}] if self.version else [],
            "contract_id": list(self._id_rows()),
            "discount": [row for discount in file.discounts for row in self._discount_rows(discount)],
            "exchange_rate": [
                {"currency": file.currency, "per_usd": f"{rate.per_usd:f}", **rate.bounds()} for rate in file.rates
            ],
        }

    def _id_rows(self) -> Iterator[dict[str, Any]]:
        named = {"bedrock": self.file.bedrock_profiles, "foundry": self.file.foundry_deployments}
        for platform, names in named.items():
            here = _owners(self.prices, platform)
            known = _owners(self.prices, "anthropic") | here
            for name, served in names.items():
                model, scope = known[served.model]
                if served.model not in here:
                    scope = None
                yield {
                    "platform": platform,
                    "id": name.rpartition("/")[2] if name.startswith("arn:") else name,  # as in rate.sql
                    "model": model,
                    "scope": served.scope or scope or _UNBOUND_SCOPE[platform],
                }

    def _discount_rows(self, discount: Discount) -> Iterator[dict[str, Any]]:
        """One row per platform, model and tier, so that a line finds its own by equality."""
        known = _owners(self.prices, "anthropic")
        names = discount.models if discount.models is not None else list(known)
        for platform in discount.platforms or get_args(Platform):
            for model in dict.fromkeys(known[name][0] for name in names):
                for tier in discount.service_tiers or [None]:
                    yield {
                        "platform": platform,
                        "model": model,
                        "service_tier": tier,
                        "multiplier": f"{1 - discount.percent_off / 100:f}",
                        **discount.bounds(),
                    }


def _owners(prices: PriceTable, platform: str) -> dict[str, tuple[str, str | None]]:
    """Each id of a platform, with its model and the scope that the id says."""
    return {
        spelling: (model, scope)
        for model, facts in prices.file.models.items()
        for on, spelling, scope in facts.ids.spellings()
        if on == platform
    }
