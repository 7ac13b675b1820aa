"""Budgets: what is spent of each, whether it lasts, what it burns down on, and which alerts that raised."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any, Literal

import streamlit as st

from analytics.alerts.details import contributors_to, plot_of
from analytics.alerts.notice import Contributor, Plot
from analytics.alerts.plot import describe
from analytics.budget_words import local, over_said, period_said, said, span_named
from analytics.budgets import Budget, BudgetFile
from analytics.exceptions import BudgetFileError
from analytics.forecast import Forecast
from analytics.links import dashboard_query
from analytics.period import Period
from analytics.presets import CUSTOM, local_days
from analytics.spending import Spend
from analytics.standing import Course, Standing, standings
from dashboard import burn_down, panels, tables, theme
from dashboard.data import Source, kept
from dashboard.drill import Point
from dashboard.view import View
from dashboard.views import alerts

FIRST = """\
zone: Europe/Berlin                 # days and months begin and end on this clock
recipients: [you@example.com]       # who is told, at 80 %, at 100 % and when a month is expected to end over
budgets:
  - {name: everything, amount: "500"}                                   # US dollars a month
  - {name: teams, amount: "100", scope: {tags: {team: "*"}}}            # each team has a hundred of its own
"""
MOST_VALUES = 10
MOST_CHOICES = 100
"""Of a budget for each value, in the list of what can be burnt down."""
_Color = Literal["red", "orange", "green", "gray"]
_COURSES: Mapping[Course, tuple[str, _Color]] = {
    "spent": ("! Spent", "red"),
    "over": ("! Expected to go over", "orange"),
    "within": ("✓ Expected to last", "green"),
    "unknown": ("No forecast", "gray"),
}
_FORMATS = {
    **dict.fromkeys(("Spent", "Limit", "Left", "Expected", "At least", "At most"), tables.MONEY),
    "Spent of limit": tables.SHARE,
}


def show(view: View) -> None:
    """The page, from top to bottom."""
    st.caption("Budgets have periods and scopes of their own: nothing here is narrowed by the filters.")
    file = _file(view)
    if file and file.budgets:
        alerts.watched(view)
        _budgets(view, file)
    elif file:
        _first(view)
    alerts.show(view, file or BudgetFile())


def _file(view: View) -> BudgetFile | None:
    """None, and sentences instead: it cannot be used."""
    try:
        return BudgetFile.of(view.source.home)
    except BudgetFileError as error:
        mistakes = "\n".join(f"- {theme.markdown(line)}" for line in str(error).splitlines())
        st.error(f"The budgets cannot be read, so nothing is said of them:\n\n{mistakes}")
        st.write("Put that right, and reload this page. `tollgate budgets check` says the same.")
        return None


def _first(view: View) -> None:
    panels.heading("No budgets yet")
    st.markdown(theme.markdown(f"Write this to {view.source.home / 'budgets.yaml'}, and change it as you like:"))
    st.code(FIRST, language=None)
    st.write("`tollgate budgets check` says what it means. Then let Tollgate watch and send its messages:")
    st.code("tollgate serve", language=None)


def _budgets(view: View, file: BudgetFile) -> None:
    found, trouble = _standings(view.source, file, view.now)
    if trouble:
        st.warning(
            theme.markdown(
                f"This home cannot be written to ({trouble}), so calls under way are not told of these figures."
            )
        )
    single = [each for each in found if not each.spend.budget.each]
    with st.grid(3, min_column_width=300):
        for each in single:
            _card(view, each)
    many = (each for each in found if each.spend.budget.each)
    for place, (_, values) in enumerate(groupby(many, lambda each: each.spend.budget.name), start=1):
        _values(view, list(values), place)
    _idle(view, file, found)
    if found:
        with st.expander("Table", type="compact", key="all-budgets"):
            points = [_point(each.spend, view.now) for each in found]
            tables.show([_row(each) for each in found], name="budgets", formats=_FORMATS, points=points)
        _burn_down(view, found)


def _card(view: View, standing: Standing) -> None:
    spend, _ = standing
    with st.container(border=True, height="stretch"):
        panels.heading(spend.budget.name)
        _badge(standing)
        st.html(theme.headline(theme.money(spend.spent), f"of {theme.money(spend.limit)}"))
        st.progress(min(1.0, float(standing.share)), theme.markdown(_share(standing)))
        heading, *facts = _lines(view, standing)
        st.markdown(theme.markdown(heading))
        st.caption("  \n".join(map(theme.markdown, facts)))
        _in_words(spend.budget)


def _lines(view: View, standing: Standing) -> list[str]:
    spend, forecast = standing
    zone = spend.budget.recurrence.zone
    rolling = spend.budget.recurrence.every == "rolling"
    unknown = "Rolling days have no end to forecast" if rolling else "No forecast yet: it takes three complete days"
    runs_out = standing.runs_out_at
    unpriced = spend.unpriced_attempts
    return [
        f"Expected at the end: {_range(forecast)}" if forecast else unknown,
        *([f"Runs out: {local(runs_out, zone)}"] if runs_out else []),
        _begun(period_said(spend.budget, view.now)),
        _begun(over_said(spend.budget.over)),
        *([f"Leaves out {theme.plural(unpriced, 'attempt')} without a price"] if unpriced else []),
    ]


def _values(view: View, found: Sequence[Standing], place: int) -> None:
    """A budget for each value: the dearest, and a table of all. Its `place` keeps files apart that are called alike."""
    budget = found[0].spend.budget
    over = len([each for each in found if each.course == "spent"])
    with st.container(border=True):
        panels.heading(
            budget.name,
            note=f"{theme.money(budget.amount)} for each of {theme.plural(len(found), 'value')}; {over:,} spent.",
        )
        for each in found[:MOST_VALUES]:
            course, _ = _COURSES[each.course]
            line = f"{each.spend.whose}: {theme.money(each.spend.spent)} of {theme.money(each.spend.limit)}"
            heading = f", expected {theme.money(each.forecast.expected)}" if each.forecast else ""
            st.progress(min(1.0, float(each.share)), theme.markdown(f"{line} ({_share(each)}){heading}. {course}"))
        if len(found) > MOST_VALUES:
            st.caption(f"The dearest {MOST_VALUES} of {len(found):,}; the table has all.")
        st.caption(theme.markdown(_begun(f"{period_said(budget, view.now)}; {over_said(budget.over)}.")))
        with st.expander("Table", type="compact", key=f"values:{budget.name}"):
            rows = [_row(each) for each in found]
            points = [_point(each.spend, view.now) for each in found]
            tables.show(rows, name=f"values {place} of {budget.name}", formats=_FORMATS, points=points)
        _in_words(budget)


def _idle(view: View, file: BudgetFile, found: Sequence[Standing]) -> None:
    """Budgets that have no figures: not in effect, or for values that spent nothing."""
    shown = {each.spend.budget.name for each in found}
    for budget in file.budgets:
        if budget.name not in shown:
            why = period_said(budget, view.now)
            nothing = "nobody has spent anything; " if why.startswith("now") else ""
            st.caption(theme.markdown(f"{budget.name}: {nothing}{why}."))


def _burn_down(view: View, found: Sequence[Standing]) -> None:
    choices = dict(_choices(found))
    with st.container(border=True):
        panels.heading("Burn-down")
        name = st.selectbox("Budget", list(choices), key="budget", bind="query-params")
        standing = choices[name]
        spend, forecast = standing
        drawn, beside = st.columns([3, 2])
        plot = _plot(view.source, spend, forecast, view.now)
        with drawn:
            figure, behind = burn_down.figure(plot, forecast), _point(spend, view.now)
            panels.chart(figure, name="burn-down", alt=describe(plot), click=behind)
            st.caption(theme.markdown(f"{span_named(spend.budget.recurrence, spend.span)}. {describe(plot)}"))
            with st.expander("Table", type="compact", key="burnt"):
                tables.show(_points(plot, forecast), name="burn-down", formats=_FORMATS)
        with beside:
            _made_of(view, spend)


def _made_of(view: View, spend: Spend) -> None:
    panels.heading("What it was spent on", level=3)
    rows = [
        {"What": each.name, "Spent": each.cost, "Change": each.change or "not known"}
        for each in _contributors(view.source, spend, view.now)
    ]
    if rows:
        tables.show(rows, name="contributors", formats={"Spent": tables.MONEY})
    else:
        st.write("Nothing was spent in this period.")
    zone = spend.budget.recurrence.zone
    query = dashboard_query(_so_far(spend, view.now), zone=zone, scope=spend.scope, page="explore")
    st.link_button("Explore these calls", query)


def _point(spend: Spend, now: datetime) -> Point:
    """The calls that it counts."""
    zone = spend.budget.recurrence.zone
    days = {"zone": zone, "period": CUSTOM, "days": local_days(_so_far(spend, now), zone)}
    return Point({**{name: list(values) for name, values in spend.scope.items()}, **days})


def _so_far(spend: Spend, now: datetime) -> Period:
    start = spend.counted.start
    return Period(start, max(start + datetime.resolution, min(spend.counted.end, now)))


def _choices(found: Sequence[Standing]) -> list[tuple[str, Standing]]:
    """By name, in the order of the page; of a budget for each value the dearest."""
    groups = (list(each) for _, each in groupby(found, lambda standing: standing.spend.budget.name))
    return [(_name(each.spend), each) for group in groups for each in group[:MOST_CHOICES]]


def _points(plot: Plot, forecast: Forecast | None) -> list[dict[str, Any]]:
    spent = [
        {"Until": local(point.moment, plot.zone), "Spent": point.spent, "Expected": None, "At least": None}
        | {"At most": None}
        for point in plot.points
    ]
    ahead = zip(forecast.path, forecast.cone, strict=True) if forecast else ()
    return spent + [
        {"Until": local(moment, plot.zone), "Spent": None, "Expected": expected, "At least": low, "At most": high}
        for (moment, expected), (_, low, high) in ahead
    ]


def _row(standing: Standing) -> dict[str, Any]:
    spend, forecast = standing
    zone = spend.budget.recurrence.zone
    return {
        "Budget": spend.budget.name,
        "Whose": spend.whose,
        "Period": span_named(spend.budget.recurrence, spend.span),
        "Spent": spend.spent,
        "Limit": spend.limit,
        "Left": standing.left,
        "Spent of limit": float(standing.share),
        "Expected": forecast and forecast.expected,
        "At least": forecast and forecast.low,
        "At most": forecast and forecast.high,
        "Runs out": local(standing.runs_out_at, zone) if standing.runs_out_at else None,
        "Course": _COURSES[standing.course][0],
        "Ends": local(spend.counted.end, zone),
        "When spent": over_said(spend.budget.over),
        "Unpriced attempts": spend.unpriced_attempts,
    }


def _name(spend: Spend) -> str:
    return f"{spend.budget.name} ({spend.whose})" if spend.whose else spend.budget.name


def _share(standing: Standing) -> str:
    share = theme.percent(standing.spend.spent, standing.spend.limit)
    left = standing.left
    rest = f"{theme.money(left)} left" if left >= 0 else f"{theme.money(-left)} over"
    return f"{share}, {rest}"


def _begun(text: str) -> str:
    """As the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _range(forecast: Forecast) -> str:
    unsure = ", from less than two weeks" if forecast.confidence == "low" else ""
    return (
        f"{theme.money(forecast.expected)} ({theme.money(forecast.low)} to {theme.money(forecast.high)} "
        f"in four of five cases{unsure})"
    )


def _badge(standing: Standing) -> None:
    text, color = _COURSES[standing.course]
    st.badge(text, color=color)


def _in_words(budget: Budget) -> None:
    with st.popover("In words", type="tertiary", key=f"words:{budget.name}"):
        st.markdown(theme.markdown(f"{said(budget)}."))


@kept
def _standings(source: Source, file: BudgetFile, now: datetime) -> tuple[list[Standing], str | None]:
    """And why the guard was not told the same, if it could not. Of a part of the ledger it is told nothing."""
    ask = partial(standings, source.ledger, file.budgets, now=now)
    try:
        return ask(tell_guard=not source.scope), None
    except (OSError, sqlite3.Error) as error:
        return ask(tell_guard=False), str(error)


@kept
def _plot(source: Source, spend: Spend, forecast: Forecast | None, now: datetime) -> Plot:
    return plot_of(spend, forecast, source.ledger, now=now)


@kept
def _contributors(source: Source, spend: Spend, now: datetime) -> tuple[Contributor, ...]:
    return contributors_to(spend, source.ledger, now=now)
