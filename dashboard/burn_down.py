"""Burn-down: the spend of a budget's period so far, against an even pace and the limit, and where it is heading."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from analytics.alerts.notice import Plot
from analytics.forecast import Forecast

from . import theme, units
from .charts import HEIGHT, Parts, go

_SPENT, _LIMIT, _AHEAD, _EVEN = theme.PALETTE[0], theme.PALETTE[3], theme.PALETTE[9], theme.OTHER.color
_FAN = "rgba(121, 89, 192, 0.22)"
_UNDER = "rgba(59, 114, 250, 0.12)"
_FAINT = "rgba(128, 138, 150, 0.14)"
_SAID = "%{meta}: %{customdata}<extra></extra>"


def figure(plot: Plot, forecast: Forecast | None) -> go.Figure:
    """The plot of a message about the budget, to hover over; the forecast by its days where there is one."""
    zone = ZoneInfo(plot.zone)
    spent = [(point.moment, point.spent) for point in plot.points]
    traces = [_line(spent, zone, "Spent", color=_SPENT, dash="solid", width=2.5) | _area(_UNDER)]
    if forecast:
        traces = [*_fan(forecast, zone), *traces]
        traces.append(_line(forecast.path, zone, "Expected", color=_AHEAD, dash="dash"))
    if plot.limit is not None:
        even = [(plot.start, Decimal(0)), (plot.end, plot.limit)]
        level = [(plot.start, plot.limit), (plot.end, plot.limit)]
        traces.append(_line(even, zone, "Even pace", color=_EVEN, dash="dot") | {"hoverinfo": "skip"})
        traces.append(_line(level, zone, "Limit", color=_LIMIT, dash="longdash"))
    return go.Figure({"data": traces, "layout": _layout(plot, zone)})


def _line(
    points: Iterable[tuple[datetime, Decimal]], zone: ZoneInfo, name: str, *, color: str, dash: str, width: float = 2
) -> Parts:
    points = list(points)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "meta": name,
        "x": [_local(moment, zone) for moment, _ in points],
        "y": [float(amount) for _, amount in points],
        "customdata": [theme.exact(amount) for _, amount in points],
        "hovertemplate": _SAID,
        "line": {"color": color, "dash": dash, "width": width},
    }


def _fan(forecast: Forecast, zone: ZoneInfo) -> list[Parts]:
    """Two edges without a line; between them the range."""
    low = _line([(moment, low) for moment, low, _ in forecast.cone], zone, "At least", color=_AHEAD, dash="solid")
    high = _line([(moment, high) for moment, _, high in forecast.cone], zone, "At most", color=_AHEAD, dash="solid")
    bare: Parts = {"line": {"width": 0}, "showlegend": False}
    shown = {"name": "Four of five cases", "showlegend": True, "fill": "tonexty", "fillcolor": _FAN}
    return [low | bare, high | bare | shown]


def _area(color: str) -> Parts:
    return {"fill": "tozeroy", "fillcolor": color}


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Plotly knows no zones: the time on the budget's clock."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _layout(plot: Plot, zone: ZoneInfo) -> Parts:
    unit = units.money()
    hours = (plot.end - plot.start).days < 2
    still: dict[str, Any] = {"fixedrange": True, "automargin": True}
    largest = max(float(plot.limit or 0), float(plot.high or 0), *(float(point.spent) for point in plot.points))
    return {
        "height": HEIGHT,
        "margin": {"l": 0, "r": 4, "t": 10, "b": 0},
        "dragmode": False,
        "hovermode": "x unified",
        "hoverlabel": {"font": {"size": 12}, "align": "left", "namelength": -1},
        "legend": {"orientation": "h", "x": 0, "y": -0.16, "xanchor": "left", "yanchor": "top", "font": {"size": 12}},
        "xaxis": still
        | {
            "type": "date",
            "range": [_local(plot.start, zone), _local(plot.end, zone)],
            "tickformat": "%H:%M\n%-d %b" if hours else "%-d %b",
            "hoverformat": "%a %-d %b %Y, %H:%M",
            "showgrid": False,
            "nticks": 8,
        },
        "yaxis": still
        | {
            "tickformat": unit.tick(largest),
            "tickprefix": unit.sign,
            "rangemode": "tozero",
            "gridcolor": _FAINT,
            "zeroline": False,
            "nticks": 5,
        },
    }
