"""The server of the dashboard, for `streamlit run dashboard/server.py`: as app.py, and the first visit does not wait
until all that the pages need is loaded.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module

import streamlit as st


@asynccontextmanager
async def _loaded(_: st.App) -> AsyncGenerator[None]:
    """Before anybody is let in.

    What has been loaded stays, and is many objects. Streamlit has the garbage collector look through all it knows
    after every run, while every other run waits: what is frozen it does not look through.
    """
    import_module("dashboard.pages")
    gc.collect()
    gc.freeze()
    yield


app = st.App("app.py", lifespan=_loaded)
