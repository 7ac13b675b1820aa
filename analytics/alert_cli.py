"""The commands about alerts."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import Any

import click

from .place import Place, now
from .place import as_json as as_json_option


def _commands():
    from . import alert_commands  # noqa: PLC0415  # brings pydantic: a quarter of a second

    return alert_commands


class _Duration(click.ParamType[timedelta]):
    name = "duration"
    _UNITS = {"m": "minutes", "h": "hours", "d": "days"}  # noqa: RUF012  # never changed

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        if not (found := re.fullmatch(r"([1-9]\d{0,3})\s*([mhd])", value)):
            self.fail(f"found {value!r}, expected a number and m, h or d, such as 4h", param, ctx)
        return timedelta(**{self._UNITS[found[2]]: int(found[1])})


_author = click.option("--by", "author", default=lambda: os.environ.get("USER"), help="Who does it. [default: you]")
_note = click.option("--note", help="Why, in your words.")


@click.group()
def alerts() -> None:
    """What was crossed, who was told, and whether that arrived."""


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are resolved.")
@as_json_option
@click.pass_obj
def list_(place: Place, *, everything: bool, as_json: bool) -> None:
    """Show the alerts that are open, who was told, and what could not be delivered."""
    _commands().list_alerts(place.home, everything=everything, now=now(), as_json=as_json)


@alerts.command()
@click.argument("alert")
@_author
@_note
@click.pass_obj
def ack(place: Place, *, alert: str, author: str | None, note: str | None) -> None:
    """Acknowledge ALERT, by the first digits of its id: there are no more reminders of it."""
    _commands().acknowledge(place.home, alert, now=now(), author=author, note=note)


@alerts.command()
@click.argument("alert")
@_author
@_note
@click.pass_obj
def resolve(place: Place, *, alert: str, author: str | None, note: str | None) -> None:
    """End ALERT, by the first digits of its id. It fires again only after it has cleared in between."""
    _commands().resolve(place.home, alert, now=now(), author=author, note=note)


@alerts.command()
@click.argument("rule", required=False)
@click.option("--scope", default="*", help='Only scopes like this, such as "user_id=ana*". [default: all]')
@click.option("--for", "duration", type=_Duration(), metavar="DURATION", help="For so long: 30m, 4h, 2d.")
@_author
@click.option("--reason", help="Why, in your words.")
@click.option("--list", "show", is_flag=True, help="Show the silences that have not ended.")
@click.option("--end", "ended", metavar="SILENCE", help="End a silence now.")
@click.pass_obj
def silence(
    place: Place, *, rule: str | None, scope: str, duration: timedelta | None, show: bool, ended: str | None, **who: Any
) -> None:
    """Hold back messages about RULE for a while. What still fires when the silence ends is told then."""
    if [bool(rule), show, bool(ended)].count(True) != 1:
        raise click.UsageError("expected one of RULE, --list and --end")
    if show:
        _commands().list_silences(place.home, now=now())
    elif ended:
        _commands().end_silence(place.home, ended, now=now())
    elif rule and duration:
        _commands().silence(place.home, rule, scope=scope, duration=duration, now=now(), **who)
    else:
        raise click.UsageError("found no --for, expected how long, such as --for 4h")


@alerts.command("test")
@click.option("--to", "addresses", metavar="ADDRESS", multiple=True, help="Send it to this address; repeatable.")
@click.option("--channel", "channels", metavar="NAME", multiple=True, help="Send it to this channel; repeatable.")
@click.pass_context
def test_(ctx: click.Context, *, addresses: tuple[str, ...], channels: tuple[str, ...]) -> None:
    """Send a test message now, and say what became of it; exit code 1 if it was not delivered."""
    if not addresses and not channels:
        raise click.UsageError("found nobody to send it to, expected --to or --channel")
    arrived = _commands().send_test(ctx.obj.home, addresses=addresses, channels=channels, now=now())
    ctx.exit(0 if arrived else 1)


commands = (alerts,)
