"""How a receipt looks: to people as a table, to scripts as one JSON object a line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from .present import plain as harmless
from .receipt import Item, Line, Receipt, plain

MILLION = 1_000_000
_PER = {MILLION: " / M", 1: " each", 3600: " / h"}


def as_json_line(receipt: Receipt) -> str:
    """One line; amounts are exact decimal strings, and what names the attempt stands at the top level."""
    fields = _plainer(receipt)
    extra: Mapping[str, Any] = fields.pop("extra")
    return json.dumps({**extra, **fields}, ensure_ascii=False).encode("utf-8", "replace").decode()


def show_receipt(out: Console, receipt: Receipt) -> None:
    """Items, then what they were priced with, then the total or why there is none."""
    for name, value in receipt.extra.items():
        out.print(f"{name}: {harmless(str(value))}", style="bold")
    for line in receipt.lines:
        out.print(harmless(_head(line)), style="bold")
        out.print(_items(line))
        for note in _notes(line):
            out.print(f"  {harmless(note)}")
    out.print(harmless(_total(receipt)), style="bold" if receipt.status == "priced" else "bold yellow")
    for flag in receipt.flags:
        out.print(f"! {harmless(flag)}", style="yellow")
    out.print()


def _head(line: Line) -> str:
    name = line.model or "no model"
    behind = f" = {line.priced_as}" if line.priced_as not in (None, line.model) else ""
    return f"{line.kind}: {name}{behind}{'' if line.speed == 'standard' else f', {line.speed}'}"


def _items(line: Line) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Bucket", no_wrap=True)
    for name in ("Units", "Unit price", "Modifiers", "Amount"):
        table.add_column(name, justify="right", no_wrap=True)
    for item in line.items:
        table.add_row(*_cells(item, line))
    return table


def _cells(item: Item, line: Line) -> tuple[str, str, str, str, str]:
    factors = " ".join(f"×{plain(factor.multiplier)}" for factor in line.multipliers) if item.per == MILLION else ""
    units = "not a count" if item.units is None else f"{item.units:,}"
    price = "unknown" if item.unit_price is None else f"${plain(item.unit_price)}{_PER[item.per]}"
    return item.bucket, units, price, factors, _dollars(item.amount)


def _notes(line: Line) -> Iterator[str]:
    for factor in line.multipliers:
        yield f"×{plain(factor.multiplier)}: {factor.name} {factor.value}"
    if line.price_from is not None:
        until = f"until {line.price_to}" if line.price_to else "on"
        yield f"price row {line.sku_price_id}: from {line.price_from} {until}; source: {', '.join(line.source)}"
    if line.reason:
        yield f"no cost: {line.reason}"
    elif not line.billable:
        yield "not billed"


def _total(receipt: Receipt) -> str:
    if receipt.list_cost is None:
        known = f"; the rest comes to {_dollars(receipt.known_cost)}" if receipt.known_cost is not None else ""
        return f"{receipt.status}: {receipt.reason}{known}"
    parts = [f"Total {_dollars(receipt.list_cost)}"]
    if receipt.contracted_cost != receipt.list_cost:
        parts.append(f"by contract {_dollars(receipt.contracted_cost)}")
    if receipt.reporting_currency:
        amount = "unknown" if receipt.reporting_cost is None else plain(receipt.reporting_cost)
        parts.append(f"{amount} {receipt.reporting_currency}")
    return ", ".join(parts)


def _dollars(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${plain(amount)}"


def _plainer(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plainer(item) for item in value]  # pyright: ignore[reportUnknownVariableType] - anything
    if dataclasses.is_dataclass(value):
        return {field.name: _plainer(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value
