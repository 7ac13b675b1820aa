"""Terms: a shared ledger's copies of the price table and of the contract: its books can be read without the files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..intake import Terms
from ..questions import sql
from .reading import Reading
from .store import Store


def install(store: Store, terms: Terms) -> None:
    """Copy the price table and the contract into a shared ledger, each table in one step. Raises StoreError.

    It changes no charge. Needs the right to create tables; one machine is enough.
    """
    for named in terms:
        for table, rows in named.tables().items():
            _replace(store, table, rows)


def _replace(store: Store, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    con = Reading(store)
    con.execute(sql("fresh_table", "clickhouse").format(table=table))
    store.insert_rows(f"{table}_fresh", [json.dumps(row) for row in rows])
    con.execute(sql("exchange_table", "clickhouse").format(table=table))
