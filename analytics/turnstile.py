"""Turnstile: who may be at a file now, one writer or many readers, among threads and processes.

A writer holds the lock file for its whole turn; a reader only while it enters, so that readers cannot starve a
writer. Readers of this process are counted here; those of other processes hold the file itself, by DuckDB's own lock.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path

from .exceptions import LedgerBusy, LedgerError

try:
    import fcntl
except ImportError:  # Windows: among processes there is then DuckDB's own lock alone, taken by trying again
    fcntl = None

RETRY_SECONDS = 0.005


class Turnstile:
    """The turnstile of one file in one process. `deadline` is a time of `time.monotonic()`; after it, LedgerBusy."""

    def __init__(self, lock_file: Path) -> None:
        self.readers = 0
        self._lock_file = lock_file
        self._gate = threading.Lock()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def entering(self, deadline: float) -> Generator[int]:
        """The moment in which a reader enters; how many threads of this process are reading already."""
        with self._turn(deadline, exclusive=False), self._changed:
            yield self.readers

    @contextlib.contextmanager
    def leaving(self) -> Generator[bool]:
        """The moment in which a reader leaves; whether it is the last of this process."""
        with self._changed:
            self.readers -= 1
            try:
                yield not self.readers
            finally:
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self, deadline: float) -> Generator[None]:
        """The turn of a writer: nobody enters, and the readers of this process have left."""
        with self._turn(deadline, exclusive=True):
            with self._changed:
                if not self._changed.wait_for(lambda: not self.readers, _left(deadline)):
                    raise self._busy("read by another thread of this process")
            yield

    @contextlib.contextmanager
    def staying(self, deadline: float) -> Generator[None]:
        """A long stay of a reader: writers of every process wait outside, so that other readers can go on."""
        with self._flock(deadline, how="copied"):
            yield

    @contextlib.contextmanager
    def _turn(self, deadline: float, *, exclusive: bool) -> Generator[None]:
        """First among the threads of this process, then among processes."""
        if not self._gate.acquire(timeout=_left(deadline)):
            raise self._busy("used by another thread of this process")
        try:
            with self._flock(deadline, exclusive=exclusive, how="written" if exclusive else None):
                yield
        finally:
            self._gate.release()

    @contextlib.contextmanager
    def _flock(self, deadline: float, *, exclusive: bool = False, how: str | None = None) -> Generator[None]:
        """Hold the lock file; who stays leaves a word of it there, for those who wait in vain."""
        if fcntl is None:
            yield
            return
        fd = self._open()
        try:
            while not _try_flock(fd, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH):
                if time.monotonic() >= deadline:
                    raise self._busy(os.pread(fd, 64, 0).decode(errors="replace") or "used by another process")
                time.sleep(RETRY_SECONDS)
            if how:
                with contextlib.suppress(OSError):  # a full disk
                    os.ftruncate(fd, 0)
                    os.pwrite(fd, f"{how} by process {os.getpid()}".encode(), 0)
            yield
        finally:
            os.close(fd)

    def _open(self) -> int:
        try:
            self._lock_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerError(f"cannot use the ledger's folder {self._lock_file.parent}: {error.strerror}") from error

    def _busy(self, how: str) -> LedgerBusy:
        return LedgerBusy(f"the ledger in {self._lock_file.parent} is being {how}; try again when that is done")


def _try_flock(fd: int, operation: int) -> bool:
    assert fcntl is not None  # noqa: S101  # for the type checker; _flock has looked
    try:
        fcntl.flock(fd, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
