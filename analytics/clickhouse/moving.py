"""Moving: a ledger from a DuckDB file into a shared one, or back, day by day; and whether both then have the same.

A day of which both have the same counts and sums is not moved again: what was cut off goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from .. import ingest, rollup, rules
from ..exceptions import LedgerError
from ..install import install_contract, install_prices
from ..intake import terms_of
from ..ledger import Ledger
from ..period import midnight, naive
from ..questions import Connection, run, sql
from . import logbook, terms
from .cargo import send
from .ledger import SharedLedger, take
from .logbook import Logbook
from .making import make
from .schema import migrate
from .shipping import ship
from .store import Store

MOST_ROWS = 100_000
"""Attempts that are moved at once."""
Progress = Callable[[int, int], None]
_Day = Mapping[str, Any]
_WHOLE = ("feedback", "provider_cost", "rerating", "rerating_change")
"""Small tables that are moved as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What became of it."""

    days: int
    """That were moved now."""
    attempts: int
    """Of those days."""
    compared: int
    """Days of which counts and sums were held against each other in the end."""
    different: tuple[date, ...]
    """Of those, the days of which they are not the same."""


def move(source: Ledger, target: Ledger, *, now: datetime, progress: Progress) -> Moved:
    """Move everything. Where the file is that of the home, the spool of the home goes on to the new place afterwards.

    `progress` is told the attempts moved, and how many there were to move. Raises LedgerError, LedgerBusy.
    """
    if isinstance(target, SharedLedger) and not source.shared:
        return _into_shared(source, target, now=now, progress=progress)
    if isinstance(source, SharedLedger) and not target.shared:
        return _into_file(source, target, now=now, progress=progress)
    raise LedgerError(f"found {source} and {target}, expected a DuckDB file and a shared ledger, in either order")


def _into_shared(source: Ledger, target: SharedLedger, *, now: datetime, progress: Progress) -> Moved:
    home, machine = target.home, f"{logbook.machine(target.home)}/moved"
    migrate(target.address)
    own, book = source.path == Ledger(home).path, logbook.read(home)
    if own and book and book.ledger != str(target):
        raise LedgerError(f"the records of {home} go to {book.ledger} already, not to {target}")
    if own and not book:
        ingest.ingest(source)
    made_by = "" if rules.changed(source) else rules.text()

    def give(start: datetime, until: datetime) -> None:
        with source.read() as con, target.store() as store:
            run(con, "rerate_period", start=start, until=until)
            run(con, "offered_rows")
            send(con, store, machine=machine, rated_at=int(now.timestamp()), rules=made_by)

    def day_by_day() -> tuple[int, int]:
        return _each_part(source.query("days"), _moved(target, machine), give, progress)

    days, attempts = day_by_day()
    with logbook.alone(home) if own else contextlib.nullcontext(), source.hold() as con:  # nobody writes any more
        late_days, late_attempts = day_by_day()
        with target.store() as store:
            terms.install(store, terms_of(home))
            _small_tables(con, store, machine)
        if own and not book:
            sent = {row["name"]: row["consumed"] for row in run(con, "segment_offsets")}
            logbook.write(home, Logbook(ledger=str(target), sent=sent, succeeded_at=now))
    make(target, every=True)
    return _compared(source.query("days"), _moved(target, machine), days + late_days, attempts + late_attempts)


def _moved(target: SharedLedger, machine: str) -> Sequence[_Day]:
    return target.query("days_moved", machine=machine)


def _small_tables(con: Connection, store: Store, machine: str) -> None:
    """What is not attempts. The same rows are inserted once."""
    questions = {table: sql("move_rows").format(table=table) for table in _WHOLE}
    questions |= {name: sql(f"move_{name}") for name in ("boundary", "reject", "made")}
    questions |= {table: sql("move_hours").format(table=table) for table in ("hourly", "hourly_note")}
    into = {
        "provider_cost": "provider_cost_item",
        "made": "making",
        "hourly": "hourly_made",
        "hourly_note": "hourly_note_made",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, question in questions.items():
            file = Path(folder) / f"{name}.parquet"
            con.execute(question, {"file": str(file)} | ({"machine": machine} if name == "reject" else {}))
            (there,) = run(con, "parquet_names", file=str(file))
            if there["rows"]:
                parquet = file.read_bytes()
                token = hashlib.sha256(parquet).hexdigest()
                store.insert(into.get(name, name), parquet, token=token, columns=there["columns"])


def _into_file(source: SharedLedger, target: Ledger, *, now: datetime, progress: Progress) -> Moved:
    home = source.home
    own, book = target.path == Ledger(home).path, logbook.read(home)
    if own and book:
        ship(home, source.address, now=now)

    def receive(start: datetime, until: datetime) -> None:
        with source.extract(start, until) as con, target.write(using=con):
            run(con, "rerate_period", start=start, until=until)
            _run_in(con, "moved_in")

    def day_by_day() -> tuple[int, int]:
        return _each_part(source.query("days"), target.query("days"), receive, progress)

    days, attempts = day_by_day()
    with logbook.alone(home) if own else contextlib.nullcontext():
        late_days, late_attempts = day_by_day()
        _receive_small_tables(source, target)
        book = logbook.read(home)
        if own and book:
            with target.write() as con:
                run(con, "segment_forget", names=list(book.sent))
                run(con, "segment_advance", names=list(book.sent), consumed=list(book.sent.values()))
            logbook.forget(home)
    rollup.refresh(target, every=True)
    return _compared(source.query("days"), target.query("days"), days + late_days, attempts + late_attempts)


def _receive_small_tables(source: SharedLedger, target: Ledger) -> None:
    prices, contract = terms_of(source.home)
    asked: dict[str, object] = {}
    with source.store() as store, target.private() as con, tempfile.TemporaryDirectory() as folder:
        for table in (*_WHOLE, "book"):
            take(con, store, table, Path(folder), "extract_table", {"table": table})
        for table in ("reject", "hourly", "hourly_note"):
            take(con, store, table, Path(folder), f"extract_{table}", asked)
        with target.write(using=con):
            install_prices(con, prices)
            install_contract(con, contract)
            for table in (*_WHOLE, "reject"):
                _run_in(con, "moved_table", table=table)
            _run_in(con, "moved_hours")


def _run_in(con: Connection, name: str, *, table: str = "") -> None:
    (ledger,) = run(con, "database")
    con.execute(sql(name).format(ledger=ledger["name"], table=table))


def _each_part(
    source: Sequence[_Day], target: Sequence[_Day], act: Callable[[datetime, datetime], None], progress: Progress
) -> tuple[int, int]:
    """Have every part of every day moved that is not the same; how many days these were, and attempts."""
    due = [day for day in source if day not in target]
    total, done = sum(day["attempts"] for day in due), 0
    for day in due:
        for start, until in _parts(day):
            act(start, until)
        done += day["attempts"]
        progress(done, total)
    return len(due), done


def _parts(day: _Day) -> Iterator[tuple[datetime, datetime]]:
    count = -(-day["attempts"] // MOST_ROWS)
    length = timedelta(days=1) / count
    first = naive(midnight(day["day"]))
    bounds = [first + length * number for number in range(count)] + [first + timedelta(days=1)]
    yield from pairwise(bounds)


def _compared(source: Sequence[_Day], target: Sequence[_Day], days: int, attempts: int) -> Moved:
    ours, theirs = ({day["day"]: day for day in found} for found in (source, target))
    there = sorted(ours.keys() | theirs.keys())
    different = tuple(day for day in there if ours.get(day) != theirs.get(day))
    return Moved(days=days, attempts=attempts, compared=len(there), different=different)
