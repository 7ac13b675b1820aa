"""Place: which home a command is about; and what the command line's modules share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click


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
