"""Ledger: the DuckDB file that usage lands in, attached for moments.

Across processes DuckDB admits one writer or many readers of a file. So a process keeps a private in-memory DuckDB and
attaches the ledger to it for one question or one transaction, behind a turnstile.

The ledger's own file is never opened by anything but DuckDB: closing such a handle would drop DuckDB's lock.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Generator
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import duckdb

from .clickhouse.address import Address
from .complaints import UNWRITTEN, first_line, holder
from .exceptions import LedgerBusy, LedgerError
from .file_copy import copy_file
from .questions import Connection, run, transaction
from .schema import migrate, migrations, version_of
from .turnstile import RETRY_SECONDS, Turnstile

log = logging.getLogger("tollgate")

STORAGE = "v1.5.0"
"""Of the file: the oldest DuckDB that can read it, and so every newer one."""


class Ledger:
    """The ledger of a home: `ledger.duckdb` in it, created when first needed. Safe to share between threads.

    `home` may also be the path of a `.duckdb` file, whose folder is then the home; `file` is one that lies elsewhere.
    Whoever wants a turn waits at most `patience` seconds and then raises LedgerBusy, which names the holder.
    """

    shared: Address | None = None
    """Where it is, if it is one of many machines."""

    def __init__(self, home: Path | str, *, file: Path | str | None = None, patience: float = 10.0) -> None:
        path = Path(file or home).expanduser()
        # A second name for the same file would be a second database to DuckDB, hence resolve().
        self.path = (path if file or path.suffix == ".duckdb" or path.is_file() else path / "ledger.duckdb").resolve()
        self.home = Path(home).expanduser().resolve() if file else self.path.parent
        self._patience = patience

    def __str__(self) -> str:
        """Where it is, as people may see it."""
        return str(self.path)

    def waiting_at_most(self, seconds: float) -> Self:
        """The same, for somebody with so much patience."""
        other = copy(self)
        other._patience = seconds
        return other

    def query(self, name: str, /, **parameters: object) -> list[dict[str, Any]]:
        """The rows of sql/<name>.sql."""
        with self.read() as con:
            return run(con, name, **parameters)

    @contextlib.contextmanager
    def read(self) -> Generator[Connection]:
        """A cursor on the ledger, which nobody writes meanwhile. Makes an empty ledger where there is none."""
        place = self._join()
        try:
            with self.private() as con:
                con.execute(f"USE {place.alias}")
                yield con
        finally:
            with place.turnstile.leaving() as last:
                if last:
                    with self.private() as con:
                        _detach(con, place.alias)

    @contextlib.contextmanager
    def extract(
        self,
        start: datetime | None = None,  # noqa: ARG002  # a ledger that lies elsewhere wants to know
        until: datetime | None = None,  # noqa: ARG002  # the same
        *,
        call_id: str | None = None,  # noqa: ARG002  # the same
    ) -> Generator[Connection]:
        """As `read`, for questions that only DuckDB understands, about attempts of a period of naive UTC times, or of a
        call. Others may be there, too.
        """
        with self.read() as con:
            yield con

    @contextlib.contextmanager
    def write(self, using: Connection | None = None) -> Generator[Connection]:
        """One transaction on the ledger, alone: committed at the end, rolled back if the block raises.

        `using` is a cursor from `private()`, whose temporary tables the transaction then sees.
        """
        place, deadline = _place(self.path), time.monotonic() + self._patience
        with place.turnstile.alone(deadline), contextlib.ExitStack() as stack:
            con = using or stack.enter_context(self.private())
            if not self.path.exists():
                self._create(con)
            version = self._attach(con, place.alias, deadline, read_only=False)
            try:
                if version < len(migrations()):
                    self._bring_up_to_date(con, place.alias, deadline, version)
                con.execute(f"USE {place.alias}")
                with transaction(con):
                    yield con
            except UNWRITTEN as error:
                raise LedgerError(f"cannot write the ledger {self.path}: {first_line(error)}") from error
            finally:
                _detach(con, place.alias)

    def peek(self, name: str, /, **parameters: object) -> list[dict[str, Any]]:
        """As `query`, of the file as it is, neither made nor migrated: for copies, which nobody else has open."""
        alias, deadline = _place(self.path).alias, time.monotonic() + self._patience
        with self.private() as con:
            self._attach(con, alias, deadline, read_only=True)
            try:
                con.execute(f"USE {alias}")
                return run(con, name, **parameters)
            finally:
                _detach(con, alias)

    @contextlib.contextmanager
    def hold(self) -> Generator[Connection]:
        """As `read`, for a long time: whoever wants to write waits outside, where it is in no reader's way."""
        with _place(self.path).turnstile.staying(time.monotonic() + self._patience), self.read() as con:
            yield con

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """Nobody has the file, this process neither: to put another in its place. It may be one that cannot be read."""
        place, deadline = _place(self.path), time.monotonic() + self._patience
        with place.turnstile.alone(deadline):
            try:
                if self.path.exists():
                    with self.private() as con:
                        self._attach(con, place.alias, deadline, read_only=False)
                        _detach(con, place.alias)  # what is in its write-ahead log is then in the file
            except LedgerBusy:
                raise
            except LedgerError:
                pass
            yield

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Another one after each transaction that wrote: times and sizes of the file, and of the log it may leave."""
        paths = (self.path, self.path.with_name(f"{self.path.name}.wal"))
        return tuple((found.st_mtime_ns, found.st_size) for path in paths if path.exists() and (found := path.stat()))

    def compact(self) -> None:
        """Write the file anew, without the room that deleted rows have left in it."""
        with self.alone(), self.private() as con:
            old = f"old_{os.getpid()}"
            self._attach(con, old, time.monotonic(), read_only=True)
            try:
                with self._anew(con) as new:
                    con.execute(f"COPY FROM DATABASE {old} TO {new}")
            finally:
                _detach(con, old)

    @contextlib.contextmanager
    def private(self) -> Generator[Connection]:
        """A cursor on the private in-memory database alone: to prepare what a turn at the ledger will need."""
        with contextlib.closing(cursor()) as con:
            yield con

    def _join(self) -> _Place:
        """Enter as one more reader; the first attaches the file."""
        place, deadline = _place(self.path), time.monotonic() + self._patience
        while True:
            with place.turnstile.entering(deadline) as others:
                if others or self._attach_current(place.alias, deadline):
                    place.turnstile.readers += 1
                    return place
            with self.write():  # creates and migrates
                pass

    def _attach_current(self, alias: str, deadline: float) -> bool:
        """Attach the file for readers, if there is one and it needs no migration."""
        if not self.path.exists():
            return False
        with self.private() as con:
            version = self._attach(con, alias, deadline, read_only=True)
            if version < len(migrations()):
                _detach(con, alias)
                return False
        return True

    def _create(self, con: Connection) -> None:
        """Make the ledger."""
        with self._anew(con) as alias:
            con.execute(f"USE {alias}")
            migrate(con, 0)

    @contextlib.contextmanager
    def _anew(self, con: Connection) -> Generator[str]:
        """A new database, attached under the yielded name; at the end of the block it takes the ledger's place.

        Under another name first: a disk that fills up leaves what was there before rather than half a ledger.
        """
        new, alias = self.path.with_suffix(f".{os.getpid()}.new"), f"new_{os.getpid()}"
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            con.execute(f"ATTACH {_quoted(new)} AS {alias} (STORAGE_VERSION '{STORAGE}')")
            try:
                yield alias
            finally:
                _detach(con, alias)
            new.replace(self.path)
        except (OSError, duckdb.Error) as error:
            raise LedgerError(f"cannot write the ledger {self.path}: {first_line(error)}") from error
        finally:
            for leftover in (new, new.with_name(new.name + ".wal")):
                with contextlib.suppress(OSError):
                    leftover.unlink(missing_ok=True)

    def _bring_up_to_date(self, con: Connection, alias: str, deadline: float, version: int) -> None:
        """Migrate an older ledger, of which a copy is made first."""
        _detach(con, alias)
        if (wal := self.path.with_name(f"{self.path.name}.wal")).exists():
            raise LedgerError(f"cannot migrate {self.path}: found {wal.name} beside it; is the disk full?")
        before = migrations()[version][0].removesuffix(".sql")
        copy = self.home / "backups" / f"{self.path.stem}-before-{before}.duckdb"
        if not copy.exists():
            copy_file(self.path, copy)
        self._attach(con, alias, deadline, read_only=False)
        con.execute(f"USE {alias}")
        migrate(con, version)

    def _attach(self, con: Connection, alias: str, deadline: float, *, read_only: bool) -> int:
        """Attach the file, waiting for whoever holds it, and return the number of its last migration."""
        while True:
            try:
                con.execute(f"ATTACH {_quoted(self.path)} AS {alias}" + (" (READ_ONLY)" if read_only else ""))
                break
            except duckdb.Error as error:
                busy = holder(error)
                if busy is None:
                    raise LedgerError(f"cannot open the ledger {self.path}: {first_line(error)}") from error
                if time.monotonic() >= deadline:
                    raise LedgerBusy(
                        f"the ledger {self.path} is in use by {busy}; close it there, then try again"
                    ) from error
            time.sleep(RETRY_SECONDS)
        try:
            return version_of(con, self.path, alias)
        except BaseException:
            _detach(con, alias)
            raise


@dataclass(frozen=True, slots=True)
class _Place:
    """What the threads of one process share about one ledger."""

    alias: str
    turnstile: Turnstile


_guard = threading.Lock()
_databases: dict[int, duckdb.DuckDBPyConnection] = {}
_places: dict[tuple[int, Path], _Place] = {}


def _database() -> duckdb.DuckDBPyConnection:
    """The private in-memory DuckDB of this process. By pid, as a forked child must not touch its parent's."""
    with _guard:
        if (con := _databases.get(os.getpid())) is None:
            con = _databases[os.getpid()] = duckdb.connect(":memory:")
            con.execute("SET GLOBAL TimeZone = 'UTC'")
            # What a question took is given back after it: 70 MB of a server that has been asked a few.
            con.execute("SET GLOBAL allocator_background_threads = true")
        return con


