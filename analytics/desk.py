"""The desk: prices calls that are in no ledger, through the same SQL as the ledger's, in a ledger in memory.

Planning lines.sql and rate.sql takes DuckDB some 30 ms, however many calls there are; so many calls are asked about at
once, and a call that was asked about before is answered from memory.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from .asked import KEYS, Asked
from .contract import Contract
from .exceptions import ContractError
from .install import install_contract, install_prices
from .ledger import in_memory
from .prices import PriceTable
from .questions import run, transaction
from .receipt import Receipt

_REMEMBERED = 4096
_Rows = list[dict[str, Any]]
_Key = tuple[Asked, str, str | None]


def price_all(
    calls: Sequence[object], *, prices: PriceTable | None = None, contract: Contract | None = None
) -> list[Receipt]:
    """A receipt for each call, in order; `calls` are objects as `tollgate price` reads them.

    Bad input becomes a receipt that says so. A call's own `contract`, an object or the path of a file, goes before
    `contract`.
    """
    prices = prices or _own_prices()
    usual = contract or Contract.none(prices)
    receipts: dict[int, Receipt] = {}
    asked: defaultdict[str | None, list[tuple[int, Asked]]] = defaultdict(list)
    contracts: dict[str | None, Contract] = {usual.version: usual}
    notes: dict[int, tuple[str, ...]] = {}
    for index, call in enumerate(calls):
        try:
            written = _object(call)
            question = Asked.read(written)
        except ValueError as error:
            receipts[index] = Receipt.refused(str(error), **_named(call))
            continue
        own, notes[index] = _contract(written, usual, prices)
        contracts.setdefault(own.version, own)
        asked[own.version].append((index, question))
    for version, questions in asked.items():
        answers = _desk().rate([question for _, question in questions], prices, contracts[version])
        for (index, _), rows in zip(questions, answers, strict=True):
            receipt = Receipt.of(rows, **_named(calls[index]))
            receipts[index] = receipt.noting(notes[index]) if notes[index] else receipt
    return [receipts[index] for index in range(len(calls))]


@cache
def _own_prices() -> PriceTable:
    return PriceTable.load()


def _object(call: object) -> Mapping[str, Any]:
    if isinstance(call, ValueError):  # what could not even be read
        raise call
    if not isinstance(call, dict):
        raise ValueError(f"found {json.dumps(call, default=str)[:60]}, expected a JSON object")
    return call  # pyright: ignore[reportUnknownVariableType] - JSON


def _named(call: object) -> dict[str, object]:
    found: object = call.get("id") if isinstance(call, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON
    return {} if found is None else {"id": found}


def _contract(written: Mapping[str, Any], usual: Contract, prices: PriceTable) -> tuple[Contract, tuple[str, ...]]:
    """The contract of a call, and what is wrong with its other fields. List prices need no contract."""
    notes = [f"unknown_key:{key}" for key in written if key not in KEYS]
    own = written.get("contract")
    try:
        if own is None:
            return usual, tuple(notes)
        if isinstance(own, str):
            return Contract.load(own, prices), tuple(notes)
        return Contract.inline(own, prices), tuple(notes)
    except ContractError as error:
        return Contract.none(prices), (*notes, f"contract_unusable:{error}")


class _Desk:
    """One per process: a fork must not touch the DuckDB of its parent."""

    def __init__(self) -> None:
        self._con = in_memory()
        run(self._con, "receipt_desk")
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, _Rows] = OrderedDict()

    def rate(self, asked: Sequence[Asked], prices: PriceTable, contract: Contract) -> list[_Rows]:
        """The rows of receipt.sql for each."""
        with self._lock:
            keys = [(question, prices.version, contract.version) for question in asked]
            new = list(dict.fromkeys(key for key in keys if key not in self._known))
            if not new:
                return [self._known[key] for key in keys]
            answers = dict(zip(new, self._ask([question for question, _, _ in new], prices, contract), strict=True))
            found = [answers[key] if key in answers else self._known[key] for key in keys]
            self._remember(answers)
            return found

    def _ask(self, asked: Sequence[Asked], prices: PriceTable, contract: Contract) -> list[_Rows]:
        install_prices(self._con, prices)
        install_contract(self._con, contract)
        ids = [uuid.UUID(int=number) for number in range(len(asked))]
        rows: defaultdict[uuid.UUID, _Rows] = defaultdict(list)
        # Rolled back, so that the desk is empty again.
        with transaction(self._con, keep=False):
            calls = [_attempt(record_id, question) for record_id, question in zip(ids, asked, strict=True)]
            run(
                self._con,
                "receipt_call",
                calls=json.dumps(calls, ensure_ascii=False).encode("utf-8", "replace").decode(),
            )
            for step in ("receipt_all", "lines", "rate"):
                run(self._con, step)
            for row in run(self._con, "receipt"):
                rows[row["record_id"]].append(row)
        return [rows[record_id] for record_id in ids]

    def _remember(self, answers: Mapping[_Key, _Rows]) -> None:
        self._known.update(answers)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _attempt(record_id: uuid.UUID, asked: Asked) -> dict[str, object]:
    return {
        "record_id": str(record_id),
        "started_at": asked.at.replace(tzinfo=None).isoformat(" "),
        "platform": asked.platform,
        "endpoint": asked.endpoint,
        "model": asked.model,
        "stop_reason": asked.stop_reason,
        "stop_category": asked.stop_category,
        "content_empty": asked.content_empty,
        "batch_result_type": asked.batch_result_type,
        "usage": asked.usage,
    }


_desks: dict[int, _Desk] = {}
_making = threading.Lock()


def _desk() -> _Desk:
    with _making:
        if (desk := _desks.get(os.getpid())) is None:
            desk = _desks[os.getpid()] = _Desk()
        return desk
