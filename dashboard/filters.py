"""The controls in the sidebar. What is chosen stands in the address of the page, and the address brings it back.

Called from the entry script: controls placed in a page lose their answers when the page is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast
from zoneinfo import available_timezones

import streamlit as st

from analytics import presets
from analytics.buckets import GRAINS, Grain, buckets, usual_grain
from analytics.measures import Cost
from analytics.period import Period
from analytics.presets import COMPARED, CUSTOM, PRESETS, Days
from analytics.reports import Dimensions, Filters

from . import theme
from .data import Source
from .view import View

LABELS: Mapping[str, str] = {
    "model": "Model",
    "tier": "Tier",
    "task_type": "Task type",
    "platform": "Platform",
    "status": "Status",
    "requested_model": "Asked for",
    "region": "Region",
    "workspace_id": "Workspace",
    "user_id": "User",
    "key_fingerprint": "Key",
}
"""The dimensions that can be filtered by, besides tags; the names of their controls and of what is in the address."""
_FIRST = ("model", "task_type", "tier", "platform", "status")
_TAG = "tag:"
_LEDGERS = ("Mine", "Demo")
_COSTS: Mapping[str, Cost] = {"List price": "list_cost", "Contracted": "contracted_cost"}
_MOST_BUCKETS = 800


def ledger(home: Path) -> Path:
    """The home to look at: where there are demo data beside one's own, one may choose."""
    demo = home / "demo"
    if not (demo / "ledger.duckdb").exists():
        return home
    with st.sidebar:
        chosen = st.radio("Ledger", _LEDGERS, horizontal=True, key="ledger", bind="query-params")
    return demo if chosen == "Demo" else home


def sidebar(source: Source, dimensions: Dimensions, *, now: datetime) -> View:
    """Ask for everything that a view is made of."""
    with st.sidebar:
        zone = _zone()
        period, earlier = _periods(now, zone)
        grain = _grain(period)
        filters = _filters(dimensions, period)
        cost = _cost(dimensions)
        st.selectbox("Time zone", zones(), key="zone", help="Days begin and end in this time zone.")
    known = earlier is not None and earlier.known_from(dimensions.first_at)
    return View(
        source=source,
        dimensions=dimensions,
        filters=filters,
        earlier=replace(filters, period=earlier) if earlier and known else None,
        grain=grain,
        buckets=buckets(period, grain, zone),
        zone=zone,
        cost=cost,
        now=now,
    )


@cache
def zones() -> list[str]:
    """All time zones, as IANA names them."""
    return sorted(available_timezones())


def asked() -> dict[str, tuple[str, ...]]:
    """The dimensions that are filtered by, and the values that are let through."""
    names = (str(key) for key in st.session_state if str(key) in LABELS or str(key).startswith(_TAG))
    return {name: tuple(st.session_state[name]) for name in sorted(names) if st.session_state[name]}


def label(dimension: str) -> str:
    """A dimension as people call it; no two have the same name."""
    if dimension in LABELS:
        return LABELS[dimension]
    name = dimension.removeprefix(_TAG).replace("_", " ").capitalize()
    return f"Tag {name.lower()}" if name in LABELS.values() else name


def clear(dimension: str) -> None:
    """Stop to filter by a dimension, or by `period`; for a button's `on_click`."""
    if dimension == "period":
        st.session_state["period"] = PRESETS[0]
        _forget_days()
    else:
        st.session_state[dimension] = []


def show_all(dimensions: Dimensions) -> None:
    """Widen the view to everything that the ledger has; for a button's `on_click`."""
    for name in asked():
        clear(name)
    if dimensions.first_at and dimensions.last_at:
        st.session_state["period"] = CUSTOM
        st.session_state["days"] = (dimensions.first_at.date(), dimensions.last_at.date())


