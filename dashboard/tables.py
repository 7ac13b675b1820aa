"""The table behind a chart: the same rows, to sort, search and take away as CSV, where amounts have every digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from analytics.reports import CostRow

_AMOUNT = "$%.6f"
_COLUMNS: Mapping[str, Any] = {
    "Spend": st.column_config.NumberColumn(format=_AMOUNT, help="At list prices; empty where no price is known"),
    "Saved by routing": st.column_config.NumberColumn(format=_AMOUNT, help="Empty where there is nothing to compare"),
} | {
    name: st.column_config.NumberColumn(format="localized")
    for name in ("Calls", "Unpriced attempts", "Input tokens", "Output tokens", "Cache reads", "Cache writes")
}


def records(rows: Sequence[CostRow], names: Sequence[str], *, missing: str) -> list[dict[str, Any]]:
    """One record per row, the groups first; amounts stay Decimal."""
    return [
        dict(zip(names, (missing if value is None else value for value in row.group), strict=True))
        | {
            "Spend": row.list_cost,
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


def folded(found: Sequence[Mapping[str, Any]], *, title: str, alt: str) -> None:
    """Show the records, folded away under `title`."""
    with st.expander(title, type="compact"):
        st.dataframe(found, hide_index=True, column_config=_COLUMNS, alt=alt)  # pyright: ignore[reportUnknownMemberType]  # Streamlit's signature names untyped pandas
