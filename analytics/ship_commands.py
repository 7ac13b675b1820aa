"""What the commands do that are about a ledger that many machines share."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from . import present
from .clickhouse import schema, shipping
from .clickhouse.address import Address
from .exceptions import LedgerError

FOLLOW_SECONDS = 5.0
"""Between two looks at the spool."""


def ship(home: Path, address: str, *, now: datetime, as_json: bool) -> None:
    """Send what waits, and say what it was."""
    with present.working("Shipping") as progress:
        report = shipping.ship(home, Address.parse(address), now=now, progress=progress)
    click.echo(present.as_json(report) if as_json else shipped(report))


def follow(home: Path, address: str, *, clock: Callable[[], datetime]) -> None:
    """Send what waits and what comes, until SIGTERM or SIGINT; each trouble is said once, until it is another."""
    to, stopped = Address.parse(address), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    patience, failures, said = shipping.Patience(tries=1, sleep=stopped.wait), 0, ""
    click.echo(f"Shipping {home} to {to}")
    while not stopped.is_set():
        try:
            report = shipping.ship(home, to, now=clock(), patience=patience)
        except LedgerError as error:
            failures += 1
            if said != (said := str(error)):
                click.echo(said, err=True)
            patience.pause(failures)
            continue
        failures, said = 0, ""
        if report.bytes:
            click.echo(shipped(report))
        stopped.wait(FOLLOW_SECONDS)


def init(address: str) -> None:
    """Make a shared ledger, and say which migrations that took."""
    at = Address.parse(address)
    applied = schema.migrate(at)
    click.echo(f"{at} is up to date" + (f", after {', '.join(applied)}" if applied else ""))


def shipped(report: shipping.ShipReport) -> str:
    """What became of the lines of the spool."""
    text = f"attempts sent: {report.sent:,}; damaged lines: {report.damaged:,}"
    return f"{text}; bytes that wait: {report.waiting:,}" if report.waiting else text
