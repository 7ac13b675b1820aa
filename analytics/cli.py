"""The command line: `tollgate ...`. What a command does is in commands.py, imported when one runs: help is quick."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import click

from .alert_cli import commands as alert_commands
from .budget_cli import commands as budget_commands
from .copy_cli import commands as copy_commands
from .exceptions import AnalyticsError
from .place import Place, ledger_option, now
from .place import as_json as as_json_option
from .query_cli import commands as query_commands
from .reconcile_cli import commands as reconcile_commands
from .serve_cli import commands as serve_commands
from .ship_cli import commands as ship_commands


class _Tollgate(click.Group):
    """Turns what the batch path raises on purpose into one sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AnalyticsError as error:
            raise click.ClickException(str(error)) from error


def _commands():
    from . import commands  # noqa: PLC0415  # brings DuckDB and the SDK: a second

    return commands


def _price_commands():
    from . import price_commands  # noqa: PLC0415  # the same

    return price_commands


def _table_commands():
    from . import price_table_commands  # noqa: PLC0415  # the same

    return price_table_commands


def _batch_commands():
    from . import batch_commands  # noqa: PLC0415  # the same

    return batch_commands


def _route_commands():
    from . import route_commands  # noqa: PLC0415  # the same

    return route_commands


def _policy_commands():
    from . import policy_commands  # noqa: PLC0415  # the same

    return policy_commands


@click.group(cls=_Tollgate, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path), help="Where records are. [env: TOLLGATE_HOME]"
)
@ledger_option("A DuckDB file, or clickhouse://USER:PASSWORD@HOST/DATABASE. [default: of the home]", expose_value=False)
@click.option("--demo", is_flag=True, help="Look at the demo data instead.")
@click.version_option(package_name="tollgate")
@click.pass_context
def cli(ctx: click.Context, *, home: Path | None, demo: bool) -> None:
    """Route, count and rate every call to the Claude API."""
    ctx.obj = Place(home, demo)


for _command in (
    *query_commands,
    *copy_commands,
    *reconcile_commands,
    *budget_commands,
    *alert_commands,
    *serve_commands,
    *ship_commands,
):
    cli.add_command(_command)


@cli.command()
@click.option("--retry-rejects", is_flag=True, help="Then read once more what was set aside as damaged.")
@as_json_option
@click.pass_obj
def ingest(place: Place, *, retry_rejects: bool, as_json: bool) -> None:
    """Take what waits in the spool into the ledger."""
    _commands().ingest(place.home, retry_rejects=retry_rejects, as_json=as_json)


_since = click.option("--since", metavar="DAY|TIME", help="From here on, UTC. [default: thirty days]")
_until = click.option("--until", metavar="DAY|TIME", help="Up to here, UTC; a day is included. [default: today]")
_by = click.option(
    "--by", multiple=True, help="day, hour, model, task_type, tag:<key>, ...; a comma combines; repeatable."
)
_policy = click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A policy.yaml; else the default."
)


@cli.group(invoke_without_command=True)
@_by
@_since
@_until
@as_json_option
@click.pass_context
def report(ctx: click.Context, *, by: tuple[str, ...], since: str | None, until: str | None, as_json: bool) -> None:
    """Say what was spent, on what, and what routing and caching saved."""
    if ctx.invoked_subcommand is None:
        _commands().report(ctx.obj.home, by=by, since=since, until=until, now=now(), as_json=as_json)
    elif by or since or until or as_json:
        raise click.UsageError(f"found options before {ctx.invoked_subcommand}, expected them after it")


@report.command()
@_by
@_since
@_until
@as_json_option
@click.pass_obj
def routing(place: Place, *, by: tuple[str, ...], since: str | None, until: str | None, as_json: bool) -> None:
    """Say what the router decided and what that saved, caches and tokenizers counted."""
    _route_commands().report(place.home, by=by, since=since, until=until, now=now(), as_json=as_json)


@cli.command()
@click.argument("file", default="-", type=click.File("rb"))
@_policy
@as_json_option
@click.pass_context
def route(ctx: click.Context, *, file: BinaryIO, policy: Path | None, as_json: bool) -> None:
    """Say where requests would go, and why; no call is made.

    FILE or standard input: one Messages body, an array of them, or JSON Lines, also gzipped; each a body, or an object
    with one under "request". Exit code 1 if one is no request.
    """
    ctx.exit(0 if _route_commands().route(file, policy=policy, as_json=as_json) else 1)


@cli.command("eval")
@click.argument("file", type=click.File("rb"))
@_policy
@click.option("--by", multiple=True, type=click.Choice(["source", "lang"]), help="Also apart by these; repeatable.")
@as_json_option
@click.pass_context
def evaluate(ctx: click.Context, *, file: BinaryIO, policy: Path | None, by: tuple[str, ...], as_json: bool) -> None:
    """Say how right the router is on a labelled FILE.

    JSON Lines, also gzipped: objects with "request", "task_type", and if you like "tier", "also" (task types that fit
    as well), "source", "lang". Exit code 1 if a row cannot be read.
    """
    ctx.exit(0 if _route_commands().evaluate(file, policy=policy, by=by, as_json=as_json) else 1)


