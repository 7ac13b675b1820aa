"""OpenSegment: one file of the spool as its writer has it. (Reading it is in `spool`.)

While its writer lives the file is flock'ed: the kernel takes the lock away whatever kills the process.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: segments are then told apart by age alone
    fcntl = None

SUFFIX = ".ndjson"
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_to_disk = getattr(os, "fdatasync", os.fsync)  # macOS and Windows have no fdatasync


class OpenSegment:
    """A new segment in `directory`, locked before anyone can see its name. Raises OSError.

    A `durable` one survives the death of the machine: its name at once, its lines as soon as `sync` has returned.
    """

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self._fd = -1
        self._durable = durable
        self._synced = self.size = 0
        self.opened = time.monotonic()
        _make(directory, durable=durable)
        self.path = directory / f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        hidden = self.path.with_suffix(".tmp")
        self._fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _CLOEXEC, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(self.path)
        except BaseException:
            self.let_go()
            with contextlib.suppress(OSError):
                hidden.unlink()
            raise
        if durable:
            _sync_entries(directory)

    def is_gone(self) -> bool:
        """Whether it is closed, or someone removed the file: no reader would find what is written."""
        return self._fd < 0 or os.fstat(self._fd).st_nlink == 0

    def write(self, line: bytes) -> None:
        """All of it or, with an OSError, nothing."""
        written = os.write(self._fd, line)
        if written != len(line):
            self._take_back()
            raise OSError(f"wrote {written} of {len(line)} bytes")
        self.size += written

    def sync(self) -> None:
        """Have the disk hold what was written so far. Raises OSError. Any thread may, while others write.

        By a descriptor of its own: a dup shares the flock, and a child forked just then would keep it.
        """
        size = self.size
        if size == self._synced:
            return
        fd = os.open(self.path, os.O_WRONLY | _CLOEXEC)
        try:
            _to_disk(fd)
        finally:
            os.close(fd)
        self._synced = size

    def close(self) -> None:
        """Nothing is written any more; a durable segment is synced first."""
        if self._fd >= 0 and self._durable:
            with contextlib.suppress(OSError):
                self.sync()
        self.let_go()

    def let_go(self) -> None:
        """Close the descriptor and no more: all that a forked child may do with the segment of its parent."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)

    def __del__(self) -> None:
        self.close()

    def _take_back(self) -> None:
        # A full disk takes a part of the line, and the next one must not be glued to it.
        try:
            os.ftruncate(self._fd, self.size)
        except OSError:
            self.close()  # a torn last line is no record
            raise


def _make(directory: Path, *, durable: bool) -> None:
    new = list(itertools.takewhile(lambda parent: not parent.exists(), (directory, *directory.parents)))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if durable:
        for made in new:
            _sync_entries(made.parent)


def _sync_entries(directory: Path) -> None:
    """Have the disk hold the names in a directory."""
    with contextlib.suppress(OSError):  # as SQLite does: some file systems, and Windows, cannot
        fd = os.open(directory, os.O_RDONLY | _CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
