"""The top of every page: its title, what it looks at, how far the data reach, and what it is narrowed to."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analytics.period import Period

from . import theme
from .filters import asked, clear, label, show_all
from .view import View


def show(view: View, title: str) -> None:
    """Everything that a page begins with."""
    st.title(title, anchor=False)
    source = view.source
    reached = f"Data as of {theme.moment(source.health.last_at, view.zone)}"
    waiting = (
        f", {theme.plural(source.health.waiting_bytes, 'byte')} not taken in yet" if source.health.waiting_bytes else ""
    )
    said = f"{theme.days(view.filters.period, view.zone)} ({view.zone}){_compared(view)}. {reached}{waiting}."
    st.caption(theme.markdown(said))
    if source.behind:
        st.warning(theme.markdown(source.behind))
    if source.health.demo:
        st.info("**Demo data.** Pretend teams and simulated answers, in a home of its own; nothing here was spent.")
    _narrowed()


def nothing(view: View) -> None:
    """What stands in place of figures where no call matches: why, and how to see some."""
    first, last = view.dimensions.first_at, view.dimensions.last_at
    outside = first and last and not _meet(view.filters.period, Period(first, last))
    why = "The period holds no call" if outside or not asked() else f"No call matches {_in_words()}"
    st.info(
        theme.markdown(
            f"{why}. The ledger has calls from {theme.moment(first, view.zone)} to {theme.moment(last, view.zone)}."
        )
    )
    st.button("Show all of them", on_click=show_all, args=(view.dimensions,))


def _meet(one: Period, other: Period) -> bool:
    return one.start <= other.end and other.start < one.end


def _in_words() -> str:
    return ", ".join(f"{label(name).lower()} {' or '.join(values)}" for name, values in asked().items())


def _compared(view: View) -> str:
    if view.earlier is None:
        return ""
    return f", compared with {theme.days(view.earlier.period, view.zone)}"


def _narrowed() -> None:
    """What is filtered by, each to be taken back with a click."""
    found = asked()
    if not found:
        return
    with st.container(horizontal=True, gap="small"):
        for name, values in found.items():
            shown = theme.markdown(f"{label(name)}: {', '.join(values)}")
            st.button(f"✕ {shown}", key=f"clear:{name}", on_click=partial(clear, name), help="Stop to filter by this")
