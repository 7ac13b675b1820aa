"""Terms: a shared ledger's copies of the price table and of the contract: its books can be read without the files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..intake import Terms
from ..questions import run, sql
from .reading import Reading
from .store import Store


def install(store: Store, terms: Terms) -> None:
    """Copy the price table and the contract into a shared ledger, each table in one step, if it has others.

    It changes no charge. Needs the right to create tables; one machine is enough. Raises StoreError.
    """
    prices, contract = terms
    con = Reading(store)
    if run(con, "prices_version") != [{"version": prices.version}]:
        _replace_all(store, prices.tables(), last="price_table")
    if run(con, "contract_version") != ([{"version": contract.version}] if contract.version else []):
        _replace_all(store, contract.tables(), last="contract")


def _replace_all(store: Store, tables: Mapping[str, Sequence[Mapping[str, Any]]], *, last: str) -> None:
    """The one that says which version it is comes last: what was cut off is done again."""
    for table in sorted(tables, key=lambda table: table == last):
        _replace(store, table, tables[table])


def _replace(store: Store, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    con = Reading(store)
    con.execute(sql("fresh_table", "clickhouse").format(table=table))
    store.insert_rows(f"{table}_fresh", [json.dumps(row) for row in rows])
    con.execute(sql("exchange_table", "clickhouse").format(table=table))
