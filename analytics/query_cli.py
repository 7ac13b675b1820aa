"""The commands that ask the ledger in SQL."""

from __future__ import annotations

import sys
import time

import click

from .place import Place
from .place import as_json as as_json_option


def _commands():
    from . import query_commands  # noqa: PLC0415  # brings DuckDB and the SDK: a second

    return query_commands


@click.command()
@click.argument("question")
@as_json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV; amounts are exact.")
@click.pass_obj
def sql(place: Place, question: str, *, as_json: bool, as_csv: bool) -> None:
    """Answer a QUESTION in SQL; - reads it from standard input.

    It can only read. What there is to ask: echo .views | tollgate shell
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv: found both, expected one.")
    text = sys.stdin.read() if question == "-" else question
    _commands().sql(place.home, text, form="json" if as_json else "csv" if as_csv else "table")


@click.command()
@click.pass_obj
def shell(place: Place) -> None:
    """Ask one question in SQL after another; .help says how."""
    if not _commands().shell(place.home, clock=time.monotonic) and not sys.stdin.isatty():
        raise click.exceptions.Exit(1)


commands = (sql, shell)
