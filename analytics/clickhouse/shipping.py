"""Shipping: a home's spool -> a shared ledger, each record exactly once, whatever is killed when.

A batch is planned on disk (logbook.py), sent, acknowledged, recorded. What a crash leaves planned is sent again as it
was, byte for byte and under the same token, of which ClickHouse takes the first. Should the token be forgotten there,
the rows replace themselves, being of one record and version. While one batch is sent, the next is read and rated.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from router.spool import Segment, segments

from .. import done, slices
from ..exceptions import LedgerError
from ..intake import Terms, terms_of
from ..ledger import Ledger
from ..slices import Slice
from . import logbook
from .address import Address
from .cargo import Cargo, pack
from .logbook import Logbook, Plan, Range
from .store import Store, StoreError

BATCH_BYTES = 32 << 20
"""Two whole segments, about eighteen thousand records: of smaller ones, each second takes fewer."""
AHEAD = 2
"""Batches that are read and rated at a time: to rate one takes six times as long as to send it."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipReport:
    """What became of what waited."""

    sent: int = 0
    """Attempts."""
    damaged: int = 0
    """Lines that hold no record; they are in the table `reject`, with the reason."""
    bytes: int = 0
    """Of the spool."""
    waiting: int = 0
    """Bytes that have come meanwhile."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and how soon, something is tried again that may pass. Spread at random: many machines wait at once."""

    tries: int = 5
    first_seconds: float = 0.5
    most_seconds: float = 60.0
    sleep: Callable[[float], object] = time.sleep
    """What it returns says whether to give up now."""
    random: Callable[[], float] = random.random

    def insist(self, act: Callable[[], None]) -> None:
        """Do it; after so many tries its error is raised, and at once if it does not pass."""
        for failures in itertools.count(1):
            try:
                act()
            except StoreError as error:
                if not error.passing or failures >= self.tries or self.pause(failures):
                    raise
            else:
                return

    def pause(self, failures: int) -> bool:
        """Wait after so many failures in a row; whether to give up."""
        longest = min(self.most_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        return bool(self.sleep(self.random() * longest))


USUAL = Patience()


def ship(
    home: Path,
    address: Address,
    terms: Terms | None = None,
    *,
    now: datetime,
    progress: Progress | None = None,
    patience: Patience = USUAL,
) -> ShipReport:
    """Send what waits in the spool to the shared ledger. What comes meanwhile is left to the next.

    Without `terms`, the price table that came with this package, and the contract in use at the home.
    `progress` is told the bytes done so far and the bytes there were at the start. Raises LedgerError, LedgerBusy, and
    StoreError if the shared ledger does not take it: then it waits.
    """
    with logbook.alone(home):
        shipment = _Shipment(home, address, patience, logbook.read(home), now)
        try:
            report = shipment.run(terms, progress)
        except LedgerError as error:
            shipment.note_failure(str(error))
            raise
        finally:
            shipment.close()
        done.sweep(home)
    return report


class _Shipment:
    """The work of one call of `ship`."""

    def __init__(self, home: Path, address: Address, patience: Patience, book: Logbook | None, now: datetime) -> None:
        self._home, self._address, self._patience, self._now = home, address, patience, now
        self._machine = logbook.machine(home)
        self._begun = book is not None
        self._book = replace(book or Logbook(ledger=""), ledger=str(address))
        self._segments = segments(home)
        self._store: Store | None = None

    def run(self, terms: Terms | None, progress: Progress | None) -> ShipReport:
        total = slices.waiting_bytes(self._segments, self._book.sent)
        report = ShipReport()
        self._put_away(self._segments)  # of a run that was cut off
        with contextlib.closing(self._packed(terms)) as packed:
            for cargo in packed:
                self._send(cargo)
                size = sum(each.end - each.start for each in cargo.plan.ranges)
                report = ShipReport(
                    sent=report.sent + cargo.sent, damaged=report.damaged + cargo.damaged, bytes=report.bytes + size
                )
                if progress:
                    progress(report.bytes, max(total, report.bytes))
        return replace(report, waiting=slices.waiting_bytes(segments(self._home), self._book.sent))

    def close(self) -> None:
        if self._store:
            self._store.close()

    def note_failure(self, said: str) -> None:
        """For `tollgate doctor`."""
        self._book = replace(self._book, failed_at=self._now, said=said)
        if self._begun:
            with contextlib.suppress(LedgerError):  # a full disk
                logbook.write(self._home, self._book)

    def _packed(self, terms: Terms | None) -> Generator[Cargo]:
        """Batch by batch; while one is sent, the next ones are read and rated."""
        folder, coming = logbook.folder(self._home), deque[Future[Cargo]]()
        with ThreadPoolExecutor(AHEAD) as ahead:
            for number, (plan, batch) in enumerate(self._planned()):
                terms, file = terms or terms_of(self._home), folder / f"cargo-{number % (AHEAD + 1)}.parquet"
                coming.append(ahead.submit(pack, plan, batch, terms, machine=self._machine, file=file))
                if len(coming) > AHEAD:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()

    def _planned(self) -> Iterator[tuple[Plan, Sequence[Slice]]]:
        """What a run that was cut off had planned, as it had; then what is unread."""
        sent = dict(self._book.sent)
        if plan := self._book.plan:
            yield plan, [piece for each in plan.ranges if (piece := self._reread(each))]
            sent |= _ends(plan)
        for batch in slices.unread(self._segments, sent, batch_bytes=BATCH_BYTES):
            ranges = tuple(Range(piece.segment.name, piece.start, piece.end) for piece in batch)
            yield Plan(ranges, int(self._now.timestamp())), batch

    def _reread(self, planned: Range) -> Slice | None:
        """None if somebody has removed the segment: then what is left goes under the token of the whole."""
        segment = Segment(self._home / "spool" / planned.segment)
        try:
            with segment.path.open("rb") as file:
                file.seek(planned.start)
                data = file.read(planned.end - planned.start)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LedgerError(f"cannot read {segment.path}: {error.strerror}") from error
        return Slice(segment=segment, start=planned.start, data=data)

    def _send(self, cargo: Cargo) -> None:
        if self._book.plan != cargo.plan:
            self._plan(cargo.plan)
        token = cargo.plan.token(self._machine)
        if cargo.damaged:
            self._insert("reject", cargo.rejects, token=f"{token}-rejects")
        if cargo.sent:
            self._insert("attempt", cargo.attempts, token=token, columns=cargo.columns)
        self._record(cargo.plan)

    def _insert(self, table: str, parquet: bytes, *, token: str, columns: Sequence[str] = ()) -> None:
        def insert() -> None:
            self._store = self._store or Store(self._address)
            self._store.insert(table, parquet, token=token, columns=columns)

        self._patience.insist(insert)

    def _plan(self, plan: Plan) -> None:
        self._book = replace(self._book, plan=plan)
        logbook.write(self._home, self._book)
        if not self._begun:
            self._begin()

    def _begin(self) -> None:
        """For the first time. Asked now that there is a logbook: an ingest either sees that, or has made a ledger."""
        ledger = Ledger(self._home)
        if ledger.path.exists() and ledger.query("book")[0]["batches"]:
            logbook.forget(self._home)
            raise LedgerError(
                f"the records of {self._home} have gone into {ledger.path} so far, and a home has one ledger; "
                f"to ship to {self._book.ledger}, begin at another home (TOLLGATE_HOME)"
            )
        self._begun = True

    def _record(self, plan: Plan) -> None:
        there = {segment.name for segment in segments(self._home)}
        sent = {name: offset for name, offset in ({**self._book.sent, **_ends(plan)}).items() if name in there}
        self._book = replace(self._book, plan=None, sent=sent, succeeded_at=self._now)
        logbook.write(self._home, self._book)
        names = {each.segment for each in plan.ranges}
        self._put_away([segment for segment in self._segments if segment.name in names])

    def _put_away(self, candidates: Sequence[Segment]) -> None:
        done.keep(self._home, slices.finished(candidates, self._book.sent))


def _ends(plan: Plan) -> dict[str, int]:
    return {each.segment: each.end for each in plan.ranges}
