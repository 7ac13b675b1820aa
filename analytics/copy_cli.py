"""The commands that copy the ledger, carry it elsewhere, and let go of what is old."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from .place import Place, now
from .place import as_json as as_json_option

_day = click.DateTime(formats=["%Y-%m-%d"])
_folder = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


def _commands():
    from . import copy_commands  # noqa: PLC0415  # brings DuckDB: half a second

    return copy_commands


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@as_json_option
@click.pass_obj
def backup(place: Place, *, file: Path | None, as_json: bool) -> None:
    """Copy the ledger to FILE while others read it. [default: backups/ledger-TIME.duckdb in the home]"""
    _commands().backup(place.home, file, now=now(), as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json_option
@click.pass_obj
def restore(place: Place, *, file: Path, as_json: bool) -> None:
    """Put a backup in the ledger's place; the ledger of before is kept beside it, under another name.

    What came after the backup is taken in again, as far as the home still has the segments.
    """
    _commands().restore(place.home, file, now=now(), as_json=as_json)


@click.command()
@_folder
@click.option("--since", metavar="DAY|TIME", help="From here on, UTC. [default: the beginning]")
@click.option("--until", metavar="DAY|TIME", help="Up to here, UTC; a day is included. [default: today]")
@click.option("--overwrite", is_flag=True, help="Replace the months that FOLDER has already.")
@as_json_option
@click.pass_obj
def export(place: Place, *, folder: Path, since: str | None, until: str | None, overwrite: bool, as_json: bool) -> None:
    """Write attempts and charges to FOLDER as Parquet, by month."""
    commands = _commands()
    period = commands.period(since, until, now=now())
    commands.export(place.home, folder, period=period, overwrite=overwrite, as_json=as_json)


@click.command("import")
@_folder
@as_json_option
@click.pass_obj
def import_(place: Place, *, folder: Path, as_json: bool) -> None:
    """Take in the attempts that an export wrote to FOLDER, each once, and rate them by the prices in use."""
    _commands().import_(place.home, folder, as_json=as_json)


@click.command()
@click.option("--before", type=_day, metavar="DAY", help="Let go of attempts that began before.")
@click.option("--usage-before", type=_day, metavar="DAY", help="Let go of the usage objects of those before.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@as_json_option
@click.pass_obj
def prune(
    place: Place, *, before: datetime | None, usage_before: datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Let go of what is old, for good. Days are UTC; reports keep their sums."""
    if not before and not usage_before:
        raise click.UsageError("found no day, expected --before DAY or --usage-before DAY")
    days = {"before": before and before.date(), "usage_before": usage_before and usage_before.date()}
    _commands().prune(place.home, **days, now=now(), dry_run=dry_run, as_json=as_json)


@click.command()
@as_json_option
@click.pass_obj
def compact(place: Place, *, as_json: bool) -> None:
    """Write the ledger's file anew, without the room that pruning has left in it; nobody can use it meanwhile."""
    _commands().compact(place.home, as_json=as_json)


commands = (backup, restore, export, import_, prune, compact)
