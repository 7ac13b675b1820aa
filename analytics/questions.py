"""Questions: SQL by name, from sql/. Python holds none.

Most of it is in words that DuckDB and ClickHouse share; sql/clickhouse/ has what has to be said otherwise there. A line
`INCLUDE <name>` stands for the text of another file.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator
from functools import cache
from importlib import resources
from typing import Any, Protocol

import duckdb


class Answer(Protocol):
    """What a statement gives back."""

    @property
    def description(self) -> Any:
        """One entry a column, its name first; None where there are no columns."""
        ...

    def fetchall(self) -> list[Any]:
        """Every row."""
        ...

    def fetchone(self) -> Any:
        """The first row; None if there is none."""
        ...


class Connection(Protocol):
    """What questions are asked of: DuckDB's connection is one."""

    def execute(self, query: str, parameters: object = None) -> Answer:
        """Run statements; parameters by name."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


_INCLUDE = re.compile(r"^ *INCLUDE (\w+)$", re.MULTILINE)


@cache
def sql(name: str, dialect: str = "duckdb") -> str:
    """The text of sql/<name>.sql, or of sql/<dialect>/<name>.sql if there is one: one question, parameterised."""
    folder = resources.files("analytics").joinpath("sql")
    own = folder.joinpath(dialect, f"{name}.sql")
    text = (own if own.is_file() else folder.joinpath(f"{name}.sql")).read_text(encoding="utf-8")
    return whole(text, dialect)


def whole(text: str, dialect: str = "duckdb") -> str:
    """A text with those that it includes."""
    return _INCLUDE.sub(lambda found: sql(found[1], dialect), text)


def run(con: Connection, name: str, /, **parameters: object) -> list[dict[str, Any]]:
    """Run sql/<name>.sql and return its rows, by column name."""
    result = _ask(con, name, parameters)
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def rows(con: Connection, name: str, /, **parameters: object) -> list[tuple[Any, ...]]:
    """The same by position, for many rows."""
    return _ask(con, name, parameters).fetchall()


_parsed: dict[str, list[duckdb.Statement]] = {}
"""To parse anew what never changes would be a fifth of the time that DuckDB 2.0 takes for a question."""


def _ask(con: Connection, name: str, parameters: dict[str, object]) -> Answer:
    if not isinstance(con, duckdb.DuckDBPyConnection):
        return con.execute(sql(name, getattr(con, "dialect", "duckdb")), parameters or None)
    if name not in _parsed:
        _parsed[name] = con.extract_statements(sql(name))
    *steps, last = _parsed[name]
    for step in steps:
        con.execute(step)
    return con.execute(last, parameters or None)


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
