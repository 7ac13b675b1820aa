"""Prices: what a model costs on a day, since when and who says so; what has no price, and what others say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date
from functools import partial
from typing import Any

import streamlit as st

from analytics.exceptions import SettingsError
from analytics.price_history import DatedPrice, PriceHistory, find_models, owners, price_history
from analytics.price_steps import price_steps
from analytics.prices import PriceTable
from analytics.reports import CostRow
from dashboard import charts, data, panels, steps, tables, theme, units
from dashboard.data import KEPT_SECONDS
from dashboard.drill import Drill, Point
from dashboard.view import View
from dashboard.views import price_checks
from dashboard.views.price_checks import BUCKET_HEADS, span_days
from dashboard.views.quality import OLD_PRICES_DAYS

_PRICES = dict.fromkeys(BUCKET_HEADS.values(), tables.PRICE)
_UNIT = "US dollars per million tokens; what has no published price is empty, and stays unpriced."
_EARLIEST = date(2023, 1, 1)
LIST, BATCH = "List", "Batch"


def show(view: View) -> None:
    """The page, from top to bottom."""
    prices = _table()
    _age(view, prices)
    _gaps(view)
    found, on = _asked(view, prices)
    if found:
        _in_use(view, prices, found)
        _over_time(view, prices, found)
        _in_force(found, on)
        _one(found)
    _besides(prices, on)
    price_checks.show(view, prices, on)


def _age(view: View, prices: PriceTable) -> None:
    age = (view.now.date() - prices.checked).days
    ago = "today" if age <= 0 else f"{theme.plural(age, 'day')} ago"
    said = f"Price table {prices.version}, compared with its sources on {theme.day(prices.checked)}, {ago}."
    st.caption(theme.markdown(said))
    if age > OLD_PRICES_DAYS:
        st.warning("See whether the prices still hold: a newer Tollgate brings a newer table.")


def _gaps(view: View) -> None:
    """What the ledger has and the table has no price for."""
    unpriced = view.source.health.unpriced
    if not unpriced:
        return
    with st.container(border=True):
        panels.heading("Without a price", note="Over the whole ledger. No amount includes these attempts.")
        tables.show(
            [{"Why": why, "Attempts": attempts} for why, attempts in unpriced],
            name="without a price",
            points=Drill("unpriced").points((why,) for why, _ in unpriced),
        )


def _asked(view: View, prices: PriceTable) -> tuple[list[PriceHistory], date]:
    """The models that are looked for, and the day."""
    today = view.now.astimezone(UTC).date()
    look, day = st.columns([3, 1])
    with look:
        text = st.text_input(
            "Find a model", key="find", bind="query-params", placeholder="By its name, or its id on any platform"
        )
    with day:
        on = st.date_input(
            "In force on", today, min_value=_EARLIEST, key="on", bind="query-params", help="Days of prices are UTC."
        )
    try:
        keys = find_models(prices, text)
    except SettingsError as error:
        st.info(theme.markdown(str(error)))
        keys = []
    used = {key: None for row in _used(view) if (key := owners(prices).get(row.group[0] or ""))}
    ordered = [*(key for key in used if key in keys), *(key for key in keys if key not in used)]
    return [price_history(prices, key, on=on) for key in ordered], on


def _in_use(view: View, prices: PriceTable, found: Sequence[PriceHistory]) -> None:
    """What is called in the period, as the ledger names it, the dearest first."""
    known, names = {each.model: each for each in found}, owners(prices)
    rows = [row for row in _used(view) if names.get(row.group[0] or "") in known]
    panels.heading("In use", note="What the period has of them, as the filters narrow it.")
    if not rows:
        st.write("None of these models was called in the period.")
        return
    models = [known[names[row.group[0] or ""]] for row in rows]
    records = [
        {"Model": row.group[0], view.headed("Spend"): view.spent(row), "Attempts": row.attempts}
        | {"Unpriced attempts": row.unpriced_attempts}
        | _buckets(_standard(model))
        for row, model in zip(rows, models, strict=True)
    ]
    tables.show(
        records,
        name="prices of models in use",
        formats={**_PRICES, "Spend": tables.MONEY},
        points=[
            Point({"priced": model.model, "model": [row.group[0]]}) for row, model in zip(rows, models, strict=True)
        ],
    )


def _over_time(view: View, prices: PriceTable, found: Sequence[PriceHistory]) -> None:
    """Since when a price holds, of the models that are looked for: those in use first."""
    choose = partial(st.segmented_control, required=True, bind="query-params")
    with st.container(border=True):
        panels.heading("Over time", note=_UNIT)
        with st.container(horizontal=True):
            bucket = choose(
                "Price of", list(BUCKET_HEADS), default="input", format_func=BUCKET_HEADS.__getitem__, key="bucket"
            )
            way = choose("Charged as", (LIST, BATCH), default=LIST, key="charged")
        turns = {each.model: price_steps(prices, each.model, bucket, batch=way == BATCH) for each in found}
        drawn = {model: each for model, each in turns.items() if any(one.price is not None for one in each)}
        if not drawn:
            st.write("None of these models has such a price.")
            return
        if len(drawn) > charts.TOP:
            st.caption(f"The first {charts.TOP} of {len(drawn)}: look for a model to see it; the table has all.")
        panels.chart(
            steps.steps(drawn, until=view.now.date(), unit=units.money()),
            name="price steps",
            alt=f"Step lines: the {way.lower()} price of a million tokens ({BUCKET_HEADS[bucket].lower()}) by model",
            click=None,
        )
        tables.show(
            [{"Model": model, "From": one.since, "Price": one.price} for model, each in drawn.items() for one in each],
            name="prices over time",
            formats={"Price": tables.PRICE},
            points=[Point({"priced": model}, calls=False) for model, each in drawn.items() for _ in each],
            folded=True,
        )


def _standard(model: PriceHistory) -> DatedPrice | None:
    """The row that holds for the usual call."""
    usual = (row for row in model.rows if row.in_force and row.speed == "standard" and row.prompt_over is None)
    return next(usual, None)


def _in_force(found: Sequence[PriceHistory], on: date) -> None:
    panels.heading(f"In force on {theme.day(on)}", note=_UNIT)
    rows = [(model, row) for model in found for row in model.rows if row.in_force]
    if rows:
        tables.show(
            [{"Model": model.model, "Name": model.name} | _row(row) for model, row in rows],
            name="prices",
            formats=_PRICES,
            points=[Point({"priced": model.model}, calls=False) for model, _ in rows],
        )
    else:
        st.write("None of these models has a price on that day.")
    without = [model.name for model in found if not any(row.in_force for row in model.rows)]
    if without and rows:
        st.caption(theme.markdown(f"Without a price on that day: {', '.join(without)}."))


def _one(found: Sequence[PriceHistory]) -> None:
    """One model: every row, its sources, its ids."""
    models = {each.model: each for each in found}
    with st.container(border=True):
        panels.heading("History")
        chosen = models[st.selectbox("Model", list(models), key="priced", bind="query-params")]
        if chosen.unpriced:
            st.info(theme.markdown(f"It has no price: {chosen.unpriced}."))
        else:
            rows = [{"In force": "✓" if row.in_force else ""} | _row(row) for row in chosen.rows]
            tables.show(rows, name="history", formats=_PRICES)
        sources = list(dict.fromkeys(source for row in chosen.rows for source in row.sources))
        if sources:
            panels.heading("Who says so", level=3)
            tables.show(
                [
                    {"Source": each.name, "Authority": each.authority, "Dated": each.dated}
                    | {"What": each.what, "Where": each.where}
                    for each in sources
                ],
                name="sources",
            )
        with st.expander("Ids and facts", type="compact", key="facts"):
            ids = [{"Platform": platform, "Ids": ", ".join(names)} for platform, names in chosen.ids.items()]
            tables.show(ids, name="ids")
            facts = {**chosen.facts, "modifiers": ", ".join(chosen.modifiers) or "none"}
            tables.show(
                [
                    {"Fact": name.replace("_", " "), "Value": "unknown" if value is None else str(value)}
                    for name, value in facts.items()
                ],
                name="facts",
            )


def _besides(prices: PriceTable, on: date) -> None:
    """Factors and fees: what a price is multiplied by, and what costs by the piece."""
    factors = [
        {"What": name.replace("_", " "), "Where": " ".join(row.when.values()), "Times": row.multiply}
        | {"On": ", ".join(row.platforms), **span_days(row), "Sources": ", ".join(row.source)}
        for name, rows in prices.file.modifiers.items()
        for row in rows
        if row.from_ <= on < row.to
    ]
    fees = [
        {"What": name.replace("_", " "), "Price": row.price, "For": row.per}
        | {"On": ", ".join(row.platforms), **span_days(row), "Sources": ", ".join(row.source)}
        for name, rows in prices.file.per_use.items()
        for row in rows
        if row.from_ <= on < row.to
    ]
    with st.expander("Factors and fees on that day", type="compact", key="besides"):
        tables.show(factors, name="factors")
        tables.show(fees, name="fees", formats={"Price": tables.PRICE})


def _row(row: DatedPrice) -> dict[str, Any]:
    return {
        "Speed": row.speed,
        "Prompt over": row.prompt_over,
        **_buckets(row),
        "From": row.valid_from,
        "Until": row.valid_to,
        "Sources": ", ".join(source.name for source in row.sources),
        "Authority": ", ".join(dict.fromkeys(source.authority for source in row.sources)),
    }


def _buckets(row: DatedPrice | None) -> dict[str, Any]:
    return {head: row and row.prices[bucket] for bucket, head in BUCKET_HEADS.items()}


def _used(view: View) -> list[CostRow]:
    return data.cost_by(view.source, view.filters, ("model",))


@st.cache_resource(ttl=KEPT_SECONDS, show_spinner=False)
def _table() -> PriceTable:
    """The one that came with this Tollgate: what is rated next is rated with it."""
    return PriceTable.load()
