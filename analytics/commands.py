"""What the commands of `tollgate` do: ask, and print the answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import click

from . import doctor as doctors
from . import present, reports
from .clickhouse.logbook import ships
from .exceptions import SettingsError
from .ingest import Progress, refresh
from .ingest import ingest as take_in
from .ingest import retry_rejects as retry
from .ledger import Ledger
from .period import Period
from .place import now as clock
from .prices import PriceTable
from .switch import ledger_at

_TOP_ROWS = 10


def ingest(home: Path, *, retry_rejects: bool, as_json: bool) -> None:
    """Take in what waits in the spool, and what was set aside if asked to, and say what it was."""
    ledger = ledger_at(home)
    with present.working("Taking in what is new") as progress:
        done, said = _taken_in(ledger, progress)
    if not retry_rejects:
        click.echo(present.as_json(done) if as_json else said)
        return
    again = retry(ledger)
    if as_json:
        click.echo(present.as_json({"ingested": done, "retried": again}))
    else:
        click.echo(f"{said}\nOf what was set aside: {present.ingested(again)}")


def report(
    home: Path, *, by: Iterable[str], since: str | None, until: str | None, now: datetime, as_json: bool
) -> None:
    """Take in what is new, then answer for a period."""
    period = Period.parse(since, until, now=now)
    filters, ledger = reports.Filters(period=period), ledger_at(home)
    behind = fresh(ledger)
    asked = [tuple(names.split(",")) for names in by]
    health, totals = reports.health(ledger), reports.totals(ledger, filters)
    tables = {names: reports.cost_by(ledger, filters, names) for names in asked or _usual(ledger)}
    if as_json:
        breakdowns = [present.rows_as_json(names, rows) for names, rows in tables.items()]
        answer = {"period": period, "totals": totals, "breakdowns": breakdowns, "health": health, "behind": behind}
        click.echo(present.as_json(answer))
        return
    out = present.console()
    present.show_totals(out, totals, period, health=health, home=home)
    if behind:
        out.print(present.plain(f"! {behind}"), style="yellow")
    for names, rows in tables.items():
        if rows:
            present.show_breakdown(out, names, rows, most=None if asked else _most(names))


def doctor(home: Path, *, now: datetime, acknowledge: bool, as_json: bool) -> bool:
    """Take in what is new, examine everything, and say whether nothing is wrong."""
    ledger = ledger_at(home)
    behind = None if ledger.shared or ships(home) else fresh(ledger)
    if acknowledge:
        doctors.acknowledge(ledger, now=now)
    diagnosis = doctors.examine(ledger, now=now, behind=behind)
    if as_json:
        click.echo(present.as_json(diagnosis))
    else:
        present.show_diagnosis(present.console(), diagnosis)
    return not diagnosis.problems


def check_prices(file: Path | None) -> None:
    """Say that a price table is good. Raises PriceFileError with everything that is not."""
    table = PriceTable.load(file)
    click.echo(f"{file or 'pricing.yaml'}: version {table.version}, checked {table.checked}, no mistakes")


def dashboard(home: Path, *, port: int | None) -> None:
    """Serve the dashboard on the loopback interface until interrupted."""
    package = find_spec("dashboard")
    if find_spec("streamlit") is None or package is None or package.origin is None:
        raise SettingsError("the dashboard needs Streamlit: pip install 'tollgate[dashboard]'")
    port = port or _free_port()
    click.echo(f"http://127.0.0.1:{port}")
    app = Path(package.origin).with_name("server.py")
    options = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
    }
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(app),
        *(f"--{key}={value}" for key, value in options.items()),
    ]
    try:
        subprocess.run(command, env={**os.environ, "TOLLGATE_HOME": str(home)}, check=False)  # noqa: S603  # our own words
    except KeyboardInterrupt:
        click.echo()


def fresh(ledger: Ledger) -> str | None:
    """Take in what is new; a sentence if somebody else is in the way."""
    with present.working("Taking in what is new") as progress:
        return refresh(ledger, now=clock(), progress=progress)


def _taken_in(ledger: Ledger, progress: Progress) -> tuple[object, str]:
    if not ledger.shared:
        done = take_in(ledger, progress=progress)
        return done, present.ingested(done)
    from .clickhouse.shipping import ship  # noqa: PLC0415  # brings the client of ClickHouse, which need not be installed
    from .ship_commands import shipped  # noqa: PLC0415  # the same

    sent = ship(ledger.home, ledger.shared, now=clock(), progress=progress)
    return sent, shipped(sent)


def _usual(ledger: Ledger) -> list[tuple[str, ...]]:
    found = reports.dimensions(ledger)
    names = ["day", "model", "task_type", *found.identities, *(f"tag:{key}" for key in found.tags)]
    return [(name,) for name in names]


def _most(names: tuple[str, ...]) -> int | None:
    return None if names[0] in ("day", "model", "task_type") else _TOP_ROWS


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
