"""What if: the chosen period priced anew, with other models, in batch, with other caches or at other prices."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from analytics.contributors import Cost
from analytics.reports import Filters
from analytics.what_if import Supposed, WhatIf, WhatIfRow, what_if
from dashboard import cards, data, estimates, filters, header, panels, tables, theme, units
from dashboard.data import Source, kept
from dashboard.drill import Drill
from dashboard.view import View
from dashboard.views import quality
from dashboard.views.supposing import AS_IT_WAS, asked


def show(view: View) -> None:
    """The page, from top to bottom."""
    totals = data.totals(view.source, view.filters)
    quality.unpriced(totals)
    if not totals.attempts:
        header.nothing(view)
        return
    supposed = asked(view)
    if supposed == Supposed(keyed=supposed.keyed):
        st.info("Say what would have been otherwise, and press Price anew. Nothing is changed by it.")
        return
    by = _by(view)
    with st.spinner("Pricing the period anew", show_time=True):
        found = _priced(view.source, view.filters, supposed, by, _dollars(view))
    _totals(found.total)
    with st.container(border=True):
        _rows(found, by)
    with st.container(border=True):
        _assumed(view, found)


def _by(view: View) -> str:
    tags = [f"tag:{key}" for key in view.dimensions.tags]
    return st.segmented_control(
        "Show by",
        ["task_type", "model", "requested_model", *tags],
        default="task_type",
        required=True,
        format_func=lambda name: theme.markdown(filters.label(name)),
        key="shown-by",
        bind="query-params",
    )


def _totals(total: WhatIfRow) -> None:
    reach = f"{theme.money(total.low)} to {theme.money(total.high)}"
    with st.grid(3, min_column_width=200):
        _metric(AS_IT_WAS, total.cost, f"Exactly {theme.exact(total.cost)}.")
        _metric("As supposed", total.expected, f"Expected: {theme.exact(total.expected)}.", beside=reach)
        _metric(
            "Difference",
            total.difference,
            f"Exactly {theme.exact(total.difference)}. Negative: it would have been cheaper.",
            change=cards.change(total.expected, total.cost),
        )


def _metric(label: str, amount: Decimal | None, help_: str, *, change: str | None = None, beside: str = "") -> None:
    st.metric(
        label,
        theme.markdown(theme.money(amount)),
        change,
        delta_color="inverse",
        delta_description=theme.markdown(beside),
        help=theme.markdown(help_),
        border=True,
        height="stretch",
    )


def _rows(found: WhatIf, by: str) -> None:
    name = filters.label(by)
    cut = len(found.rows) > estimates.MOST
    panels.heading(
        f"By {name.lower()}",
        note=f"The {estimates.MOST} with the largest difference of {len(found.rows)}." if cut else "",
    )
    panels.chart(
        estimates.figure(found.rows, unit=units.money(), missing="not said"),
        name="what-if",
        alt=f"Bars by {name.lower()}: what it cost, and what it would have cost, from low to high",
        click=Drill(by),
    )
    tables.show(
        [
            {
                name: "not said" if row.group[0] is None else row.group[0],
                AS_IT_WAS: row.cost,
                "Low": row.low,
                "Expected": row.expected,
                "High": row.high,
                "Difference": row.difference,
                "Attempts": row.attempts,
                "Unpriced attempts": row.unpriced_attempts,
            }
            for row in found.rows
        ],
        name="what if",
        formats=dict.fromkeys((AS_IT_WAS, "Low", "Expected", "High", "Difference"), tables.MONEY),
        points=Drill(by).points(row.group for row in found.rows),
    )


def _assumed(view: View, found: WhatIf) -> None:
    panels.heading("What is assumed")
    if found.period.start > view.filters.period.start:
        since = theme.moment(found.period.start, view.zone)
        st.write(theme.markdown(f"Calls before {since} are pruned, and left out on both sides."))
    for sentence in found.assumed:
        st.markdown(f"- {theme.markdown(sentence)}")
    if not found.assumed:
        st.write("Nothing: every line was priced anew as it was.")


def _dollars(view: View) -> Cost:
    """What can be supposed: not the contract's currency."""
    return "list_cost" if view.cost == "list_cost" else "contracted_cost"


@kept
def _priced(source: Source, filters: Filters, supposed: Supposed, by: str, cost: Cost) -> WhatIf:
    return what_if(source.ledger, filters, supposed, by=by, cost=cost)
