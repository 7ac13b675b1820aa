"""What `tollgate price` and `tollgate receipt` do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from . import present
from .commands import fresh
from .contract import Contract
from .desk import price_all
from .documents import documents
from .exceptions import SettingsError
from .ledger import Ledger
from .prices import PriceTable
from .questions import run
from .receipt import Receipt
from .receipt_text import as_json_line, show_receipt
from .switch import ledger_at

_AT_ONCE = 5_000


def price(text: str, *, home: Path, contract: Path | None, as_json: bool) -> bool:
    """Print a receipt for each call in `text`; True if all of them are priced."""
    prices = PriceTable.load()
    agreed = Contract.load(contract, prices) if contract else Contract.of(home, prices)
    calls, show, sound = list(documents(text)), _printer(as_json=as_json), True
    if not calls:
        raise SettingsError('found nothing to price, expected JSON such as {"model": ..., "at": ..., "usage": {...}}')
    for first in range(0, len(calls), _AT_ONCE):
        for receipt in price_all(calls[first : first + _AT_ONCE], prices=prices, contract=agreed):
            show(receipt)
            sound = sound and receipt.sound
    return sound


def receipt(home: Path, call_id: str, *, as_json: bool) -> bool:
    """Take in what is new, then print a receipt for each attempt of a call; True if all of them are priced."""
    ledger = ledger_at(home)
    behind = fresh(ledger)
    found = _of_call(ledger, call_id)
    if not found:
        unseen = f". {behind}" if behind else ""
        raise SettingsError(f"found no call {call_id!r} in {ledger}, expected the call_id of a record{unseen}")
    show = _printer(as_json=as_json)
    for one in found:
        show(one)
    return all(one.sound for one in found)


def _of_call(ledger: Ledger, call_id: str) -> list[Receipt]:
    with ledger.extract(call_id=call_id) as con:
        run(con, "receipt_fresh", call_id=call_id)
        attempts, rows = run(con, "receipt_attempts"), run(con, "receipt")
    return [
        Receipt.of(
            [row for row in rows if row["record_id"] == attempt["record_id"]],
            call_id=call_id,
            attempt=attempt["attempt"],
            outcome=attempt["error_type"] or attempt["status"],
            **_said(attempt),
        )
        for attempt in attempts
    ]


def _said(attempt: Mapping[str, Any]) -> dict[str, object]:
    """The feedback that was given to the call, as far as there is any."""
    said = {"feedback": attempt["verdict"], "feedback_note": attempt["note"]}
    return {name: value for name, value in said.items() if value is not None}


def _printer(*, as_json: bool) -> Callable[[Receipt], None]:
    if as_json:
        return lambda one: click.echo(as_json_line(one))
    out = present.console()
    return lambda one: show_receipt(out, one)