@cli.command()
@click.argument("call_id")
@click.argument("verdict", type=click.Choice(["good", "bad"]))
@click.option("--note", help="Why, in your words; kept in the ledger.")
@click.pass_obj
def feedback(place: Place, *, call_id: str, verdict: str, note: str | None) -> None:
    """Say whether the answer of a call was good.

    Said again, it replaces what was said before.
    """
    _route_commands().feedback(place.home, call_id, verdict=verdict, note=note, now=now())


@cli.command()
@click.option("--acknowledge", is_flag=True, help="Take note of what was lost so far; only further losses are wrong.")
@as_json_option
@click.pass_context
def doctor(ctx: click.Context, *, acknowledge: bool, as_json: bool) -> None:
    """Say where everything is and what is wrong; exit code 1 if something is."""
    sound = _commands().doctor(ctx.obj.home, now=now(), acknowledge=acknowledge, as_json=as_json)
    ctx.exit(0 if sound else 1)


@cli.command()
@click.argument("file", default="-", type=click.File(encoding="utf-8-sig", errors="replace"))
@click.option("--contract", type=click.Path(dir_okay=False, path_type=Path), help="[env: TOLLGATE_CONTRACT]")
@as_json_option
@click.pass_context
def price(ctx: click.Context, *, file: TextIO, contract: Path | None, as_json: bool) -> None:
    """Price calls from FILE or standard input: JSON or JSON Lines; exit code 1 if one is not priced."""
    done = _price_commands().price(file.read(), home=ctx.obj.home, contract=contract, as_json=as_json)
    ctx.exit(0 if done else 1)


@cli.command()
@click.argument("call_id")
@as_json_option
@click.pass_context
def receipt(ctx: click.Context, *, call_id: str, as_json: bool) -> None:
    """Explain what a call cost, attempt by attempt; exit code 1 if something is not priced."""
    ctx.exit(0 if _price_commands().receipt(ctx.obj.home, call_id, as_json=as_json) else 1)


@cli.group()
def batches() -> None:
    """Message Batches."""


@batches.command()
@click.option("--all", "everything", is_flag=True, help="Also batches made elsewhere, as far as the API lists them.")
@as_json_option
@click.pass_context
def pull(ctx: click.Context, *, everything: bool, as_json: bool) -> None:
    """Collect the results that nobody read, so that they are counted; exit code 1 if that failed for a batch."""
    done = _batch_commands().pull(ctx.obj.home, everything=everything, now=now(), as_json=as_json)
    ctx.exit(0 if done else 1)


@cli.group("policy")
def policies() -> None:
    """The routing policy."""


@policies.command("check")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json_option
@click.pass_context
def check_policy(ctx: click.Context, *, file: Path | None, as_json: bool) -> None:
    """Show what a policy says and what is doubtful about it: the given FILE, else the default; exit code 1 if wrong."""
    ctx.exit(0 if _policy_commands().check_policy(file, now=now(), as_json=as_json) else 1)


@cli.group()
def prices() -> None:
    """The price table."""


@prices.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(*, file: Path | None) -> None:
    """Check a price table: the given FILE, else the one in use."""
    _commands().check_prices(file)


@prices.command()
@click.argument("model")
@click.option("--at", "day", metavar="DAY", help="Mark the rows in force on this day. [default: today]")
@as_json_option
def show(*, model: str, day: str | None, as_json: bool) -> None:
    """Show what the table knows of MODEL, any id on any platform: facts, ids, every price with its sources."""
    _table_commands().show(model, day=day, now=now(), as_json=as_json)


@prices.command()
@click.option("--at", "day", metavar="DAY", help="Compare the prices of this day. [default: today]")
@as_json_option
def diff(*, day: str | None, as_json: bool) -> None:
    """Compare the table with those of LiteLLM and genai-prices, where installed."""
    _table_commands().diff(day=day, now=now(), as_json=as_json)


@prices.command()
@as_json_option
@click.pass_obj
def history(place: Place, *, as_json: bool) -> None:
    """Show every re-rating that changed the books."""
    _table_commands().reratings(place.home, as_json=as_json)


@cli.command()
@click.option("--since", metavar="DAY|TIME", help="From here on, UTC. [default: the beginning]")
@click.option("--until", metavar="DAY|TIME", help="Up to here, UTC; a day is included. [default: today]")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@as_json_option
@click.pass_obj
def rerate(place: Place, *, since: str | None, until: str | None, dry_run: bool, as_json: bool) -> None:
    """Make charges anew from the prices in use, and say what that changes."""
    _table_commands().rerate(place.home, since=since, until=until, now=now(), dry_run=dry_run, as_json=as_json)


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), help="[default: a free one]")
@click.pass_obj
def dashboard(place: Place, *, port: int | None) -> None:
    """Open the dashboard on this machine."""
    _commands().dashboard(place.home, port=port)


@cli.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def demo(ctx: click.Context, *, arguments: tuple[str, ...]) -> None:
    """Play a month of three pretend teams, and report on it."""
    command: click.Command = import_module("analytics.demo.command").command
    ctx.exit(command.main(list(arguments), prog_name=ctx.command_path, standalone_mode=False, obj=ctx.obj) or 0)


def main() -> None:
    """The entry point of `tollgate`."""
    cli(prog_name="tollgate")
