"""What stands in place of figures: before the first call, and when the ledger cannot be read."""

from __future__ import annotations

import streamlit as st

from analytics.exceptions import AnalyticsError
from dashboard import theme
from dashboard.data import Source

SWAP = """\
from router import Anthropic  # was: from anthropic ...

client = Anthropic()
client.messages.create(model="claude-opus-5-5", ...)
"""


def empty(source: Source) -> None:
    """The first thing that a person sees: what to do to see more."""
    st.title("No calls yet", anchor=False)
    st.write("Tollgate shows what your calls to the Claude API cost, as soon as there is one.")
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch"):
        st.header("Count your own calls", anchor=False)
        st.write("Change one line of your program, and run it:")
        st.code(SWAP, language=None)
        st.write("Then reload this page. Prompts and answers are not stored.")
    with right.container(border=True, height="stretch"):
        st.header("Or look at an example first", anchor=False)
        st.write("A month of three pretend teams, without a key and without a network:")
        st.code("tollgate demo", language=None)
        st.write("It has a home of its own and never mixes with your figures.")
    st.caption(theme.markdown(f"Looked for calls in {source.home}. Another place: set TOLLGATE_HOME."))
    lost, rejected = source.health.lost_records, source.health.rejected_lines
    if lost or rejected:
        found = (
            f"{theme.plural(lost, 'record')} could not be written, {theme.plural(rejected, 'line')} could not be read"
        )
        st.warning(f"{found}: `tollgate doctor` says more.")


def broken(error: AnalyticsError) -> None:
    """One sentence, and where to go from here."""
    st.title("The figures cannot be shown", anchor=False)
    st.error(theme.markdown(str(error)))
    st.write("Your calls go on and are still being counted. `tollgate doctor` looks at every part and says what to do.")


def failed(error: AnalyticsError) -> None:
    """One sentence in the place of a page; the others may still be shown."""
    st.error(theme.markdown(str(error)))
