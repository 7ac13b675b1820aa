"""How figures look: to people on a terminal or in a pipe, and to scripts as JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from .doctor import Diagnosis
from .ingest import IngestReport
from .period import Period
from .reports import CostRow, Health, Totals
from .routing_report import RoutingRow

FIRST_STEPS = """\
Nothing is recorded in {home} yet. Swap one import, and run your program:

    from router import Anthropic  # was: from anthropic import Anthropic
    client = Anthropic()
    client.messages.create(model="claude-opus-5-5", max_tokens=1024, messages=[{{"role": "user", "content": "Hello"}}])

Then ask again. To look around first: tollgate demo"""
_TITLES = {
    "day": "Day",
    "hour": "Hour",
    "requested_model": "Asked for",
    "task_type": "Task type",
    "workspace_id": "Workspace",
    "user_id": "User",
    "key_fingerprint": "Key",
}
_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def money(amount: Decimal | None) -> str:
    """`$1,234.56`; below a dollar as many digits as it takes to show two; `unknown` for None."""
    if amount is None:
        return "unknown"
    digits = 2 if not amount or abs(amount) >= 1 else max(2, 1 - amount.adjusted())
    text = f"{abs(amount):,.{digits}f}"
    return f"-${text}" if amount < 0 and text.strip("0.,") else f"${text}"


def saved(amount: Decimal | None) -> str:
    """As money; a dash where there is nothing to compare."""
    return "–" if amount is None else money(amount)


def tokens(count: int) -> str:
    """`12.3 M`; whole below a thousand."""
    for size, unit in _UNITS:
        if count >= size:
            return f"{Decimal(count) / size:,.1f} {unit}"
    return str(count)


def plain(text: str | None) -> str:
    """A name that somebody chose, made harmless: no control characters reach the terminal."""
    if text is None:
        return "(none)"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def as_json(value: object) -> str:
    """Dataclasses as objects, money as exact decimal strings, times in ISO 8601."""
    return json.dumps(value, default=_plainer, indent=2, ensure_ascii=False)


def rows_as_json(by: Sequence[str], rows: Iterable[CostRow | RoutingRow]) -> dict[str, object]:
    """A breakdown, each group with its dimensions named."""
    return {
        "by": by,
        "rows": [{**_fields(row), "group": dict(zip(by, row.group, strict=True))} for row in rows],
    }


def console() -> Console:
    """Standard output; in a pipe wide enough that nothing is cut."""
    width = None if sys.stdout.isatty() else 200
    return Console(markup=False, highlight=False, emoji=False, width=width)


@contextlib.contextmanager
def working(what: str) -> Generator[Callable[[int, int], None]]:
    """A bar on standard error while a person waits; yields what is told how much is done, and of how much."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def ingested(report: IngestReport) -> str:
    """What became of the lines of the spool."""
    revised = f"; revised: {report.revised:,}" if report.revised else ""
    added = f"records added: {report.added:,}{revised}"
    text = f"{added}; there already: {report.duplicates:,}; damaged: {report.damaged:,}"
    return f"{text} (see tollgate doctor)" if report.damaged else text


def show_totals(out: Console, totals: Totals, period: Period, *, health: Health, home: Path) -> None:
    """The period in a few lines, then what is missing from them; or what to do where there is nothing."""
    show_period(out, period, health=health, home=home, empty=not totals.attempts)
    if totals.attempts:
        out.print(grid(_facts(totals)))
    for note in notes(totals, health):
        out.print(f"! {note}", style="yellow")


def show_period(out: Console, period: Period, *, health: Health, home: Path, empty: bool) -> None:
    """Which period it is about, and whether the data are real; or what to do where there is nothing."""
    if health.demo:
        out.print("DEMO DATA: these calls never happened.\n", style="bold yellow")
    if not health.attempts:
        out.print(FIRST_STEPS.format(home=home), soft_wrap=True)
    elif empty:
        out.print(f"Nothing happened from {_span(period)}. There are attempts from {_known(health)}: try --since.")
    else:
        out.print(f"{_span(period)}, UTC", style="bold")


def _known(health: Health) -> str:
    return f"{health.first_at:%Y-%m-%d %H:%M} to {health.last_at:%Y-%m-%d %H:%M}"


def grid(rows: Iterable[Sequence[str]]) -> Table:
    """Rows of words, in columns."""
    grid = Table.grid(padding=(0, 2))
    for row in rows:
        grid.add_row(*row)
    return grid


def columns(*names: str, first: str, left: Collection[int] = ()) -> Table:
    """An empty table: figures to the right, the first column and those numbered in `left` to the left.

    Where room is short, the first column is folded.
    """
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first, overflow="fold")
    for number, name in enumerate(names, 1):
        table.add_column(name, justify="left" if number in left else "right", no_wrap=True)
    return table


