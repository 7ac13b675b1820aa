"""Shell: statements typed one after the other. Between them nothing is held, and the ledger stays fresh."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import click

from .exceptions import AnalyticsError, SettingsError
from .ledger import Ledger
from .present import console, grid, plain

_FRESH_SECONDS = 3.0
_HISTORY_LINES = 1000
_HELP = """\
A statement ends with ; and only reads. Times are UTC, money is USD.
.views          what there is
.columns VIEW   the columns of a view, and what they mean
.help           this
.quit           the end, as is Ctrl-D"""


class Shell:
    """What is typed, or comes through a pipe, until it ends.

    `answer` prints the answer to a statement or raises AnalyticsError; `refresh` takes in what is new, at most once
    in a few seconds by `clock`.
    """

    def __init__(
        self, ledger: Ledger, *, answer: Callable[[str], None], refresh: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        self._ledger = ledger
        self._answer = answer
        self._refresh = refresh
        self._clock = clock
        self._fresh_until: float | None = None
        self._failed = False
        self._begun = ""

    def run(self) -> bool:
        """Until the end of input, or `.quit`; whether everything could be answered."""
        with _history(self._ledger.home / "shell_history"):
            for line in self._lines():
                if not self._begun and line.strip() in (".quit", ".exit"):
                    break
                self._take(line)
            else:
                self._do(self._begun)  # the last statement of a pipe may lack its ;
        return not self._failed

    def _lines(self) -> Iterator[str]:
        if not sys.stdin.isatty():
            yield from sys.stdin
            return
        while True:
            try:
                yield input("    ...> " if self._begun else "tollgate> ") + "\n"
            except EOFError:
                click.echo()
                return
            except KeyboardInterrupt:  # forget what was begun
                click.echo()
                self._begun = ""

    def _take(self, line: str) -> None:
        """One more line: an order, or a part of statements, of which those that are complete are asked."""
        if not self._begun and line.startswith("."):
            self._do(line)
            return
        pieces = re.split("(?<=;)", self._begun + line)
        self._begun = ""
        for piece in pieces:
            self._begun += piece
            if sqlite3.complete_statement(self._begun):  # knows a ; that ends from one in quotes or a comment
                statement, self._begun = self._begun, ""
                self._do(statement)
        if not self._begun.strip():
            self._begun = ""

    def _do(self, text: str) -> None:
        if not text.strip():
            return
        try:
            if text.startswith("."):
                self._obey(*text.split())
            else:
                self._keep_fresh()
                self._answer(text)
        except AnalyticsError as error:
            self._failed = True
            click.echo(f"Error: {error}", err=True)
        except KeyboardInterrupt:
            self._failed = True
            click.echo("Interrupted.", err=True)

    def _obey(self, order: str, *words: str) -> None:
        out = console()
        match order, words:
            case ".help", ():
                out.print(_HELP)
            case ".views", ():
                out.print(grid((view["name"], view["comment"]) for view in self._ledger.query("views")))
            case ".columns", (view,):
                rows = self._ledger.query("view_columns", view=view)
                if not rows:
                    raise SettingsError(f".columns: found {plain(view)}, expected one of .views")
                out.print(grid((row["name"], row["type"], row["comment"]) for row in rows))
            case _:
                raise SettingsError(
                    f"found {plain(' '.join((order, *words)))}, expected .views, .columns VIEW, .help or .quit"
                )

    def _keep_fresh(self) -> None:
        if self._fresh_until is None or self._clock() >= self._fresh_until:
            self._refresh()
            self._fresh_until = self._clock() + _FRESH_SECONDS


@contextlib.contextmanager
def _history(path: Path) -> Generator[None]:
    """What was typed before, and is remembered for the next time: on a terminal, where there is readline."""
    if not sys.stdin.isatty():
        yield
        return
    try:
        import readline  # noqa: PLC0415  # not on Windows; and importing it changes how input() reads
    except ImportError:
        yield
        return
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(_HISTORY_LINES)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # a home that may only be read
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            readline.write_history_file(path)
            path.chmod(0o600)