def cursor() -> Connection:
    """A cursor on the private in-memory database, to be closed by whoever asks for it."""
    return _database().cursor()


def furnish(con: Connection) -> None:
    """Give the private database the empty tables of a ledger: SQL for a ledger then also runs without one."""
    with _guard:
        try:
            run(con, "migration_last")
        except duckdb.CatalogException:
            migrate(con, 0)


def in_memory() -> Connection:
    """An empty ledger that is nowhere but in the memory of this process, and nobody else's."""
    con = duckdb.connect(":memory:")
    con.execute("SET TimeZone = 'UTC'")
    migrate(con, 0)
    return con


def _place(path: Path) -> _Place:
    with _guard:
        key = (os.getpid(), path)
        if key not in _places:
            _places[key] = _Place(f"ledger_{len(_places)}", Turnstile(path.with_suffix(".lock")))
        return _places[key]


def _detach(con: Connection, alias: str) -> None:
    con.execute("USE memory")
    try:
        con.execute(f"DETACH {alias}")
    except duckdb.IOException as error:
        if "CHECKPOINT during DETACH failed" not in str(error):
            raise
        # What was committed is in the ledger's log, and the next who writes makes a checkpoint of it.
        log.warning("tollgate could not checkpoint its ledger: %s", str(error).partition("Original error: ")[2])


def _quoted(path: Path) -> str:
    """A path in SQL: DuckDB 1.5 takes no parameter in ATTACH."""
    return "'" + str(path).replace("'", "''") + "'"
