"""The dashboard: `tollgate dashboard`, or `streamlit run dashboard/app.py`. Reads the ledger of TOLLGATE_HOME."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import streamlit as st

from analytics.exceptions import AnalyticsError
from dashboard import data, filters, header
from dashboard.pages import PAGES, Page
from dashboard.view import View
from dashboard.views import start
from router.spool import default_home


def main(home: Path, now: datetime) -> None:
    """Take in what is new, ask what to look at, show the page."""
    source = data.refresh(filters.ledger(home))
    if not source.health.attempts:
        start.empty(source)
        return
    view = filters.sidebar(source, data.dimensions(source), now=now)
    menu = [
        st.Page(partial(show, page, view), title=page.title, icon=page.icon, url_path=page.address, default=not place)
        for place, page in enumerate(PAGES)
    ]
    st.navigation(menu, position="top").run()


def show(page: Page, view: View) -> None:
    """One page, under its header. What goes wrong in it is a sentence."""
    header.show(view, page.title)
    try:
        page.show(view)
    except AnalyticsError as error:
        start.failed(error)


# No `:material/...:` icon here: the browser would fetch its font from another host.
st.set_page_config(page_title="Tollgate", page_icon="🚦", layout="wide")
try:
    main(default_home(), datetime.now(UTC).replace(second=0, microsecond=0))
except AnalyticsError as error:
    start.broken(error)
