"""What the commands do that are about a ledger that many machines share."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click

from . import guarding, present
from .budgets import BudgetFile
from .clickhouse import making, moving, schema, shipping, terms
from .clickhouse.address import Address
from .clickhouse.ledger import SharedLedger
from .exceptions import AnalyticsError
from .intake import terms_of
from .switch import named_ledger

FOLLOW_SECONDS = 5.0
"""Between two looks at the spool."""
GUARD_EVERY = timedelta(seconds=60)
"""How often this machine's guards hear what all machines have spent."""


def ship(home: Path, to: Address, *, now: datetime, as_json: bool) -> None:
    """Send what waits, and say what it was."""
    with present.working("Shipping") as progress:
        report = shipping.ship(home, to, now=now, progress=progress)
    click.echo(present.as_json(report) if as_json else shipped(report))


def follow(home: Path, to: Address, *, clock: Callable[[], datetime]) -> None:
    """Send what waits and what comes, until SIGTERM or SIGINT; each trouble is said once, until it is another.

    Where the home has budgets, its guards are told what all machines have spent.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    patience, failures, said, guarded_at = shipping.Patience(tries=1, sleep=stopped.wait), 0, "", None
    click.echo(f"Shipping {home} to {to}")
    while not stopped.is_set():
        try:
            report = shipping.ship(home, to, now=clock(), patience=patience)
            if guarded_at is None or clock() - guarded_at >= GUARD_EVERY:
                tell_guard(home, to, now=clock())
                guarded_at = clock()
        except AnalyticsError as error:
            failures += 1
            if said != (said := str(error)):
                click.echo(said, err=True)
            patience.pause(failures)
            continue
        failures, said = 0, ""
        if report.bytes:
            click.echo(shipped(report))
        stopped.wait(FOLLOW_SECONDS)


def tell_guard(home: Path, to: Address, *, now: datetime) -> None:
    """Have the guards of this machine go by what all machines have spent, where it has budgets."""
    if budgets := BudgetFile.of(home).budgets:
        guarding.inform(SharedLedger(home, to), budgets, now=now)


def init(home: Path, at: Address) -> None:
    """Make a shared ledger, and say which migrations that took."""
    applied = schema.migrate(at)
    with SharedLedger(home, at).store() as store:
        terms.install(store, terms_of(home))
    click.echo(f"{at} is up to date" + (f", after {', '.join(applied)}" if applied else ""))


def migrate(home: Path, source: str, target: str, *, now: datetime, as_json: bool) -> bool:
    """Move a ledger, and say whether both then have the same."""
    ends = [named_ledger(name, home) for name in (source, target)]
    with present.working("Moving attempts") as progress:
        done = moving.move(*ends, now=now, progress=progress)
    if as_json:
        click.echo(present.as_json(done))
    else:
        click.echo(f"moved: {done.attempts:,} attempts of {done.days:,} days")
        for day in done.different:
            click.echo(f"{day}: the counts and sums of the two ledgers differ", err=True)
        if not done.different:
            click.echo(f"Counts and sums of all {done.compared:,} days are the same in both.")
    return not done.different


def roll_up(home: Path, at: Address) -> None:
    """Make the roll-ups of what came in anew, and have the ledger keep the prices and the contract that are in use."""
    ledger = SharedLedger(home, at)
    with ledger.store() as store:
        terms.install(store, terms_of(home))
    making.make(ledger)


def shipped(report: shipping.ShipReport) -> str:
    """What became of the lines of the spool."""
    text = f"attempts sent: {report.sent:,}; damaged lines: {report.damaged:,}"
    return f"{text}; bytes that wait: {report.waiting:,}" if report.waiting else text
