"""The commands that keep the ledger: what goes in, what is asked of it in SQL, copies of it, and what is let go."""

from __future__ import annotations

import click

from .place import Place
from .place import as_json as as_json_option


def _commands():
    from . import commands  # noqa: PLC0415  # brings DuckDB and the SDK: a second

    return commands


@click.command()
@click.option("--retry-rejects", is_flag=True, help="Then read once more what was set aside as damaged.")
@as_json_option
@click.pass_obj
def ingest(place: Place, *, retry_rejects: bool, as_json: bool) -> None:
    """Take what waits in the spool into the ledger."""
    _commands().ingest(place.home, retry_rejects=retry_rejects, as_json=as_json)


commands = (ingest,)
