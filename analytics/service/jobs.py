"""Jobs: what `tollgate serve` does, and how often."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from .. import ingest, present, reports
from ..budgets import BudgetFile
from ..clickhouse.address import Address
from ..clickhouse.backlog import backlog
from ..exceptions import BudgetFileError, SettingsError
from ..ledger import Ledger
from .job import Job
from .journal import Journal
from .retention import Keep, let_go

INTERVALS: Mapping[str, timedelta] = {
    "ship": timedelta(seconds=10),
    "ingest": timedelta(seconds=10),
    "evaluate": timedelta(seconds=60),
    "deliver": timedelta(seconds=10),
    "digest": timedelta(seconds=60),
    "retention": timedelta(hours=1),
}
"""retention and digest ask at each turn whether the local hour has come."""


def jobs(home: Path, *, keep: Keep, every: Mapping[str, timedelta], shared: Address | None = None) -> tuple[Job, ...]:
    """All of them, in the order in which one feeds the next. `every` says otherwise than INTERVALS.

    Where the ledger is `shared`, this machine ships to it, and does nothing else: budgets are for one to evaluate.
    """
    if unknown := every.keys() - INTERVALS.keys():
        raise SettingsError(f"every: found the job {unknown.pop()!r}, expected one of {', '.join(INTERVALS)}")
    if shared:
        return (Job("ship", every.get("ship", INTERVALS["ship"]), partial(_ship, home, shared)),)
    runs = {
        "ingest": _ingest,
        "evaluate": _evaluate,
        "deliver": _deliver,
        "digest": _digest,
        "retention": partial(_let_go, keep=keep),
    }
    return tuple(Job(name, every.get(name, INTERVALS[name]), partial(run, home)) for name, run in runs.items())


def _ingest(home: Path, _now: datetime) -> str | None:
    """Rates and rolls up as part of it."""
    ledger = Ledger(home)
    report = ingest.ingest(ledger)
    found, journal = reports.health(ledger), Journal(home)
    journal.see("spool_waiting_bytes", str(found.waiting_bytes))
    journal.see("ingested_attempts", str(found.attempts))
    if found.last_at:
        journal.see("newest_attempt_at", found.last_at.isoformat())
    return present.ingested(report) if report.bytes else None


def _ship(home: Path, to: Address, now: datetime) -> str | None:
    from .. import ship_commands  # noqa: PLC0415  # brings the client of ClickHouse, which need not be installed
    from ..clickhouse.shipping import Patience, ship  # noqa: PLC0415  # the same

    try:
        report = ship(home, to, now=now, patience=Patience(tries=1))  # the next turn is the next try
    finally:
        waiting = backlog(home)
        Journal(home).see("spool_waiting_bytes", str(waiting.bytes if waiting else 0))
    return ship_commands.shipped(report) if report.bytes else None


def _evaluate(home: Path, now: datetime) -> None:
    from ..alerts.evaluation import evaluate  # noqa: PLC0415  # brings NumPy; the first ingest need not wait for it

    evaluate(home, now=now)


def _deliver(home: Path, now: datetime) -> str | None:
    from ..alerts.delivery import carriers, deliver  # noqa: PLC0415  # the same

    report = deliver(home, carriers(_budgets(home), os.environ), now=now)
    tried = report.delivered + report.failed + report.refused
    counts = f"delivered: {report.delivered:,}; to be tried again: {report.failed:,}; refused: {report.refused:,}"
    return counts if tried else None


def _digest(home: Path, now: datetime) -> None:
    from ..alerts.digests import send_due  # noqa: PLC0415  # the same

    send_due(home, now=now)


def _let_go(home: Path, now: datetime, *, keep: Keep) -> str | None:
    return let_go(home, keep, zone=ZoneInfo(_budgets(home).zone), now=now)


def _budgets(home: Path) -> BudgetFile:
    """As in use. A broken file, of which `evaluate` tells, keeps no mail from going out."""
    try:
        return BudgetFile.of(home)
    except BudgetFileError:
        return BudgetFile()
