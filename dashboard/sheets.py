"""Sheets: rows of any kind as a table with its export, beside tables.py, which shows figures of calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import streamlit as st

from . import theme
from .export import Rows, export

MONEY, PRICE, SHARE = "$%.4f", "$%g", "percent"
"""Formats of a column: amounts, prices of which every digit counts, and shares of one."""
NONE: Mapping[str, str] = {}
Picked = Callable[[int], None]
"""Told the place of the row that was chosen, from within a callback."""


def show(
    rows: Rows,
    *,
    name: str,
    formats: Mapping[str, str] = NONE,
    pick: Picked | None = None,
    turn: int = 0,
) -> None:
    """Show them under `name`, the only one of its page; `formats` has those of columns: MONEY, PRICE or SHARE.

    With another `turn`, no row is chosen any more: the rows are others.
    """
    file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    number = st.column_config.NumberColumn
    counts = (each for each in (rows[0] if rows else ()) if any(type(row[each]) is int for row in rows))
    columns = {each: number(format="localized") for each in counts}
    columns |= {each: number(format=text) for each, text in formats.items()}
    key = f"sheet:{file}:{turn}"
    behaviour: dict[str, Any] = {}
    if pick:
        behaviour = {"on_select": partial(_picked, key, pick), "selection_mode": "single-row"}
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]  # Streamlit's signature names untyped pandas
        rows,
        hide_index=True,
        column_config=columns,
        placeholder=theme.UNKNOWN,
        alt=f"Table: {name}",
        key=key,
        **behaviour,
    )
    export(rows, file)


def _picked(key: str, pick: Picked) -> None:
    rows = cast("list[int]", st.session_state[key].selection.rows)
    if rows:
        pick(rows[0])
