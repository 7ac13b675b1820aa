"""Explore: any measure by one or two dimensions, over time or in total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from analytics.measures import Measure, measures
from analytics.reports import BUCKET, Totals
from dashboard import charts, data, filters, header, panels, tables, theme, units
from dashboard.charts import Mark
from dashboard.drill import Drill
from dashboard.tables import Group
from dashboard.view import View

NONE = "nothing else"
IN_ALL = "In total"
OVER_TIME = "Over time"
MOST_ROWS, MOST_COLUMNS = 20, 12
_TABLED = ("Spend", "Calls", "Attempts", "Tokens", "Cost per call", "Error rate", "Cache hit ratio")


def show(view: View) -> None:
    """The page, from top to bottom."""
    if not data.totals(view.source, view.filters).attempts:
        header.nothing(view)
        return
    measure, by, way = _asked(view)
    dimensions = (BUCKET, *by) if way == OVER_TIME else by
    buckets = view.buckets if way == OVER_TIME else None
    found = data.totals_by(view.source, view.filters, dimensions, buckets)
    drawn, beside = st.columns([3, 2])
    with drawn.container(border=True):
        panels.heading(f"{measure.name} by {' and '.join(filters.label(name).lower() for name in by)}")
        if way == OVER_TIME:
            _over_time(view, measure, by, found)
        elif len(by) == 2:
            _heat(view, measure, by, found)
        else:
            _ranked(view, measure, by, found)
    with beside.container(border=True):
        _table(view, measure, dimensions, found)


def _asked(view: View) -> tuple[Measure, tuple[str, ...], str]:
    choose = partial(st.selectbox, bind="query-params")
    known = measures(view.cost)
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


def _over_time(view: View, measure: Measure, by: Sequence[str], found: Mapping[Group, Totals]) -> None:
    whole = data.totals_by(view.source, view.filters, by)
    names = [_joined(group) for group in heaviest(whole, measure) if measure.of(whole[group])]
    marks = [
        Mark(_joined(group[1:]), measure.of(totals), group[0], f" · {totals.calls:,} calls")
        for group, totals in found.items()
    ]
    axis = charts.Axis(view.buckets, view.grain, view.zone, view.now)
    looks = theme.looks(view.dimensions.models if by == ("model",) else [name for name in names if name])
    draw = charts.stacked if measure.adds_up else charts.lines
    panels.chart(
        draw(marks, axis, names=names, looks=looks, unit=units.of(measure, view.currency)),
        name="explored",
        alt=f"{'Stacked bars' if measure.adds_up else 'Lines'}: {measure.name} in each {view.grain} of the period",
        click=Drill.of(view, by[0] if len(by) == 1 else None),
    )
    if not measure.adds_up and len(names) > charts.TOP:
        st.caption(
            f"The {charts.TOP} with most of {len(names)}; the table has all, as the others do not add up to one figure."
        )


def _ranked(view: View, measure: Measure, by: Sequence[str], found: Mapping[Group, Totals]) -> None:
    marks = [
        Mark(group[0], measure.of(found[group]), note=f" · {found[group].calls:,} calls")
        for group in heaviest(found, measure)
    ]
    panels.chart(
        charts.ranking(marks, unit=units.of(measure, view.currency), most=20),
        name="explored",
        alt=f"Bars: {measure.name} by {filters.label(by[0])}, the most first",
        click=Drill(by[0]),
    )


def _heat(view: View, measure: Measure, by: Sequence[str], found: Mapping[Group, Totals]) -> None:
    ordered = [(_said(group[0]), _said(group[1])) for group in heaviest(found, measure)]
    cells = [
        (_said(group[0]), _said(group[1]), Mark(group[0], measure.of(totals), note=f" · {totals.calls:,} calls"))
        for group, totals in found.items()
    ]
    rows, columns = (list(dict.fromkeys(names)) for names in zip(*ordered, strict=True))
    panels.chart(
        charts.heat(
            cells, rows=rows[:MOST_ROWS], columns=columns[:MOST_COLUMNS], unit=units.of(measure, view.currency)
        ),
        name="explored",
        alt=f"Heat map: {measure.name} by {filters.label(by[0])} and {filters.label(by[1])}",
        click=Drill(by[0]),
    )


def heaviest(found: Mapping[Group, Totals], measure: Measure) -> list[Group]:
    """The groups with most of a measure first; those of which it is not known last."""
    return sorted(found, key=lambda group: (measure.of(found[group]) is None, -(measure.of(found[group]) or 0)))


def _joined(group: Group) -> str | None:
    """The name of a group of one or two."""
    return group[0] if len(group) == 1 else " · ".join(map(_said, group))


def _said(name: str | None) -> str:
    return "not said" if name is None else name


def _table(view: View, measure: Measure, dimensions: Sequence[str], found: Mapping[Group, Totals]) -> None:
    known = measures(view.cost)
    columns = list(dict.fromkeys((measure.name, *_TABLED)))
    groups = list(found) if dimensions[0] == BUCKET else heaviest(found, measure)
    over_time = dimensions[0] == BUCKET
    tables.show(
        tables.measured(
            {group: found[group] for group in groups},
            [view.grain.capitalize() if name == BUCKET else filters.label(name) for name in dimensions],
            [known[name] for name in columns],
        ),
        name="explored",
        alt=f"Table: {measure.name} and other figures by the chosen dimensions",
        click=Drill.of(view, dimensions[1]) if over_time else Drill(dimensions[0]),
        groups=groups,
        folded=False,
    )
