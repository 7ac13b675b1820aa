"""Spool: records on disk before the caller has its answer. Both ends of the format.

A directory of append-only NDJSON segments, one open segment per process; one record is one `write` of one line, so
it survives the death of the process at once. A live segment is flock'ed by its writer: the lock says that the
writer lives, and the kernel takes it away whatever kills it. (DESIGN section 5; measured in LEDGER.md.)
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import logging
import os
import tempfile
import threading
import time
import weakref
from collections import deque
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from .losses import Losses, user
from .record import UsageRecord
from .segment import SUFFIX, OpenSegment, fcntl

log = logging.getLogger("tollgate")

Fsync = Literal["never", "interval", "every"]
_BACKLOG_BYTES = 8 << 20
"""About eight thousand records."""


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
        return Path(tempfile.gettempdir()) / f"tollgate-{user()}"


class Spool:
    """The writing end. `append` never raises, whatever the disk does.

    `fsync` (without it `TOLLGATE_FSYNC`, without that `never`) says what a record survives once `append`, and so
    `messages.create`, has returned:

    | level      | the process's death | the machine's death            | the caller waits for                   |
    |------------|---------------------|--------------------------------|----------------------------------------|
    | `never`    | always              | once the kernel has written it | one write(2): 8 us, most of it JSON    |
    | `interval` | always              | after at most `fsync_seconds`  | the same; a thread syncs (1)           |
    | `every`    | always              | always                         | write and fdatasync: 0.1 to 4 ms       |

    (1) And for one fdatasync where a segment ends, every 8 MB or minute.

    While the disk is full, or the folder gone, up to 8 MB of lines wait, and are written before the next record when
    the disk takes them again; of more, the oldest are lost. What waits would die with the process, so it counts as
    lost (`lost`, and for every reader `lost_records`) until it is written.
    """

    def __init__(
        self,
        home: Path | str | None = None,
        *,
        fsync: Fsync | None = None,
        fsync_seconds: float = 1.0,
        rotate_bytes: int = 8 << 20,
        rotate_seconds: float = 60.0,
    ) -> None:
        self.home = Path(home) if home is not None else default_home()
        self.directory = self.home / "spool"
        self._fsync: Fsync = _level(fsync or os.environ.get("TOLLGATE_FSYNC") or "never")
        self._fsync_seconds = fsync_seconds
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._start()
        _SPOOLS.add(self)

    def _start(self) -> None:
        """As it is in a new process."""
        # A stream may be collected, and recorded, wherever this thread allocates, so also while it writes.
        self._lock = threading.RLock()
        self._writing = False
        self._segment: OpenSegment | None = None
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._failing = self._syncing = False
        self._gone = self.lost = 0
        self._losses = Losses(self.home)

    def append(self, record: UsageRecord) -> bool:
        """Append one record; True if it is as safe as `fsync` says.

        False if it is not yet: it waits for the disk, or is lost for good because it is no JSON.
        """
        try:
            line = record.to_json()
        except Exception as error:  # noqa: BLE001  # a record that cannot be written down must not cost the call
            self._lose(error)
            return False
        with self._lock:
            self._waiting.append(line)
            self._waiting_bytes += len(line)
            return not self._writing and self._write_waiting()

    def close(self) -> None:
        """Close the open segment, with what waits in it if the disk takes it; the next append opens a new one."""
        with self._lock:
            if self._waiting and not self._writing:
                self._write_waiting()
            self._close()

    def _write_waiting(self) -> bool:
        """Write every line that waits, oldest first; whether all of them are as safe as `fsync` says."""
        self._writing = True
        try:
            while self._waiting:
                self._place().write(self._waiting[0])
                self._take()
        except Exception as error:  # noqa: BLE001  # a disk that takes nothing must not cost the call
            self._keep(error)
            return False
        finally:
            self._writing = False
        if self._failing:
            self._recover()
        return self._fsync != "every" or self._sync()

    def _take(self) -> bytes:
        line = self._waiting.popleft()
        self._waiting_bytes -= len(line)
        return line

    def _place(self) -> OpenSegment:
        """The segment to write to: a new one if there is none, or it is full, old or gone."""
        if (segment := self._segment) and not (
            segment.size >= self._rotate_bytes
            or time.monotonic() - segment.opened >= self._rotate_seconds
            or segment.is_gone()
        ):
            return segment
        self._close()
        if self._fsync == "interval" and not self._syncing:
            self._start_syncing()
        self._segment = OpenSegment(self.directory, durable=self._fsync != "never")
        return self._segment

    def _close(self) -> None:
        if segment := self._segment:
            self._segment = None
            segment.close()

    def _keep(self, error: Exception) -> None:
        """What could not be written goes on waiting, in bounds; until it is written it counts as lost."""
        while self._waiting_bytes > _BACKLOG_BYTES:
            self._take()
            self._gone += 1
        self._count()
        if not self._failing:
            self._failing = True
            log.warning(
                "tollgate cannot write usage to %s (%s); calls go on, losses are counted", self.directory, error
            )

    def _recover(self) -> None:
        self._failing = False
        self._count()
        log.warning("tollgate writes usage to %s again; %d records are lost for good", self.directory, self._gone)

    def _lose(self, error: Exception) -> None:
        with self._lock:
            self._gone += 1
            self._count()
        # Without the error's text, which may quote the record.
        _warn_once("tollgate cannot write a record down (%s); it is lost, the call goes on", type(error).__name__)

    def _count(self) -> None:
        if self._fsync != "never":
            self._sync()  # before the count: what is not counted as lost any more must survive the count
        self.lost = self._gone + len(self._waiting)
        with contextlib.suppress(OSError):  # not even the temporary directory can be written
            self._losses.note(self.lost)

    def _start_syncing(self) -> None:
        # The thread holds no reference, so that a spool that nobody uses any more is collected, and the thread ends.
        thread = threading.Thread(
            target=_sync_regularly, args=(weakref.ref(self), self._fsync_seconds), name="tollgate-sync", daemon=True
        )
        try:
            thread.start()
            self._syncing = True
        except RuntimeError:  # no thread is to be had, as at the end of a program: rather keep more than was promised
            self._fsync = "every"

    def _sync(self) -> bool:
        """Whether the disk has what was written. Needs no lock, so nobody who appends waits for the thread's."""
        try:
            if segment := self._segment:
                segment.sync()
        except FileNotFoundError:  # closed, ingested and removed just now
            return True
        except OSError as error:
            _warn_once("tollgate cannot sync usage in %s (%s); it goes on trying", str(self.directory), str(error))
            return False
        return True

    def _after_fork(self) -> None:
        # The child must not write into its parent's segment, nor what waits there, nor wait for its threads' lock.
        if self._segment:
            self._segment.let_go()
        self._start()


