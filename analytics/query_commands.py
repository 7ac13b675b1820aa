"""What `tollgate sql` and `tollgate shell` do: answers to SQL as a table, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import present
from .commands import fresh
from .ledger import Ledger
from .query import Answer, Column, asking
from .shell import Shell
from .switch import ledger_at

MOST_ROWS = 10_000
"""Of a table: it is laid out as a whole."""
_NARROWEST = 8
"""In characters: where columns would have less, each row is written down instead."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_RIGID = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "U", "FLOAT", "DOUBLE", "DECIMAL", "TIMESTAMP", "DATE")
"""Types, or how they begin, whose values are not cut where room is short: numbers, times, UUIDs."""


def sql(home: Path, question: str, *, form: str) -> None:
    """Take in what is new, then print the answer: `form` is table, json or csv."""
    ledger = ledger_at(home)
    _take_in(ledger)
    with asking(ledger, question) as answer:
        _FORMS[form](answer)


def shell(home: Path, *, clock: Callable[[], float]) -> bool:
    """Read statements until the end of input; whether all of them could be answered."""
    ledger = ledger_at(home)

    def answer(question: str) -> None:
        with asking(ledger, question) as found:
            print_table(found)

    return Shell(ledger, answer=answer, refresh=lambda: _take_in(ledger), clock=clock).run()


def print_table(answer: Answer) -> None:
    """For people: the first rows, and that there are more."""
    out, rows = present.console(), list(itertools.islice(answer.rows, MOST_ROWS))
    if len(answer.columns) * _NARROWEST > out.width:
        _print_records(out, answer.columns, rows)
    else:
        _print_rows(out, answer.columns, rows)
    if next(answer.rows, None) is not None:
        out.print(f"These are the first {MOST_ROWS:,} rows; --json and --csv print all of them.")


def _print_rows(out: Console, columns: Iterable[Column], rows: Iterable[tuple[Any, ...]]) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        rigid = column.type.startswith(_RIGID) and not column.type.endswith("]")
        table.add_column(present.plain(column.name), justify="right" if rigid else "left", no_wrap=rigid)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    out.print(table)


def _print_records(out: Console, columns: Iterable[Column], rows: Iterable[tuple[Any, ...]]) -> None:
    """One column under the other."""
    for row in rows:
        grid = Table.grid(padding=(0, 2))
        for column, value in zip(columns, row, strict=True):
            grid.add_row(present.plain(column.name), _cell(value))
        out.print(grid)
        out.print()


def _cell(value: object) -> Text:
    if value is None:
        return Text("NULL", style="dim")
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return Text(text.rstrip("0").rstrip(".") if "." in text else text)
    if isinstance(value, datetime):
        return Text(value.isoformat(sep=" "))
    lines = [present.plain(line) for line in _text(value).split("\n")]
    return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


def print_json(answer: Answer) -> None:
    """A list of objects, row by row."""
    names = _distinct([column.name for column in answer.columns])
    before = "["
    for row in answer.rows:
        values = (_json(value, column.type) for value, column in zip(row, answer.columns, strict=True))
        click.echo(before + "\n" + json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False), nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def print_csv(answer: Answer) -> None:
    """As RFC 4180 has it, NULL as nothing; no text can be taken for a formula by a spreadsheet."""
    click.echo(_csv_line(_guarded(column.name) for column in answer.columns), nl=False)
    for row in answer.rows:
        click.echo(_csv_line(_csv(value) for value in row), nl=False)


_FORMS: dict[str, Callable[[Answer], None]] = {"table": print_table, "json": print_json, "csv": print_csv}


def _csv_line(values: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(values)
    return line.getvalue()


def _csv(value: object) -> str:
    if value is None:
        return ""
    text = _text(value)
    return _guarded(text) if isinstance(value, str) else text


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: object) -> str:
    """In one line of text: nested values as JSON."""
    plainer = _json(value, "")
    return plainer if isinstance(plainer, str) else json.dumps(plainer, ensure_ascii=False)


def _json(value: Any, kind: str) -> Any:
    """In terms of JSON: decimals exact, as strings; times in ISO 8601, naive ones in UTC."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str) and kind == "JSON":
        return json.loads(value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {_text(key): _json(item, "") for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_json(item, "") for item in cast("list[Any]", value)]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date | time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _distinct(names: list[str]) -> list[str]:
    """Names for the keys of an object: what comes again gets a number, `cost`, `cost_1`."""
    taken: dict[str, None] = {}
    for name in names:
        numbered = (f"{name}_{number}" for number in itertools.count(1))
        taken[next(new for new in itertools.chain([name], numbered) if new not in taken)] = None
    return list(taken)


def _take_in(ledger: Ledger) -> None:
    if behind := fresh(ledger):
        click.echo(f"! {present.plain(behind)}", err=True)
