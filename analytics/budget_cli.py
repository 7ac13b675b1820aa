"""The commands about budgets."""

from __future__ import annotations

from pathlib import Path

import click

from .place import Place, now
from .place import as_json as as_json_option


def _commands():
    from . import budget_commands  # noqa: PLC0415  # brings DuckDB: half a second

    return budget_commands


def _standing():
    from . import standing_commands  # noqa: PLC0415  # the same, and NumPy

    return standing_commands


@click.group()
def budgets() -> None:
    """Budgets and the other rules that alert."""


@budgets.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json_option
@click.pass_context
def check(ctx: click.Context, *, file: Path | None, as_json: bool) -> None:
    """Say in words what a budgets.yaml means: the given FILE, else the one in use; exit code 1 if it is wrong."""
    ctx.exit(0 if _commands().check(ctx.obj.home, file, now=now(), as_json=as_json) else 1)


@budgets.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json_option
@click.pass_obj
def status(place: Place, *, file: Path | None, as_json: bool) -> None:
    """Say how every budget stands, where it is heading and when it runs out; the guard then goes by the same."""
    _standing().status(place.home, file, now=now(), as_json=as_json)


@budgets.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", metavar="DAY|TIME", help="From here on, UTC. [default: thirty days]")
@click.option("--until", metavar="DAY|TIME", help="Up to here, UTC; a day is included. [default: now]")
@as_json_option
@click.pass_obj
def simulate(place: Place, *, file: Path | None, since: str | None, until: str | None, as_json: bool) -> None:
    """Say what a budgets.yaml would have fired: the given FILE, else the one in use."""
    _standing().simulation(place.home, file, since=since, until=until, now=now(), as_json=as_json)


commands = (budgets,)
