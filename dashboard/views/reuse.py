"""What became of cache writes: never read, kept too short or too long, missed; behind a lid, as owners are followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import streamlit as st

from analytics import caching
from analytics.caching import CAUSES, COUNTED, Cause, MissesRow, Reuse, WritesRow
from analytics.reports import Filters
from dashboard import charts, filters, grids, panels, tables, theme, units
from dashboard.charts import Mark
from dashboard.data import Source, kept
from dashboard.drill import Drill
from dashboard.view import View

LID = "Writes that were never read, times to live, and missed caches"
WAIT = "Follows every cache from call to call, an hour beyond the period: seconds, over millions of calls. Estimates."
WHY: Mapping[Cause, str] = {
    "first": "First use",
    "gap": "Too long a gap",
    "switch": "Another model",
    "prefix": "Another prefix",
}
"""A cause in two words; CAUSES says what it means."""
_UNREAD = {
    "Written for 5 minutes": "cache_write_5m_tokens",
    "Not read in 5 minutes": "unread_5m_tokens",
    "Written for an hour": "cache_write_1h_tokens",
    "Not read in an hour": "unread_1h_tokens",
    "May still be read": "undecided_tokens",
    "Lost": "unread_extra",
    "Writing attempts": "writing_attempts",
    "Unpriced attempts": "unpriced_attempts",
}
_LIVES = {
    "As it was": "cost",
    "All for 5 minutes": "cost_all_5m",
    "5 minutes would save": "would_save_5m",
    "All for an hour": "cost_all_1h",
    "An hour would save": "would_save_1h",
    "Rewritten tokens": "rewritten_tokens",
    "Tokens read late": "late_read_tokens",
    "Unpriced attempts": "unpriced_attempts",
}
_FORMATS = dict.fromkeys(("Lost", "Cost", *list(_LIVES)[:5]), tables.MONEY)


def show(view: View, by: str) -> None:
    """The lid, and what is under it, by `by`."""
    lid = st.expander(LID, key="reuse", on_change="rerun", bind="query-params")
    with lid:
        st.caption(WAIT)
        if not lid.open:
            return
        with st.spinner("Following every cache from call to call…"):
            found = _reuse(view.source, view.filters, by, view.now)
        if not found.writes:
            st.write("No attempt of this period wrote to a cache.")
            return
        _unread(by, found.writes)
        _lives(by, found.writes)
        _missed(by, found.misses)
        st.caption(theme.markdown(COUNTED))


def _unread(by: str, rows: Sequence[WritesRow]) -> None:
    panels.heading("Written, and never read", note="What the writes cost above the input price.")
    marks = _marks(rows, lambda row: row.unread_extra)
    _ranked(marks, by, name="unread", alt="what writes cost that were never read")
    _sheet(by, rows, _UNREAD, name=f"unread writes by {by}")


def _lives(by: str, rows: Sequence[WritesRow]) -> None:
    panels.heading("Five minutes, or an hour?", note="What the other time to live would have saved; below zero, cost.")
    short, long = st.columns(2)
    with short:
        st.write("Had all been written for five minutes")
        marks = _marks(rows, lambda row: row.would_save_5m)
        _ranked(marks, by, name="all-5m", alt="what would have been saved, had all been written for five minutes")
    with long:
        st.write("Had all been written for an hour")
        marks = _marks(rows, lambda row: row.would_save_1h)
        _ranked(marks, by, name="all-1h", alt="what would have been saved, had all been written for an hour")
    _sheet(by, rows, _LIVES, name=f"times to live by {by}")


def _missed(by: str, rows: Sequence[MissesRow]) -> None:
    panels.heading("Wrote, and read nothing", note="What writing cost above reading the same, by the likely cause.")
    cells = [
        (
            charts.spelt(row.group[0]),
            WHY[row.cause],
            Mark(row.group[0], row.extra_cost, note=f" · {WHY[row.cause]} · {theme.plural(row.attempts, 'attempt')}"),
        )
        for row in rows
    ]
    if not cells:
        st.write("Every attempt that wrote to a cache also read from one.")
        return
    drawn, told = st.columns([3, 2])
    with drawn:
        panels.chart(
            grids.grid(cells, columns=list(WHY.values()), unit=units.money()),
            name="missed",
            alt=f"Heat map: what missed caches cost, by {filters.label(by).lower()} and cause",
            click=Drill(by),
        )
    with told:
        for cause, name in WHY.items():
            st.caption(theme.markdown(f"{name}: {CAUSES[cause]}"))
    found = [
        {filters.label(by): charts.spelt(row.group[0]), "Cause": WHY[row.cause], "Attempts": row.attempts,
         "Missed tokens": row.missed_tokens, "Cost": row.extra_cost, "Unpriced attempts": row.unpriced_attempts}
        for row in rows
    ]  # fmt: skip
    tables.show(
        found, name=f"missed caches by {by}", formats=_FORMATS, points=Drill(by).points(row.group for row in rows)
    )


def _marks(rows: Sequence[WritesRow], figure: Callable[[WritesRow], Decimal | None]) -> list[Mark]:
    """The largest first."""
    marks = [Mark(row.group[0], figure(row), note=f" · {row.writing_attempts:,} writing attempts") for row in rows]
    return sorted(marks, key=lambda mark: -(mark.value or 0))


def _ranked(marks: Sequence[Mark], by: str, *, name: str, alt: str) -> None:
    panels.chart(
        charts.ranking(marks, unit=units.money()),
        name=name,
        alt=f"Bars: {alt}, by {filters.label(by).lower()}",
        click=Drill(by),
    )


def _sheet(by: str, rows: Sequence[WritesRow], columns: Mapping[str, str], *, name: str) -> None:
    found: list[dict[str, Any]] = [
        {filters.label(by): charts.spelt(row.group[0])} | {head: getattr(row, field) for head, field in columns.items()}
        for row in rows
    ]
    tables.show(found, name=name, formats=_FORMATS, points=Drill(by).points(row.group for row in rows))


@kept
def _reuse(source: Source, filters: Filters, by: str, now: datetime) -> Reuse:
    return caching.reuse(source.ledger, filters, (by,), now=now)
