"""What pages say that read attempts, where the period begins before the attempts do."""

from __future__ import annotations

import streamlit as st

from analytics import attempts
from analytics.attempts import Kept
from dashboard import theme
from dashboard.data import Source, kept
from dashboard.view import View


def say(view: View, *, lasting: str) -> None:
    """A line above the figures that begin with the attempts; `lasting` names those that go further back."""
    begins = known(view.source).attempts_from
    if begins and begins > view.filters.period.start:
        since = theme.moment(begins, view.zone)
        st.info(
            theme.markdown(f"The figures below begin at {since}, as what is older is pruned. {lasting} further back.")
        )


@kept
def known(source: Source) -> Kept:
    """How far back the attempts reach."""
    return attempts.kept(source.ledger)
