"""Spool: records on disk before the caller has its answer. Both ends of the format.

A directory of append-only NDJSON segments, one open segment per process; one record is one `write` of one line, so
it survives the death of the process at once. A live segment is flock'ed by its writer: the lock says that the
writer lives, and the kernel takes it away whatever kills it. (DESIGN section 5; measured in LEDGER.md.)
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import tempfile
import threading
import time
import weakref
from collections import deque
from pathlib import Path
from typing import Literal, NamedTuple

from .record import UsageRecord

try:
    import fcntl
except ImportError:  # Windows: segments are then told apart by age alone
    fcntl = None

log = logging.getLogger("tollgate")

Fsync = Literal["never", "interval", "every"]
SUFFIX = ".ndjson"


def default_home() -> Path:
    """`TOLLGATE_HOME`, else `tollgate` under the user's state directory (XDG: ~/.local/state).

    A user without a home directory, as in some containers, has one under the system's temporary directory.
    """
    try:
        if home := os.environ.get("TOLLGATE_HOME"):
            return Path(home).expanduser()
        state = os.environ.get("XDG_STATE_HOME")
        return (Path(state) if state else Path.home() / ".local" / "state") / "tollgate"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"tollgate-{_user()}"


class Spool:
    """The writing end. `append` never raises: what cannot be written is counted in `lost` and said once in the log.

    `fsync` says what survives the death of the machine: `never` leaves it to the kernel, `interval` loses at most
    `fsync_seconds`, `every` loses nothing. What was appended survives the death of the process in all three.
    """

    def __init__(
        self,
        home: Path | str | None = None,
        *,
        fsync: Fsync = "never",
        fsync_seconds: float = 1.0,
        rotate_bytes: int = 8 << 20,
        rotate_seconds: float = 60.0,
    ) -> None:
        self.home = Path(home) if home is not None else default_home()
        self.directory = self.home / "spool"
        self.lost = 0
        self._fsync: Fsync = fsync
        self._fsync_seconds = fsync_seconds
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        # A stream may be collected, and recorded, wherever this thread allocates, so also inside `_write`.
        self._lock = threading.RLock()
        self._writing = False
        self._waiting: deque[bytes] = deque()
        self._fd = -1
        self._size = 0
        self._opened = self._synced = 0.0
        self._warned = False
        _SPOOLS.add(self)

    def append(self, record: UsageRecord) -> bool:
        """Append one record; True if it is in the kernel's hands."""
        try:
            line = record.to_json()
            with self._lock:
                self._waiting.append(line)
                if not self._writing:
                    self._write_waiting()
        except Exception as error:  # noqa: BLE001  # a record that cannot be written must not cost the call
            self._lose(error)
            return False
        return True

    def close(self) -> None:
        """Close the open segment; the next append opens a new one."""
        with self._lock:
            self._close()

    def _write_waiting(self) -> None:
        self._writing = True
        try:
            while self._waiting:
                self._write(self._waiting.popleft())
        finally:
            self._writing = False

    def _write(self, line: bytes) -> None:
        now = time.monotonic()
        if self._fd >= 0 and (
            self._size >= self._rotate_bytes
            or now - self._opened >= self._rotate_seconds
            or os.fstat(self._fd).st_nlink == 0  # someone removed the segment under us
        ):
            self._close()
        if self._fd < 0:
            self._fd = _open_segment(self.directory)
            self._size, self._opened, self._synced = 0, now, now
        written = os.write(self._fd, line)
        if written != len(line):
            # A full disk takes a part of the line: take it back, so that the segment ends on a whole one.
            os.ftruncate(self._fd, self._size)
            raise OSError(f"wrote {written} of {len(line)} bytes")
        self._size += written
        if self._fsync == "every" or (self._fsync == "interval" and now - self._synced >= self._fsync_seconds):
            os.fdatasync(self._fd)
            self._synced = now

    def _close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with contextlib.suppress(OSError):
                if self._fsync != "never":
                    os.fdatasync(fd)
            os.close(fd)

    def _lose(self, error: Exception) -> None:
        self.lost += 1
        with contextlib.suppress(OSError):  # not even the temporary directory can be written
            _count_loss(self.home)
        if not self._warned:
            self._warned = True
            log.warning(
                "tollgate cannot write usage to %s (%s); calls go on, losses are counted", self.directory, error
            )

    def _after_fork(self) -> None:
        # The child must not write into its parent's segment, nor wait for a lock that a thread of the parent held.
        self._lock = threading.RLock()
        self._writing = False
        self._waiting.clear()
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1


_SPOOLS: weakref.WeakSet[Spool] = weakref.WeakSet()


def homes() -> set[Path]:
    """Where the spools of this process are; the default home if it has none."""
    return {spool.home for spool in list(_SPOOLS)} or {default_home()}


def _children_start_anew() -> None:
    for spool in list(_SPOOLS):
        spool._after_fork()  # pyright: ignore[reportPrivateUsage]  # same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_children_start_anew)


def _open_segment(directory: Path) -> int:
    """A new segment, locked before anyone can see its name."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = directory / f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
    hidden = name.with_suffix(".tmp")
    fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hidden.rename(name)
    except BaseException:
        os.close(fd)
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise
    return fd


class Segment(NamedTuple):
    """The reading end: one file of the spool."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    def read(self, offset: int, limit: int = 64 << 20) -> bytes:
        """Whole lines from `offset` on, at most about `limit` bytes. A torn tail is not a record and not returned."""
        with self.path.open("rb") as file:
            file.seek(offset)
            data = file.read(limit)
            end = data.rfind(b"\n") + 1
            while not end and len(data) >= limit:  # one line longer than the limit
                more = file.read(limit)
                if not more:
                    break
                data += more
                end = data.rfind(b"\n") + 1
        return data[:end]

    def is_live(self) -> bool:
        """Whether its writer may still append. Without flock: whether it is younger than an hour."""
        if fcntl is None:
            return time.time() - self.path.stat().st_mtime < 3600
        with self.path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
        return False


def segments(home: Path) -> list[Segment]:
    """The segments of a spool, oldest first; none if there is no spool."""
    return [Segment(path=path) for path in sorted((home / "spool").glob(f"*{SUFFIX}"))]


def _loss_files(home: Path) -> list[Path]:
    # The home may be the very thing that cannot be written, so a second place is the system's temporary directory.
    key = hashlib.sha256(str(home.absolute()).encode()).hexdigest()[:16]
    return [home / "lost", Path(tempfile.gettempdir()) / f"tollgate-lost-{_user()}-{key}"]


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _count_loss(home: Path) -> None:
    """One byte per lost record, in the first place that takes it."""
    for path in _loss_files(home):
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError:
            continue
        try:
            if os.write(fd, b".") == 1:
                return
        except OSError:
            continue
        finally:
            os.close(fd)


def lost_records(home: Path) -> int:
    """How many records every process has lost at this home so far."""
    return sum(path.stat().st_size for path in _loss_files(home) if path.is_file())
