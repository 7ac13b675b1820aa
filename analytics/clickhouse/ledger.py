"""SharedLedger: what reports read, where the ledger is one of many machines'.

Questions over roll-ups are asked of ClickHouse. Where one is about attempts and has no text for ClickHouse, those
attempts are extracted: the private DuckDB has them for as long as the question takes, and the same text answers.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections import defaultdict
from collections.abc import Generator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from ..budgets import Scope
from ..exceptions import LedgerError
from ..ledger import Ledger, furnish
from ..questions import Connection, run, sql
from .address import Address
from .reading import Reading, translated
from .scope import only
from .store import Store

ROWS = ("usage", "line", "charge", "rule")
SMALL = (
    "book",
    "contract",
    "contract_id",
    "discount",
    "exchange_rate",
    "feedback",
    "model",
    "model_id",
    "modifier",
    "per_use",
    "price",
    "price_table",
)
"""Tables that are extracted whole."""
_MOST_IDLE = 4
_BEGINNING, _END = datetime(1970, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001  # the ledger's times are naive


class SharedLedger(Ledger):
    """The ledger of many machines. `home` has what is this machine's own: its spool, its budgets' states, its files.

    With a `scope`, as if it held only the calls of which a tag has one of the values, for every `tag:<key>` of it.
    """

    def __init__(
        self, home: Path | str, address: Address, *, scope: Scope | None = None, patience: float = 10.0
    ) -> None:
        super().__init__(home, patience=patience)
        self.shared = self.address = address
        self._settings = only(scope, address.database) if scope is not None else {}

    def __str__(self) -> str:
        return str(self.address)

    @contextlib.contextmanager
    def read(self) -> Generator[Connection]:
        """A connection that takes the questions that have words for both engines. Raises LedgerError."""
        with self.store() as store:
            yield Reading(store)

    @contextlib.contextmanager
    def write(self, using: Connection | None = None) -> Generator[Connection]:
        """The same. There are no transactions: statements come in an order that is right wherever it is cut off."""
        if using:
            raise LedgerError(f"{self} takes attempts from tollgate ship alone, and the demo a ledger of its own")
        with self.read() as con:
            yield con

    @contextlib.contextmanager
    def hold(self) -> Generator[Connection]:
        """Nobody can be kept from writing."""
        with self.read() as con:
            yield con

    @contextlib.contextmanager
    def extract(
        self, start: datetime | None = None, until: datetime | None = None, *, call_id: str | None = None
    ) -> Generator[Connection]:
        """The attempts of a period of naive UTC times, or of one call, as a DuckDB ledger that has no others."""
        asked = {"start": start or _BEGINNING, "until": until or _END, "call_id": call_id}
        with self.store() as store, self.private() as con, tempfile.TemporaryDirectory() as folder:
            furnish(con)
            for table in ROWS:
                take(con, store, table, Path(folder), f"extract_{table}", asked)
            for table in SMALL:
                take(con, store, table, Path(folder), "extract_table", {"table": table})
            run(con, "extracted")
            yield con

    @contextlib.contextmanager
    def store(self) -> Generator[Store]:
        """A connection to the engine; it is kept for the next unless something went wrong."""
        key = (self.address, *self._settings.items())
        with _guard:
            idle = _idle[key]
            store = idle.pop() if idle else None
        store = store or self.connect()
        try:
            yield store
        except BaseException:
            store.close()
            raise
        with _guard:
            if len(_idle[key]) < _MOST_IDLE:
                _idle[key].append(store)
                return
        store.close()

    def connect(self, **settings: str) -> Store:
        """A connection of its own, with more settings; whoever asks closes it."""
        return Store(self.address, {**self._settings, **settings})


def forget(address: Address) -> None:
    """Close the connections that are kept for whoever asks next."""
    with _guard:
        idle = [_idle.pop(key) for key in list(_idle) if key[0] == address]
    for store in chain.from_iterable(idle):
        store.close()


_guard = threading.Lock()
_idle: defaultdict[tuple[Any, ...], list[Store]] = defaultdict(list)


def take(con: Connection, store: Store, table: str, folder: Path, question: str, asked: Mapping[str, object]) -> None:
    """Have a temporary table of the private database hold what the engine answers."""
    text, used = translated(sql(question, "clickhouse"), asked)
    file = folder / f"{table}.parquet"
    file.write_bytes(store.parquet(text, used))
    con.execute(sql("extracted_table").format(table=table), {"file": str(file)})
