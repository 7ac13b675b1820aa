"""Backup: a copy of the ledger, made while others read it, and a copy put in the ledger's place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .exceptions import LedgerError
from .file_copy import Progress, copy_file
from .ledger import Ledger
from .questions import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy of the ledger, and what is in it."""

    file: Path
    bytes: int
    attempts: int
    last_migration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What took the ledger's place, and where the ledger of before is now."""

    file: Path
    attempts: int
    last_migration: str
    replaced: Path | None
    """None: there was no ledger."""


def backup(ledger: Ledger, target: Path | None = None, *, now: datetime, progress: Progress | None = None) -> Backup:
    """Copy the ledger to a file that is not there yet; without `target`, to one in the folder `backups` of its home.

    Readers go on meanwhile, writers wait. `progress` is told the bytes done, and how many there are.
    """
    target = target or ledger.home / "backups" / f"{ledger.path.stem}-{_stamp(now)}.duckdb"
    with _resting(ledger) as state:
        copy_file(ledger.path, target, progress)
    try:
        _compare(target, state)
    except LedgerError:
        target.unlink()
        raise
    return Backup(file=target, bytes=target.stat().st_size, **state)


def restore(ledger: Ledger, file: Path, *, now: datetime, progress: Progress | None = None) -> Restored:
    """Put a copy of `file` in the ledger's place, and keep the ledger of before under another name.

    `file` is a ledger that this Tollgate knows, and nobody has the present one open; else LedgerError, LedgerTooNew or
    LedgerBusy, and nothing has changed.
    """
    state = _examine(file, ledger)
    new = ledger.path.with_suffix(f".{os.getpid()}.restored")
    replaced = ledger.path.with_name(f"{ledger.path.stem}.replaced-{_stamp(now)}.duckdb")
    try:
        copy_file(file, new, progress)
        _compare(new, state)
        with ledger.alone():
            kept = _keep(ledger.path, replaced)
            new.replace(ledger.path)
    except OSError as error:
        raise LedgerError(f"cannot put {file} in the place of {ledger.path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
    return Restored(file=file, replaced=replaced if kept else None, **state)


@contextlib.contextmanager
def _resting(ledger: Ledger) -> Generator[dict[str, Any]]:
    """What is in the ledger, all of it in its file, while nobody writes."""
    for _ in range(3):
        with ledger.write():  # who leaves after writing leaves no write-ahead log
            pass
        with ledger.hold() as con:
            if not _log(ledger.path).exists():  # a writer that came between, and was killed, leaves one
                yield run(con, "copy_state")[0]
                return
    raise LedgerError(f"cannot copy {ledger.path}: found {_log(ledger.path).name} beside it; is the disk full?")


def _examine(file: Path, ledger: Ledger) -> dict[str, Any]:
    """What is in a file that may take the ledger's place."""
    if not file.is_file():
        raise LedgerError(f"cannot restore {file}: found no such file, expected a backup of a ledger")
    if ledger.path.exists() and file.samefile(ledger.path):
        raise LedgerError(f"cannot restore {file}: found the ledger itself, expected a backup of it")
    if _log(file).exists():
        raise LedgerError(f"cannot restore {file}: found {_log(file).name} beside it, expected a file that is closed")
    return Ledger(file).peek("copy_state")[0]


def _compare(copy: Path, state: dict[str, Any]) -> None:
    """Read a copy, and refuse it where it does not say what its original did."""
    found = Ledger(copy).peek("copy_state")[0]
    if found != state:
        raise LedgerError(f"the copy {copy} is not what was copied: found {found}, expected {state}")


def _keep(path: Path, replaced: Path) -> bool:
    """Give the ledger a second name, so that there is a ledger at every moment; False if there is none."""
    if not path.exists():
        return False
    if _log(path).exists():  # of a ledger that could not be opened: the log goes with it
        _log(path).rename(_log(replaced))
    replaced.hardlink_to(path)
    return True


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H%M%SZ")
