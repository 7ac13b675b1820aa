"""The dashboard: `tollgate dashboard`, or `streamlit run dashboard/app.py`. Reads the ledger of TOLLGATE_HOME."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import streamlit as st

from analytics.exceptions import AnalyticsError
from dashboard import data, filters
from dashboard.views import overview, start
from router.spool import default_home


def main(home: Path, now: datetime) -> None:
    """Take in what is new, ask what to look at, show the page."""
    source = data.refresh(home)
    if not source.health.attempts:
        start.empty(source)
        return
    view = filters.sidebar(data.dimensions(source), now=now)
    page = partial(overview.show, view, source)
    st.navigation([st.Page(page, title="Overview", url_path="overview", default=True)], position="top").run()


# No `:material/...:` icon here: the browser would fetch its font from another host.
st.set_page_config(page_title="Tollgate", page_icon="🚦", layout="wide")
try:
    main(default_home(), datetime.now(UTC).replace(second=0, microsecond=0))
except AnalyticsError as error:
    start.broken(error)
