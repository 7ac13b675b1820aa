"""What one writes first: every row of the ledger into pandas at each change; benchmarks/dashboard.py sets it beside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import pandas  # pyright: ignore[reportMissingTypeStubs]  # it ships none
import plotly.express as px  # pyright: ignore[reportMissingTypeStubs]  # Plotly ships no types
import streamlit as st

ROWS = """
SELECT usage.started_at, usage.model, sum(charge.list_cost)::DOUBLE AS cost
FROM usage JOIN line USING (record_id) JOIN charge USING (record_id, line_number)
GROUP BY usage.record_id, usage.started_at, usage.model
"""
DAYS = {"30 days": 30, "7 days": 7, "90 days": 90}

days = DAYS[st.selectbox("Period", list(DAYS))]
with duckdb.connect(str(Path(os.environ["TOLLGATE_HOME"]) / "ledger.duckdb"), read_only=True) as con:
    rows: Any = con.execute(ROWS).df()
mine = rows[rows.started_at >= rows.started_at.max().normalize() - pandas.Timedelta(days=days - 1)]
st.title("Overview")
st.metric("Spend", f"${mine.cost.sum():,.2f}")
st.metric("Calls", f"{len(mine):,}")
by_day = mine.groupby([mine.started_at.dt.date, "model"], as_index=False).cost.sum()
st.plotly_chart(px.bar(by_day, x="started_at", y="cost", color="model"))  # pyright: ignore[reportUnknownMemberType]  # as above
