"""Explore: any measure by one or two dimensions, over time or in total; what is not drawn by itself is in "Other"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from analytics import latency
from analytics.buckets import Buckets
from analytics.grouping import BUCKET
from analytics.latency import LATENCIES, Latency
from analytics.measures import OTHER, Amount, Group, Measure, folded, heaviest, measures
from analytics.reports import Filters
from dashboard import charts, data, filters, grids, header, panels, tables, theme, units
from dashboard.charts import Mark
from dashboard.data import Source, kept
from dashboard.drill import Drill
from dashboard.export import Rows
from dashboard.view import View
from dashboard.views import pruned

NONE = "nothing else"
IN_ALL, OVER_TIME = "In total", "Over time"
MOST = {OVER_TIME: charts.TOP, IN_ALL: 20}
"""Groups that are told apart; of two dimensions in total, it is what a grid has room for."""
_TABLED = ("Spend", "Calls", "Attempts", "Tokens", "Cost per call", "Error rate", "Cache hit ratio")


@dataclass(frozen=True, slots=True)
class Found:
    """What is drawn and what stands in the table: the same groups, the first of them and all others as one."""

    figures: Mapping[Group, Amount]
    notes: Mapping[Group, str]
    first: Sequence[Group]
    """Those that are told apart, the most first, without their buckets; the last is OTHER where there are others."""
    columns: Mapping[Group, dict[str, Amount]]


def show(view: View) -> None:
    """The page, from top to bottom."""
    if not data.totals(view.source, view.filters).attempts:
        header.nothing(view)
        return
    measure, by, way = _asked(view)
    if measure.name in LATENCIES:
        pruned.say(view, lasting="Sums go")
        with st.spinner("Reading the attempts…"):
            found = _latencies(view, LATENCIES[measure.name], by, way)
    else:
        found = _totals(view, measure, by, way)
    drawn, beside = st.columns(2)
    with drawn.container(border=True):
        panels.heading(f"{measure.name} by {' and '.join(filters.label(name).lower() for name in by)}")
        if not found.figures:
            st.write("No answer of this period says how long it took.")
            return
        draw = _over_time if way == OVER_TIME else _grid if len(by) == 2 else _ranked
        draw(view, measure, by, found)
    with beside.container(border=True):
        panels.heading("Table")
        _table(view, by, way, found)


def _asked(view: View) -> tuple[Measure[Any], tuple[str, ...], str]:
    choose = partial(st.selectbox, bind="query-params")
    known: Mapping[str, Measure[Any]] = {**measures(view.cost), **LATENCIES}
    names = dimensions(view)
    first, second, third, fourth = st.columns(4)
    with first:
        measure = choose("Measure", list(known), key="measure")
    with second:
        by = choose("By", names, format_func=filters.label, key="by")
    with third:
        others = [NONE, *(name for name in names if name != by)]
        then = choose("And by", others, format_func=_other, key="and")
    with fourth:
        way = choose("Way", (OVER_TIME, IN_ALL), key="way")
    return known[measure], (by,) if then == NONE else (by, then), way


def _other(name: str) -> str:
    return name if name == NONE else filters.label(name)


def dimensions(view: View) -> list[str]:
    """What a measure can be looked at by."""
    usual = ("model", "requested_model", "task_type", "tier", "status")
    return [*usual, *(f"tag:{key}" for key in view.dimensions.tags), *view.dimensions.identities]


def _totals(view: View, measure: Measure[Any], by: Sequence[str], way: str) -> Found:
    whole = data.totals_by(view.source, view.filters, by)
    first = _first(heaviest(whole, measure), way, len(by))
    over_time = way == OVER_TIME
    asked = data.totals_by(view.source, view.filters, (BUCKET, *by), view.buckets) if over_time else whole
    found = folded(asked, first)
    columns = dict.fromkeys((measure.name, *_TABLED))
    return Found(
        {group: measure.of(totals) for group, totals in found.items()},
        {group: f" · {theme.plural(totals.calls, 'call')}" for group, totals in found.items()},
        _with_others(first, found),
        {group: tables.measured(view, totals, columns) for group, totals in found.items()},
    )


def _latencies(view: View, measure: Measure[Latency], by: tuple[str, ...], way: str) -> Found:
    whole = _latency(view.source, view.filters, by, None, None)
    first = _first(heaviest(whole, measure), way, len(by))
    over_time = (BUCKET, *by), view.buckets
    found = _latency(view.source, view.filters, *(over_time if way == OVER_TIME else (by, None)), tuple(first))
    return Found(
        {group: measure.of(one) for group, one in found.items()},
        {group: f" · {theme.plural(one.answers, 'answer')}" for group, one in found.items()},
        _with_others(first, found),
        {
            group: {name: each.of(one) for name, each in LATENCIES.items()}
            | {"Answers": one.answers, "Streamed": one.streams}
            for group, one in found.items()
        },
    )


def _first(groups: Sequence[Group], way: str, dimensions: int) -> list[Group]:
    """Those that are told apart."""
    if way == OVER_TIME or dimensions == 1:
        return list(groups[: MOST[way]])
    across, down = (set(list(dict.fromkeys(group[place] for group in groups))[: grids.MOST]) for place in (0, 1))
    return [group for group in groups if group[0] in across and group[1] in down]


def _with_others(first: Sequence[Group], found: Collection[Group]) -> list[Group]:
    """And all others as one, if there are any."""
    other = (OTHER,) * len(first[0]) if first else ()
    return [*first, *([other] if any(group[-len(other) :] == other for group in found) else [])]


def _over_time(view: View, measure: Measure[Any], by: Sequence[str], found: Found) -> None:
    marks = [
        Mark(_joined(group[1:]), value, group[0], found.notes[group], group[1:])
        for group, value in found.figures.items()
    ]
    names = [_joined(group) for group in found.first]
    looks = view.looks(names, *by)
    draw = charts.stacked if measure.adds_up else charts.lines
    panels.chart(
        draw(marks, view.axis, names=names, looks=looks, unit=units.of(measure, view.currency)),
        name="explored",
        alt=f"{'Stacked bars' if measure.adds_up else 'Lines'}: {measure.name} in each {view.grain} of the period",
        click=Drill.of(view, *by),
    )


def _ranked(view: View, measure: Measure[Any], by: Sequence[str], found: Found) -> None:
    marks = [Mark(group[0], found.figures[group], note=found.notes[group]) for group in found.first]
    panels.chart(
        charts.ranking(marks, unit=units.of(measure, view.currency), most=len(marks)),
        name="explored",
        alt=f"Bars: {measure.name} by {filters.label(by[0])}, the most first",
        click=Drill(*by),
    )


def _grid(view: View, measure: Measure[Any], by: Sequence[str], found: Found) -> None:
    cells = [
        (charts.spelt(group[0]), charts.spelt(group[1]), Mark(_joined(group), found.figures[group], None, note, group))
        for group, note in ((group, found.notes[group]) for group in found.first)
    ]
    panels.chart(
        grids.grid(cells, most=grids.MOST + 1, unit=units.of(measure, view.currency)),
        name="explored",
        alt=f"Heat map: {measure.name} by {filters.label(by[0])} and {filters.label(by[1])}",
        click=Drill(*by),
    )


def _joined(group: Group) -> str | None:
    """The name of a group of one or two."""
    return group[0] if len(group) == 1 or group[0] == OTHER else " · ".join(map(charts.spelt, group))


def _table(view: View, by: Sequence[str], way: str, found: Found) -> None:
    over_time = way == OVER_TIME
    names = [*([view.grain.capitalize()] if over_time else []), *map(filters.label, by)]
    groups = sorted(found.columns, key=lambda group: group[0] or "") if over_time else found.first
    rows: Rows = [tables.named(group, names) | found.columns[group] for group in groups]
    click = Drill.of(view, *by) if over_time else Drill(*by)
    formats = dict.fromkeys(LATENCIES, tables.SECONDS)
    tables.show(rows, name="explored", formats=formats, points=click.points(groups))


@kept
def _latency(
    source: Source, asked: Filters, by: tuple[str, ...], buckets: Buckets | None, first: tuple[Group, ...] | None
) -> dict[Group, Latency]:
    return latency.latency_by(source.ledger, asked, by, buckets=buckets, kept=first)
