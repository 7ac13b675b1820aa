"""Scheduler: of all machines that work on a shared ledger, one evaluates its budgets and tells of them."""

from __future__ import annotations

from ..exceptions import LedgerBusy
from ..questions import run
from . import logbook
from .ledger import SharedLedger


def claim(ledger: SharedLedger) -> None:
    """Be the one for the next five minutes. Raises LedgerBusy if another machine is.

    What was told to whom is in the home of that one. A stand-by shares the home, and waits for its lease.
    """
    machine = logbook.machine(ledger.home)
    with ledger.write() as con:
        (first,) = run(con, "scheduler_claim", machine=machine)
    if first["machine"] != machine:
        raise LedgerBusy(
            f"{first['machine']} tells of {ledger} since {first['since']:%Y-%m-%d %H:%M} UTC, and one machine does: "
            "here, tollgate ship --follow is enough"
        )
