"""Overview: how much, is that normal, on what, why, what routing and caching saved, and whether to trust it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from analytics.budgets import BudgetFile, Cost, Scope
from analytics.exceptions import AnalyticsError
from analytics.forecast import Forecast
from analytics.grouping import BUCKET
from analytics.movers import Movers, movers
from analytics.outlook import month_end, scope_of
from analytics.reports import CostRow, Filters, Totals
from analytics.scope import lies_within
from analytics.spending import Spend, spending
from dashboard import cards, charts, data, figures, filters, header, panels, tables, theme, units
from dashboard.charts import Mark
from dashboard.data import Source, kept
from dashboard.drill import Drill
from dashboard.view import View
from dashboard.views import quality, start

TAGGING = 'with router.tagged(team="search"):\n    client.messages.create(...)'
ROUTING = """\
Each attempt is priced twice with the same tokens: on the model that served it, and on the model that was asked for.
The difference is the saving; where routing cost more, it counts against it. An attempt that asked for `auto` names no
model and is left out. Another model might have needed more or fewer tokens for its answer: that is not known, and not
guessed."""
CACHING = """\
A token read from the prompt cache costs a tenth of an input token, and one written to it a quarter more (for five
minutes) or twice as much (for an hour). Saved is what the reads would have cost as input, less what they did cost, less
what the writes cost above input; all of it at list prices."""
MOVED = """\
Volume: more or fewer attempts, each as dear as before. Price: the same usage at other prices. Mix: the rest: longer or
shorter prompts and answers, other models, more or less from the cache. The three add up to the change."""
MOST_BUDGETS = 6
Costs = dict[tuple[str, ...], list[CostRow]]
"""Breakdowns, by what they are by."""


def show(view: View) -> None:
    """The page, from top to bottom; what takes longest has its place, and comes last."""
    totals = data.totals(view.source, view.filters)
    quality.unpriced(totals)
    if not totals.attempts:
        header.nothing(view)
        return
    _figures(view, totals)
    with st.container(border=True):
        by = _by(view)
        costs = _costs(view, by)
        _spend(view, by, costs)
    movers, budgets = (column.container(border=True, height="stretch") for column in st.columns([3, 2]))
    with budgets:
        _budgets(view)
    routing, caching = (column.container(border=True, height="stretch") for column in st.columns(2))
    with routing:
        _routing(totals)
    with caching:
        _caching(view, totals, costs[BUCKET,])
    tasks, teams = (column.container(border=True, height="stretch") for column in st.columns(2))
    with tasks:
        _ranking(view, costs, by="task_type", missing="unknown")
    with teams:
        _teams(view, costs)
    if not view.source.scope:
        quality.line(view.source.health, now=view.now)
    with movers:
        _movers(view, by)


def _figures(view: View, now: Totals) -> None:
    earlier = data.totals(view.source, view.earlier) if view.earlier else None
    spend, *others = cards.cards(now, earlier, cost=view.cost, currency=view.currency)
    with st.grid(4, min_column_width=150):
        figures.metric(spend)
        heading = st.empty()
        for card in others:
            figures.metric(card)
    local = view.now.astimezone(ZoneInfo(view.zone))
    with heading:
        figures.metric(cards.forecast_card(_outlook(view), now=local, contracted=view.cost != "list_cost"))


def _by(view: View) -> str:
    return st.segmented_control(
        "Spend by",
        dimensions(view),
        default="model",
        required=True,
        format_func=lambda name: theme.markdown(filters.label(name)),
        key="spend-by",
        bind="query-params",
    )


def _costs(view: View, by: str) -> Costs:
    """All that the page breaks its period down by."""
    several: list[tuple[str, ...]] = [(BUCKET, by), (by,), (BUCKET,), ("task_type",)]
    if team := _team(view):
        several.append((team,))
    return dict(zip(several, data.costs_by(view.source, view.filters, several, view.buckets), strict=True))


def _team(view: View) -> str | None:
    """The dimension that says whose calls they were."""
    keys = list(view.dimensions.tags)
    return "tag:team" if "team" in keys else f"tag:{keys[0]}" if keys else None


def _spend(view: View, by: str, costs: Costs) -> None:
    panels.heading(f"Spend by {view.grain} and {filters.label(by).lower()}")
    rows = costs[BUCKET, by]
    names = [row.group[0] for row in costs[by,] if view.spent(row)]
    panels.chart(
        charts.stacked(
            [Mark(row.group[1], view.spent(row), row.group[0], f" · {row.calls:,} calls") for row in rows],
            view.axis,
            names=names,
            looks=view.looks(names, by),
            unit=units.money(view.currency),
        ),
        name="spend",
        alt=f"Stacked bars: spend by {filters.label(by).lower()} in each {view.grain} of the period",
        click=Drill.of(view, by),
    )
    names_of = (view.grain.capitalize(), filters.label(by))
    _table(view, rows, names_of, name=f"spend by {view.grain} and {by}", click=Drill.of(view, by))


def dimensions(view: View) -> list[str]:
    """What spend can be looked at by."""
    return ["model", "task_type", "tier", *(f"tag:{key}" for key in view.dimensions.tags)]


def _movers(view: View, by: str) -> None:
    name = filters.label(by)
    panels.heading(f"What moved, by {name.lower()}")
    if view.earlier is None:
        st.write("Nothing to compare with: choose a period that the ledger reaches back before.")
        return
    found = _moved(view.source, view.filters, view.earlier, by, _dollars(view))
    moved = [*found.risen, *found.fallen]
    rows = [
        {
            name: "not said" if one.group[0] is None else one.group[0],
            "Spend": one.cost,
            "Change": one.change,
            "Why": "; ".join(one.reasons),
            "Volume": one.volume,
            "Mix": one.mix,
            "Price": one.price,
        }
        for one in moved
    ]
    tables.show(rows, name="what moved", points=Drill(by).points(one.group for one in moved))
    with st.popover("How this is computed", type="tertiary", key="how-moved"):
        st.write(MOVED)


def _budgets(view: View) -> None:
    panels.heading("Budgets")
    try:
        spends = _spending(view.source, view.now)
    except AnalyticsError as error:  # a mistake in the file of budgets is no reason to show nothing else
        start.failed(error)
        return
    found = sorted(spends, key=lambda one: -(one.spent / one.limit if one.limit else 0))
    for one in found[:MOST_BUDGETS]:
        name = f"{one.budget.name} ({one.whose})" if one.whose else one.budget.name
        share = theme.percent(one.spent, one.limit) or "no limit"
        said = f"{name}: {theme.money(one.spent)} of {theme.money(one.limit)} ({share})"
        st.progress(min(1.0, float(one.spent / one.limit)) if one.limit else 1.0, theme.markdown(said))
    if len(found) > MOST_BUDGETS:
        st.caption(f"The fullest {MOST_BUDGETS} of {len(found)}.")
    if not found:
        st.write("No budget is in effect. `tollgate budgets` says how to make one.")


def _routing(totals: Totals) -> None:
    panels.heading("What routing saved")
    asked, routed = totals.requested_list_cost, totals.routed_list_cost
    if asked is None or routed is None:
        st.write("Nothing to compare: no attempt of this period named a model and has a price.")
        return
    share = theme.percent(totals.routing_saved or 0, asked)
    st.html(theme.headline(theme.money(totals.routing_saved), f"{share} of what the models asked for would have cost"))
    marks = [Mark("Models asked for", asked), Mark("As routed", routed)]
    panels.chart(
        charts.ranking(marks, unit=units.money()),
        name="routing",
        alt="Two bars: cost on the models asked for, and cost as routed",
    )
    counted = f"{totals.routing_compared_attempts:,} of {theme.plural(totals.attempts, 'attempt')}"
    st.caption(f"At list prices, over {counted}: those that named a model and have a price on both.")
    with st.popover("How this is computed", type="tertiary", key="how-routing"):
        st.write(ROUTING)


def _caching(view: View, totals: Totals, rows: list[CostRow]) -> None:
    panels.heading("What caching saved")
    read, written = theme.tokens(totals.cache_read_tokens), theme.tokens(totals.cache_write_tokens)
    st.html(theme.headline(theme.money(totals.cache_saved), f"{read} tokens read, {written} written"))
    marks = [Mark("Read", row.cache_read_tokens, row.group[0]) for row in rows]
    marks += [Mark("Written", row.cache_write_tokens, row.group[0]) for row in rows]
    panels.chart(
        charts.lines(
            marks,
            view.axis,
            names=("Read", "Written"),
            looks=theme.looks(("Read", "Written")),
            unit=units.TOKENS,
        ),
        name="cache",
        alt=f"Two lines: tokens read from the prompt cache and written to it per {view.grain}",
        click=Drill.of(view),
    )
    with st.popover("How this is computed", type="tertiary", key="how-caching"):
        st.write(CACHING)
    _table(view, rows, (view.grain.capitalize(),), name=f"cache by {view.grain}", click=Drill.of(view))


def _teams(view: View, costs: Costs) -> None:
    if by := _team(view):
        _ranking(view, costs, by=by, missing="not said")
    else:
        panels.heading("Spend by team")
        st.write("No call carries a tag. Say who calls, and see who spends:")
        st.code(TAGGING, language=None)


def _ranking(view: View, costs: Costs, *, by: str, missing: str) -> None:
    rows = costs[by,]
    name = filters.label(by)
    cut = len(rows) > charts.RANKED
    note = f"The dearest {charts.RANKED} of {len(rows)}; the table has all." if cut else "The dearest first."
    panels.heading(f"Spend by {name.lower()}", note=note)
    marks = [Mark(row.group[0], view.spent(row), note=f" · {row.calls:,} calls") for row in rows]
    panels.chart(
        charts.ranking(marks, unit=units.money(view.currency), missing=missing),
        name=by,
        alt=f"Bars: spend by {name.lower()}, the dearest first",
        click=Drill(by),
    )
    tables.show(
        tables.records(view, rows, (name,), missing=missing),
        name=f"spend by {name}",
        points=Drill(by).points(row.group for row in rows),
        folded=True,
    )


def _table(view: View, rows: list[CostRow], names: tuple[str, ...], *, name: str, click: Drill) -> None:
    points = click.points(row.group for row in rows)
    tables.show(tables.records(view, rows, names), name=name, points=points, folded=True)


def _dollars(view: View) -> Cost:
    """What history and contributors know: not the contract's currency."""
    return "list_cost" if view.cost == "list_cost" else "contracted_cost"


def _outlook(view: View) -> Forecast | None:
    return _month_end(view.source, scope_of(view.filters), view.zone, view.now.replace(minute=0), _dollars(view))


@kept
def _month_end(source: Source, scope: Scope, zone: str, now: datetime, cost: Cost) -> Forecast | None:
    return month_end(source.ledger, scope, zone=zone, now=now, cost=cost)


@kept
def _moved(source: Source, filters: Filters, earlier: Filters, by: str, cost: Cost) -> Movers:
    return movers(source.ledger, filters, earlier.period, by, cost=cost)


@kept
def _spending(source: Source, now: datetime) -> list[Spend]:
    budgets = [one for one in BudgetFile.of(source.home).budgets if lies_within(one.scope, source.scope)]
    if not budgets:
        return []
    with source.ledger.read() as con:
        return list(spending(con, budgets, now=now))
