"""Estimates: what was beside what is expected, with how far off that may be, in bars."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.what_if import WhatIfRow

from . import charts, theme
from .charts import Parts, go
from .units import Unit

MOST = 12
WAS, EXPECTED = "As it was", "As supposed, from low to high"
_SAID = "%{customdata[0]}: %{customdata[1]}<extra></extra>"


def figure(rows: Sequence[WhatIfRow], *, unit: Unit, missing: str) -> go.Figure:
    """Two bars for each row, in their order; the second with its range."""
    shown = [row for row in rows if row.cost is not None and row.expected is not None][:MOST]
    places = [str(place) for place in range(len(shown))]
    names = [charts.text(row.group[0], missing=missing, width=20) for row in shown]
    was = [float(row.cost or 0) for row in shown]
    expected = [float(row.expected or 0) for row in shown]
    reach: Parts = {
        "array": [float((row.high or 0) - (row.expected or 0)) for row in shown],
        "arrayminus": [float((row.expected or 0) - (row.low or 0)) for row in shown],
        "thickness": 2,
        "color": theme.PALETTE[1],
    }
    bar: Parts = {"type": "bar", "orientation": "h", "y": places, "hovertemplate": _SAID}
    before = bar | {
        "name": WAS,
        "x": was,
        "marker": {"color": theme.OTHER.color, "cornerradius": 3},
        "customdata": [_said(row, missing, f"it was {unit.exact(row.cost)}") for row in shown],
    }
    after = bar | {
        "name": EXPECTED,
        "x": expected,
        "error_x": reach,
        "marker": {"color": theme.PALETTE[0], "pattern": {"shape": "/", "fillmode": "overlay", "fgopacity": 0.28}},
        "customdata": [
            _said(
                row,
                missing,
                f"expected {unit.exact(row.expected)}, from {unit.exact(row.low)} to {unit.exact(row.high)}",
            )
            for row in shown
        ],
    }
    return go.Figure(
        {"data": [before, after], "layout": _layout(names, places, max([*was, *expected], default=0), unit)}
    )


def _said(row: WhatIfRow, missing: str, figures: str) -> tuple[str, str, str | None, None]:
    """Two for the hover text; then, for a click, the name as it is and no bucket."""
    return charts.text(row.group[0], missing=missing), figures, row.group[0], None


def _layout(names: Sequence[str], places: Sequence[str], largest: float, unit: Unit) -> Parts:
    still = {"fixedrange": True, "automargin": True}
    height = 46 * max(len(places), 3) + 70
    return {
        "height": height,
        "margin": {"l": 0, "r": 4, "t": 4, "b": 0},
        "dragmode": False,
        "barmode": "group",
        "bargap": 0.3,
        "hoverlabel": {"font": {"size": 12}, "align": "left", "namelength": -1},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": -40 / height,
            "xanchor": "left",
            "yanchor": "top",
            "traceorder": "normal",
        },
        "xaxis": still
        | {"tickformat": unit.tick(largest), "tickprefix": unit.sign, "rangemode": "tozero", "nticks": 5},
        "yaxis": still | {"autorange": "reversed", "tickvals": places, "ticktext": names, "showgrid": False},
    }
