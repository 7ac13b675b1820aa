"""Drilling down: a click on what is drawn narrows the filters, and leads from there to the calls behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self, cast

import streamlit as st

from analytics.measures import OTHER
from analytics.period import Period
from analytics.presets import CUSTOM, local_days

from . import theme
from .view import View

ADDRESS = "calls"
"""Of the page that has the calls."""
SEARCHED = ("outcome", "stop", "unpriced", "decision", "reason", "came_of_it", "confidence", "budget", "shadow_model")
"""What the search of calls knows and the sidebar does not, as both are called in the address of that page."""
Days = Mapping[str, tuple[date, date]]
_TAKEN = "drilled"


@dataclass(frozen=True, slots=True)
class Point:
    """What one mark or one row stands for."""

    controls: Mapping[str, Any]
    """By the name of a control, what a click sets it to."""
    search: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is looked for among the calls, besides."""
    calls: bool = True
    """Whether there are calls behind it."""

    @property
    def words(self) -> str:
        """`claude-haiku-4-5, 12 Nov 2026`."""
        lists = (cast("list[str]", value) for value in self.controls.values() if isinstance(value, list))
        names = [name for listed in lists for name in listed]
        first, last = self.controls.get("days", (None, None))
        days = [theme.day(first) if first == last else f"{theme.day(first)} – {theme.day(last)}"] if first else []
        return ", ".join([*names, *self.search.values(), *days])


class Drill:
    """What clicks on a chart or a table stand for: a value of each of some dimensions, the days of a bucket, or both.

    Without any of them: all the calls that the figures are made of.
    """

    def __init__(self, *dimensions: str, days: Days | None = None, search: Mapping[str, str] | None = None) -> None:
        """`dimensions` are names of controls (`model`, `tag:team`) or of SEARCHED; `days` are by the name of a bucket;
        `search` is what is looked for in any case.
        """
        self.dimensions, self.days, self.search = dimensions, days, search or {}

    @classmethod
    def of(cls, view: View, *dimensions: str) -> Self:
        """Clicks on something over time."""
        spans = zip(view.buckets.names, view.buckets.starts, view.buckets.ends, strict=True)
        return cls(*dimensions, days={name: local_days(Period(start, end), view.zone) for name, start, end in spans})

    def point(self, names: Iterable[str | None], bucket: str | None = None) -> Point:
        """A mark or a row by its names, one for each dimension. What has no name cannot be filtered by."""
        pairs = zip(self.dimensions, names, strict=False)
        known = {dimension: name for dimension, name in pairs if name is not None and name != OTHER}
        controls: dict[str, Any] = {each: [name] for each, name in known.items() if each not in SEARCHED}
        search = {**self.search, **{each: name for each, name in known.items() if each in SEARCHED}}
        if self.days and bucket is not None and bucket in self.days:
            controls |= {"period": CUSTOM, "days": self.days[bucket]}
        return Point(controls, search)

    def points(self, groups: Iterable[Sequence[str | None]]) -> list[Point]:
        """Those of rows; with days, the bucket is the first member of a group."""
        return [self.point(group[1:], group[0]) if self.days else self.point(group) for group in groups]


ALL = Drill()


def on_chart(key: str, click: Drill | Point) -> None:
    """For the `on_select` of a chart, the data of whose marks end with their names and the bucket; or all of which
    stands for one point.
    """
    marks = cast("list[dict[str, Any]]", st.session_state[key].selection.points)
    if marks and isinstance(click, Point):
        _take(key, click)
    elif marks and isinstance(click, Drill):
        *names, bucket = marks[0]["customdata"]
        _take(key, click.point(names[len(names) - len(click.dimensions) :], bucket))


def on_table(key: str, points: Sequence[Point]) -> None:
    """For the `on_select` of a table with a point for each row."""
    rows = cast("list[int]", st.session_state[key].selection.rows)
    if rows:
        _take(key, points[rows[0]])


def offer(key: str) -> None:
    """The way on to the calls, under what was clicked on; no more once the filters are others than the click set."""
    clicked, point = st.session_state.get(_TAKEN, (None, ALL.point(())))
    if clicked != key or not point.calls:
        return
    if all(st.session_state.get(name) == value for name, value in point.controls.items()):
        link(f"See the calls: {point.words}" if point.words else "See the calls", point.search)


def link(label: str, search: Mapping[str, str]) -> None:
    """A link to the page of calls that keeps the filters; `label` is shown as it is."""
    st.page_link(
        st.Page(lambda: None, title="Calls", url_path=ADDRESS),  # told from others by its address alone
        label=theme.markdown(label),
        icon=":material/receipt_long:",
        query_params=dict(search),
    )


def _take(key: str, point: Point) -> None:
    st.session_state.update(point.controls)
    st.session_state[_TAKEN] = (key, point)
