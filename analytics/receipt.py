"""Receipt: what one attempt cost, item by item, with the price row and its source. A view of what rate.sql made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Any, Literal

from .price_file import LAST_DAY

Status = Literal["priced", "partial", "unpriced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """`units` of one bucket: amount = units / per × unit_price × the multiplier of the line."""

    bucket: str
    """input, output, cache_write_5m, cache_write_1h, cache_read, web_search_requests or active_seconds."""
    units: int | Decimal | None
    """Tokens, requests, or seconds, which may have decimals. None: what was given is no count."""
    per: int
    """How many units the price is for: a million tokens, one request, an hour of seconds."""
    unit_price: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """What a thing that the response says does to the token prices of a line; never to fees."""

    name: str
    """service_tier, inference_geo or scope."""
    value: str
    multiplier: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One model that was billed inside the attempt."""

    kind: str
    """top_level, or the type of the entry of `usage.iterations`."""
    model: str | None
    """The id as it was given."""
    priced_as: str | None
    """The model of the price table behind that id."""
    speed: str
    billable: bool
    sku_price_id: str | None
    price_from: date | None
    price_to: date | None
    """The first day that the price row no longer holds; None: it is open."""
    source: tuple[str, ...]
    """Names of sources in pricing.yaml."""
    multipliers: tuple[Multiplier, ...]
    items: tuple[Item, ...]
    list_cost: Decimal | None
    contracted_cost: Decimal | None
    reporting_cost: Decimal | None
    flags: tuple[str, ...]
    reason: str | None
    """Why the line has no cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one attempt cost. The books are in US dollars."""

    status: Status
    """priced: every billed line has a cost; unpriced: none has; partial: some have, and `known_cost` is their sum."""
    list_cost: Decimal | None
    """None unless the status is `priced`: a part is not the cost."""
    contracted_cost: Decimal | None
    known_cost: Decimal | None = None
    currency: str = "USD"
    reporting_cost: Decimal | None = None
    """contracted_cost in the contract's reporting currency, at the rate of that day."""
    reporting_currency: str | None = None
    lines: tuple[Line, ...] = ()
    flags: tuple[str, ...] = ()
    """What was assumed or looked wrong, in any of the lines."""
    reason: str | None = None
    """Why something has no cost; the first of the reasons of the lines."""
    price_table: str | None = None
    contract: str | None = None
    """The versions that it was priced with."""
    extra: Mapping[str, object] = field(default_factory=dict[str, object])
    """What names the attempt: of the ledger its number, of an input its `id`."""

    @property
    def sound(self) -> bool:
        """Whether everything has a cost, and the contract that was to be used could be."""
        return self.status == "priced" and not any(flag.startswith("contract_unusable:") for flag in self.flags)

    @classmethod
    def refused(cls, reason: str, **extra: object) -> Receipt:
        """For input that is no call."""
        return cls(status="unpriced", list_cost=None, contracted_cost=None, reason=reason, extra=extra)

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], **extra: object) -> Receipt:
        """From the rows of receipt.sql for one attempt."""
        lines = tuple(_line(row) for row in rows)
        billed = [line for line in lines if line.billable]
        unpriced = [line for line in billed if line.list_cost is None]
        status: Status = "priced" if not unpriced else "unpriced" if len(unpriced) == len(billed) else "partial"
        converted = any(row["reporting_currency"] for row in rows)
        return cls(
            status=status,
            list_cost=_sum(line.list_cost for line in lines),
            contracted_cost=_sum(line.contracted_cost for line in lines),
            known_cost=_sum(line.list_cost for line in lines if line.list_cost is not None)
            if status != "unpriced"
            else None,
            reporting_cost=_sum(line.reporting_cost for line in lines) if converted else None,
            reporting_currency=rows[0]["reporting_currency"] if rows else None,
            lines=lines,
            flags=tuple(dict.fromkeys(flag for line in lines for flag in line.flags)),
            reason=unpriced[0].reason if unpriced else None,
            price_table=rows[0]["table_version"] if rows else None,
            contract=rows[0]["contract_version"] if rows else None,
            extra=extra,
        )

    def noting(self, flags: Sequence[str]) -> Receipt:
        """The same with more flags; without a contract that can be used, nobody knows what is paid."""
        noted = replace(self, flags=(*self.flags, *flags))
        return noted if noted.sound or self.status != "priced" else replace(noted, contracted_cost=None)


def plain(amount: Decimal) -> str:
    """Every digit and no more: `0.0105`, never an exponent."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum to the last digit; Decimal alone would round at the 28th."""
    with localcontext(prec=100):
        return sum(amounts, Decimal(0))


def known_sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known, to the last digit; None if nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return exact_sum(known) if known else None


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known: list[Decimal] = []
    for amount in amounts:
        if amount is None:
            return None
        known.append(amount)
    return exact_sum(known)


def _line(row: Mapping[str, Any]) -> Line:
    return Line(
        kind=row["kind"],
        model=row["model"],
        priced_as=row["priced_model"],
        speed=row["speed"],
        billable=row["billable"],
        sku_price_id=row["sku_price_id"],
        price_from=_day(row["valid_from"]),
        price_to=_day(row["valid_to"]),
        source=tuple(row["source"].split(", ")) if row["source"] else (),
        multipliers=tuple(Multiplier(**factor) for factor in row["factors"]),
        items=tuple(_item(item) for item in row["items"]),
        list_cost=row["list_cost"],
        contracted_cost=row["contracted_cost"],
        reporting_cost=row["reporting_cost"],
        flags=tuple(row["flags"]),
        reason=row["unpriced_reason"],
    )


def _item(row: Mapping[str, Any]) -> Item:
    units = row["units"]
    fields: dict[str, Any] = {**row, "units": units if units is None or units % 1 else int(units)}
    return Item(**fields)


def _day(moment: datetime | None) -> date | None:
    day = moment and moment.replace(tzinfo=UTC).date()
    return None if day == LAST_DAY else day
