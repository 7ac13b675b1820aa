"""Questions: SQL by name, from sql/. Python holds none."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from functools import cache
from importlib import resources
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection


@cache
def sql(name: str) -> str:
    """The text of sql/<name>.sql: one question, parameterised."""
    return resources.files("analytics").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def run(con: Connection, name: str, /, **parameters: object) -> list[dict[str, Any]]:
    """Run sql/<name>.sql and return its rows, by column name."""
    result = con.execute(sql(name), parameters or None)
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def rows(con: Connection, name: str, /, **parameters: object) -> list[tuple[Any, ...]]:
    """The same by position, for many rows."""
    return con.execute(sql(name), parameters).fetchall()


@contextlib.contextmanager
def transaction(con: Connection, *, keep: bool = True) -> Generator[None]:
    """All of the block or nothing; with `keep` false, nothing."""
    con.execute("BEGIN")
    try:
        yield
        con.execute("COMMIT" if keep else "ROLLBACK")
    except BaseException:
        # A failed COMMIT has ended the transaction already.
        with contextlib.suppress(duckdb.TransactionException):
            con.execute("ROLLBACK")
        raise
