"""Routing: what was decided on calls and why, what it saved, and what would be decided on a request that is pasted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from analytics import decisions
from analytics.decisions import DecisionRow, Decisions
from analytics.measures import Group
from analytics.reports import Filters, Totals
from dashboard import cards, charts, data, figures, filters, grids, header, panels, tables, theme, units
from dashboard.charts import Mark
from dashboard.data import Source, kept
from dashboard.drill import Drill, Point
from dashboard.export import Rows
from dashboard.view import View
from dashboard.views import pruned, quality, sandbox, savings

DECISIONS: Mapping[str, tuple[str, str]] = {
    "stepped_down": ("Stepped down", "went to a cheaper model than the one named"),
    "kept": ("Kept", "went to the model named"),
    "left_open": ("Left open", "named no model but auto: the policy chose"),
    "pinned": ("Pinned", "the caller overrode the router"),
    "budget": ("By a budget", "stepped down, as a budget was spent"),
    "shadow": ("In shadow", "went to the model named; what would have been chosen is on record"),
    "taken_back": ("Taken back", "the model chosen rejected it, and the one named answered"),
    "second_opinion": ("Second opinion", "a question of the router's own, to a model that classifies"),
    "undecided": ("No router", "nobody decided"),
}
"""Kinds of decision: name and meaning."""
SAME_TOKENS = "With the same tokens and the same caches; further down, those are counted too."
OVER_TIME = ("tier", "decision", "task_type")
_FORMATS: Mapping[str, str] = {"Spent": tables.MONEY, "Saved": tables.MONEY}
SHARES, CALLS = "Shares", "Calls"
_ASKED = (
    *((name,) for name in ("decision", "reason", "outcome", "confidence")),
    ("budget", "model"),
    ("requested_model", "shadow_model"),
    *((name,) for name in OVER_TIME[::2]),
    *(("slot", name) for name in OVER_TIME),
)


def show(view: View) -> None:
    """The page, from top to bottom."""
    totals = data.totals(view.source, view.filters)
    if totals.attempts:
        quality.unpriced(totals)
        pruned.say(view, lasting="What the first card says was saved goes")
        with st.spinner("Reading the decisions…"):
            found = _decided(view.source, view.filters, view.buckets.starts)
        _decisions(view, totals, found)
        savings.show(view)
    else:
        header.nothing(view)
    with st.container(border=True):
        sandbox.show(view)


def _decisions(view: View, totals: Totals, found: Decisions) -> None:
    _figures(view, totals, found)
    with st.container(border=True):
        _over_time(view, found)
    what, why = (column.container(border=True, height="stretch") for column in st.columns(2))
    with what:
        _what(found.tables[("decision",)])
    with why:
        _why(found.tables[("reason",)], found.tables[("outcome",)])
    sure, served = (column.container(border=True, height="stretch") for column in st.columns(2))
    with sure:
        _confidence(found.tables[("confidence",)])
    with served:
        _served(view)
    fell, spent, shadow = (column.container(border=True, height="stretch") for column in st.columns(3))
    with fell:
        _fallbacks(view)
    with spent:
        _budgets(found.tables[("budget", "model")])
    with shadow:
        _shadow(found.tables[("requested_model", "shadow_model")])


def _figures(view: View, totals: Totals, found: Decisions) -> None:
    earlier = data.totals(view.source, view.earlier) if view.earlier else None
    saved = next(card for card in cards.cards(totals, earlier) if card.label == "Saved by routing")
    saved = replace(saved, help=f"{saved.help} {SAME_TOKENS}")
    counts = {row.group[0]: row.calls for row in found.tables[("decision",)]}
    of = found.total.calls if found.total else 0
    shown = [
        figures.plain(
            DECISIONS[kind][0],
            theme.count(counts.get(kind, 0)),
            beside=f"{theme.percent(counts.get(kind, 0), of) or 'none'} of calls",
            about=f"Calls whose decision was this: {DECISIONS[kind][1]}.",
        )
        for kind in ("stepped_down", "kept", "pinned")
    ]
    fell = figures.plain(
        "Fell back",
        theme.count(totals.fallback_calls),
        beside=f"{theme.percent(totals.fallback_calls, totals.calls) or 'none'} of calls",
        about="Calls that another model answered, after the first one did not; whatever was decided.",
    )
    figures.show([saved, *shown, fell])


def _over_time(view: View, found: Decisions) -> None:
    panels.heading(f"Calls by {view.grain}")
    choose = partial(st.segmented_control, required=True, bind="query-params")
    with st.container(horizontal=True):
        by = choose("By", OVER_TIME, default=OVER_TIME[0], format_func=_title, key="decided-by")
        way = choose("As", (SHARES, CALLS), default=SHARES, key="decided-as")
    rows = found.tables[("slot", by)]
    slots = [view.buckets.names[int(row.group[0] or 0)] for row in rows]
    names = [_name(by, row.group[0]) for row in found.tables[(by,)]]
    figure = charts.stacked(
        [
            Mark(_name(by, row.group[1]), row.calls, slot, " calls", row.group[1:])
            for slot, row in zip(slots, rows, strict=True)
        ],
        view.axis,
        names=names,
        looks=theme.looks(view.dimensions.tiers if by == "tier" else [name for name in names if name]),
        unit=units.COUNT,
    )
    if way == SHARES:
        # Plotly makes shares of them; the hover texts keep the counts.
        figure.update_layout(barnorm="fraction", yaxis_tickformat=".0%")  # pyright: ignore[reportUnknownMemberType]
    click = Drill.of(view, by)
    panels.chart(
        figure,
        name="decided",
        alt=f"Stacked bars: {way.lower()} of the calls by {_title(by).lower()} in each {view.grain}",
        click=click,
    )
    _folded(
        [{view.grain.capitalize(): slot, _title(by): _name(by, row.group[1])} | _columns(row)
         for slot, row in zip(slots, rows, strict=True)],
        name=f"decisions by {view.grain} and {by}",
        points=click.points((slot, row.group[1]) for slot, row in zip(slots, rows, strict=True)),
    )  # fmt: skip


def _what(rows: Sequence[DecisionRow]) -> None:
    panels.heading("What was decided")
    panels.chart(
        charts.ranking([_mark(_name("decision", row.group[0]), row) for row in _most(rows)],
                       unit=units.COUNT, most=len(DECISIONS)),
        name="decisions",
        alt="Bars: calls by what was decided on them, the most first",
        click=Drill("decision"),
    )  # fmt: skip
    with st.popover("What these mean", type="tertiary", key="how-decisions"):
        for name, meaning in DECISIONS.values():
            st.write(theme.markdown(f"{name}: {meaning}."))
    found = [
        {"Decision": _name("decision", row.group[0]), "Meaning": DECISIONS[row.group[0] or "undecided"][1]}
        | _columns(row)
        for row in rows
    ]
    _folded(found, name="decisions", points=Drill("decision").points(row.group for row in rows))


def _why(rows: Sequence[DecisionRow], outcomes: Sequence[DecisionRow]) -> None:
    cut = len(rows) > charts.RANKED
    note = f"The most frequent {charts.RANKED} of {len(rows)}; the table has all." if cut else ""
    panels.heading("Why", note=note)
    panels.chart(
        charts.ranking([_mark(row.group[0], row) for row in _most(rows)], unit=units.COUNT, missing="no reason"),
        name="reasons",
        alt="Bars: calls by the reason of their decision, the most first",
        click=Drill("reason"),
    )  # fmt: skip
    reasons = [{"Reason": row.group[0] or "no reason", "What came of it": None} | _columns(row) for row in rows]
    known = [row for row in outcomes if row.group[0]]
    reasons += [{"Reason": "all reasons", "What came of it": row.group[0]} | _columns(row) for row in known]
    points = [
        *Drill("reason").points(row.group for row in rows),
        *Drill("came_of_it").points(row.group for row in known),
    ]
    _folded(reasons, name="reasons", points=points)


def _confidence(rows: Sequence[DecisionRow]) -> None:
    panels.heading("How sure the router was", note="In tenths, the least sure first: from 0.9 is up to 1.")
    click = Drill("confidence")
    marks = [_mark(_band(row), row) for row in rows]
    panels.chart(
        charts.ranking(marks, unit=units.COUNT, most=len(rows)),
        name="confidence",
        alt="Bars: calls by how sure the router was of their task type, in tenths",
        click=click,
    )
    found = [{"Confidence": _band(row)} | _columns(row) for row in rows]
    _folded(found, name="confidence", points=click.points(row.group for row in rows))


def _served(view: View) -> None:
    panels.heading("Asked for, and served by", note="Calls. A row is what the callers asked for.")
    rows = data.cost_by(view.source, view.filters, ("requested_model", "model"))
    groups, click = [row.group for row in rows], Drill("requested_model", "model")
    cells = [
        (asked, by, Mark(row.group[0], row.calls, None, f" calls · {theme.money(row.list_cost)} · {by}", row.group))
        for row, (asked, by) in zip(rows, map(_route, groups), strict=True)
    ]
    panels.chart(
        grids.grid(cells, unit=units.COUNT),
        name="served",
        alt="Heat map: calls by the model asked for and the model that served them",
        click=click,
    )
    found = [
        {"Asked for": asked, "Served by": by, "Calls": row.calls, "Spent": row.list_cost, "Saved": row.routing_saved,
         "Unpriced attempts": row.unpriced_attempts}
        for row, (asked, by, _) in zip(rows, cells, strict=True)
    ]  # fmt: skip
    _folded(found, name="asked and served", points=click.points(groups))


def _fallbacks(view: View) -> None:
    panels.heading("Fallbacks", note="By the model asked for: calls that another answered, after the first did not.")
    found = data.totals_by(view.source, view.filters, ("requested_model",))
    fell = {group: totals for group, totals in found.items() if totals.fallback_calls}
    if not fell:
        st.write("No call fell back.")
        return
    rows = [
        {"Asked for": group[0] or "not said", "Fell back": totals.fallback_calls, "Calls": totals.calls,
         "Failed attempts": totals.failed_attempts}
        for group, totals in fell.items()
    ]  # fmt: skip
    tables.show(rows, name="fallbacks", points=Drill("requested_model").points(fell))


def _budgets(rows: Sequence[DecisionRow]) -> None:
    panels.heading("Stepped down by budgets", note="Calls that went to a cheaper tier, as a budget was spent.")
    spent = [row for row in rows if row.group[0]]
    found = [{"Budget": row.group[0], "Went to": row.group[1] or "no model answered"} | _columns(row) for row in spent]
    if found:
        points = Drill("budget", "model").points(row.group for row in spent)
        tables.show(found, name="stepped down by budgets", formats=_FORMATS, points=points)
    else:
        st.write("None: no budget that steps calls down was spent.")


def _shadow(rows: Sequence[DecisionRow]) -> None:
    panels.heading("In shadow", note="Calls that went to the model named, while the decision was only recorded.")
    recorded = [row for row in rows if row.group[1]]
    found = [
        {"Asked for": row.group[0], "Would have gone to": row.group[1], "Would differ": row.would_differ}
        | _columns(row)
        for row in recorded
    ]
    if found:
        points = Drill("requested_model", "shadow_model").points(row.group for row in recorded)
        tables.show(found, name="in shadow", formats=_FORMATS, points=points)
    else:
        st.write("No call. `shadow: true` in a policy records decisions without following them.")


def _title(aspect: str) -> str:
    return "Decision" if aspect == "decision" else filters.label(aspect)


def _name(aspect: str, member: str | None) -> str | None:
    return DECISIONS[member or "undecided"][0] if aspect == "decision" else member


def _mark(name: str | None, row: DecisionRow) -> Mark:
    """Drawn by a name for people, and clicked on by the ledger's."""
    return Mark(name, row.calls, note=" calls", group=row.group)


def _band(row: DecisionRow) -> str:
    return "not said" if row.group[0] is None else f"from {row.group[0]}"


def _route(group: Group) -> tuple[str, str]:
    """What was asked for, and who served it."""
    asked, by = group
    return asked or "not said", by or "no model answered"


def _most(rows: Sequence[DecisionRow]) -> list[DecisionRow]:
    return sorted(rows, key=lambda row: -row.calls)


def _columns(row: DecisionRow) -> dict[str, Any]:
    return {
        "Calls": row.calls,
        "Attempts": row.attempts,
        "Spent": row.list_cost,
        "Unpriced attempts": row.unpriced_attempts,
    }


def _folded(rows: Rows, *, name: str, points: Sequence[Point]) -> None:
    tables.show(rows, name=name, formats=_FORMATS, points=points, folded=True)


@kept
def _decided(source: Source, filters: Filters, cuts: tuple[datetime, ...]) -> Decisions:
    return decisions.decisions(source.ledger, filters, _ASKED, cuts=cuts)
