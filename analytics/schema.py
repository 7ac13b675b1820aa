"""Schema: the shape of a ledger, migration by migration, and how far a file has come."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import duckdb

from .exceptions import LedgerError, LedgerTooNew
from .questions import Connection, run, transaction, whole


@cache
def migrations(package: str = "analytics") -> list[tuple[str, str]]:
    """Name and text of each migration of a package, in order; the first is number 1."""
    files = resources.files(package).joinpath("migrations").iterdir()
    return sorted((file.name, file.read_text(encoding="utf-8")) for file in files if file.name.endswith(".sql"))


def migrate(con: Connection, version: int) -> None:
    """Apply what the file does not have yet, each migration in a transaction with its own record."""
    for number, (name, text) in enumerate(migrations()[version:], version + 1):
        with transaction(con):
            con.execute(whole(text))
            run(con, "migration_record", number=number, name=name)


def version_of(con: Connection, path: Path, alias: str) -> int:
    """The number of the last migration of `path`, attached as `alias`. Raises LedgerError, LedgerTooNew."""
    con.execute(f"USE {alias}")
    try:
        found = run(con, "migration_last")[0]
    except duckdb.CatalogException as error:
        raise LedgerError(f"{path} is a DuckDB file, but not a ledger of Tollgate") from error
    finally:
        con.execute("USE memory")
    if found["number"] > len(migrations()):
        raise LedgerTooNew(
            f"the ledger {path} was written by a newer Tollgate: it has migration {found['name']}, "
            f"this one knows up to {migrations()[-1][0]}; upgrade with pip install -U tollgate"
        )
    return found["number"]
