"""Rows in, Plotly figures out. Nothing is computed here but where things go; the exact amounts are in the hover texts.

Plotly reads text as HTML, and names come from callers: every one passes through `text`.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]  # Plotly ships no types

from analytics.period import Period
from analytics.reports import CostRow

from . import theme

TOP = 6
RANKED = 8
_FAINT = "rgba(128, 138, 150, 0.14)"
_GREY, _PLAIN, _READ, _WRITTEN = theme.OTHER.color, theme.PALETTE[0], theme.PALETTE[5], theme.PALETTE[1]
_READ_AREA = "rgba(37, 125, 132, 0.14)"
_PATTERN: dict[str, Any] = {"size": 7, "solidity": 0.2, "fillmode": "overlay", "fgopacity": 0.28}
_AMOUNT = "%{customdata[0]}: %{customdata[1]} · %{customdata[2]} calls<extra></extra>"

Parts = dict[str, Any]
"""Traces, axes and layouts, in Plotly's own words."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis: UTC days, or hours where the period is a single day; from its start until now."""

    period: Period
    now: datetime

    @property
    def grain(self) -> Literal["day", "hour"]:
        """What the rows of a chart over time have to be grouped by."""
        return "hour" if self.period.end - self.period.start <= timedelta(days=1) else "day"

    @property
    def step(self) -> timedelta:
        """How long a slot is."""
        return timedelta(hours=1) if self.grain == "hour" else timedelta(days=1)

    @property
    def slots(self) -> list[str]:
        """Every day or hour that has begun, spelled as the reports spell it; at least the first."""
        end = max(min(self.period.end, self.now), self.period.start + timedelta(microseconds=1))
        number = -((self.period.start - end) // self.step)
        spelling = "%Y-%m-%d %H:%M" if self.grain == "hour" else "%Y-%m-%d"
        return [(self.period.start + place * self.step).strftime(spelling) for place in range(number)]


def spend_over_time(
    rows: Sequence[CostRow], axis: Axis, *, names: Sequence[str | None], looks: Mapping[str, theme.Look]
) -> go.Figure:
    """Stacked bars. `rows` are grouped by time and name; `names` are those with a cost, the dearest first.

    What is not among the dearest six stays apart in the hover text, and shares one colour and the legend's "Other".
    """
    bars: list[Parts] = []
    for place, name in enumerate(names):
        other = place >= TOP
        look = theme.OTHER if other or name is None else looks.get(name, theme.OTHER)
        mine = [row for row in rows if row.group[1] == name and row.list_cost is not None]
        bars.append(
            {
                "type": "bar",
                "x": [row.group[0] for row in mine],
                "y": [_length(row.list_cost) for row in mine],
                "name": "Other" if other else text(name, width=32),
                "legendgroup": "other" if other else str(place),
                "showlegend": place <= TOP,
                "legendrank": place,
                "marker": {"color": look.color, "pattern": _PATTERN | {"shape": look.hatch}, "cornerradius": 2},
                "customdata": [_said(row, text(name)) for row in mine],
                "hovertemplate": _AMOUNT,
            }
        )
    y = {"tickformat": _dollars(max((_length(row.list_cost) for row in rows), default=0)), "rangemode": "tozero"}
    # The dearest comes last, so that it lies on top; legendrank keeps it first in the legend.
    return _figure(bars[::-1], _timed(axis) | {"barmode": "stack", "bargap": 0.28}, y=y, height=330)


def cache_over_time(rows: Sequence[CostRow], axis: Axis) -> go.Figure:
    """Tokens read from the cache (filled) and written to it (dashed); a time without calls is a zero."""
    found = {row.group[0]: row for row in rows}
    present = [found.get(slot) for slot in axis.slots]
    read = [row.cache_read_tokens if row else 0 for row in present]
    written = [row.cache_write_tokens if row else 0 for row in present]

    def line(name: str, values: list[int], look: Parts) -> Parts:
        return look | {
            "type": "scatter",
            "x": axis.slots,
            "y": values,
            "name": name,
            "mode": "lines+markers" if len(values) < 4 else "lines",
            "customdata": [f"{value:,}" for value in values],
            "hovertemplate": f"{name}: %{{customdata}} tokens<extra></extra>",
        }

    lines = [
        line("Read", read, {"line": {"color": _READ, "width": 2}, "fill": "tozeroy", "fillcolor": _READ_AREA}),
        line("Written", written, {"line": {"color": _WRITTEN, "width": 2, "dash": "dash"}}),
    ]
    return _figure(lines, _timed(axis), y={"tickformat": "~s", "rangemode": "tozero"}, height=230)


def ranking(rows: Sequence[CostRow], *, missing: str) -> go.Figure:
    """Bars with name and amount beside them. `rows` have one name each, the dearest first."""
    shown = [row for row in rows if row.list_cost is not None][:RANKED]
    places = [str(place) for place in range(len(shown))]
    lengths = [_length(row.list_cost) for row in shown]
    bars: Parts = _lying(lengths, [theme.money(row.list_cost) for row in shown]) | {
        "y": places,
        "marker": {"color": _PLAIN, "cornerradius": 3},
        "customdata": [_said(row, text(row.group[0], missing=missing)) for row in shown],
        "hovertemplate": _AMOUNT,
    }
    names = [text(row.group[0], missing=missing, width=20) for row in shown]
    y = {"autorange": "reversed", "tickvals": places, "ticktext": names, "showgrid": False}
    layout = {"xaxis": _behind(lengths), "bargap": 0.4, "showlegend": False}
    return _figure([bars], layout, y=y, height=34 * max(len(shown), 3) + 10)


def asked_and_routed(asked: Decimal, routed: Decimal) -> go.Figure:
    """Two bars: the same calls on the models that were asked for, and as they were routed."""
    lengths = [_length(asked), _length(routed)]
    bars: Parts = _lying(lengths, [theme.money(asked), theme.money(routed)]) | {
        "y": ["Models asked for", "As routed"],
        "marker": {"color": [_GREY, _PLAIN], "pattern": _PATTERN | {"shape": ["/", ""]}, "cornerradius": 3},
        "customdata": [theme.exact(asked), theme.exact(routed)],
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }
    layout = {"xaxis": _behind(lengths), "bargap": 0.3, "showlegend": False}
    return _figure([bars], layout, y={"autorange": "reversed", "showgrid": False}, height=120)


def text(name: str | None, *, missing: str = "not said", width: int = 60) -> str:
    """A name as Plotly shows it: as it is, and not longer than there is room for."""
    shown = missing if name is None else name
    return html.escape(shown if len(shown) <= width else shown[: width - 1] + "…")


def _said(row: CostRow, name: str) -> tuple[str, str, str]:
    return name, theme.exact(row.list_cost), f"{row.calls:,}"


def _length(amount: Decimal | None) -> float:
    """A length on the screen; the amount itself stays exact in the texts."""
    return float(amount or 0)


def _dollars(largest: float) -> str:
    return "$,.0f" if largest >= 20 else "$,.2f" if largest >= 0.04 else "$~g"


def _lying(lengths: list[float], texts: list[str]) -> Parts:
    bars = {"type": "bar", "orientation": "h", "x": lengths, "text": texts}
    return bars | {"textposition": "outside", "constraintext": "none", "cliponaxis": False}


def _behind(lengths: list[float]) -> Parts:
    """No axis for the amounts, and room for the texts behind the bars."""
    return {"visible": False, "range": [0, max(lengths, default=0) * 1.4 or 1]}


def _timed(axis: Axis) -> Parts:
    """A time axis, on which the day or hour that is not over is said to be so."""
    hours, half = axis.grain == "hour", axis.step / 2
    first, last = (datetime.fromisoformat(slot) for slot in (axis.slots[0], axis.slots[-1]))
    x: Parts = {
        "type": "date",
        "range": [first - half, (first + timedelta(hours=23) if hours else last) + half],
        "tickformat": "%H:%M" if hours else "%-d %b",
        "hoverformat": "%a %-d %b, %H:%M" if hours else "%a %-d %b %Y",
        "showgrid": False,
        "nticks": 8,
        "tickvals": axis.slots if not hours and len(axis.slots) <= 7 else None,
    }
    layout: Parts = {"xaxis": x, "hovermode": "x unified"}
    if axis.now >= min(axis.period.end, last.replace(tzinfo=UTC) + axis.step):
        return layout
    band = {"type": "rect", "x0": last - half, "x1": last + half, "yref": "paper", "y0": 0, "y1": 1}
    note = {"x": last + half, "y": 1, "yref": "paper", "xanchor": "right", "yanchor": "bottom", "showarrow": False}
    return layout | {
        "shapes": [band | {"fillcolor": _GREY, "opacity": 0.16, "line": {"width": 0}, "layer": "below"}],
        "annotations": [note | {"text": "so far" if hours else "today, so far", "font": {"size": 11}}],
    }


def _figure(traces: list[Parts], layout: Parts, *, y: Parts, height: int) -> go.Figure:
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
    return go.Figure({"data": traces, "layout": layout | shared | axes})