def _zone() -> str:
    """The chosen zone, at first the browser's.

    It stands in the address even where nobody chose it, as the days of whoever opens that address are others: that is
    why it is not bound, as what is left as it was would be left out.
    """
    if "zone" not in st.session_state:
        wanted = st.query_params.get("zone") or st.context.timezone
        st.session_state["zone"] = wanted if wanted in zones() else "UTC"
    zone: str = st.session_state["zone"]
    if st.query_params.get("zone") != zone:
        st.query_params["zone"] = zone
    return zone


def _periods(now: datetime, zone: str) -> tuple[Period, Period | None]:
    preset = st.selectbox("Period", PRESETS, key="period", bind="query-params", on_change=_forget_days)
    custom = _custom_days(now)
    how = st.selectbox("Compare with", COMPARED, key="compare", bind="query-params")
    period = presets.chosen(preset, now=now, zone=zone, custom=custom)
    return period, presets.compared(preset, how, now=now, zone=zone, custom=custom)


def _custom_days(now: datetime) -> Days:
    # Always there, and empty at first: only what a control that was there is changed to comes into the address.
    ask = cast("Callable[..., tuple[date, ...]]", st.date_input)  # its types know no empty range
    picked = ask(
        "Days",
        value=(),
        key="days",
        bind="query-params",
        on_change=_take_days,
        help="First and last day, both included.",
    )
    today = now.date()
    return (picked[0], picked[-1]) if picked else (today - timedelta(days=29), today)


def _take_days() -> None:
    st.session_state["period"] = CUSTOM


def _forget_days() -> None:
    if st.session_state["period"] != CUSTOM:
        st.session_state["days"] = ()


def _grain(period: Period) -> Grain:
    names: Mapping[str, Grain] = {f"By {grain}": grain for grain in GRAINS}
    chosen = st.selectbox("Over time", ("Auto", *names), key="grain", bind="query-params")
    grain = names.get(chosen) or usual_grain(period)
    return "day" if grain == "hour" and (period.end - period.start) > timedelta(hours=_MOST_BUCKETS) else grain


def _filters(dimensions: Dimensions, period: Period) -> Filters:
    options = {
        "model": dimensions.models,
        "task_type": dimensions.task_types,
        "tier": dimensions.tiers,
        "platform": dimensions.platforms,
        "status": dimensions.statuses,
    }
    tags = {f"{_TAG}{key}": values for key, values in dimensions.tags.items()}
    tags |= {name: () for name in st.query_params if name.startswith(_TAG) and name not in tags}
    chosen = {name: _several(name, options[name]) for name in _FIRST}
    chosen |= {name: _several(name, values) for name, values in tags.items()}
    with st.expander("More filters", expanded=bool({*LABELS} - {*_FIRST} & {*st.query_params})):
        chosen |= {name: _several(name, ()) for name in LABELS if name not in _FIRST}
    models, tasks = chosen.pop("model"), chosen.pop("task_type")
    single = {name: values[0] for name, values in chosen.items() if name.startswith(_TAG) and len(values) == 1}
    within = {name: values for name, values in chosen.items() if values and name not in single}
    tagged = {name.removeprefix(_TAG): value for name, value in single.items()}
    return Filters(period=period, models=models, task_types=tasks, tags=tagged, within=within)


def _several(name: str, options: tuple[str, ...]) -> tuple[str, ...]:
    """Any value may be asked for: one that the ledger has not finds nothing, rather than everything."""
    return tuple(
        st.multiselect(
            theme.markdown(label(name)),
            options,
            placeholder="All",
            key=name,
            bind="query-params",
            accept_new_options=True,
        )
    )


def _cost(dimensions: Dimensions) -> Cost:
    if not dimensions.contracted:
        return "list_cost"
    costs = {**_COSTS, **({dimensions.currency: "reporting_cost"} if dimensions.currency else {})}
    chosen = st.selectbox("Costs", list(costs), key="costs", bind="query-params")
    return cast("Cost", costs[chosen])
