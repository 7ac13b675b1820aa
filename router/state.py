"""State: `state.sqlite` of a home, for what is going on: reservations, alerts, the outbox, leases. Facts are elsewhere.

Many processes write it, in transactions of less than a millisecond. Whoever keeps something in it brings its tables.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Generator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

try:
    import fcntl
except ImportError:  # Windows: SQLite's own lock is enough, only less fair
    fcntl = None

PATIENCE_SECONDS = 5.0


class State:
    """The state of a home, made when first written. Safe to share between threads, and across a fork."""

    def __init__(self, home: Path | str, *, package: str, tables: str) -> None:
        """`tables`: the name of sql/<tables>.sql in `package`, which makes the tables that are missing."""
        self.path = Path(home).expanduser().resolve() / "state.sqlite"
        self._package, self._tables = package, tables

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All of the block or nothing, alone. Rows are `sqlite3.Row`. Raises sqlite3.Error, OSError."""
        door = _door(self.path)
        with door.alone():
            con = door.connection(self._package, self._tables)
            con.execute("BEGIN IMMEDIATE")
            try:
                yield con
                con.execute("COMMIT")
            except BaseException:
                if con.in_transaction:  # a failed COMMIT may have ended it
                    con.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def read(self) -> Generator[sqlite3.Connection]:
        """For one question, which waits for nobody."""
        door = _door(self.path)
        with door.lock:
            yield door.connection(self._package, self._tables)


@cache
def statement(package: str, name: str) -> str:
    """The text of sql/<name>.sql in a package: one statement, parameterised."""
    return files(package).joinpath("sql", f"{name}.sql").read_text("utf-8")


class _Door:
    """What the threads of one process share about one file."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._path = path
        self._con: sqlite3.Connection | None = None
        self._fd = -1
        self._made: set[tuple[str, str]] = set()

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """Queue in the kernel: SQLite's own waiters sleep a millisecond or more, and the lucky overtake them."""
        with self.lock:
            self._open()
            if fcntl is None:
                yield
                return
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def connection(self, package: str, tables: str) -> sqlite3.Connection:
        con = self._open()
        if (package, tables) not in self._made:
            con.executescript(statement(package, tables))
            self._made.add((package, tables))
        return con

    def _open(self) -> sqlite3.Connection:
        if self._con is None:
            import sqlite3  # noqa: PLC0415  # two milliseconds that most programs never need

            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # before SQLite: for its mode
            con = sqlite3.connect(self._path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False)
            con.row_factory = sqlite3.Row
            if fcntl:  # who turns WAL on while another does is refused at once, however patient
                fcntl.flock(self._fd, fcntl.LOCK_EX)
            try:
                con.execute("PRAGMA journal_mode = WAL")
            finally:
                if fcntl:
                    fcntl.flock(self._fd, fcntl.LOCK_UN)
            con.execute("PRAGMA synchronous = NORMAL")
            self._con = con
        return self._con


_doors: dict[tuple[int, Path], _Door] = {}
_opening = threading.Lock()


def _door(path: Path) -> _Door:
    """By pid: a forked child must neither use nor close a connection of its parent."""
    key = (os.getpid(), path)
    if (door := _doors.get(key)) is None:
        with _opening:
            door = _doors.setdefault(key, _Door(path))
    return door


def _after_fork() -> None:
    global _opening  # noqa: PLW0603  # a thread of the parent may have held it
    _opening = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
