"""Panels: what every page is made of: a heading, a chart with its words, and its rows as a table."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import streamlit as st
from streamlit.components.v2 import component

from . import drill, theme
from .charts import go
from .drill import ALL, Drill, Point

_SEEN = component("tollgate.seen", js="export default ({ setTriggerValue }) => setTriggerValue('seen', true)")
"""Nothing to look at: the browser says with it that it has shown what stands above."""


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
    """Let a browser that has just come show what it has, and then ask for the rest.

    For its first chart it loads and runs 5 MB, and does nothing else meanwhile. What came with that chart waits for it,
    and so does what came shortly before: React puts off what takes the place of a placeholder until no new one has come
    for half a second.
    """
    if st.context.timezone and "charted" not in st.session_state:
        _SEEN(key="seen", on_seen_change=_seen)
        st.stop()


def _seen() -> None:
    st.session_state["charted"] = True
