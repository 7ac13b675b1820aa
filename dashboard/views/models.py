"""Models and tasks: what each costs, how long its answers take and are, how they end, and how they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, get_args

import streamlit as st

from analytics import performance
from analytics.measures import Group, measures
from analytics.performance import PerformanceRow, QuantilePoint, ThinkingRow
from analytics.reports import Filters, Totals
from dashboard import charts, data, filters, grids, header, panels, tables, theme, units
from dashboard.charts import Mark
from dashboard.data import Source, kept
from dashboard.drill import Drill
from dashboard.durations import seconds
from dashboard.units import Unit
from dashboard.view import View
from dashboard.views import pruned, quality

EACH = ("model", "task_type", "requested_model")
TOOK: Mapping[str, performance.Measure] = dict(
    zip(("Whole answer", "First token"), get_args(performance.Measure), strict=True)
)
QUANTILES = {"Median": 0.5, "95th percentile": 0.95, "99th percentile": 0.99}
MOST_WAYS = 8
"""Of stop reasons or errors in a heat map; the table has all."""
_ENDS: Mapping[str, tuple[str, Drill, Callable[[str], str | None]]] = {
    "Stop reason": ("No answer says why it ended.", Drill("stop"), lambda way: way),
    "Error": (
        "No attempt failed.",
        Drill("status", search={"outcome": "Failed"}),
        lambda way: way[:3] if way[:3].isdigit() else None,  # `529 overloaded_error`, or `no answer` and why
    ),
}
"""For ways to end: what is said where there are none, what a click on one asks for, and by which name."""
SPEED = Unit(
    lambda amount: theme.UNKNOWN if amount is None else f"{amount:,.0f}/s",
    lambda amount: theme.UNKNOWN if amount is None else f"{amount:,.3f} tokens per second",
    lambda _: ",d",
)
_SECONDS = ("Answer p50", "Answer p95", "Answer p99", "First token p50", "First token p95", "First token p99")
_LENGTHS = ("Output p50", "Output p95", "Output p99")
_SHARES = ("Error rate", "Fast share", "Batch share", "Priority share", "Thinking share")
_TABLED = ("Spend", "Calls", "Cost per call", "Tokens", "Input tokens", "Output tokens", "Cache reads", "Cache writes")


def show(view: View) -> None:
    """The page, from top to bottom: first what the totals know, then what every attempt has to be read for."""
    by = st.segmented_control(
        "For each", EACH, default=EACH[0], required=True, format_func=filters.label, key="each", bind="query-params"
    )
    totals = data.totals_by(view.source, view.filters, (by,))
    if not totals:
        header.nothing(view)
        return
    quality.unpriced(data.totals(view.source, view.filters))
    with st.container(border=True):
        _costs(view, by, totals)
    pruned.say(view, lasting="Costs go")
    with st.container(border=True):
        _over_time(view, by, list(totals))
    with st.spinner("Reading the attempts…"):
        rows = _performance(view.source, view.filters, (by,))
    speed, length = (column.container(border=True, height="stretch") for column in st.columns(2))
    with speed:
        _ranking(rows, by, "Output per second", SPEED)
    with length:
        _ranking(rows, by, "Output p95", units.TOKENS)
    with st.container(border=True):
        _figures(rows, by)
    ended, failed = (column.container(border=True, height="stretch") for column in st.columns(2))
    with ended:
        _ways(by, "Stop reason", {row.group: row.stop_reasons for row in rows})
    with failed:
        _ways(by, "Error", {row.group: row.errors for row in rows})
    _thinking(view, by)


def _costs(view: View, by: str, totals: Mapping[Group, Totals]) -> None:
    known = measures(view.cost)
    for name, column in zip(("Spend", "Tokens"), st.columns(2), strict=True):
        measure = known[name]
        with column:
            panels.heading(f"{name} by {filters.label(by).lower()}")
            marks = [Mark(group[0], measure.of(one), note=f" · {one.calls:,} calls") for group, one in totals.items()]
            panels.chart(
                charts.ranking(_most_first(marks), unit=units.of(measure, view.currency), missing=_missing(by)),
                name=name,
                alt=f"Bars: {name.lower()} by {filters.label(by).lower()}, the most first",
                click=Drill(by),
            )
    tables.show(
        [
            tables.named(group, (filters.label(by),), missing=_missing(by)) | tables.measured(view, one, _TABLED)
            for group, one in totals.items()
        ],
        name=f"cost by {by}",
        points=Drill(by).points(totals),
        folded=True,
    )


def _over_time(view: View, by: str, groups: Sequence[Group]) -> None:
    choose = partial(st.segmented_control, required=True, bind="query-params")
    panels.heading(f"Seconds until an answer was there, by {filters.label(by).lower()}")
    with st.container(horizontal=True):
        took = choose("Until", list(TOOK), default="Whole answer", key="took")
        quantile = choose("Of them", list(QUANTILES), default="95th percentile", key="quantile")
    cuts = (*view.buckets.starts, view.buckets.ends[-1])
    points = _quantiles(view.source, view.filters, cuts, (by,), (TOOK[took], QUANTILES[quantile]))
    if not points:
        st.write("No answer of this period says how long it took." if took == "Whole answer" else "No answer streamed.")
        return
    buckets = dict(zip(view.buckets.starts, view.buckets.names, strict=True))
    marks = [
        Mark(one.group[0], seconds(one.value), buckets[one.start], f" · {theme.plural(one.attempts, 'attempt')}")
        for one in points
    ]
    names = [name for (name,) in groups if any(mark.name == name for mark in marks)]
    panels.chart(
        charts.lines(
            marks,
            view.axis,
            names=names,
            looks=view.looks(names, by),
            unit=units.SECONDS,
        ),
        name="quantile",
        alt=f"Lines: {quantile.lower()} of the seconds until the {took.lower()}, in each {view.grain}",
        click=Drill.of(view, by),
    )
    if len(names) > charts.TOP:
        st.caption(f"The dearest {charts.TOP} of {len(names)}; the table has all.")
    tables.show(
        [
            {view.grain.capitalize(): mark.bucket, filters.label(by): _said(mark.name, by), "Seconds": mark.value,
             "Attempts": point.attempts}
            for mark, point in zip(marks, points, strict=True)
        ],
        name=f"seconds by {view.grain} and {by}",
        points=Drill.of(view, by).points((mark.bucket, mark.name) for mark in marks),
        folded=True,
    )  # fmt: skip


def _ranking(rows: Sequence[PerformanceRow], by: str, name: str, unit: Unit) -> None:
    title = {"Output p95": "Length of answers"}.get(name, name)
    panels.heading(f"{title} by {filters.label(by).lower()}", note=_HELP[name])
    marks = [Mark(row.group[0], _figure(row)[name], note=f" · {theme.plural(row.attempts, 'attempt')}") for row in rows]
    panels.chart(
        charts.ranking(_most_first(marks), unit=unit, missing=_missing(by)),
        name=name,
        alt=f"Bars: {name.lower()} by {filters.label(by).lower()}, the most first",
        click=Drill(by),
    )


def _figures(rows: Sequence[PerformanceRow], by: str) -> None:
    panels.heading(
        "All of it in figures", note="Times are in seconds, of answers that were seen to their end; lengths in tokens."
    )
    found = [{filters.label(by): _said(row.group[0], by)} | _figure(row) for row in rows]
    formats = {
        **dict.fromkeys(_SECONDS, tables.SECONDS),
        **dict.fromkeys(_LENGTHS, "localized"),
        **dict.fromkeys(_SHARES, tables.SHARE),
        "Output per second": "%.1f",
    }
    points = Drill(by).points(row.group for row in rows)
    tables.show(found, name=f"performance by {by}", formats=formats, points=points)


_HELP = {
    "Output per second": "Tokens of output over the time that answers took, the wait for the first token included.",
    "Output p95": "In tokens: nineteen of twenty answers have no more, thinking included.",
}


def _figure(row: PerformanceRow) -> dict[str, Any]:
    """The columns of a group."""
    took, first, length = row.duration_ms, row.time_to_first_token_ms, row.output_tokens
    times = (seconds(value) for value in (took.p50, took.p95, took.p99, first.p50, first.p95, first.p99))
    lengths = (_decimal(value) for value in (length.p50, length.p95, length.p99))
    return {
        "Calls": row.calls,
        "Attempts": row.attempts,
        "Error rate": row.error_rate,
        "Fast share": row.fast_share,
        "Batch share": row.batch_share,
        "Priority share": row.priority_share,
        **dict(zip(_SECONDS, times, strict=True)),
        "Output per second": _decimal(row.output_tokens_per_second),
        **dict(zip(_LENGTHS, lengths, strict=True)),
        "Broken off": row.incomplete_attempts,
        "Still open": row.open_attempts,
    }


def _ways(by: str, what: str, found: Mapping[Group, Mapping[str, int]]) -> None:
    """A heat map of how often each group had each way to end."""
    panels.heading(f"{what}s by {filters.label(by).lower()}")
    none, click, name_of = _ENDS[what]
    click = Drill(by, *click.dimensions, search=click.search)
    cells = [
        (_said(group[0], by), way, Mark(group[0], number, note=f" · {way}", group=(group[0], name_of(way))))
        for group, counts in found.items()
        for way, number in counts.items()
    ]
    if not cells:
        st.write(none)
        return
    names = list(dict.fromkeys(row for row, _, _ in cells))
    if len(names) == 1:
        marks = [replace(mark, name=way, note=f" · {names[0]}") for _, way, mark in cells]
        bars = charts.ranking(marks, unit=units.COUNT)
        panels.chart(bars, name=what, alt=f"Bars: attempts by {what.lower()}, the most first", click=click)
    else:
        ways = list(dict.fromkeys(way for _, way, _ in cells))[:MOST_WAYS]
        map_ = grids.grid(cells, columns=ways, unit=units.COUNT)
        words = f"Heat map: attempts by {filters.label(by).lower()} and {what.lower()}"
        panels.chart(map_, name=what, alt=words, click=click)
    tables.show(
        [{filters.label(by): name, what: way, "Attempts": mark.value} for name, way, mark in cells],
        name=f"{what}s by {by}",
        points=click.points(mark.group for _, _, mark in cells),
        folded=True,
    )


def _thinking(view: View, by: str) -> None:
    """Behind a lid, as every usage object has to be read for it."""
    lid = st.expander("How much of the output is thinking", key="thinking", on_change="rerun")
    with lid:
        if not lid.open:
            return
        with st.spinner("Reading what the API said of each attempt…"):
            rows = _thought(view.source, view.filters, (by,))
        since = pruned.known(view.source).usage_from
        if since and since > view.filters.period.start:
            st.caption(theme.markdown(f"Known from {theme.moment(since, view.zone)} on; older details are pruned."))
        if not rows:
            st.write("No attempt of this period says how much of its output was thinking.")
            return
        marks = [
            Mark(row.group[0], _decimal(row.share), note=f" · {row.thinking_tokens:,} of {row.output_tokens:,} tokens")
            for row in rows
        ]
        panels.chart(
            charts.ranking(_most_first(marks), unit=units.SHARE, missing=_missing(by)),
            name="thinking",
            alt=f"Bars: share of thinking in the output by {filters.label(by).lower()}",
            click=Drill(by),
        )
        found = [
            {filters.label(by): _said(row.group[0], by), "Thinking share": row.share, "Attempts": row.attempts,
             "Thinking tokens": row.thinking_tokens, "Output tokens": row.output_tokens}
            for row in rows
        ]  # fmt: skip
        shares = {"Thinking share": tables.SHARE}
        points = Drill(by).points(row.group for row in rows)
        tables.show(found, name=f"thinking by {by}", formats=shares, points=points)


def _most_first(marks: Sequence[Mark]) -> list[Mark]:
    return sorted(marks, key=lambda mark: -(mark.value or 0))


def _missing(by: str) -> str:
    """What stands for those that have none: no model serves an attempt that fails."""
    return "no model answered" if by == "model" else "not said"


def _said(name: str | None, by: str) -> str:
    return _missing(by) if name is None else name


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


@kept
def _performance(source: Source, filters: Filters, by: tuple[str, ...]) -> list[PerformanceRow]:
    return performance.performance(source.ledger, filters, by)


@kept
def _thought(source: Source, filters: Filters, by: tuple[str, ...]) -> list[ThinkingRow]:
    return performance.thinking(source.ledger, filters, by)


@kept
def _quantiles(
    source: Source,
    filters: Filters,
    cuts: tuple[datetime, ...],
    by: tuple[str, ...],
    asked: tuple[performance.Measure, float],
) -> list[QuantilePoint]:
    measure, quantile = asked
    return performance.quantile_over(source.ledger, filters, cuts, by, measure=measure, quantile=quantile)
