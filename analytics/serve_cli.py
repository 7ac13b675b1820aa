"""The commands that run round the clock, and say how that goes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

from .place import as_json as as_json_option
from .place import ledger_option, now

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(text: str) -> timedelta:
    """`10s`, `5m`, `1h`, `400d`."""
    if not (found := re.fullmatch(r"([1-9]\d{0,5})([smhd])", text)):
        raise click.BadParameter(f"found {text!r}, expected a number and its unit, such as 30s, 5m, 1h or 400d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _interval(text: str) -> tuple[str, timedelta]:
    """`ingest=5s`."""
    job, _, every = text.partition("=")
    return job, _duration(every)


def _address(text: str) -> tuple[str, int]:
    """`127.0.0.1:9464`, `[::1]:9464`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"found {text!r}, expected host and port, such as 127.0.0.1:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _commands():
    from . import serve_commands  # noqa: PLC0415  # the state is read only then

    return serve_commands


def _option(name: str, kind: Any, text: str, **more: Any) -> Any:
    """An option that the environment can set too."""
    variable = f"TOLLGATE_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, type=kind, envvar=variable, show_envvar=True, help=text, **more)


@click.command()
@_option("--every", _interval, "How often a job runs; repeatable.", metavar="JOB=TIME", multiple=True)
@ledger_option("As that of tollgate itself.", expose_value=False)
@_option("--keep-attempts", _duration, "Let go of attempts that are older. [default: keep]", metavar="TIME")
@_option("--keep-usage", _duration, "Let go of their usage objects sooner. [default: keep]", metavar="TIME")
@_option(
    "--lease", _duration, "Another serve takes over after so long.", metavar="TIME", default="30s", show_default=True
)
@_option("--listen", _address, "Answer /livez, /healthz and /metrics here.", metavar="HOST:PORT")
@_option("--log", click.Choice(["auto", "human", "json"]), "auto: human on a terminal.", default="auto")
@click.option("--debug", is_flag=True, help="Log every run, and tracebacks.")
@click.option("--once", is_flag=True, help="Run every job once and exit; exit code 1 if one failed.")
@click.pass_context
def serve(ctx: click.Context, **options: Any) -> None:
    """Ingest, evaluate budgets, send alerts and digests, and let go of what is old, until told to stop.

    Of several at one home one works, and the others stand by. TIME is such as 30s, 5m, 1h, 400d.
    """
    ctx.exit(_commands().serve(ctx.obj.home, **options))


@click.command()
@as_json_option
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Say how tollgate serve is doing at this home; exit code 1 if something is wrong."""
    ctx.exit(0 if _commands().status(ctx.obj.home, now=now(), as_json=as_json) else 1)


commands = (serve, status)
