"""Marks in, Plotly figures out. Nothing is computed here but where things go; exact figures are in the hover texts.

Plotly reads text as HTML, and names come from callers: every one passes through `text`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]  # Plotly ships no types

from analytics.buckets import Buckets, Grain
from analytics.measures import OTHER, Amount

from . import theme
from .units import Unit

TOP = 6
"""Names that have looks of their own."""
RANKED = 8
HEIGHT = 330
"""Of charts over time, in pixels."""
_FAINT = "rgba(128, 138, 150, 0.14)"
_GREY, _PLAIN = theme.OTHER.color, theme.PALETTE[0]
_PATTERN: dict[str, Any] = {"size": 7, "solidity": 0.2, "fillmode": "overlay", "fgopacity": 0.28}
SAID = "%{customdata[0]}: %{customdata[1]}%{customdata[2]}<extra></extra>"
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
_HOVER = {"hour": "%a %-d %b, %H:%M", "day": "%a %-d %b %Y", "week": "week of %-d %b %Y", "month": "%B %Y"}
_STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}

Parts = dict[str, Any]
"""Traces, axes and layouts, in Plotly's own words."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure of one name, in one bucket of time where there are buckets."""

    name: str | None
    value: Amount
    """None: not known, and not drawn."""
    bucket: str | None = None
    note: str = ""
    """What follows the figure in the hover text: `12 calls`."""
    group: tuple[str | None, ...] = ()
    """What a click on it stands for, where that is more than the name."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis: the buckets of a period that have begun, by the local clock."""

    buckets: Buckets
    grain: Grain
    zone: str
    now: datetime

    @property
    def slots(self) -> list[str]:
        """Every bucket that has begun, once; at least the first."""
        begun = [
            name
            for name, start in zip(self.buckets.names, self.buckets.starts, strict=True)
            if start <= self.now or start == self.buckets.starts[0]
        ]
        return list(dict.fromkeys(begun))

    @property
    def unfinished(self) -> str | None:
        """The bucket that is not over."""
        for name, start, end in zip(self.buckets.names, self.buckets.starts, self.buckets.ends, strict=True):
            if start <= self.now < end:
                return name
        return None


def stacked(
    marks: Sequence[Mark], axis: Axis, *, names: Sequence[str | None], looks: Mapping[str, theme.Look], unit: Unit
) -> go.Figure:
    """Stacked bars over time. `names` in the order of their weight: those beyond six share a colour and "Other".

    They stay apart in the hover text. The bars of a bucket that is not over are pale, and hatched.
    """
    bars: list[Parts] = []
    for place, name in enumerate(names):
        mine = [mark for mark in marks if mark.name == name and mark.value is not None]
        marker = _marker(_look(name, place, looks), [mark.bucket == axis.unfinished for mark in mine])
        bars.append(_bars(mine, unit) | {"marker": marker} | _entry(name, place))
    # The heaviest comes last, so that it lies on top; legendrank keeps it first in the legend.
    return figure(bars[::-1], _timed(axis) | {"barmode": "relative", "bargap": 0.28}, y=_ticks(marks, unit), height=330)


def lines(
    marks: Sequence[Mark],
    axis: Axis,
    *,
    names: Sequence[str | None],
    looks: Mapping[str, theme.Look],
    unit: Unit,
) -> go.Figure:
    """Lines over time, six and that of all others at most, told apart by dashes and marks too.

    Where there is no mark, there is a gap.
    """
    drawn: list[Parts] = []
    for place, name in enumerate([*names[:TOP], *(name for name in names[TOP:] if name == OTHER)]):
        mine = {mark.bucket: mark for mark in marks if mark.name == name}
        slots = axis.slots
        present = [mine.get(slot, Mark(name, None, slot)) for slot in slots]
        drawn.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": slots,
                "y": [None if mark.value is None else float(mark.value) for mark in present],
                "customdata": [said(mark, unit) for mark in present],
                "hovertemplate": SAID,
            }
            | stroke(name, place, looks, points=len(slots))
        )
    return figure(drawn, _timed(axis), y=_ticks(marks, unit), height=HEIGHT)


def ranking(marks: Sequence[Mark], *, unit: Unit, missing: str = "not said", most: int = RANKED) -> go.Figure:
    """Bars with name and figure beside them, in the order of the marks."""
    shown = [mark for mark in marks if mark.value is not None][:most]
    places = [str(place) for place in range(len(shown))]
    lengths = [float(mark.value or 0) for mark in shown]
    bars: Parts = {
        "type": "bar",
        "orientation": "h",
        "x": lengths,
        "y": places,
        "text": [unit.short(mark.value) for mark in shown],
        "textposition": "outside",
        "constraintext": "none",
        "cliponaxis": False,
        "marker": {"color": [_GREY if mark.name == OTHER else _PLAIN for mark in shown], "cornerradius": 3},
        "customdata": [said(mark, unit, missing=missing) for mark in shown],
        "hovertemplate": SAID,
    }
    names = [text(mark.name, missing=missing, width=20) for mark in shown]
    y = {"autorange": "reversed", "tickvals": places, "ticktext": names, "showgrid": False}
    least, largest = min(lengths, default=0), max(lengths, default=0)
    room = {"visible": False, "range": [min(0, least * 1.4), max(largest, 0) * 1.4 or 1]}
    layout = {"xaxis": room, "bargap": 0.4, "showlegend": False}
    return figure([bars], layout, y=y, height=34 * max(len(shown), 3) + 10)


