"""Done: segments that are in the ledger, kept for a while, so that a ledger from a backup can catch up.

`<home>/done` holds them, the newest up to a size, and in `seen` how many batches the spool has seen taken in. A ledger
that has counted fewer is older than that: it was restored from a backup.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from pathlib import Path

from router.spool import SUFFIX, Segment

from .exceptions import LedgerError

KEPT_BYTES = 1 << 30
"""About a million attempts; and never more than a tenth of what is free on the disk."""


def kept(home: Path) -> list[Segment]:
    """The segments that are kept, oldest first."""
    return [Segment(path=path) for path in sorted(_folder(home).glob(f"*{SUFFIX}"))]


def sweep(home: Path) -> None:
    """Remove what writers left that were killed before their segment had its name: there is no record in it."""
    for path in (home / "spool").glob("*.tmp"):
        with contextlib.suppress(OSError):
            if not Segment(path=path).is_live():
                path.unlink()


def keep(home: Path, segments: list[Segment], *, at_most: int = KEPT_BYTES) -> None:
    """Put segments away that are in the ledger to their last byte; beyond so many bytes the oldest make room."""
    folder = _folder(home)
    for segment in segments:
        with contextlib.suppress(OSError):  # another ingester was first; a spool of somebody else's; a full disk
            folder.mkdir(mode=0o700, exist_ok=True)
            try:
                segment.path.rename(folder / segment.name)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                segment.path.unlink()  # a spool on another disk is not kept
    if segments:
        _make_room(home, at_most)


def seen(home: Path) -> int:
    """How many batches this spool has seen taken in."""
    return max(_noted(home), default=0)


def note(home: Path, batches: int) -> None:
    """Note how many batches were taken in, before any of their segments is put away. Raises LedgerError."""
    folder = _folder(home) / "seen"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / str(batches)).touch()
    except OSError as error:
        raise LedgerError(f"cannot write to {folder}: {error.strerror}") from error
    for fewer in _noted(home):
        if fewer < batches:
            (folder / str(fewer)).unlink(missing_ok=True)


def _noted(home: Path) -> list[int]:
    """Names of files: whatever ingesters do at once, the largest number stays."""
    try:
        return [int(path.name) for path in (_folder(home) / "seen").iterdir()]
    except OSError:  # there is none yet, or no folder can be there: whoever wants to write to it says so
        return []


def _folder(home: Path) -> Path:
    return home / "done"


def _make_room(home: Path, at_most: int) -> None:
    with contextlib.suppress(OSError):  # another ingester makes room at the same time
        room = min(at_most, shutil.disk_usage(home).free // 10)
        for segment in reversed(kept(home)):
            room -= segment.path.stat().st_size
            if room < 0:
                segment.path.unlink()
