"""Losses: what went by uncounted and cannot be made good, and how much of it somebody has taken note of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from router.faults import faults
from router.spool import lost_records

from .exceptions import SettingsError
from .ledger import Ledger
from .period import naive
from .reports import Health

OPEN_AFTER = timedelta(hours=1)
"""A stream that has not ended for so long never will: its process ended before it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """So many of a kind, since this home was made."""

    kind: str
    count: int
    what: str
    advice: str
    acknowledged: int = 0
    """How many of them somebody has taken note of."""

    @property
    def sentence(self) -> str:
        """What was lost, and what to do about it."""
        known = f", of which {self.acknowledged:,} acknowledged" if self.acknowledged else ""
        return f"{self.what}: {self.count:,}{known}. {self.advice}"


def losses(ledger: Ledger, found: Health | None, *, now: datetime) -> list[Loss]:
    """Every kind of loss that has occurred; without `found`, as far as the home alone shows it."""
    known = _acknowledged(ledger.home)
    return [
        Loss(kind=kind, count=count, what=what, advice=advice, acknowledged=min(count, known.get(kind, 0)))
        for kind, count, what, advice in _counted(ledger, found, now=now)
        if count
    ]


def acknowledge(home: Path, noted: list[Loss]) -> None:
    """Take note of losses, so that only further ones are a problem. Raises SettingsError if that cannot be kept."""
    path = home / "acknowledged.json"
    hidden = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        hidden.write_text(json.dumps({loss.kind: loss.count for loss in noted}, indent=2), "utf-8")
        hidden.rename(path)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from error


def _counted(ledger: Ledger, found: Health | None, *, now: datetime) -> Iterator[tuple[str, int, str, str]]:
    spool = ledger.home / "spool"
    yield (
        "lost records",
        lost_records(ledger.home),
        "Lost records",
        f"They could not be written: make room on the disk of {spool}, or make it writable.",
    )
    if found:
        yield (
            "damaged lines",
            found.rejected_lines,
            "Damaged lines of the spool",
            "They are not counted; the view `rejects` has them, with the reason. Try tollgate ingest --retry-rejects.",
        )
        yield (
            "open streams",
            ledger.query("open_streams", before=naive(now - OPEN_AFTER))[0]["streams"],
            "Streams opened more than an hour ago and never closed",
            "Their programs ended first; of what they wrote, only what their first event said is counted.",
        )
    for kind, count in faults(ledger.home).items():
        advice = "The calls went on without it; the program's log, under `tollgate`, has the first of each kind."
        yield f"fault {kind}", count, f"Faults of the router, {kind}", advice


def _acknowledged(home: Path) -> Mapping[str, int]:
    try:
        read: Any = json.loads((home / "acknowledged.json").read_text("utf-8"))
        return {str(kind): int(count) for kind, count in read.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
