"""Jobs: what `tollgate serve` does, and how often."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from .. import ingest, present, reports
from ..budgets import BudgetFile
from ..clickhouse.address import Address
from ..clickhouse.backlog import waiting
from ..exceptions import BudgetFileError, SettingsError
from ..switch import ledger_at
from .job import Job
from .journal import Journal
from .retention import Keep, let_go

INTERVALS: Mapping[str, timedelta] = {
    "ingest": timedelta(seconds=10),
    "roll_up": timedelta(seconds=60),
    "evaluate": timedelta(seconds=60),
    "deliver": timedelta(seconds=10),
    "digest": timedelta(seconds=60),
    "retention": timedelta(hours=1),
}
"""retention and digest ask at each turn whether the local hour has come."""


def jobs(home: Path, *, keep: Keep, every: Mapping[str, timedelta]) -> tuple[Job, ...]:
    """All of them, in the order in which one feeds the next. `every` says otherwise than INTERVALS."""
    if unknown := every.keys() - INTERVALS.keys():
        raise SettingsError(f"every: found the job {unknown.pop()!r}, expected one of {', '.join(INTERVALS)}")
    runs: dict[str, Callable[[Path, datetime], str | None]] = {
        "ingest": _ingest,
        "evaluate": _evaluate,
        "deliver": _deliver,
        "digest": _digest,
        "retention": partial(_let_go, keep=keep),
    }
    if to := ledger_at(home).shared:
        runs |= {"ingest": partial(_ship, to=to), "roll_up": partial(_roll_up, to=to)}
    return tuple(
        Job(name, every.get(name, usual), partial(runs[name], home))
        for name, usual in INTERVALS.items()
        if name in runs
    )


def _ingest(home: Path, _now: datetime) -> str | None:
    """Rates and rolls up as part of it."""
    ledger = ledger_at(home)
    report = ingest.ingest(ledger)
    found, journal = reports.health(ledger), Journal(home)
    journal.see("spool_waiting_bytes", str(found.waiting_bytes))
    journal.see("ingested_attempts", str(found.attempts))
    if found.last_at:
        journal.see("newest_attempt_at", found.last_at.isoformat())
    return present.ingested(report) if report.bytes else None


def _ship(home: Path, now: datetime, *, to: Address) -> str | None:
    """What this machine has itself; every other one ships its own (tollgate ship --follow)."""
    from .. import ship_commands  # noqa: PLC0415  # brings the client of ClickHouse, which need not be installed
    from ..clickhouse.shipping import Patience, ship  # noqa: PLC0415  # the same

    try:
        report = ship(home, to, now=now, patience=Patience(tries=1))  # the next turn is the next try
    finally:
        Journal(home).see("spool_waiting_bytes", str(waiting(home)))
    return ship_commands.shipped(report) if report.bytes else None


def _roll_up(home: Path, _now: datetime, *, to: Address) -> None:
    from .. import ship_commands  # noqa: PLC0415  # the same

    ship_commands.roll_up(home, to)


def _evaluate(home: Path, now: datetime) -> None:
    from ..alerts.evaluation import evaluate  # noqa: PLC0415  # brings NumPy; the first ingest need not wait for it

    _be_the_one(home)
    evaluate(home, now=now)


def _be_the_one(home: Path) -> None:
    """Of all machines of a shared ledger. Raises LedgerBusy if another is."""
    if to := ledger_at(home).shared:
        from ..clickhouse.ledger import SharedLedger  # noqa: PLC0415  # brings the client of ClickHouse
        from ..clickhouse.scheduler import claim  # noqa: PLC0415  # the same

        claim(SharedLedger(home, to))


def _deliver(home: Path, now: datetime) -> str | None:
    from ..alerts.delivery import carriers, deliver  # noqa: PLC0415  # the same

    report = deliver(home, carriers(_budgets(home), os.environ), now=now)
    tried = report.delivered + report.failed + report.refused
    counts = f"delivered: {report.delivered:,}; to be tried again: {report.failed:,}; refused: {report.refused:,}"
    return counts if tried else None


def _digest(home: Path, now: datetime) -> None:
    from ..alerts.digests import send_due  # noqa: PLC0415  # the same

    _be_the_one(home)
    send_due(home, now=now)


def _let_go(home: Path, now: datetime, *, keep: Keep) -> str | None:
    return let_go(home, keep, zone=ZoneInfo(_budgets(home).zone), now=now)


def _budgets(home: Path) -> BudgetFile:
    """As in use. A broken file, of which `evaluate` tells, keeps no mail from going out."""
    try:
        return BudgetFile.of(home)
    except BudgetFileError:
        return BudgetFile()
