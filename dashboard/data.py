"""What the ledger says, kept while nothing new has come. A page that asks more makes its own question `kept`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

import streamlit as st

from analytics import ingest, reports
from analytics.buckets import Buckets
from analytics.budgets import Scope
from analytics.ledger import Ledger
from analytics.reports import CostRow, Dimensions, Filters, Health, Totals
from analytics.scope import scoped, without_whole
from analytics.switch import ledger_at

FRESH_SECONDS = 5
KEPT_SECONDS = 600
PATIENCE_SECONDS = 5.0
"""So long a page waits where another program has the ledger; then it says so."""
_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which ledger, how far it had come, and how much of it may be seen: part of every cache key, so that new records
    make new figures, and nobody sees what was kept for another.
    """

    home: Path
    health: Health
    behind: str | None = None
    """Why the newest records are missing, where somebody else holds the ledger."""
    scope: Scope = field(default_factory=dict[str, tuple[str, ...]])
    """The calls that there are for whoever is looking; empty: all."""

    @property
    def ledger(self) -> Ledger:
        """To ask it. No page makes another, as this one has nothing but the calls of the scope."""
        return _ledger(self.home, self.scope)


def kept(question: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """A question whose answer is kept, by its arguments. Its first is the Source, so that no answer outlives it."""
    return st.cache_data(ttl=KEPT_SECONDS, max_entries=200, show_spinner=False)(question)


@st.cache_data(ttl=FRESH_SECONDS, max_entries=8, show_spinner=False)
def refresh(home: Path, scope: Scope) -> Source:
    """Take in what waits in the spool, and say how the ledger is. Raises AnalyticsError."""
    behind = ingest.refresh(ledger_at(home), now=datetime.now(UTC))
    health = reports.health(_ledger(home, scope))
    return Source(home=home, health=without_whole(health) if scope else health, behind=behind, scope=scope)


def _ledger(home: Path, scope: Scope) -> Ledger:
    ledger = ledger_at(home, patience=PATIENCE_SECONDS)
    return scoped(ledger, scope) if scope else ledger


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


@kept
def costs_by(
    source: Source, filters: Filters, several: Sequence[Sequence[str]], buckets: Buckets
) -> list[list[CostRow]]:
    """Several breakdowns of a period in one question."""
    return reports.costs_by(source.ledger, filters, several, buckets=buckets)
