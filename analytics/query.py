"""Query: one question in SQL that a person wrote, asked of the ledger, which it can read and nothing else.

Three walls, each of which would do for most of what there is to fear: only statements that read are run; the ledger is
open read-only; and the database they run in has no file system, no settings to change and no extensions to load.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import duckdb

from .exceptions import SettingsError
from .ledger import Ledger
from .present import plain
from .questions import run, sql

if TYPE_CHECKING:
    from .clickhouse.ledger import SharedLedger

_T = TypeVar("_T")
_ZONED = "TIMESTAMP WITH TIME ZONE"
_READING = {"SELECT", "EXPLAIN", "MULTI"}
"""Kinds of statement, as DuckDB has them: WITH, FROM, DESCRIBE and SUMMARIZE are the first, and PIVOT is the last."""
_OPENED: dict[str, str | bool | int | float | list[str]] = {
    "allow_persistent_secrets": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": False,
    "python_enable_replacements": False,
}
# Without its file system not even the ledger's own file can be read by name: closing it would drop DuckDB's lock.
_SEALED = ("SET TimeZone = 'UTC'", "SET disabled_filesystems = 'LocalFileSystem'", "SET lock_configuration = true")
_BATCH_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """Of an answer; `type` as DuckDB writes it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """To a question. The rows are read as they are taken, while the ledger is held."""

    columns: tuple[Column, ...]
    rows: Iterator[tuple[Any, ...]]


@contextlib.contextmanager
def asking(ledger: Ledger, question: str) -> Generator[Answer]:
    """The answer to one statement. Raises SettingsError with what is wrong with it; Ctrl-C interrupts it.

    For a process that asks one thing at a time: when the second connection to the file is closed, the locks that other
    threads have on it would go with it.
    """
    if ledger.shared:
        from .clickhouse.query import asking as asking_shared  # noqa: PLC0415  # brings ClickHouse's client

        with asking_shared(cast("SharedLedger", ledger), question) as answer:
            yield answer
        return
    with (
        ledger.read(),  # makes and migrates the ledger, and keeps writers out as any reader does
        contextlib.closing(duckdb.connect(str(ledger.path), read_only=True, config=_OPENED)) as con,
        ThreadPoolExecutor(1) as worker,
    ):
        for setting in _SEALED:
            con.execute(setting)

        def attend(work: Callable[[], _T]) -> _T:
            try:
                return _attend(con, worker.submit(work))
            except duckdb.Error as error:
                raise SettingsError(_sentence(con, error)) from error

        columns = attend(lambda: _execute(con, question))
        yield Answer(columns, _rows(con, attend))


def _execute(con: duckdb.DuckDBPyConnection, question: str) -> tuple[Column, ...]:
    statement = _one(con, question)
    con.execute(statement)
    columns = _columns(con)
    if any(column.type == _ZONED for column in columns) and statement.type.name == "SELECT":
        con.execute(_without_zones(statement.query, columns))
    return columns


def _one(con: duckdb.DuckDBPyConnection, question: str) -> duckdb.Statement:
    """The statement, if it is one and only reads."""
    try:
        statements = [(statement, statement.type.name) for statement in con.extract_statements(question)]
    except ValueError as error:  # a statement that the Python client has no name for
        raise SettingsError("SQL: found a statement that does more than read, expected a SELECT") from error
    if len(statements) != 1:
        raise SettingsError(f"SQL: found {len(statements)} statements, expected one")
    statement, kind = statements[0]
    if kind not in _READING:
        raise SettingsError(f"SQL: found {kind}, expected a SELECT: the ledger can only be read")
    return statement


def _columns(con: duckdb.DuckDBPyConnection) -> tuple[Column, ...]:
    return tuple(Column(column[0], str(column[1])) for column in con.description or ())


def _without_zones(question: str, columns: tuple[Column, ...]) -> str:
    names = [f"c{number}" for number in range(len(columns))]
    cast = [
        f"{name}::TIMESTAMP" if column.type == _ZONED else name for name, column in zip(names, columns, strict=True)
    ]
    return sql("asked").format(
        columns=", ".join(cast), names=", ".join(names), question=question.strip().removesuffix(";")
    )


def _rows(con: duckdb.DuckDBPyConnection, attend: Callable[[Callable[[], Any]], Any]) -> Generator[tuple[Any, ...]]:
    while batch := attend(lambda: con.fetchmany(_BATCH_ROWS)):
        yield from batch


def _attend(con: duckdb.DuckDBPyConnection, future: Future[_T]) -> _T:
    """Wait for what DuckDB does in the worker thread: that one does not listen to Ctrl-C, but can be told."""
    try:
        return future.result()
    except KeyboardInterrupt:
        while not future.done():
            con.interrupt()
            wait([future], timeout=0.05)
        raise
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # DuckDB 1.5 does listen, at times
            raise KeyboardInterrupt from error
        raise


def _sentence(con: duckdb.DuckDBPyConnection, error: duckdb.Error) -> str:
    """What DuckDB says, without its drawing of where; and what there is, if a table is not found."""
    text = str(error).partition("\n\n")[0]
    if "'pytz'" in text:
        return "SQL: found a time with a time zone inside another value, expected one of UTC: cast it to TIMESTAMP"
    if "LocalFileSystem has been disabled" in text:
        return (
            "SQL: found a use of files, expected none: not to read, to write, or for what is too large for the memory"
        )
    first, *more = (plain(line.strip()) for line in text.splitlines())
    if not first.startswith("Catalog Error: Table"):
        return " ".join((first, *more))
    return f"{first} The views are {', '.join(view['name'] for view in run(con, 'views'))}."
