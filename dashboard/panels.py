"""Panels: what every page is made of: a heading, a chart with its words, and its rows as a table."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Literal

import streamlit as st

from . import drill, theme
from .charts import go
from .drill import ALL, Drill, Point

HEAD_START_SECONDS = 0.7
"""For what stands above the first chart of a visit."""


def heading(text: str, *, note: str = "", level: Literal[2, 3] = 2) -> None:
    """A heading under that of the page, or under one of these; nothing in it is markup. A line under it."""
    write = st.header if level == 2 else st.subheader
    write(theme.markdown(text), anchor=False)
    if note:
        st.caption(theme.markdown(note))


def chart(figure: go.Figure, *, name: str, alt: str, click: Drill | Point | None = ALL) -> None:
    """A figure, also in words (`alt`). No other chart of the page has its `name`; a click narrows to `click`, and leads
    to the calls behind it. None: there are none.
    """
    key = f"chart:{name}"
    behaviour: dict[str, Any] = {"config": {"displayModeBar": False}, "alt": alt, "key": key}
    _head_start()
    if click:
        behaviour |= {"on_select": partial(drill.on_chart, key, click), "selection_mode": "points"}
    st.plotly_chart(figure, **behaviour)  # pyright: ignore[reportUnknownMemberType]  # Plotly ships no types
    if click:
        drill.offer(key)


def _head_start() -> None:
    """Let a browser that has just come show what it has: it loads 5 MB for its first chart, and shows nothing then."""
    if st.context.timezone and not st.session_state.setdefault("charted", False):
        st.session_state["charted"] = True
        time.sleep(HEAD_START_SECONDS)
