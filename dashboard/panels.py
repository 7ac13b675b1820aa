"""Panels: what every page is made of: a heading, a chart with its words, and its rows as a table."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from . import drill, theme
from .charts import go
from .drill import Drill


def heading(text: str, *, note: str = "") -> None:
    """A heading, in which nothing is markup, and a line under it."""
    st.subheader(theme.markdown(text), anchor=False)
    if note:
        st.caption(theme.markdown(note))


def chart(figure: go.Figure, *, name: str, alt: str, click: Drill | None = None) -> None:
    """A figure, also in words (`alt`). No other chart of the page has its `name`; a click narrows to `click`."""
    key = f"chart:{name}"
    behaviour: dict[str, Any] = {"config": {"displayModeBar": False}, "alt": alt, "key": key}
    if click:
        behaviour |= {"on_select": partial(drill.on_chart, key, click), "selection_mode": "points"}
    st.plotly_chart(figure, **behaviour)  # pyright: ignore[reportUnknownMemberType]  # Plotly ships no types
