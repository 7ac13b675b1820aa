"""Ingest: spool segments -> the ledger, each record exactly once, whatever is killed when.

A batch of lines is read, parsed and rated outside the ledger's lock; its rows, their charges and how far each segment
was read are then committed in one transaction. What two ingesters read at the same time, the offsets keep from counting
twice; what was written to the spool twice, the record ids. Of records with one id the highest revision holds, in
whatever order they come: its rows replace those of a lower one.

A record that comes again is known by its id for as long as its attempt is kept; once that is pruned, anything as old is
set aside. A segment that is in the ledger is kept (done.py), and read again by a ledger that comes from a backup.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from router.spool import Segment, segments

from . import done, intake, rollup, slices
from .clickhouse.address import Address
from .clickhouse.backlog import waiting
from .clickhouse.logbook import refuse_shipped, ships
from .contract import Contract
from .exceptions import LedgerBusy, LedgerError
from .intake import IngestReport, Terms
from .ledger import Ledger
from .prices import PriceTable
from .questions import Connection, run
from .slices import Slice

READER_PATIENCE = 2.0
"""Seconds that somebody who wants to read waits for the newest figures, where a program of others' holds the ledger."""
Progress = Callable[[int, int], None]


def ingest(
    ledger: Ledger,
    prices: PriceTable | None = None,
    *,
    contract: Contract | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Take what waits in the spool into the ledger, rate it, and put away the segments that are done with.

    What is written meanwhile is left to the next, so that it ends however much streams in.
    Without `prices`, the price table that came with this package; without `contract`, the one in use at the home.
    `progress` is told the bytes done so far and the bytes there were at the start. Raises LedgerError, LedgerBusy.
    """
    refuse_shipped(ledger.home)
    state, report = _State.of(ledger), IngestReport()
    refuse_shipped(ledger.home)  # a shipping that begins now either sees the ledger that was made, or was seen
    total = state.waiting()
    for loaded in _load(ledger, state, lambda: _terms(ledger, prices, contract)):
        report += loaded
        if progress:
            progress(report.bytes, max(total, report.bytes))
    if report.bytes:
        state = _State.of(ledger)
    if state.restored:
        _catch_up(ledger, state.seen)
    if finished := state.finished():
        done.note(ledger.home, max(state.batches, state.seen))
        done.keep(ledger.home, finished)
    done.sweep(ledger.home)
    rollup.refresh(ledger)
    return report


def refresh(ledger: Ledger, *, now: datetime, progress: Progress | None = None) -> str | None:
    """Take in what waits for somebody who wants to read: if others hold the ledger, that is a sentence and no error."""
    try:
        if ledger.shared:
            _ship(ledger.home, ledger.shared, now=now, progress=progress)
        else:
            ingest(ledger.waiting_at_most(READER_PATIENCE), progress=progress)
    except LedgerError as error:
        if not (ledger.shared or isinstance(error, LedgerBusy)):
            raise
        return f"Not up to date, {waiting_bytes(ledger):,} bytes wait in the spool: {error}."
    return None


def _ship(home: Path, to: Address, *, now: datetime, progress: Progress | None) -> None:
    from .clickhouse.shipping import Patience, ship  # noqa: PLC0415  # brings its client, which need not be installed

    if waiting(home):
        ship(home, to, now=now, progress=progress, patience=Patience(tries=1))


def retry_rejects(
    ledger: Ledger, prices: PriceTable | None = None, *, contract: Contract | None = None
) -> IngestReport:
    """Read the lines that were set aside once more, as a newer Tollgate may know how; `damaged` are those that stay."""
    rejects = ledger.query("rejects")
    if not rejects:
        return IngestReport()
    lines = [(row["segment"], row["byte_offset"], row["line"]) for row in rejects]
    report = intake.add(
        ledger,
        _terms(ledger, prices, contract),
        lambda con: intake.stage(con, lines),
        source="rejects",
        settle=lambda con: run(con, "reject_forget"),
    )
    rollup.refresh(ledger)
    return report


def waiting_bytes(ledger: Ledger) -> int:
    """What is in the spool and not yet in the ledger."""
    if ledger.shared or ships(ledger.home):
        return waiting(ledger.home)
    return _State.of(ledger).waiting()


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """How far the ledger is with the segments there are."""

    segments: Sequence[Segment]
    consumed: Mapping[str, int]
    batches: int
    seen: int

    @classmethod
    def of(cls, ledger: Ledger) -> _State:
        with ledger.read() as con:
            consumed = {row["name"]: row["consumed"] for row in run(con, "segment_offsets")}
            (book,) = run(con, "book")
        found = cls(
            segments=segments(ledger.home), consumed=consumed, batches=book["batches"], seen=done.seen(ledger.home)
        )
        return replace(found, segments=[*done.kept(ledger.home), *found.segments]) if found.restored else found

    @property
    def restored(self) -> bool:
        """Whether the ledger is older than its spool has seen it."""
        return self.batches < self.seen

    def waiting(self) -> int:
        """In bytes."""
        return slices.waiting_bytes(self.segments, self.consumed)

    def gone(self) -> list[str]:
        """The names of segments that are not there any more."""
        return list(self.consumed.keys() - {segment.name for segment in self.segments})

    def finished(self) -> list[Segment]:
        """The segments that are in the ledger to their last byte, and that nobody writes any more."""
        return slices.finished(self.segments, self.consumed)

    def unread(self) -> Iterator[list[Slice]]:
        """What is unread now, in batches."""
        return slices.unread(self.segments, self.consumed)


def _terms(ledger: Ledger, prices: PriceTable | None, contract: Contract | None) -> Terms:
    prices = prices or PriceTable.load()
    return prices, contract or Contract.of(ledger.home, prices)


def _load(ledger: Ledger, state: _State, terms: Callable[[], Terms]) -> Iterator[IngestReport]:
    """Take in what is unread, batch by batch; while one waits for the disk, the next is read and rated."""
    batches = state.unread()
    batch = next(batches, None)
    if batch is None:
        return
    known = terms()
    with ThreadPoolExecutor(1) as ahead:
        offered: Future[Connection] | None = ahead.submit(_offer, known, batch)
        while batch and offered:
            con, following = offered.result(), next(batches, None)
            offered = ahead.submit(_offer, known, following) if following else None
            with contextlib.closing(con):
                report = intake.take(ledger, known, con, settle=partial(_settle, state=state, batch=batch))
            yield replace(report, bytes=sum(len(piece.data) for piece in batch))
            batch = following


def _offer(terms: Terms, batch: Sequence[Slice]) -> Connection:
    lines = [line for piece in batch for line in piece.lines()]
    return intake.offer(terms, lambda con: intake.stage(con, lines))


def _settle(con: Connection, *, state: _State, batch: Sequence[Slice]) -> None:
    ends = {piece.segment.name: piece.end for piece in batch}
    run(con, "segment_forget", names=state.gone())
    run(con, "segment_advance", names=list(ends), consumed=list(ends.values()))
    if not state.restored:  # which is over when everything is read
        run(con, "book_count")


def _catch_up(ledger: Ledger, batches: int) -> None:
    with ledger.write() as con:
        run(con, "book_catch_up", batches=batches)
