"""Ingest: spool segments -> `usage`, each record exactly once, whatever is killed when.

A batch of lines is read and parsed outside the ledger's lock; its rows, their charges and how far each segment was read
are then committed in one transaction. What two ingesters read at the same time, the offsets keep from counting twice;
what was written to the spool twice, the record ids. Of records with one id the highest revision holds, in whatever
order they come: its rows replace those of a lower one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from router.spool import Segment, segments

from . import rating
from .contract import Contract
from .exceptions import LedgerError
from .ledger import Connection, Ledger, run
from .prices import PriceTable

_Terms = tuple[PriceTable, Contract]
BATCH_BYTES = 8 << 20
"""About ten thousand records: readers then wait a third of a second at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of the lines of the spool."""

    added: int = 0
    revised: int = 0
    """Later revisions of a record, such as the closing of a stream whose opening came before."""
    duplicates: int = 0
    """Records that the ledger had already, in this revision or a higher one."""
    damaged: int = 0
    """Lines that hold no record; they are in the table `reject`, with the reason."""
    bytes: int = 0

    def __add__(self, other: IngestReport) -> IngestReport:
        """Two reports as one."""
        return IngestReport(
            added=self.added + other.added,
            revised=self.revised + other.revised,
            duplicates=self.duplicates + other.duplicates,
            damaged=self.damaged + other.damaged,
            bytes=self.bytes + other.bytes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slice:
    """Whole lines of one segment, from `start` on."""

    segment: Segment
    start: int
    data: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.data)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Offset and text of each line."""
        offset = self.start
        for line in self.data.removesuffix(b"\n").split(b"\n"):
            yield offset, line.decode("utf-8", "replace")
            offset += len(line) + 1


def ingest(
    ledger: Ledger,
    prices: PriceTable | None = None,
    *,
    contract: Contract | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> IngestReport:
    """Take what waits in the spool into the ledger, rate it, and remove the segments that are done with.

    Without `prices`, the price table that came with this package; without `contract`, the one in use at the home.
    `progress` is told the bytes done so far and the bytes there were at the start.
    """
    report, total = IngestReport(), 0
    while True:
        consumed = _offsets(ledger)
        total = total or _waiting(ledger.home, consumed)
        batch = _next_batch(ledger.home, consumed)
        if not batch:
            break
        prices = prices or PriceTable.load()
        contract = contract or Contract.of(ledger.home, prices)
        report += _load(ledger, (prices, contract), batch, gone=_gone(ledger.home, consumed))
        if progress:
            progress(report.bytes, max(total, report.bytes))
    _remove_done(ledger.home, consumed)
    return report


def waiting_bytes(ledger: Ledger) -> int:
    """What is in the spool and not yet in the ledger."""
    return _waiting(ledger.home, _offsets(ledger))


def _load(ledger: Ledger, terms: _Terms, batch: list[_Slice], *, gone: list[str]) -> IngestReport:
    lines = [(piece.segment.name, offset, line) for piece in batch for offset, line in piece.lines()]
    segment_names, offsets, texts = (list(column) for column in zip(*lines, strict=True))
    with ledger.private() as con:
        run(con, "stage", segments=segment_names, offsets=offsets, lines=texts)
        with ledger.write(using=con):
            counts = _insert(con, terms)
            run(con, "segment_forget", names=gone)
            run(
                con,
                "segment_advance",
                names=[piece.segment.name for piece in batch],
                consumed=[piece.end for piece in batch],
            )
    return IngestReport(**counts, bytes=sum(len(piece.data) for piece in batch))


def _insert(con: Connection, terms: _Terms) -> dict[str, int]:
    """Staged lines -> usage, reject and charge."""
    for step in ("unread", "fresh", "supersede", "usage_insert", "reject_insert"):
        run(con, step)
    rating.rate(con, *terms)
    return run(con, "ingest_count")[0]


def _next_batch(home: Path, consumed: Mapping[str, int]) -> list[_Slice]:
    """The next unread lines, oldest segments first, about BATCH_BYTES of them."""
    batch, size = list[_Slice](), 0
    for segment in segments(home):
        start = consumed.get(segment.name, 0)
        if data := _unread(segment, start):
            batch.append(_Slice(segment=segment, start=start, data=data))
            size += len(data)
        if size >= BATCH_BYTES:
            break
    return batch


def _unread(segment: Segment, start: int) -> bytes:
    """Whole lines from `start` on; of a segment whose writer is gone, in the end also its torn last line."""
    try:
        if _size(segment) <= start:
            return b""
        final = not segment.is_live()  # asked before reading: nothing is added afterwards
        data = segment.read(start, BATCH_BYTES)
        return data if data or not final else segment.path.read_bytes()[start:]
    except FileNotFoundError:  # another ingester was done with it first
        return b""
    except OSError as error:
        raise LedgerError(f"cannot read {segment.path}: {error.strerror}") from error


def _remove_done(home: Path, consumed: Mapping[str, int]) -> None:
    """Remove the segments that are in the ledger to their last byte and that nobody writes any more."""
    for segment in segments(home):
        with contextlib.suppress(OSError):  # gone already, or a spool that we may only read
            if not segment.is_live() and _size(segment) <= consumed.get(segment.name, 0):
                segment.path.unlink()


def _offsets(ledger: Ledger) -> dict[str, int]:
    return {row["name"]: row["consumed"] for row in ledger.query("segment_offsets")}


def _waiting(home: Path, consumed: Mapping[str, int]) -> int:
    return sum(max(0, _size(segment) - consumed.get(segment.name, 0)) for segment in segments(home))


def _gone(home: Path, consumed: Mapping[str, int]) -> list[str]:
    return [name for name in consumed if not (home / "spool" / name).exists()]


def _size(segment: Segment) -> int:
    """In bytes; 0 for a segment that another ingester has removed."""
    try:
        return segment.path.stat().st_size
    except FileNotFoundError:
        return 0
