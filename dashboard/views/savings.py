"""What routing saved, with caches and tokenizers counted: behind a lid, as every call is priced anew for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from analytics import routing_report
from analytics.decisions import dearer
from analytics.judging import policy_of
from analytics.reports import Filters
from analytics.routing_report import COUNTED, RoutingReport, RoutingRow
from dashboard import charts, figures, filters, panels, tables, theme, units
from dashboard.cards import Card
from dashboard.charts import Mark
from dashboard.data import Source, kept
from dashboard.drill import Drill
from dashboard.view import View

_MONEY: Mapping[str, str] = {
    "Spent": "list_cost",
    "On the models asked for": "requested_cost",
    "Saved": "saved",
    "All on Opus": "opus_cost",
    "Saved against Opus": "saved_against_opus",
    "Shadow would save": "shadow_would_save",
}
_COUNTS: Mapping[str, str] = {
    "Calls": "calls",
    "Compared": "compared_calls",
    "Warm caches left": "cold_switches",
    "Unpriced attempts": "unpriced_attempts",
    "Good": "good",
    "Bad": "bad",
}
LID = "What routing saved, with caches and tokenizers counted"
WAIT = "Prices every call of the period anew: seconds, over millions of calls."


def show(view: View) -> None:
    """The lid, and what is under it."""
    lid = st.expander(LID, key="savings", on_change="rerun", bind="query-params")
    with lid:
        st.caption(WAIT)
        if not lid.open:
            return
        names = ["task_type", "requested_model", "model", "tier", *(f"tag:{key}" for key in view.dimensions.tags)]
        by = st.segmented_control(
            "By",
            names,
            default="task_type",
            required=True,
            format_func=lambda name: theme.markdown(_label(name)),
            key="savings-by",
            bind="query-params",
        )
        with st.spinner("Pricing every call on the other models…", show_time=True):
            report = _report(view.source, view.filters, by)
        if report.total is None:
            st.write("No call of this period is left to compare.")
            return
        figures.show(list(_cards(report.total, report.opus)))
        _by(by, report.tables[(by,)])
        st.caption(theme.markdown(COUNTED))


def _cards(total: RoutingRow, opus: str) -> Iterator[Card]:
    yield figures.plain(
        "Against the models asked for",
        theme.money(total.saved),
        beside=f"of {theme.money(total.requested_cost)}",
        about=f"Over {theme.plural(total.compared_calls, 'call')} that named a model. With the same tokens and caches "
        f"the calls would have cost {theme.exact(total.same_tokens_cost)} there.",
    )
    yield figures.plain(
        "Against always Opus",
        theme.money(total.saved_against_opus),
        beside=f"of {theme.money(total.opus_cost)}",
        about=f"Had all of {theme.plural(total.compared_with_opus, 'call')} gone to {opus}.",
    )
    yield figures.plain(
        "Warm caches left",
        theme.count(total.cold_switches),
        beside=f"{theme.tokens(total.cold_tokens)} tokens written anew",
        about="Attempts on another model than the one before, whose cache was still warm. They count against routing.",
    )
    if total.shadow:
        yield figures.plain(
            "Shadow would save",
            theme.money(total.shadow_would_save),
            beside=f"{theme.plural(total.shadow, 'call')}, {theme.money(total.shadow_cost)} instead",
            about="Had the calls in shadow gone where they would have been sent.",
        )
    judged = total.good + total.bad
    yield figures.plain(
        "Judged good",
        f"{total.good:,} of {judged:,}" if judged else theme.UNKNOWN,
        beside="" if judged else "the saving is unverified",
        about="Calls that somebody gave feedback on, with `tollgate feedback`. Cheaper answers may be worse ones.",
    )


def _by(by: str, rows: Sequence[RoutingRow]) -> None:
    click, lost = Drill(by), dearer(rows)
    saved, dear = st.columns([3, 2])
    with saved:
        panels.heading(f"Saved by {_label(by).lower()}", note="Against the models asked for.")
        panels.chart(
            charts.ranking([_mark(row) for row in _most(rows)], unit=units.money(), most=20),
            name="savings",
            alt=f"Bars: what routing saved by {_label(by).lower()}, the most first",
            click=click,
        )
    with dear:
        panels.heading("Where routing cost more than it saved")
        if lost:
            _sheet(by, lost, name=f"dearer by {by}")
        else:
            said = f"Nowhere: no {_label(by).lower()} of this period was dearer than on the models asked for."
            st.write(theme.markdown(said))
    _sheet(by, rows, name=f"savings by {by}")


def _sheet(by: str, rows: Sequence[RoutingRow], *, name: str) -> None:
    columns = {**_MONEY, **_COUNTS}
    found: list[dict[str, Any]] = [
        {_label(by): row.group[0] or "not said"} | {head: getattr(row, field) for head, field in columns.items()}
        for row in rows
    ]
    tables.show(
        found,
        name=name,
        formats=dict.fromkeys(_MONEY, tables.MONEY),
        points=Drill(by).points(row.group for row in rows),
    )


def _mark(row: RoutingRow) -> Mark:
    return Mark(row.group[0], row.saved, note=f" · {row.compared_calls:,} of {row.calls:,} calls compared")


def _most(rows: Sequence[RoutingRow]) -> list[RoutingRow]:
    return sorted(rows, key=lambda row: (row.saved is None, -(row.saved or 0)))


def _label(by: str) -> str:
    return filters.label(by)


@kept
def _report(source: Source, filters: Filters, by: str) -> RoutingReport:
    opus = policy_of(None).tiers["opus"].model
    return routing_report.routing(source.ledger, filters, [(by,)], opus=opus)
