"""Figures: a row of cards, as many side by side as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from . import theme
from .cards import Card


def show(cards: Sequence[Card]) -> None:
    """Show them; nothing in them is markup."""
    with st.grid(len(cards), min_column_width=170):
        for card in cards:
            metric(card)


def metric(card: Card) -> None:
    """Show one; nothing in it is markup."""
    st.metric(
        theme.markdown(card.label),
        theme.markdown(card.value),
        card.change,
        delta_color=card.color,
        delta_description=theme.markdown(card.beside),
        help=theme.markdown(card.help),
        border=True,
        height="stretch",
    )


def plain(label: str, value: str, *, beside: str = "", about: str) -> Card:
    """A card that compares with nothing."""
    return Card(label=label, value=value, change=None, beside=beside, color="off", help=about)
