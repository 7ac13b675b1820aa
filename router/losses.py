"""Losses: how many records could not be written, counted where every reader finds it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path


class Losses:
    """How many records are lost at a home, on disk for every reader: a `.` for each, a `+` for one written after all.

    A `+` goes where its `.` is, and only after the record: a crash in between leaves too many lost, never too few.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._noted: dict[Path, int] = {}

    def note(self, lost: int) -> None:
        """Have the files say that so many are lost. What no file takes is made up for at the next time."""
        self._noted = self._noted or dict.fromkeys(_places(self._home), 0)
        for path, noted in self._noted.items():
            change = max(lost - sum(self._noted.values()), -noted)
            if change:
                with contextlib.suppress(OSError):
                    self._noted[path] += _mark(path, change)

    def total(self) -> int:
        """Of every process so far, less those written after all."""
        return sum(max(0, _net(path.read_bytes())) for path in _places(self._home) if path.is_file())


def _places(home: Path) -> list[Path]:
    # The home may be the very thing that cannot be written, so a second place is the system's temporary directory.
    key = hashlib.sha256(str(home.absolute()).encode()).hexdigest()[:16]
    return [home / "lost", Path(tempfile.gettempdir()) / f"tollgate-lost-{user()}-{key}"]


def _mark(path: Path, change: int) -> int:
    """As much of the change as was written. Without its `.`, as after the temporary directory was emptied, no `+`."""
    flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT if change > 0 else 0)
    fd = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        written = os.write(fd, (b"." if change > 0 else b"+") * abs(change))
    finally:
        os.close(fd)
    return written if change > 0 else -written


def _net(marks: bytes) -> int:
    return marks.count(b".") - marks.count(b"+")


def user() -> int:
    """Whose the files in the shared temporary directory are; 0 where users have no number."""
    return os.getuid() if hasattr(os, "getuid") else 0
