"""The server of the dashboard, for `streamlit run dashboard/server.py`: as app.py, and the first visit does not wait
until all that the pages need is loaded.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module

import streamlit as st


@asynccontextmanager
async def _loaded(_: st.App) -> AsyncGenerator[None]:
    """Before anybody is let in."""
    import_module("dashboard.pages")
    yield


app = st.App("app.py", lifespan=_loaded)
