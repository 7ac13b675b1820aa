"""Cargo: a batch of the spool as a shared ledger takes it, parsed and rated here by the SQL that ingest uses."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .. import intake
from ..complaints import first_line
from ..exceptions import LedgerError
from ..questions import Connection, run
from ..rules import text as today
from ..slices import Slice
from .logbook import Plan
from .store import Store

Rows = tuple[bytes, tuple[str, ...]]
"""Parquet, and the columns of a table that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cargo:
    """What is sent for a plan."""

    plan: Plan
    sent: int
    """Attempts."""
    damaged: int
    """Lines that hold no record."""
    columns: tuple[str, ...]
    """Of the attempts."""
    attempts: bytes
    """Parquet."""
    rejects: bytes
    """The same."""


def pack(plan: Plan, batch: Iterable[Slice], terms: intake.Terms, *, machine: str, file: Path) -> Cargo:
    """Parse, rate and write down. `file` is written and removed. Raises LedgerError."""
    lines = [line for piece in batch for line in piece.lines()]
    if not lines:  # somebody has removed the segments since they were planned
        return Cargo(plan=plan, sent=0, damaged=0, columns=(), attempts=b"", rejects=b"")
    try:
        with contextlib.closing(intake.offer(terms, lambda con: intake.stage(con, lines))) as con:
            (counts,) = run(con, "ship_count")
            attempts, columns = rows(con, file, machine=machine, rated_at=plan.rated_at)
            rejects = written(con, "ship_rejects", file, machine=machine) if counts["damaged"] else b""
    except duckdb.OutOfMemoryException as error:
        raise LedgerError(f"cannot write {file}: {first_line(error)}") from error
    return Cargo(plan=plan, columns=columns, attempts=attempts, rejects=rejects, **counts)


def rows(con: Connection, file: Path, *, machine: str, rated_at: int, rules: str | None = None) -> Rows:
    """What is in offered_usage, offered_line and offered_charge, as the table `attempt` takes it, and by which columns.

    `rules`: what made them, if not what this Tollgate has. Raises LedgerError.
    """
    rules = today() if rules is None else rules
    attempts = written(con, "ship_attempts", file, machine=machine, rules=rules, rated_at=rated_at, keep=True)
    try:
        return attempts, tuple(row["column_name"] for row in run(con, "ship_columns", file=str(file)))
    finally:
        _remove(file)


def send(con: Connection, store: Store, *, machine: str, rated_at: int, rules: str | None = None) -> None:
    """Insert them, as what nobody will send again: under a token that is never used twice. Raises LedgerError."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "attempts.parquet"
        attempts, columns = rows(con, file, machine=machine, rated_at=rated_at, rules=rules)
        store.insert("attempt", attempts, token=secrets.token_hex(16), columns=columns)


def written(con: Connection, name: str, file: Path, *, keep: bool = False, **parameters: object) -> bytes:
    """The Parquet that a question writes to `file`, which is then removed. Raises LedgerError."""
    try:
        run(con, name, file=str(file), **parameters)
        return file.read_bytes()
    except (OSError, duckdb.IOException) as error:
        raise LedgerError(f"cannot write {file}: {first_line(error)}") from error
    finally:
        if not keep:
            _remove(file)


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)