def _facts(totals: Totals) -> list[tuple[str, str, str]]:
    fell_back = f"attempts; {totals.fallback_calls:,} calls fell back to another model"
    caches = f"{tokens(totals.cache_write_tokens)} written to caches, {tokens(totals.cache_read_tokens)} read from them"
    return [
        ("Spent", money(totals.list_cost), f"{totals.calls:,} calls, {totals.attempts:,} attempts"),
        *_agreed(totals),
        ("Routing saved", saved(totals.routing_saved), _compared(totals)),
        ("Caching saved", saved(totals.cache_saved), "against paying the input price for every token of a prompt"),
        ("Failed", f"{totals.failed_attempts:,}", fell_back),
        *_batched(totals),
        ("Tokens", tokens(totals.input_tokens), f"input, {tokens(totals.output_tokens)} output, {caches}"),
    ]


def _agreed(totals: Totals) -> list[tuple[str, str, str]]:
    """What the contract makes of it, if it makes a difference."""
    rows: list[tuple[str, str, str]] = []
    if totals.contracted_cost != totals.list_cost:
        rows.append(("By contract", money(totals.contracted_cost), "the list price less what was negotiated"))
    if totals.reporting_currency:
        amount = "unknown" if totals.reporting_cost is None else f"{totals.reporting_cost:,.2f}"
        rows.append((f"In {totals.reporting_currency}", amount, "at the contract's rate of each day"))
    return rows


def _batched(totals: Totals) -> list[tuple[str, str, str]]:
    if not totals.batch_items:
        return []
    unbilled = f"{totals.batch_errored:,} errored, {totals.batch_canceled:,} canceled, {totals.batch_expired:,} expired"
    return [("In batches", f"{totals.batch_items:,}", f"items; {unbilled}, which cost nothing")]


def _compared(totals: Totals) -> str:
    if not totals.routing_compared_attempts:
        return "no attempt can be compared with the model that was asked for"
    return (
        f"against {money(totals.requested_list_cost)} on the models that were asked for "
        f"({totals.routing_compared_attempts:,} attempts can be compared)"
    )


def notes(totals: Totals, health: Health) -> list[str]:
    """What a reader must know before believing a total."""
    counted = [
        (totals.unpriced_attempts, "attempts without a price, not in the amounts"),
        (totals.incomplete_attempts, "answers not seen to their end, output estimated"),
        (totals.open_attempts, "streams not ended, counted as far as their first event says"),
        (health.lost_records, "records lost before they could be written"),
        (health.rejected_lines, "damaged lines of the spool, not counted"),
        (health.outdated_charges, "charges made with an older price table or contract (tollgate rerate)"),
    ]
    found = [f"{what}: {count:,}" for count, what in counted if count]
    return [*found[:-1], f"{found[-1]} (see tollgate doctor)"] if found else []


def show_breakdown(out: Console, by: Sequence[str], rows: Sequence[CostRow], *, most: int | None = None) -> None:
    """One table; with `most`, its first rows and how many more there are."""
    unpriced = any(row.unpriced_attempts for row in rows)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for dimension in by:
        table.add_column(title(dimension), no_wrap=True)
    for name in ("Calls", "Spent", "Saved", "Input", "Output", "Written", "Read", *(["Unpriced"] if unpriced else [])):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows[:most]:
        table.add_row(*(plain(name) for name in row.group), *_cells(row, unpriced=unpriced))
    out.print()
    out.print(table)
    if most is not None and len(rows) > most:
        out.print(f"and {len(rows) - most:,} more: tollgate report --by {plain(','.join(by))}")


def _cells(row: CostRow, *, unpriced: bool) -> list[str]:
    counts = (row.input_tokens, row.output_tokens, row.cache_write_tokens, row.cache_read_tokens)
    cells = [f"{row.calls:,}", money(row.list_cost), saved(row.routing_saved), *(tokens(count) for count in counts)]
    return [*cells, f"{row.unpriced_attempts:,}"] if unpriced else cells


def title(dimension: str) -> str:
    """The head of a column."""
    return _TITLES.get(dimension) or plain(dimension.removeprefix("tag:")).capitalize()


def show_diagnosis(out: Console, diagnosis: Diagnosis) -> None:
    """Facts, then what is wrong and what to do about it."""
    out.print(grid((name, plain(value)) for name, value in diagnosis.facts.items()))
    out.print()
    for loss in diagnosis.acknowledged:
        out.print(f"acknowledged: {plain(loss)}")
    for problem in diagnosis.problems:
        out.print(f"! {plain(problem)}", style="yellow")
    if not diagnosis.problems:
        out.print("Nothing is wrong.", style="green")


def _span(period: Period) -> str:
    last = period.end - timedelta(microseconds=1)
    if period.end > period.start and period == Period.days(period.start.date(), last.date()):
        return f"{period.start:%Y-%m-%d} to {last:%Y-%m-%d}"
    return f"{period.start:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M}"


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _plainer(value: object) -> object:
    """What JSON does not know, in terms that it does."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return _fields(value)