def stroke(name: str | None, place: int, looks: Mapping[str, theme.Look], *, points: int) -> Parts:
    """How the line of a name is drawn, and its entry in the legend."""
    return {
        "line": {"color": _look(name, place, looks).color, "width": 2, "dash": _DASHES[place % TOP]},
        "marker": {"symbol": _SYMBOLS[place % TOP], "size": 5 if points <= 62 else 3},
    } | _entry(name, place)


def figure(traces: Sequence[Parts], layout: Parts, *, y: Parts, height: int) -> go.Figure:
    """What all charts share: little ink, nothing to drag, a legend under the plot."""
    still = {"fixedrange": True, "automargin": True}
    shared = {
        "height": height,
        "margin": {"l": 0, "r": 4, "t": 22, "b": 0},
        "dragmode": False,
        "legend": {"orientation": "h", "x": 0, "y": -0.16, "xanchor": "left", "yanchor": "top", "font": {"size": 12}},
        "hoverlabel": {"font": {"size": 12}, "align": "left", "namelength": -1},
    }
    axes = {
        "xaxis": still | layout.get("xaxis", {}),
        "yaxis": still | {"gridcolor": _FAINT, "zeroline": False, "nticks": 5} | y,
    }
    return go.Figure({"data": list(traces), "layout": layout | shared | axes})


def spelt(name: str | None, *, missing: str = "not said") -> str:
    """A name as people read it."""
    return missing if name is None else "Other" if name == OTHER else name


def text(name: str | None, *, missing: str = "not said", width: int = 60) -> str:
    """A name as Plotly shows it: as it is, and not longer than there is room for."""
    shown = spelt(name, missing=missing)
    return html.escape(shown if len(shown) <= width else shown[: width - 1] + "…")


def said(mark: Mark, unit: Unit, *, missing: str = "not said") -> tuple[str | None, ...]:
    """Three for the hover text; then, for a click, the names as they are and the bucket."""
    shown = text(mark.name, missing=missing), unit.exact(mark.value), html.escape(mark.note)
    return (*shown, *(mark.group or (mark.name,)), mark.bucket)


def _bars(marks: Sequence[Mark], unit: Unit) -> Parts:
    return {
        "type": "bar",
        "x": [mark.bucket for mark in marks],
        "y": [float(mark.value or 0) for mark in marks],
        "customdata": [said(mark, unit) for mark in marks],
        "hovertemplate": SAID,
    }


def _look(name: str | None, place: int, looks: Mapping[str, theme.Look]) -> theme.Look:
    return theme.OTHER if place >= TOP or name is None else looks.get(name, theme.OTHER)


def _marker(look: theme.Look, unfinished: Sequence[bool]) -> Parts:
    hatches = [(look.hatch or "/") if open_ else look.hatch for open_ in unfinished]
    opacity = [0.5 if open_ else 1 for open_ in unfinished]
    return {"color": look.color, "pattern": _PATTERN | {"shape": hatches}, "opacity": opacity, "cornerradius": 2}


def _entry(name: str | None, place: int) -> Parts:
    """In the legend: one for all that have no look of their own."""
    other = place >= TOP
    return {
        "name": "Other" if other else text(name, width=32),
        "legendgroup": "other" if other else str(place),
        "showlegend": place <= TOP,
        "legendrank": place,
    }


def _ticks(marks: Iterable[Mark], unit: Unit) -> Parts:
    largest = max((float(mark.value or 0) for mark in marks), default=0)
    return {"tickformat": unit.tick(largest), "tickprefix": unit.sign, "rangemode": "tozero"}


def _timed(axis: Axis) -> Parts:
    """A time axis, on which the bucket that is not over is said to be so."""
    step = _STEPS[axis.grain]
    slots = axis.slots
    first, last = (datetime.fromisoformat(slot) for slot in (slots[0], slots[-1]))
    x: Parts = {
        "type": "date",
        "range": [first - step / 2, last + step / 2],
        "tickformat": "%H:%M\n%-d %b" if axis.grain == "hour" else "%b %Y" if axis.grain == "month" else "%-d %b",
        "hoverformat": _HOVER[axis.grain],
        "showgrid": False,
        "nticks": 8,
        "tickvals": slots if axis.grain != "hour" and len(slots) <= 7 else None,
    }
    layout: Parts = {"xaxis": x, "hovermode": "x unified" if len(slots) > 1 else "closest"}
    if axis.unfinished is None:
        return layout
    band = {"type": "rect", "x0": last - step / 2, "x1": last + step / 2, "yref": "paper", "y0": 0, "y1": 1}
    note = {"x": last + step / 2, "y": 1, "yref": "paper", "xanchor": "right", "yanchor": "bottom", "showarrow": False}
    said = "today, so far" if axis.grain == "day" else "so far"
    return layout | {
        "shapes": [band | {"fillcolor": _GREY, "opacity": 0.16, "line": {"width": 0}, "layer": "below"}],
        "annotations": [note | {"text": said, "font": {"size": 11}}],
    }
