"""Place: which home a command is about; and what the command line's modules share."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import click

LEDGER = "TOLLGATE_LEDGER"
"""The variable that names the ledger, for this program and those that it starts."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which home a command is about; `ctx.obj` of every command."""

    chosen: Path | None
    demo: bool

    @property
    def real(self) -> Path:
        """The home of real records."""
        return self.chosen or import_module("router.spool").default_home()

    @property
    def home(self) -> Path:
        """The home to look at. Demo data lie in a home of their own, so that they never mix with real records."""
        return self.real / "demo" if self.demo else self.real


def now() -> datetime:
    """The clock of the command line; everything below it is told the time."""
    return datetime.now(UTC)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON; amounts are exact decimal strings.")


@contextlib.contextmanager
def _named(ledger: str) -> Generator[None]:
    before = os.environ.get(LEDGER)
    os.environ[LEDGER] = ledger
    try:
        yield
    finally:
        os.environ.pop(LEDGER) if before is None else os.environ.update({LEDGER: before})


def _choose(ctx: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name:
        ctx.with_resource(_named(name))
    return name


def ledger_option(text: str, **more: Any) -> Any:
    """`--ledger`, for all that asks `switch.ledger_at` while the command runs."""
    return click.option(
        "--ledger", envvar=LEDGER, show_envvar=True, metavar="FILE|URL", help=text, callback=_choose, **more
    )
