"""Switch: which ledger the usage of a home is in: a file of its own, or one that many machines share."""

from __future__ import annotations

import os
from pathlib import Path

from .clickhouse.address import Address, is_address
from .ledger import Ledger
from .place import LEDGER
from .reports import DEMO_MARKER


def ledger_at(home: Path | str, *, patience: float = 10.0) -> Ledger:
    """The ledger that TOLLGATE_LEDGER names, else `ledger.duckdb` of the home, where demo data always are.

    Raises SettingsError for what is no address, and LedgerError where ClickHouse's client is not installed.
    """
    named = os.environ.get(LEDGER)
    if not named or (Path(home) / DEMO_MARKER).exists():
        return Ledger(home, patience=patience)
    return named_ledger(named, home, patience=patience)


def named_ledger(name: str, home: Path | str, *, patience: float = 10.0) -> Ledger:
    """The ledger of a name, a DuckDB file's or `clickhouse://...`; what is this machine's own is in `home`."""
    if not is_address(name):
        return Ledger(home, file=name, patience=patience)
    from .clickhouse.ledger import SharedLedger  # noqa: PLC0415  # brings ClickHouse's client, which need not be there

    return SharedLedger(home, Address.parse(name), patience=patience)
