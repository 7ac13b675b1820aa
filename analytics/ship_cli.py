"""The commands about a ledger that many machines share."""

from __future__ import annotations

from typing import Any

import click

from .clickhouse.address import Address
from .place import Place, ledger_option, now
from .place import as_json as as_json_option


def _commands():
    from . import ship_commands  # noqa: PLC0415  # brings DuckDB and the client of ClickHouse: a second

    return ship_commands


_ledger: Any = ledger_option("The shared ledger: clickhouse://USER:PASSWORD@HOST:8443/DATABASE.", required=True)


@click.command()
@_ledger
@click.option("--follow", is_flag=True, help="Go on with what comes, until told to stop.")
@as_json_option
@click.pass_obj
def ship(place: Place, *, ledger: str, follow: bool, as_json: bool) -> None:
    """Send what waits in the spool of this machine to a shared ledger.

    Each record arrives once, whatever is cut off when. Exit code 1 if the ledger does not take it: then it waits here.
    """
    if follow and as_json:
        raise click.UsageError("found --follow and --json, expected one of them")
    if follow:
        _commands().follow(place.home, Address.parse(ledger), clock=now)
    else:
        _commands().ship(place.home, Address.parse(ledger), now=now(), as_json=as_json)


@click.group("ledger")
def ledgers() -> None:
    """A ledger that many machines share."""


@ledgers.command()
@_ledger
@click.pass_obj
def init(place: Place, *, ledger: str) -> None:
    """Make the database and its tables, or bring them up to date; by a user who may, once for all machines."""
    _commands().init(place.home, Address.parse(ledger))


@ledgers.command()
@click.option("--from", "source", metavar="FILE|URL", required=True, help="What is moved.")
@click.option("--to", "target", metavar="FILE|URL", required=True, help="Where to.")
@as_json_option
@click.pass_context
def migrate(ctx: click.Context, *, source: str, target: str, as_json: bool) -> None:
    """Move a ledger from a DuckDB file into a shared one, or back; what was cut off goes on where it was.

    In the end counts and sums are compared by day; exit code 1 if they differ. What then comes into the spool of the
    home goes to the new place.
    """
    same = _commands().migrate(ctx.obj.home, source, target, now=now(), as_json=as_json)
    ctx.exit(0 if same else 1)


commands = (ship, ledgers)
