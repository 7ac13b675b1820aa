"""Grids: heat maps that can be read without a mouse, with the figures in the cells and room for long names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import charts
from .charts import Mark, go
from .units import Unit

MOST = 15
"""Rows, and columns: the first of them, as the table has all."""
_ROW, _NAMES = 36, 110
# Opaque and pale, so that dark figures can be read in every cell, on a dark page too.
_SCALE, _INK = [[0, "#e6edfe"], [1, "#8fb0fd"]], "#101418"


def grid(cells: Sequence[tuple[str, str, Mark]], *, columns: Sequence[str] = (), unit: Unit) -> go.Figure:
    """A heat map of (row, column, mark), both in the order in which they come, or with these columns."""
    rows = list(dict.fromkeys(row for row, _, _ in cells))[:MOST]
    columns = columns or list(dict.fromkeys(column for _, column, _ in cells))[:MOST]
    figure: Any = charts.heat(cells, rows=rows, columns=columns, unit=unit)  # Plotly ships no types
    shorts = {(row, column): unit.short(mark.value) for row, column, mark in cells}
    figure.update_traces(
        text=[[shorts.get((row, column), "") for column in columns] for row in rows],
        texttemplate="%{text}",
        textfont_color=_INK,
        colorscale=_SCALE,
    )
    figure.update_layout(height=_ROW * len(rows) + _NAMES)
    heat = figure.to_dict()["data"][0]
    figure.update_xaxes(tickvals=heat["x"], range=(-0.5, len(columns) - 0.5))
    figure.update_yaxes(tickvals=heat["y"], range=(len(rows) - 0.5, -0.5), autorange=False)
    figure.add_trace(_targets(heat))
    return figure


def _targets(heat: charts.Parts) -> charts.Parts:
    """Marks that nobody sees, one in each cell: a click on a heat map itself selects nothing."""
    cells = [
        (column, row, said)
        for row, line in zip(heat["y"], heat["customdata"], strict=True)
        for column, said in zip(heat["x"], line, strict=True)
        if said[1]
    ]
    unseen = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [column for column, _, _ in cells],
        "y": [row for _, row, _ in cells],
        "customdata": [said for _, _, said in cells],
        "hovertemplate": heat["hovertemplate"],
        "marker": {"opacity": 0, "size": _ROW, "symbol": "square"},
        "selected": unseen,
        "unselected": unseen,
        "showlegend": False,
    }