def _sync_regularly(spool: weakref.ref[Spool], seconds: float) -> None:
    while (alive := spool()) is not None:
        alive._sync()  # pyright: ignore[reportPrivateUsage]  # same module
        del alive
        time.sleep(max(seconds, 0.01))


def _level(name: str) -> Fsync:
    for level in get_args(Fsync):
        if level == name:
            return level
    _warn_once("fsync (TOLLGATE_FSYNC) is %r, expected never, interval or every; tollgate goes on with never", name)
    return "never"


@functools.cache
def _warn_once(message: str, *details: str) -> None:
    log.warning(message, *details)


_SPOOLS: weakref.WeakSet[Spool] = weakref.WeakSet()


def homes() -> set[Path]:
    """Where the spools of this process are; the default home if it has none."""
    return {spool.home for spool in list(_SPOOLS)} or {default_home()}


@atexit.register
def _close_all() -> None:
    for spool in list(_SPOOLS):
        spool.close()


def _children_start_anew() -> None:
    for spool in list(_SPOOLS):
        spool._after_fork()  # pyright: ignore[reportPrivateUsage]  # same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_children_start_anew)


class Segment(NamedTuple):
    """The reading end: one file of the spool."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    def read(self, offset: int, limit: int = 64 << 20) -> bytes:
        """Whole lines from `offset` on, at most about `limit` bytes. A torn tail is not a record and not returned.

        Raises FileNotFoundError, as `is_live` does, if another reader was done with it first and removed it.
        """
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


def lost_records(home: Path) -> int:
    """How many records every process has lost at this home so far, less those written after all."""
    return Losses(home).total()
