"""Overview: what was spent, on what, and what routing and caching saved."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from analytics.period import midnight
from analytics.reports import CostRow, Totals
from dashboard import cards, charts, data, tables, theme
from dashboard.data import Source
from dashboard.filters import View, show_all
from dashboard.views import quality

TAGGING = 'with router.tagged(team="search"):\n    client.messages.create(...)'
HOW = """\
Each attempt is priced twice with the same tokens: on the model that served it, and on the model that was asked for.
The difference is the saving; where routing cost more, it counts against it. An attempt that asked for `auto` names no
model and is left out. Another model might have needed more or fewer tokens for its answer: that is not known, and not
guessed."""


def show(view: View, source: Source) -> None:
    """The page, from top to bottom."""
    totals = data.totals(source, view.filters)
    quality.banners(source, totals)
    _heading(view, source)
    if not totals.attempts:
        _nothing(view)
        return
    _figures(totals, data.totals(source, view.earlier) if view.earlier else None)
    spend, routing = (column.container(border=True, height="stretch") for column in st.columns([2, 1]))
    with spend:
        _spend(view, source)
    with routing:
        _routing(totals)
    cache, tasks, teams = (column.container(border=True, height="stretch") for column in st.columns(3))
    with cache:
        _cache(view, source, totals)
    with tasks:
        _ranking(view, source, by="task_type", name="task type", missing="unknown")
    with teams:
        _teams(view, source)
    quality.line(source.health, now=view.now)


def _heading(view: View, source: Source) -> None:
    st.title("Overview", anchor=False)
    st.caption(
        f"{theme.days(view.filters.period)} (UTC){_compared(view)}. Data as of {theme.moment(source.health.last_at)}."
    )


def _compared(view: View) -> str:
    if view.earlier is None:
        return ", and nothing before it to compare with"
    earlier = view.earlier.period
    until = ", up to the same hour" if earlier.end != midnight(earlier.end.date()) else ""
    return f", compared with {theme.days(earlier)}{until}"


def _nothing(view: View) -> None:
    first, last = view.dimensions.first_at, view.dimensions.last_at
    st.info(f"No call matches the filters. The ledger has calls from {theme.moment(first)} to {theme.moment(last)}.")
    st.button("Show all of them", on_click=show_all, args=(view.dimensions,))


def _figures(now: Totals, earlier: Totals | None) -> None:
    with st.grid(4, min_column_width=150):
        for card in cards.cards(now, earlier):
            st.metric(
                card.label,
                theme.markdown(card.value),
                card.change,
                delta_color=card.color,
                delta_description=theme.markdown(card.beside),
                help=theme.markdown(card.help),
                border=True,
                height="stretch",
            )


def _spend(view: View, source: Source) -> None:
    axis = charts.Axis(view.filters.period, view.now)
    rows = data.cost_by(source, view.filters, (axis.grain, "model"))
    names = [row.group[0] for row in data.cost_by(source, view.filters, ("model",)) if row.list_cost]
    st.subheader(f"Spend by {axis.grain} and model", anchor=False)
    _chart(
        charts.spend_over_time(rows, axis, names=names, looks=theme.looks(view.dimensions.models)),
        alt=f"Stacked bars: what each model cost in each {axis.grain} of the period, in US dollars",
    )
    _table(rows, (axis.grain.capitalize(), "Model"), missing="none answered")


def _routing(totals: Totals) -> None:
    st.subheader("What routing saved", anchor=False)
    asked, routed = totals.requested_list_cost, totals.routed_list_cost
    if asked is None or routed is None:
        st.write("Nothing to compare: no attempt of this period named a model and has a price.")
        return
    share = theme.percent(totals.routing_saved or 0, asked)
    st.html(theme.headline(theme.money(totals.routing_saved), f"{share} of what the models asked for would have cost"))
    _chart(charts.asked_and_routed(asked, routed), alt="Two bars: cost on the models asked for, and cost as routed")
    counted = f"{totals.routing_compared_attempts:,} of {theme.plural(totals.attempts, 'attempt')}"
    st.caption(f"Counted over {counted}: those that named a model and have a price on both.")
    with st.popover("How this is computed", type="tertiary"):
        st.write(HOW)


def _cache(view: View, source: Source, totals: Totals) -> None:
    axis = charts.Axis(view.filters.period, view.now)
    rows = data.cost_by(source, view.filters, (axis.grain,))
    st.subheader("Prompt cache", anchor=False)
    read, written = theme.tokens(totals.cache_read_tokens), theme.tokens(totals.cache_write_tokens)
    st.caption(theme.markdown(f"{read} tokens read, {written} written: {theme.money(totals.cache_saved)} saved net."))
    _chart(
        charts.cache_over_time(rows, axis),
        alt=f"Two lines: tokens read from the prompt cache (filled) and written to it (dashed) per {axis.grain}",
    )
    _table(rows, (axis.grain.capitalize(),))


def _teams(view: View, source: Source) -> None:
    keys = list(view.dimensions.tags)
    if keys:
        key = "team" if "team" in keys else keys[0]
        _ranking(view, source, by=f"tag:{key}", name=key)
    else:
        st.subheader("Spend by team", anchor=False)
        st.write("No call carries a tag. Say who calls, and see who spends:")
        st.code(TAGGING, language="python")


def _ranking(view: View, source: Source, *, by: str, name: str, missing: str = "not said") -> None:
    rows = data.cost_by(source, view.filters, (by,))
    st.subheader(theme.markdown(f"Spend by {name}"), anchor=False)
    cut = len(rows) > charts.RANKED
    st.caption(f"The dearest {charts.RANKED} of {len(rows)}; the table has all." if cut else "The dearest first.")
    _chart(charts.ranking(rows, missing=missing), alt=f"Bars: spend by {name}, the dearest first")
    _table(rows, (name.capitalize(),), missing=missing)


def _chart(figure: charts.go.Figure, *, alt: str) -> None:
    bare = {"displayModeBar": False}
    st.plotly_chart(figure, config=bare, alt=alt)  # pyright: ignore[reportUnknownMemberType]  # Plotly ships no types


def _table(rows: Sequence[CostRow], names: Sequence[str], *, missing: str = "not said") -> None:
    """What stands under every chart, for those who would rather read."""
    found = tables.records(rows, names, missing=missing)
    tables.folded(found, title="Show as table", alt=f"Table: spend by {' and '.join(names)}")
