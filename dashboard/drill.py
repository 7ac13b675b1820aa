"""Drilling down: a click on what is drawn narrows the filters, and with them the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self, cast

import streamlit as st

from analytics.period import Period
from analytics.presets import CUSTOM, local_days

from .view import View


@dataclass(frozen=True, slots=True)
class Drill:
    """What a click stands for: a value of `dimension`, days, or both."""

    dimension: str | None = None
    """The name of a control: `model`, `task_type`, `tag:team`."""
    days: Mapping[str, tuple[date, date]] | None = None
    """By the name of a bucket, the days it touches."""

    @classmethod
    def of(cls, view: View, dimension: str | None = None) -> Self:
        """Clicks on something over time, by a dimension or by none."""
        spans = zip(view.buckets.names, view.buckets.starts, view.buckets.ends, strict=True)
        return cls(dimension, {name: local_days(Period(start, end), view.zone) for name, start, end in spans})

    def narrow(self, name: str | None, bucket: str | None = None) -> None:
        """Set the controls, from within a callback. What has no name cannot be filtered by."""
        if self.dimension and name is not None:
            st.session_state[self.dimension] = [name]
        if self.days and bucket is not None and bucket in self.days:
            st.session_state["period"] = CUSTOM
            st.session_state["days"] = self.days[bucket]


def on_chart(key: str, drill: Drill) -> None:
    """For the `on_select` of a chart, whose points carry name and bucket as the last of their data."""
    points = cast("list[dict[str, Any]]", st.session_state[key].selection.points)
    if points:
        name, bucket = points[0]["customdata"][-2:]
        drill.narrow(name, bucket)


def on_table(key: str, drill: Drill, picked: list[tuple[str | None, str | None]]) -> None:
    """For the `on_select` of a table: `picked` has name and bucket of each row."""
    rows = cast("list[int]", st.session_state[key].selection.rows)
    if rows:
        drill.narrow(*picked[rows[0]])
