"""What the reports say, kept while nothing new has come. The ledger is asked here and nowhere else in the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from analytics import ingest, reports
from analytics.ledger import Ledger
from analytics.reports import CostRow, Dimensions, Filters, Health, Totals

FRESH_SECONDS = 5
KEPT_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which ledger, and how far it had come: part of every cache key, so that new records make new figures."""

    home: Path
    health: Health
    behind: str | None = None
    """Why the newest records are missing, where somebody else holds the ledger."""


@st.cache_data(ttl=FRESH_SECONDS, max_entries=8, show_spinner=False)
def refresh(home: Path) -> Source:
    """Take in what waits in the spool, and say how the ledger is. Raises AnalyticsError."""
    ledger = Ledger(home)
    behind = ingest.refresh(ledger)
    return Source(home=home, health=reports.health(ledger), behind=behind)


@st.cache_data(ttl=KEPT_SECONDS, max_entries=20, show_spinner=False)
def dimensions(source: Source) -> Dimensions:
    """What there is to choose from."""
    return reports.dimensions(Ledger(source.home))


@st.cache_data(ttl=KEPT_SECONDS, max_entries=200, show_spinner=False)
def totals(source: Source, filters: Filters) -> Totals:
    """A period in figures."""
    return reports.totals(Ledger(source.home), filters)


@st.cache_data(ttl=KEPT_SECONDS, max_entries=200, show_spinner=False)
def cost_by(source: Source, filters: Filters, by: Sequence[str]) -> list[CostRow]:
    """A breakdown."""
    return reports.cost_by(Ledger(source.home), filters, by)
