"""What the dashboard asks of a ledger, page by page. A question is a function of the ledger and of where its time is.

To ask one more, add it to QUESTIONS: `engine.py` asks each of both engines, and says of which one cannot answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from analytics import caching, calls, decisions, latency, one_call, performance, reports
from analytics.buckets import buckets, usual_grain
from analytics.grouping import BUCKET
from analytics.ledger import Ledger
from analytics.period import Period, midnight

Question = Callable[[Ledger, datetime], object]
ZONE = "Europe/Berlin"
"""Whose days are not those of the roll-ups."""
MODELS, TEAM, TASK = ("model",), ("tag:team",), ("task_type",)


def of(days: int, last: datetime, **more: object) -> reports.Filters:
    """So many days up to the one with the last attempt."""
    end = midnight(last.date()) + timedelta(days=1)
    return reports.Filters(period=Period(end - timedelta(days=days), end), **more)  # pyright: ignore[reportArgumentType]


def totals(days: int, ledger: Ledger, last: datetime) -> object:
    """The cards of a page."""
    return reports.totals(ledger, of(days, last))


def over_time(days: int, several: Sequence[Sequence[str]], ledger: Ledger, last: datetime) -> object:
    """The charts of a page, in one question."""
    filters = of(days, last)
    parts = buckets(filters.period, usual_grain(filters.period), ZONE)
    return reports.costs_by(ledger, filters, several, buckets=parts)


def grouped(days: int, by: Sequence[str], ledger: Ledger, last: datetime) -> object:
    """A table."""
    return reports.totals_by(ledger, of(days, last), by)


def of_a_team(ledger: Ledger, last: datetime) -> object:
    """What somebody sees who looks at one team."""
    return reports.totals(ledger, of(30, last, tags={"team": "team-3"}))


def durations(ledger: Ledger, last: datetime) -> object:
    """Over time, as the page of models draws it."""
    filters = of(7, last)
    cuts = [*buckets(filters.period, "day", ZONE).starts, filters.period.end]
    return performance.quantile_over(ledger, filters, cuts, MODELS)


def caches(ledger: Ledger, last: datetime) -> object:
    """The page of caches."""
    filters = of(7, last)
    return caching.caches(ledger, filters, MODELS, [*buckets(filters.period, "day", ZONE).starts, filters.period.end])


QUESTIONS: Mapping[str, Question] = {
    "health": lambda ledger, _: reports.health(ledger),
    "dimensions": lambda ledger, _: reports.dimensions(ledger),
    "totals, today": partial(totals, 1),
    "totals, 30 days": partial(totals, 30),
    "totals, 90 days": partial(totals, 90),
    "totals of a team, 30 days": of_a_team,
    "overview's charts, 30 days": partial(over_time, 30, ((BUCKET, "model"), MODELS, TEAM)),
    "overview's charts, 90 days": partial(over_time, 90, ((BUCKET, "model"), MODELS, TEAM)),
    "by hour and model, 3 days": partial(over_time, 3, ((BUCKET, "model"),)),
    "by model, 30 days": partial(grouped, 30, MODELS),
    "by model, team and task, 90 days": partial(grouped, 90, (*MODELS, *TEAM, *TASK)),
    "by requested and served model, 30 days": partial(grouped, 30, ("requested_model", "model")),
    "by user, today": partial(grouped, 1, ("user_id",)),
    "performance by model, 7 days": lambda ledger, last: performance.performance(ledger, of(7, last), MODELS),
    "thinking by model, 7 days": lambda ledger, last: performance.thinking(ledger, of(7, last), MODELS),
    "p95 over time by model, 7 days": durations,
    "latency by team, 7 days": lambda ledger, last: latency.latency_by(ledger, of(7, last), TEAM),
    "caches by model, 7 days": caches,
    "reuse of caches by team, 1 day": lambda ledger, last: caching.reuse(ledger, of(1, last), TEAM, now=last),
    "decisions, 7 days": lambda ledger, last: decisions.decisions(ledger, of(7, last), (("tier",), ("reason",))),
    "a page of calls": lambda ledger, last: calls.search(ledger, of(30, last)),
    "one call": lambda ledger, _: one_call.one_call(ledger, "call-700000"),
}
