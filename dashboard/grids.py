"""Grids: heat maps that can be read without a mouse, with the figures in the cells and room for long names."""

from __future__ import annotations

from collections.abc import Sequence

from . import charts
from .charts import Mark, Parts, go
from .units import Unit

MOST = 15
"""Rows, and columns: the first of them, as the table has all."""
_ROW, _NAMES = 36, 110
# Opaque and pale, so that dark figures can be read in every cell, on a dark page too.
_SCALE, _INK = [[0, "#e6edfe"], [1, "#8fb0fd"]], "#101418"


def grid(
    cells: Sequence[tuple[str, str, Mark]], *, columns: Sequence[str] = (), most: int = MOST, unit: Unit
) -> go.Figure:
    """A heat map of (row, column, mark), both in the order in which they come, or with these columns; darker for more.

    Where there is no mark, or its value is not known, nothing is drawn.
    """
    found = {(row, column): mark for row, column, mark in cells if mark.value is not None}
    rows = list(dict.fromkeys(row for row, _, _ in cells))[:most]
    columns = columns or list(dict.fromkeys(column for _, column, _ in cells))[:most]
    lines = [[found.get((row, column)) for column in columns] for row in rows]
    across, down = list(range(len(columns))), list(range(len(rows)))
    map_: Parts = {
        "type": "heatmap",
        "x": across,
        "y": down,
        "z": [[None if mark is None else float(mark.value or 0) for mark in line] for line in lines],
        "text": [["" if mark is None else unit.short(mark.value) for mark in line] for line in lines],
        "texttemplate": "%{text}",
        "textfont": {"color": _INK},
        "hoverinfo": "skip",
        "colorscale": _SCALE,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
    }
    x = {
        "tickmode": "array",
        "tickvals": across,
        "ticktext": [charts.text(one) for one in columns],
        "range": (-0.5, len(across) - 0.5),
    }
    y = {
        "tickmode": "array",
        "tickvals": down,
        "ticktext": [charts.text(one, width=24) for one in rows],
        "range": (len(down) - 0.5, -0.5),
    }
    layout = {"xaxis": x | {"showgrid": False, "zeroline": False, "ticks": ""}}
    height = _ROW * len(rows) + _NAMES
    return charts.figure([map_, _targets(lines, unit)], layout, y=y | {"showgrid": False, "ticks": ""}, height=height)


def _targets(lines: Sequence[Sequence[Mark | None]], unit: Unit) -> Parts:
    """Marks that nobody sees, one in each cell: a click on a heat map itself selects nothing."""
    cells = [(x, y, mark) for y, line in enumerate(lines) for x, mark in enumerate(line) if mark is not None]
    unseen = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _, _ in cells],
        "y": [y for _, y, _ in cells],
        "customdata": [charts.said(mark, unit) for _, _, mark in cells],
        "hovertemplate": charts.SAID,
        "marker": {"opacity": 0, "size": _ROW, "symbol": "square"},
        "selected": unseen,
        "unselected": unseen,
        "showlegend": False,
    }
