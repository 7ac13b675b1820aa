"""The commands about budgets."""

from __future__ import annotations

from pathlib import Path

import click

from .place import as_json as as_json_option
from .place import now


def _commands():
    from . import budget_commands  # noqa: PLC0415  # brings DuckDB: half a second

    return budget_commands


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


commands = (budgets,)
