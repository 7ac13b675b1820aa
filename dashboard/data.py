"""What the ledger says, kept while nothing new has come. A page that asks more makes its own question `kept`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from analytics import ingest, reports
from analytics.buckets import Buckets
from analytics.budgets import Scope
from analytics.ledger import Ledger
from analytics.reports import CostRow, Dimensions, Filters, Health, Totals
from analytics.scope import scoped, without_whole
from analytics.switch import ledger_at
from router.spool import lost_records

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


_SPELT: dict[str | type[Any], Callable[[Any], Any]] = dict.fromkeys((Source, Filters, Buckets), repr)
"""What is spelt out as part of a key. Streamlit would look into each of their parts, which takes five times as long."""


def kept(question: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """A question whose answer is kept, by its arguments. Its first is the Source, so that no answer outlives it."""
    return st.cache_data(ttl=KEPT_SECONDS, max_entries=200, show_spinner=False, hash_funcs=_SPELT)(question)


@st.cache_data(ttl=FRESH_SECONDS, max_entries=8, show_spinner=False)
def refresh(home: Path, scope: Scope) -> Source:
    """Take in what waits in the spool, and say how the ledger is. Raises AnalyticsError."""
    behind = ingest.refresh(ledger_at(home), now=datetime.now(UTC))
    ledger = _ledger(home, scope)
    health = reports.health(ledger) if ledger.shared else _health(ledger, scope)
    return Source(home=home, health=without_whole(health) if scope else health, behind=behind, scope=scope)


def _health(ledger: Ledger, scope: Scope) -> Health:
    """Of a ledger that is a file: asked again only once that was written to. The spool is looked at each time."""
    spool = {"waiting_bytes": ingest.waiting_bytes(ledger), "lost_records": lost_records(ledger.home)}
    return replace(_health_at(ledger.stamp(), ledger.home, scope), **spool)


@st.cache_data(ttl=KEPT_SECONDS, max_entries=8, show_spinner=False)
def _health_at(stamp: tuple[tuple[int, int], ...], home: Path, scope: Scope) -> Health:
    del stamp  # part of the key
    return reports.health(_ledger(home, scope))


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
