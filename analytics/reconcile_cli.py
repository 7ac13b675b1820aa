"""The command that compares with the provider's report."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from .place import Place, now
from .place import as_json as as_json_option


def _commands():
    from . import reconcile_commands  # noqa: PLC0415  # brings DuckDB and the SDK: a second

    return reconcile_commands


class _Amount(click.ParamType[Decimal]):
    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal(-1)
        if not number.is_finite() or number < 0:
            self.fail(f"found {value!r}, expected a number such as 2", param, ctx)
        return number


@click.command()
@click.option("--since", metavar="DAY|TIME", help="From this day on, UTC. [default: thirty days]")
@click.option("--until", metavar="DAY|TIME", help="Up to this day, UTC; it is included. [default: today]")
@click.option("--fetch", is_flag=True, help="First fetch the report. [key: ANTHROPIC_ADMIN_KEY, or ..._KEY_FILE]")
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="First take in a report, as JSON."
)
@click.option(
    "--tolerance",
    type=(_Amount(), _Amount()),
    metavar="PERCENT DOLLARS",
    default=("2", "1"),
    help="How much they may differ: more than both is wrong. [default: 2 1]",
)
@as_json_option
@click.pass_context
def reconcile(  # noqa: PLR0913  # each is an option
    ctx: click.Context,
    *,
    since: str | None,
    until: str | None,
    fetch: bool,
    file: Path | None,
    tolerance: tuple[Decimal, Decimal],
    as_json: bool,
) -> None:
    """Compare with the provider's cost report, day by day; exit code 1 if the final days differ too much.

    Reports are kept in the ledger; the newest of a day counts. Only the Claude API itself is in them. FILE has the
    answers of GET /v1/organizations/cost_report: one page, an array of pages, or JSON Lines.
    """
    if fetch and file:
        raise click.UsageError("--fetch and --file: found both, expected one")
    commands, place, moment = _commands(), ctx.obj, now()
    assert isinstance(place, Place)  # noqa: S101  # what cli() made it
    period = commands.period(since, until, now=moment)
    if fetch:
        commands.fetch(place.home, period, now=moment)
    if file:
        commands.take_in(place.home, file, now=moment)
    ctx.exit(0 if commands.reconcile(place.home, period, tolerance=tolerance, as_json=as_json) else 1)


commands = (reconcile,)
