"""Logbook: how far a home's spool has come into a shared ledger, and what is under way. In `<home>/ship`.

One small file holds both, and is replaced as a whole: what is under way is either there or recorded, with nothing in
between. Which bytes are sent together, under which token, is so known after any crash.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from router.segment import fcntl

from ..exceptions import LedgerBusy, LedgerError


class Range(NamedTuple):
    """Whole lines of one segment, by their bytes."""

    segment: str
    start: int
    end: int


class Plan(NamedTuple):
    """What is sent together."""

    ranges: tuple[Range, ...]
    rated_at: int
    """The second, since 1970, of its charges: of one revision of a record those of the latest hold."""

    def token(self, machine: str) -> str:
        """The same for the same bytes of the same machine."""
        return hashlib.sha256(json.dumps([machine, self.ranges]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logbook:
    """As it stands in the file."""

    ledger: str
    """Where the records go, as it may be shown."""
    sent: Mapping[str, int] = field(default_factory=dict[str, int])
    """Name of a segment -> how many of its bytes the ledger has acknowledged."""
    plan: Plan | None = None
    """What is under way: the ledger may have it, or not."""
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    said: str | None = None
    """Why it failed."""

    @property
    def trouble(self) -> str | None:
        """Why it did not succeed, if that was so the last time."""
        recovered = self.succeeded_at and self.failed_at and self.succeeded_at > self.failed_at
        return None if recovered else self.said


def folder(home: Path) -> Path:
    """Where it is kept."""
    return home / "ship"


def read(home: Path) -> Logbook | None:
    """None: nothing of this home was ever shipped. Raises LedgerError."""
    path = _path(home)
    try:
        return _parsed(json.loads(path.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LedgerError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"{path}: found what is no logbook of tollgate ship ({error!r}), expected one") from error


def write(home: Path, logbook: Logbook) -> None:
    """Replace it, down to the disk. Raises LedgerError; the old one is then still there."""
    path, data = _path(home), json.dumps(asdict(logbook), default=str, indent=1).encode()
    hidden = path.with_suffix(".tmp")
    try:
        with hidden.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(path)
        _sync_names(path.parent)
    except OSError as error:
        raise LedgerError(f"cannot write {path}: {error.strerror}") from error


def ships(home: Path) -> bool:
    """Whether the records of a home go to a shared ledger."""
    return _path(home).exists()


def refuse_shipped(home: Path) -> None:
    """Raise LedgerError if the records of a home go to a shared ledger: in one here, too, they would be twice."""
    if book := read(home):
        back = "begin at another home (TOLLGATE_HOME) to keep one here"
        if book.succeeded_at is None:
            back = f"as nothing is known to have arrived there, remove {folder(home)} to keep a ledger here"
        raise LedgerError(f"the records of {home} go to {book.ledger} (tollgate ship), not into a ledger here; {back}")


def forget(home: Path) -> None:
    """As if nothing had been shipped, which is for the caller to know."""
    _path(home).unlink(missing_ok=True)


def machine(home: Path) -> str:
    """The name of this home among those that ship to one ledger: its host, and digits that no other has."""
    path = folder(home) / "machine"
    with contextlib.suppress(FileNotFoundError):
        if known := path.read_text("utf-8").strip():
            return known
    made = f"{socket.gethostname()}-{secrets.token_hex(4)}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(made, "utf-8")
    except OSError as error:
        raise LedgerError(f"cannot write {path}: {error.strerror}") from error
    return made


@contextlib.contextmanager
def alone(home: Path) -> Generator[None]:
    """The turn of the one who ships. Raises LedgerBusy if there is another, LedgerError for a folder of no use."""
    place = folder(home)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(place / "lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise LedgerError(f"cannot use {place}: {error.strerror}") from error
    try:
        if not _locked(fd):
            raise LedgerBusy(f"another tollgate ships the records of {home}; there is one at a time")
        yield
    finally:
        os.close(fd)


def _locked(fd: int) -> bool:
    if fcntl is not None:  # on Windows nobody is kept out
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _path(home: Path) -> Path:
    return folder(home) / "logbook.json"


def _parsed(found: dict[str, Any]) -> Logbook:
    plan: Plan | None = None
    if found["plan"]:
        ranges, rated_at = found["plan"]
        plan = Plan(tuple(Range(*each) for each in ranges), rated_at)
    return Logbook(
        ledger=found["ledger"],
        sent=found["sent"],
        plan=plan,
        succeeded_at=_time(found["succeeded_at"]),
        failed_at=_time(found["failed_at"]),
        said=found["said"],
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _sync_names(place: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems, and Windows, cannot
        fd = os.open(place, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
