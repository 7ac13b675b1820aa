"""Parquet: months of the ledger as files that other programs read, and attempts from such files.

`attempts` holds the facts, and is what is read again; `charges` is made from them, for others. Both files of a month
are written under other names first, and that of `attempts` is renamed last: where it is, the month is whole.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from . import intake, rollup
from .complaints import first_line
from .contract import Contract
from .exceptions import LedgerError
from .intake import IngestReport
from .ledger import Ledger
from .period import Period, naive
from .prices import PriceTable
from .questions import Connection, run

Progress = Callable[[int, int], object]
BATCH_ROWS = 50_000
"""About as long a turn at the ledger as an ingest takes."""
NEEDED = ("record_id", "call_id", "attempt", "started_at", "platform", "endpoint", "stream", "tags", "complete")
"""Columns that every attempt has a value for."""
_FACTS, _CHARGES = "attempts", "charges"


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What an export has of one month."""

    since: datetime
    """The part of the month that was asked for, half-open, aware."""
    until: datetime
    attempts: int
    charges: int
    unpriced_charges: int
    list_cost: Decimal | None
    """US dollars, of the charges that have a price; None if none has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of the attempts of an export."""

    added: int
    revised: int
    """The ledger had a lower revision of them."""
    duplicates: int
    too_old: int
    """From before what the ledger keeps since it was pruned."""


def export(
    ledger: Ledger,
    folder: Path,
    *,
    period: Period | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Month]:
    """Write a period (None: everything) to `folder`, by UTC month: `attempts/month=2026-11`, `charges/month=2026-11`.

    Each month is read at one moment. Months that are there already are refused; with `overwrite` they are replaced, but
    never by fewer attempts. Returns what was written, by month; manifest.json says it of all months that are there.
    `progress` is told the attempts done, and how many there are. Raises LedgerError.
    """
    start, end = (naive(period.start), naive(period.end)) if period else (datetime.min, datetime.max)  # noqa: DTZ901  # as kept
    due = {f"{row['month']:%Y-%m}": row for row in ledger.query("export_months", start=start, until=end)}
    for name, row in due.items():
        _refuse_loss(ledger, _file(folder, _FACTS, name), row["attempts"], overwrite=overwrite)
    written, done, total = dict[str, Month](), 0, sum(row["attempts"] for row in due.values())
    for name, row in due.items():
        until = min(end, (row["month"] + timedelta(days=31)).replace(day=1))
        written[name] = _write(ledger, folder, name, start=max(start, row["month"]), until=until)
        done += row["attempts"]
        if progress:
            progress(done, total)
    _write_manifest(ledger, folder, written)
    return written


def load(
    ledger: Ledger,
    folder: Path,
    prices: PriceTable | None = None,
    *,
    contract: Contract | None = None,
    batch_rows: int = BATCH_ROWS,
    progress: Progress | None = None,
) -> Imported:
    """Take the attempts of an export into the ledger, and rate them by the prices in use.

    What the ledger has already is left as it is. Every file is examined first: an export that is not whole changes
    nothing. `progress` is told the attempts done, and how many there are. Raises LedgerError.
    """
    files = _examine(ledger, folder)
    prices = prices or PriceTable.load()
    terms = prices, contract or Contract.of(ledger.home, prices)
    report, done, total = IngestReport(), 0, sum(files.values())
    for file, rows in files.items():
        for first in range(0, rows, batch_rows):
            until = min(first + batch_rows, rows)
            report += intake.add(ledger, terms, _stage(file, first, until), settle=_nothing, source="export")
            done += until - first
            if progress:
                progress(done, total)
    rollup.refresh(ledger)
    taken = report.added + report.revised + report.duplicates
    return Imported(added=report.added, revised=report.revised, duplicates=report.duplicates, too_old=total - taken)


def _refuse_loss(ledger: Ledger, file: Path, attempts: int, *, overwrite: bool) -> None:
    if not file.exists():
        return
    if not overwrite:
        raise LedgerError(f"{file}: found that month exported already, expected none (--overwrite replaces it)")
    with ledger.private() as con:
        there = _rows(con, file)
    if there > attempts:
        raise LedgerError(f"{file}: found {there:,} attempts, more than the {attempts:,} that would replace them")


