"""Additions: attempts that come into a shared ledger otherwise than from a spool: of an export, or set aside before."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from .. import intake
from ..intake import IngestReport, Source, Step, Terms
from ..questions import run
from . import logbook
from .cargo import send
from .ledger import SharedLedger, take


def add(ledger: SharedLedger, terms: Terms, stage: Step, *, source: Source) -> IngestReport:
    """As `intake.add`: what is new of it is found out here, from what the ledger has of its time.

    Nobody is kept from writing meanwhile. What two add at the same time has one id, and is there once.
    """
    with contextlib.closing(intake.offer(terms, stage)) as con, tempfile.TemporaryDirectory() as name:
        (span,) = run(con, "addition_span")
        with ledger.store() as store:
            folder = Path(name)
            take(con, store, "usage", folder, "extract_known", span)
            take(con, store, "reject", folder, "extract_reject", {})
            take(con, store, "book", folder, "extract_table", {"table": "book"})
            run(con, "unread", source=source)
            for step in ("fresh", "addition_rest"):
                run(con, step)
            (counts,) = run(con, "ingest_count")
            if counts["added"] + counts["revised"]:
                send(con, store, machine=logbook.machine(ledger.home), rated_at=0)
        if source == "rejects":
            (records,) = run(con, "addition_told")
            with ledger.write() as shared:
                run(shared, "reject_forget", **records)
    return IngestReport(**counts)
