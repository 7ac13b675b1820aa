"""A database file copied whole, by a process of its own.

Where a process that has a database attached opens and closes its file, the kernel drops DuckDB's lock on it.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from os import getpid
from pathlib import Path

from .exceptions import LedgerError

Progress = Callable[[int, int], object]
_POLL_SECONDS = 0.05
_PROGRAM = """\
import os, shutil, sys
try:
    os.umask(0o077)
    shutil.copyfile(sys.argv[1], sys.argv[2])
    with open(sys.argv[2], "rb+") as file:
        os.fsync(file.fileno())
except OSError as error:
    sys.exit(error.strerror)
"""


def copy_file(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Copy a file that nobody writes to a name that is free: whole and down to the disk, or not at all.

    What is in a write-ahead log beside it is not copied. `progress` is told the bytes done, and how many there are.
    Raises LedgerError.
    """
    part = target.with_name(f"{target.name}.{getpid()}.part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(source, part, _room(source, target), progress)
        part.rename(target)
    except OSError as error:
        raise LedgerError(f"cannot copy {source} to {target}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _room(source: Path, target: Path) -> int:
    """The bytes it takes, if they are free."""
    if target.exists():
        raise OSError(0, "a file of that name is there already")
    size, free = source.stat().st_size, shutil.disk_usage(target.parent).free
    if size > free:
        raise OSError(0, f"it takes {size:,} bytes, and {free:,} are free there")
    return size


def _copy(source: Path, part: Path, size: int, progress: Progress | None) -> None:
    command = [sys.executable, "-I", "-c", _PROGRAM, str(source), str(part)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:  # noqa: S603  # our own words
        try:
            while child.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_POLL_SECONDS)
                if progress and part.exists():
                    progress(part.stat().st_size, size)
            said = child.communicate()[1].strip()
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        raise OSError(0, said or "the process that copies was killed")
