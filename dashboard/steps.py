"""Steps: what holds from one day to another, as lines that jump; prices, for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from analytics.price_steps import PriceStep

from . import charts, theme
from .charts import HEIGHT, Mark, Parts, go
from .units import Unit


def steps(found: Mapping[str, Sequence[PriceStep]], *, until: date, unit: Unit) -> go.Figure:
    """A line for each name, six at most, on the days from its first step to `until`; where nothing holds, a gap."""
    looks = theme.looks(found)
    lines = [
        _line(name, list(turns), until) | charts.stroke(name, place, looks, points=len(turns))
        for place, (name, turns) in enumerate(list(found.items())[: charts.TOP])
    ]
    for line in lines:
        line["customdata"] = [charts.said(mark, unit) for mark in line["customdata"]]
    largest = max((float(turn.price or 0) for turns in found.values() for turn in turns), default=0)
    x = {"type": "date", "hoverformat": "%-d %b %Y", "showgrid": False, "nticks": 8}
    y = {"tickformat": unit.tick(largest), "tickprefix": unit.sign, "rangemode": "tozero"}
    return charts.figure(lines, {"xaxis": x, "hovermode": "closest"}, y=y, height=HEIGHT)


def _line(name: str, turns: Sequence[PriceStep], until: date) -> Parts:
    """From the first day of each step to its last; its marks have still to be said in words."""
    ends = [*(turn.since for turn in turns[1:]), max(until, turns[-1].since)]
    points = [(day, turn) for turn, end in zip(turns, ends, strict=True) for day in (turn.since, end)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [day for day, _ in points],
        "y": [None if turn.price is None else float(turn.price) for _, turn in points],
        "customdata": [Mark(name, turn.price, note=f" from {theme.day(turn.since)} on") for _, turn in points],
        "hovertemplate": charts.SAID,
    }