def _write(ledger: Ledger, folder: Path, name: str, *, start: datetime, until: datetime) -> Month:
    """One month, whole or not at all."""
    files = {kind: _file(folder, kind, name) for kind in (_CHARGES, _FACTS)}
    parts = {kind: file.with_name(f".{file.name}.{os.getpid()}.part") for kind, file in files.items()}
    try:
        for part in parts.values():
            part.parent.mkdir(parents=True, exist_ok=True)
        with ledger.extract(start, until) if ledger.shared else ledger.hold() as con:
            for kind, part in parts.items():
                run(con, f"export_{kind}", file=str(part), start=start, until=until)
            (sums,) = run(con, "export_sums", start=start, until=until)
        for kind, part in parts.items():
            _put(part, files[kind])
    except (OSError, duckdb.Error) as error:
        raise LedgerError(f"cannot export to {folder}: {first_line(error)}") from error
    finally:
        for part in parts.values():
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    return Month(since=start.replace(tzinfo=UTC), until=until.replace(tzinfo=UTC), **sums)


def _put(part: Path, file: Path) -> None:
    """Give a file that is written its name, when it is on the disk."""
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    part.replace(file)


def _write_manifest(ledger: Ledger, folder: Path, written: dict[str, Month]) -> None:
    """What is in the folder: from this export, and from earlier ones where they wrote other months."""
    earlier = {name: month for name, month in _manifest(folder).items() if _file(folder, _FACTS, name).exists()}
    months = earlier | {name: asdict(month) for name, month in written.items()}
    manifest = {
        "tollgate": version("tollgate"),
        "migration": ledger.query("migration_last")[0]["name"],
        "months": dict(sorted(months.items())),
    }
    part = folder / f".manifest.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(manifest, indent=2, default=_plain), "utf-8")
        _put(part, folder / "manifest.json")
    except OSError as error:
        raise LedgerError(f"cannot export to {folder}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """The months that the manifest of an export lists; none where there is no manifest."""
    file = folder / "manifest.json"
    try:
        months = json.loads(file.read_bytes())["months"]
        counts = {name: int(month["attempts"]) for name, month in months.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerError(f"{file}: found no manifest of an export ({error!r}), expected one") from error
    return {name: months[name] for name in counts}


def _examine(ledger: Ledger, folder: Path) -> dict[Path, int]:
    """How many attempts each file of an export has. Raises LedgerError where it is not whole."""
    files = sorted((folder / _FACTS).glob("month=*/*.parquet"))
    with ledger.private() as con:
        rows = {file: _rows(con, file) for file in files}
    for name, month in _manifest(folder).items():
        place = _file(folder, _FACTS, name).parent
        found, expected = sum(rows[file] for file in files if file.parent == place), month["attempts"]
        if found != expected:
            raise LedgerError(f"{place}: found {found:,} attempts, expected {expected:,} as manifest.json says")
    if not files:
        raise LedgerError(f"{folder}: found no {_FACTS}/month=*/*.parquet, expected what tollgate export writes")
    return rows


def _rows(con: Connection, file: Path) -> int:
    try:
        columns = {row["column_name"] for row in run(con, "parquet_columns", file=str(file))}
        (counted,) = run(con, "parquet_rows", file=str(file))
    except duckdb.Error as error:
        raise LedgerError(f"{file}: found no Parquet that can be read: {first_line(error)}") from error
    if missing := [name for name in NEEDED if name not in columns]:
        raise LedgerError(f"{file}: found no column {', '.join(missing)}; expected an export of attempts")
    return counted["attempts"]


def _stage(file: Path, first: int, until: int) -> intake.Step:
    def stage(con: Connection) -> None:
        try:
            run(con, "parquet_stage", file=str(file), first=first, until=until)
        except duckdb.Error as error:
            raise LedgerError(f"{file}: found what is no export of attempts: {first_line(error)}") from error
        for gap in run(con, "parquet_gap"):
            raise LedgerError(f"{file}: found nothing in row {gap['row_number']:,} for one of {', '.join(NEEDED)}")

    return stage


def _nothing(con: Connection) -> None:
    """There is nothing to settle: an import that is begun again finds what it has done by the record ids."""


def _file(folder: Path, kind: str, month: str) -> Path:
    return folder / kind / f"month={month}" / f"{kind}.parquet"


def _plain(value: datetime | Decimal) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else value.isoformat()
