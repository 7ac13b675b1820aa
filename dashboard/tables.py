"""The table behind a chart: the same rows, to sort, search, click on and take away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from analytics.measures import Measure
from analytics.reports import CostRow, Totals

from . import drill
from .drill import Drill
from .export import Rows, export
from .view import View

Group = tuple[str | None, ...]
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
_COUNTS = {"Calls", "Attempts", "Unpriced attempts", "Count"}
_TOKENS = {"Tokens", "Input tokens", "Output tokens", "Cache reads", "Cache writes"}
_SHARES = ("Error rate", "Cache hit ratio")


def records(view: View, rows: Iterable[CostRow], names: Sequence[str], *, missing: str = "not said") -> Rows:
    """One record per row, the groups first, under `names`; amounts stay Decimal."""
    return [
        dict(zip(names, _said(row.group, missing), strict=True))
        | {
            _spend(view): view.spent(row),
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


def measured(
    found: Mapping[Group, Totals], names: Sequence[str], measures: Iterable[Measure], *, missing: str = "not said"
) -> Rows:
    """The same of Totals, with a column for each measure."""
    measures = list(measures)
    return [
        dict(zip(names, _said(group, missing), strict=True)) | {one.name: one.of(totals) for one in measures}
        for group, totals in found.items()
    ]


def show(
    rows: Rows, *, name: str, alt: str, click: Drill | None = None, groups: Sequence[Group] = (), folded: bool = True
) -> None:
    """Show them under `name`, which is also what the exported files are called, and must be the only one on its page.

    With `click`, choosing a row narrows to it: `groups` are then those of the rows, bucket first if `click` has days.
    """
    key = _file_name(name)
    with st.expander("Table", type="compact", key=f"folded:{key}") if folded else st.container():
        behaviour: dict[str, Any] = {}
        if click:
            picked = [_picked(group, click) for group in groups]
            behaviour = {
                "on_select": partial(drill.on_table, f"table:{key}", click, picked),
                "selection_mode": "single-row",
            }
        st.dataframe(  # pyright: ignore[reportUnknownMemberType]  # Streamlit's signature names untyped pandas
            rows, hide_index=True, column_config=_columns(rows), alt=alt, key=f"table:{key}", **behaviour
        )
        export(rows, key)


def _columns(rows: Rows) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    shown = {name: number(format="$%.6f", help=text) for name, text in _AMOUNTS.items()}
    shown |= {name: number(format="localized") for name in _COUNTS | _TOKENS}
    shown |= {name: number(format="percent") for name in _SHARES}
    return {name: column for name, column in shown.items() if rows and name in rows[0]}


def _spend(view: View) -> str:
    """The heading of the chosen cost."""
    return "Spend" if view.currency == "USD" else f"Spend ({view.currency})"


def _said(group: Group, missing: str) -> Iterable[str]:
    return (missing if value is None else value for value in group)


def _picked(group: Group, click: Drill) -> tuple[str | None, str | None]:
    """Name and bucket of a row."""
    bucket, *rest = group if click.days else (None, *group)
    return (rest[0] if rest else None), bucket


def _file_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "table"
