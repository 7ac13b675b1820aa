"""What the page looks at: the controls in the sidebar, the address of the page, and the reports' Filters."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from analytics.period import Period, midnight
from analytics.reports import Dimensions, Filters

PERIODS: Mapping[str, str] = {
    "today": "Today",
    "7d": "7 days",
    "30d": "30 days",
    "month": "Month to date",
    "last-month": "Last month",
    "custom": "Custom",
}
MANY = 500
"""A tag with more values than this names single calls rather than groups of them, and is nothing to choose from."""
_DAYS = {"today": 1, "7d": 7, "30d": 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look at the ledger, and what it is compared with."""

    filters: Filters
    earlier: Filters | None
    """The same over the period before; only as far as today has come, so that like is compared with like. None where
    the ledger does not reach back so far."""
    dimensions: Dimensions
    now: datetime


def periods(choice: str, *, now: datetime, custom: tuple[date, date]) -> tuple[Period, Period]:
    """The chosen whole UTC days, and the period that they are compared with.

    Days of the calendar month are compared with the same days of the month before; others with as many days before.
    """
    today = now.astimezone(UTC).date()
    first_of_month = today.replace(day=1)
    if choice == "month":
        return _against(Period.days(first_of_month, today), _month_before(first_of_month), now)
    if choice == "last-month":
        first = _month_before(first_of_month)
        return Period.days(first, first_of_month - timedelta(days=1)), Period.days(
            _month_before(first), first - timedelta(days=1)
        )
    first, last = custom if choice == "custom" else (today - timedelta(days=_DAYS[choice] - 1), today)
    return _against(Period.days(first, last), first - timedelta(days=(last - first).days + 1), now)


def _against(period: Period, earlier: date, now: datetime) -> tuple[Period, Period]:
    start = midnight(earlier)
    elapsed = max(min(now, period.end) - period.start, timedelta())
    return period, Period(start, min(start + elapsed, period.start))


def _month_before(first: date) -> date:
    last = first - timedelta(days=1)
    return first - timedelta(days=monthrange(last.year, last.month)[1])


def sidebar(dimensions: Dimensions, *, now: datetime) -> View:
    """Ask; every answer stands in the address, so that a view can be kept and sent.

    Called from the entry script: controls placed in a page lose their answers when the page is left.
    """
    with st.sidebar:
        st.header("Tollgate", anchor=False)
        choice = st.selectbox(
            "Period",
            PERIODS,
            index=list(PERIODS).index("30d"),
            format_func=PERIODS.__getitem__,
            key="period",
            bind="query-params",
        )
        custom = _custom_days(now) if choice == "custom" else (now.date(), now.date())
        models = st.multiselect("Model", dimensions.models, placeholder="All models", key="model", bind="query-params")
        tasks = st.multiselect(
            "Task type", dimensions.task_types, placeholder="All task types", key="task_type", bind="query-params"
        )
        few = {key: values for key, values in dimensions.tags.items() if len(values) <= MANY}
        tags = {key: value for key, values in few.items() if (value := _tag(key, values)) is not None}
        st.caption("Days are UTC. The address of this page keeps the choice.")
    period, earlier = periods(choice, now=now, custom=custom)
    filters = Filters(period=period, models=tuple(models), task_types=tuple(tasks), tags=tags)
    known = reaches(earlier, dimensions.first_at)
    return View(
        filters=filters, earlier=replace(filters, period=earlier) if known else None, dimensions=dimensions, now=now
    )


def reaches(earlier: Period, first_at: datetime | None) -> bool:
    """Whether a ledger that begins at `first_at` knows that period, but for a tenth of it at most."""
    return first_at is not None and first_at <= earlier.start + (earlier.end - earlier.start) / 10


def _custom_days(now: datetime) -> tuple[date, date]:
    today = now.date()
    picked = st.date_input(
        "Days",
        value=(today - timedelta(days=29), today),
        key="days",
        bind="query-params",
        help="First and last day, both included.",
    )
    return (picked[0], picked[-1]) if picked else (today, today)  # one day while the second is still being picked


def _tag(key: str, values: tuple[str, ...]) -> str | None:
    return st.selectbox(
        key.replace("_", " ").capitalize(), values, index=None, placeholder="All", key=f"tag:{key}", bind="query-params"
    )


def show_all(dimensions: Dimensions) -> None:
    """Widen the view to everything that the ledger has; for a button's `on_click`."""
    for key in list(st.session_state):
        if key in {"model", "task_type"} or str(key).startswith("tag:"):
            del st.session_state[key]
    if dimensions.first_at and dimensions.last_at:
        st.session_state["period"] = "custom"
        st.session_state["days"] = (dimensions.first_at.date(), dimensions.last_at.date())
