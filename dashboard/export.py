"""Taking rows away: CSV and Parquet of exactly what a table holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from importlib import import_module
from typing import Any

import streamlit as st

Rows = Sequence[Mapping[str, Any]]
"""One mapping per row, all of the same columns. Money is Decimal."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def export(rows: Rows, name: str) -> None:
    """Offer them as files called `name`; they are made when somebody asks for one."""
    with st.popover("Export", icon=":material/download:", type="tertiary", key=f"export:{name}"):
        for kind, write, mime in (("csv", as_csv, "text/csv"), ("parquet", as_parquet, "application/octet-stream")):
            st.download_button(
                f"{name}.{kind}",
                partial(write, rows),
                f"{name}.{kind}",
                mime,
                key=f"{kind}:{name}",
                on_click="ignore",
                type="tertiary",
            )


def as_csv(rows: Rows) -> bytes:
    """With a heading; amounts have every digit, and no text is a formula to a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(map(_cell, rows[0] if rows else ()))
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_parquet(rows: Rows) -> bytes:
    """With amounts as DECIMAL, as wide as they need to be."""
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")  # with Streamlit, and heavy
    out = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist([dict(row) for row in rows]), out)
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
