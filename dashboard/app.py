"""The dashboard: `tollgate dashboard`, or `streamlit run dashboard/app.py`. Reads the ledger of TOLLGATE_HOME."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import streamlit as st

from analytics.dashboard_file import DashboardFile
from analytics.exceptions import AnalyticsError, NotAdmitted
from dashboard import access, data, filters, header
from dashboard.access import Viewer
from dashboard.pages import PAGES, Page
from dashboard.view import View
from dashboard.views import start
from router.spool import default_home


def main(home: Path, now: datetime) -> None:
    """Ask who is looking, and show them what they may see."""
    file = DashboardFile.of(home)
    try:
        viewer = access.viewer(file)
    except NotAdmitted as error:
        access.refused(error)
        return
    if viewer is None:
        st.navigation([_page(page, access.log_in) for page in PAGES], position="hidden").run()
        return
    access.log_out(viewer)
    look(filters.ledger(home) if file.demo else home, viewer, now=now)


def look(home: Path, viewer: Viewer, *, now: datetime) -> None:
    """Take in what is new, ask what to look at, show the page."""
    source = data.refresh(home, viewer.scope)
    if not source.health.attempts:
        start.empty(source)
        return
    view = filters.sidebar(source, data.dimensions(source), now=now)
    menu = [_page(page, partial(show, page, view)) for page in PAGES if page.scoped or not viewer.scope]
    st.navigation(menu, position="top").run()


def _page(page: Page, run: Callable[[], None]) -> st.Page:
    return st.Page(run, title=page.title, icon=page.icon, url_path=page.address, default=page is PAGES[0])


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
