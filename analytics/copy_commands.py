"""What the commands do that copy the ledger, carry it elsewhere, and let go of what is old."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from . import backup as backups
from . import parquet, present
from . import prune as pruning
from .commands import fresh
from .exceptions import SettingsError
from .ledger import Ledger
from .period import Period
from .switch import ledger_at

_BEGINNING = "2023-01-01"
"""Before the first call there can be."""


def backup(home: Path, file: Path | None, *, now: datetime, as_json: bool) -> None:
    """Copy the ledger, and say where to."""
    ledger = _file(_fresh(home), "tollgate ledger migrate copies it into one; ClickHouse's BACKUP saves it as it is")
    with present.working("Copying the ledger") as progress:
        made = backups.backup(ledger, file, now=now, progress=progress)
    _say(made, f"{made.attempts:,} attempts, {_size(made.bytes)}: {present.plain(str(made.file))}", as_json=as_json)


def restore(home: Path, file: Path, *, now: datetime, as_json: bool) -> None:
    """Put a backup in the ledger's place, and say where the ledger of before is."""
    ledger = _file(ledger_at(home), "tollgate ledger migrate copies a file into it")
    with present.working("Copying the backup") as progress:
        done = backups.restore(ledger, file, now=now, progress=progress)
    lines = [
        f"The ledger has {done.attempts:,} attempts, and was at migration {done.last_migration}.",
        "The next ingest takes in again what came later, as far as its segments are kept in the home.",
        *([f"The ledger of before is {present.plain(str(done.replaced))}"] if done.replaced else []),
    ]
    _say(done, "\n".join(lines), as_json=as_json)


def export(home: Path, folder: Path, *, period: Period | None, overwrite: bool, as_json: bool) -> None:
    """Write Parquet, and say which months."""
    ledger = _fresh(home)
    with present.working("Writing attempts") as progress:
        months = parquet.export(ledger, folder, period=period, overwrite=overwrite, progress=progress)
    lines = [f"{name}: {month.attempts:,} attempts, {present.money(month.list_cost)}" for name, month in months.items()]
    _say({"folder": str(folder), "months": months}, "\n".join(lines) or "Nothing happened then.", as_json=as_json)


def import_(home: Path, folder: Path, *, as_json: bool) -> None:
    """Take in attempts from Parquet, and say what became of them."""
    with present.working("Taking in attempts") as progress:
        done = parquet.load(ledger_at(home), folder, progress=progress)
    old = f"; older than what is kept: {done.too_old:,}" if done.too_old else ""
    revised = f"; revised: {done.revised:,}" if done.revised else ""
    _say(done, f"added: {done.added:,}{revised}; there already: {done.duplicates:,}{old}", as_json=as_json)


def prune(
    home: Path, *, before: date | None, usage_before: date | None, now: datetime, dry_run: bool, as_json: bool
) -> None:
    """Let go of what is old, and say what it was."""
    ledger = _fresh(home)
    with present.working("Pruning") as progress:
        gone = pruning.prune(
            ledger, before=before, usage_before=usage_before, now=now, dry_run=dry_run, progress=progress
        )
    what = f"{gone.attempts:,} attempts, usage objects of {gone.usage_objects:,} more, {gone.segments:,} old segments"
    room = None if ledger.shared else pruning.room(ledger)
    text = f"would go: {what}" if dry_run else f"gone: {what}"
    if room and not dry_run:
        text += (
            f"\nThe file takes {_size(room.size)}; {_size(room.free)} of that is free for what comes (tollgate compact)"
        )
    _say({"dry_run": dry_run, "pruned": gone, "file": room}, text, as_json=as_json)


def compact(home: Path, *, as_json: bool) -> None:
    """Write the ledger's file anew, and say what that saves."""
    ledger = _file(ledger_at(home), "ClickHouse takes the room of what is gone again by itself")
    before = pruning.room(ledger)
    with present.working("Writing the ledger anew"):
        ledger.compact()
    after = pruning.room(ledger)
    _say({"before": before, "after": after}, f"{_size(before.size)} before, {_size(after.size)} now", as_json=as_json)


def period(since: str | None, until: str | None, *, now: datetime) -> Period | None:
    """What of the ledger is meant; None: all of it."""
    return Period.parse(since or _BEGINNING, until, now=now) if since or until else None


def _fresh(home: Path) -> Ledger:
    """The ledger with what waits in the spool; if others hold it, without, which is said."""
    ledger = ledger_at(home)
    if note := fresh(ledger):
        click.echo(note, err=True)
    return ledger


def _file(ledger: Ledger, instead: str) -> Ledger:
    if ledger.shared:
        raise SettingsError(f"the ledger {ledger} is no file: {instead}")
    return ledger


def _say(answer: object, text: str, *, as_json: bool) -> None:
    click.echo(present.as_json(answer) if as_json else text)


def _size(count: int) -> str:
    """`12.3 MB`."""
    return f"{present.tokens(count)}B" if count >= 1000 else f"{count} B"
