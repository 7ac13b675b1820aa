"""What the ledger says, kept while nothing new has come. A page that asks more makes its own question `kept`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import streamlit as st

from analytics import ingest, reports
from analytics.buckets import Buckets
from analytics.ledger import Ledger
from analytics.reports import CostRow, Dimensions, Filters, Health, Totals

FRESH_SECONDS = 5
KEPT_SECONDS = 600
_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which ledger, and how far it had come: part of every cache key, so that new records make new figures."""

    home: Path
    health: Health
    behind: str | None = None
    """Why the newest records are missing, where somebody else holds the ledger."""

    @property
    def ledger(self) -> Ledger:
        """To ask it."""
        return Ledger(self.home)


def kept(question: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """A question whose answer is kept, by its arguments. Its first is the Source, so that no answer outlives it."""
    return st.cache_data(ttl=KEPT_SECONDS, max_entries=200, show_spinner=False)(question)


@st.cache_data(ttl=FRESH_SECONDS, max_entries=8, show_spinner=False)
def refresh(home: Path) -> Source:
    """Take in what waits in the spool, and say how the ledger is. Raises AnalyticsError."""
    ledger = Ledger(home)
    behind = ingest.refresh(ledger)
    return Source(home=home, health=reports.health(ledger), behind=behind)


@kept
def dimensions(source: Source) -> Dimensions:
    """What there is to choose from."""
    return reports.dimensions(source.ledger)


@kept
def totals(source: Source, filters: Filters) -> Totals:
    """A period in figures."""
    return reports.totals(source.ledger, filters)


@kept
def totals_by(
    source: Source, filters: Filters, by: Sequence[str], buckets: Buckets | None = None
) -> dict[tuple[str | None, ...], Totals]:
    """The same by groups."""
    return reports.totals_by(source.ledger, filters, by, buckets=buckets)


@kept
def cost_by(source: Source, filters: Filters, by: Sequence[str], buckets: Buckets | None = None) -> list[CostRow]:
    """A breakdown."""
    return reports.cost_by(source.ledger, filters, by, buckets=buckets)
