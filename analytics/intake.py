"""Intake: staged records -> usage, line and charge, each record once, whatever it came from.

Lines and charges are made before the ledger is entered, in the private database: what is left to do under the ledger's
lock is to find out which records are new, and to put them in.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from . import rules
from .contract import Contract
from .install import install_contract, install_prices
from .ledger import Ledger, cursor, furnish
from .prices import PriceTable
from .questions import Connection, run, transaction

Step = Callable[[Connection], object]
Terms = tuple[PriceTable, Contract]
Source = Literal["spool", "rejects", "export"]
_desk = threading.Lock()
"""The private database has one price table at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of what was offered."""

    added: int = 0
    revised: int = 0
    """Later revisions of a record, such as the closing of a stream whose opening came before."""
    duplicates: int = 0
    """Records that the ledger had already, in this revision or a higher one."""
    damaged: int = 0
    """Lines that hold no record; they are in the table `reject`, with the reason."""
    bytes: int = 0
    """Of the spool."""

    def __add__(self, other: IngestReport) -> IngestReport:
        """Two reports as one."""
        both = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return IngestReport(**both)


def terms_of(home: Path) -> Terms:
    """The price table that came with this package, and the contract in use at a home."""
    prices = PriceTable.load()
    return prices, Contract.of(home, prices)


def add(ledger: Ledger, terms: Terms, stage: Step, *, settle: Step, source: Source = "spool") -> IngestReport:
    """Take in what `stage` puts into the temporary table `staged` (stage.sql says its shape), in one transaction.

    `source` is what it was read from, which says what of it is still to be taken in; `settle` is called at the end of
    the transaction, with its connection, to note what has been, except by a shared ledger, which notes that itself.
    Raises LedgerError, LedgerBusy.
    """
    if ledger.shared:
        from .clickhouse import additions  # noqa: PLC0415  # brings ClickHouse's client, which need not be there
        from .clickhouse.ledger import SharedLedger  # noqa: PLC0415  # the same

        return additions.add(SharedLedger(ledger.home, ledger.shared), terms, stage, source=source)
    with contextlib.closing(offer(terms, stage)) as con:
        return take(ledger, terms, con, settle=settle, source=source)


def offer(terms: Terms, stage: Step) -> Connection:
    """The first half of `add`, which needs no ledger: what is staged, rated. Close the connection."""
    con = cursor()
    try:
        stage(con)
        _rate(con, terms)
    except BaseException:
        con.close()
        raise
    return con


def take(ledger: Ledger, terms: Terms, con: Connection, *, settle: Step, source: Source = "spool") -> IngestReport:
    """The second half of `add`: what was offered on this connection, in one transaction."""
    prices, contract = terms
    with ledger.write(using=con):
        install_prices(con, prices)
        install_contract(con, contract)
        rules.record(con)
        run(con, "unread", source=source)
        for step in ("fresh", "stale_mark", "supersede", "offered_insert", "reject_insert"):
            run(con, step)
        counts = run(con, "ingest_count")[0]
        settle(con)
    return IngestReport(**counts)


def stage(con: Connection, lines: Sequence[tuple[str, int, str]]) -> None:
    """Put lines of the spool into `staged`: of each its segment, its offset and its text. There is at least one."""
    names, offsets, texts = (list(column) for column in zip(*lines, strict=True))
    run(con, "stage", segments=names, offsets=offsets, lines=texts)


def _rate(con: Connection, terms: Terms) -> None:
    """What is staged, rated: the temporary tables `offered_usage`, `offered_line` and `offered_charge`."""
    prices, contract = terms
    with _desk:
        furnish(con)
        with transaction(con):
            install_prices(con, prices)
            install_contract(con, contract)
            for step in ("offer", "lines", "rate", "offered"):
                run(con, step)
