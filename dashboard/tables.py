"""Tables: rows to sort, search, click on and take away, beside a chart or on their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import streamlit as st

from analytics.measures import Amount, Group, measures
from analytics.reports import CostRow, Totals

from . import charts, drill, theme
from .drill import Point
from .export import Rows, export
from .view import View

MONEY, PRICE, SHARE, SECONDS = "$%.4f", "$%g", "percent", "%.2f"
"""Formats of a column: amounts, prices of which every digit counts, shares of one, and seconds."""
NONE: Mapping[str, str] = {}
_AMOUNTS: Mapping[str, str] = {
    "Spend": "At the chosen cost; empty where no price is known",
    "Saved by routing": "At list prices, in US dollars; empty where there is nothing to compare",
    "Saved by caching": "At list prices, in US dollars",
    "Change": "Against the period before",
    "Volume": "More or fewer attempts",
    "Mix": "Other models, longer or shorter, more or less from the cache",
    "Price": "The same at other prices",
    "Cost per call": "Spend over calls; empty while some attempts have no price",
}
_CHOSEN = ("Spend", "Cost per call")
"""Measures that are in the chosen cost."""
_MEANINGS: Mapping[str, str] = {
    **_AMOUNTS,
    "Output per second": "Tokens of output over the time that answers took, the wait for the first token included.",
    "Output p95": "In tokens: nineteen of twenty answers have no more, thinking included.",
    "Answer p95": "In seconds: nineteen of twenty answers took no longer. Items of batches have no duration.",
    "First token p95": "In seconds, of answers that streamed.",
    "Error rate": "Failed attempts of all attempts.",
    **dict.fromkeys(("Fast share", "Batch share", "Priority share"), "Of the attempts that used something."),
}
"""What columns of these names are."""
_FORMATS = {"Error rate": SHARE, "Cache hit ratio": SHARE}


def records(view: View, rows: Iterable[CostRow], names: Sequence[str], *, missing: str = "not said") -> Rows:
    """One record per row, the groups first, under `names`; amounts stay Decimal."""
    return [
        named(row.group, names, missing=missing)
        | {
            view.headed("Spend"): view.spent(row),
            "Saved by routing": row.routing_saved,
            "Calls": row.calls,
            "Unpriced attempts": row.unpriced_attempts,
            "Input tokens": row.input_tokens,
            "Output tokens": row.output_tokens,
            "Cache reads": row.cache_read_tokens,
            "Cache writes": row.cache_write_tokens,
        }
        for row in rows
    ]


def measured(view: View, totals: Totals, names: Iterable[str]) -> dict[str, Amount]:
    """The columns of measures, by their names."""
    known = measures(view.cost)
    return {view.headed(name) if name in _CHOSEN else name: known[name].of(totals) for name in names}


def named(group: Group, names: Sequence[str], *, missing: str = "not said") -> dict[str, Any]:
    """The first columns of a row: its group, under `names`."""
    return dict(zip(names, (charts.spelt(member, missing=missing) for member in group), strict=True))


def show(
    rows: Rows,
    *,
    name: str,
    formats: Mapping[str, str] = NONE,
    points: Sequence[Point] = (),
    folded: bool = False,
    turn: int = 0,
) -> None:
    """Show them under `name`, which is also what the exported files are called, and must be the only one on its page.

    `formats`: of columns, as NumberColumn has them. `points`: what a click on each row stands for. With another
    `turn`, no row is chosen any more: the rows are others.
    """
    file = _file(name)
    table = partial(_table, rows, name=name, key=f"table:{file}:{turn}", formats=formats, points=points)
    if folded:
        _fold(table, file)
    else:
        table()


@st.fragment
def _fold(table: Callable[[], None], file: str) -> None:
    """A table that is sent when somebody opens it, which runs no more than this again."""
    fold = st.expander("Table", type="compact", key=f"folded:{file}", on_change="rerun", bind="query-params")
    if fold.open:
        with fold:
            table()


def _table(rows: Rows, *, name: str, key: str, formats: Mapping[str, str], points: Sequence[Point]) -> None:
    behaviour: dict[str, Any] = {}
    if points:
        behaviour = {"on_select": partial(_click, key, points), "selection_mode": "single-row"}
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]  # Streamlit's signature names untyped pandas
        rows,
        hide_index=True,
        column_config=_columns(rows, {**_FORMATS, **formats}),
        placeholder=theme.UNKNOWN,
        alt=f"Table: {name}",
        key=key,
        **behaviour,
    )
    drill.offer(key)
    export(rows, _file(name))


def _click(key: str, points: Sequence[Point]) -> None:
    drill.on_table(key, points)
    st.rerun()  # all of the page, be it narrowed from within a fold


def _file(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "table"


def _columns(rows: Rows, formats: Mapping[str, str]) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    names = list(rows[0]) if rows else []
    columns = {each: number(format="localized") for each in names if any(type(row[each]) is int for row in rows)}
    amounts = (each for each in _AMOUNTS if each in names and any(isinstance(row[each], Decimal) for row in rows))
    columns |= {each: number(format="$%.6f", help=_AMOUNTS[each]) for each in amounts}
    known = (each for each in formats if each in names)
    return columns | {each: number(format=formats[each], help=_MEANINGS.get(each)) for each in known}
