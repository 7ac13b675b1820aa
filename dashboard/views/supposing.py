"""The form of the page What if: what would have been otherwise. What is sent stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import cast

import streamlit as st

from analytics.price_history import owners, price_history
from analytics.prices import BUCKETS, PriceTable
from analytics.reports import CostRow
from analytics.what_if import Supposed
from dashboard import data, filters, panels, supposition, theme
from dashboard.supposition import KEYED, TTLS, Keyed, Ttl
from dashboard.view import View
from dashboard.views.price_checks import BUCKET_HEADS

AS_IT_WAS = "As it was"
MOST_MOVED = 12
_KEY = "what-if:"
"""Of the controls."""
_LIVES = {"5m": "5 minutes", "1h": "An hour"}


def asked(view: View) -> Supposed:
    """What the form says, once it is sent, and before that what the address says."""
    said = supposition.read({name: st.query_params.get_all(name) for name in supposition.NAMES})
    per = _per(said)
    with st.form(f"{_KEY}form"):
        models = _moves(view, said, per)
        batch, caches = st.columns(2, gap="medium")
        with batch:
            share = _share(said)
        with caches:
            ttl = _ttl(said)
        with st.expander("Other prices", expanded=bool(said.prices or said.at)):
            at, prices = _prices_of(said), _prices(view, said)
        sent = st.form_submit_button("Price anew")
    if sent:
        said = Supposed(models=models, keyed=per, batch_share=share, ttl=ttl, prices=prices, at=at)
        _remember(said)
    st.button("Start over", on_click=_forget, type="tertiary")
    return said


def _per(said: Supposed) -> Keyed:
    chosen = st.segmented_control(
        "Calls move by", KEYED, default=said.keyed, required=True, format_func=filters.label, key=f"{_KEY}per"
    )
    return cast("Keyed", chosen)


def _moves(view: View, said: Supposed, per: Keyed) -> dict[str, str]:
    """To which model each of the dearest task types, or models, moves."""
    before = dict(said.models) if said.keyed == per else dict[str, str]()
    names = [row.group[0] for row in _spent(view, per)[:MOST_MOVED]]
    targets = [AS_IT_WAS, *(name for name, model in _table().file.models.items() if model.prices)]
    panels.heading("Other models", note=f"The {filters.label(per).lower()}s that cost most, and where they would go.")
    moves: dict[str, str] = {}
    with st.grid(4, min_column_width=190):
        for name in dict.fromkeys([*(name for name in names if name is not None), *before]):
            target = before.get(name, AS_IT_WAS)
            chosen = st.selectbox(
                theme.markdown(name),
                targets if target in targets else [*targets, target],
                index=targets.index(target) if target in targets else len(targets),
                key=f"{_KEY}move:{per}:{name}",
            )
            if chosen != AS_IT_WAS:
                moves[name] = chosen
    return moves


def _share(said: Supposed) -> Decimal:
    percent = st.slider(
        "Share in batch",
        0,
        100,
        int(said.batch_share * 100),
        step=5,
        format="%d%%",
        key=f"{_KEY}batch",
        help="Of the calls that can wait: at half the price, within a day. Nobody knows which can.",
    )
    return Decimal(percent) / 100


def _ttl(said: Supposed) -> Ttl | None:
    place = TTLS.index(said.ttl) if said.ttl else None
    return st.selectbox(
        "Caches live for",
        TTLS,
        index=place,
        format_func=_LIVES.__getitem__,
        placeholder=AS_IT_WAS,
        key=f"{_KEY}ttl",
    )


def _prices_of(said: Supposed) -> datetime | None:
    day = st.date_input(
        "Prices of a day",
        value=said.at.date() if said.at else None,
        key=f"{_KEY}prices_of",
        help="Its prices count for every call, whenever it was made. Empty: each call at the prices of its own day.",
    )
    return datetime.combine(day, time(), UTC) if day else None


def _prices(view: View, said: Supposed) -> dict[str, dict[str, Decimal]]:
    """What was changed in a table of the prices in force; what the address says is changed in it already."""
    real = _in_force(view.now.date())
    names = [name for name in [*_used(view), *real] if name in real]
    rows = [(name, dict(real[name]) | dict(said.prices.get(name, {}))) for name in dict.fromkeys(names)]
    key = f"{_KEY}prices"
    number = st.column_config.NumberColumn
    st.data_editor(  # pyright: ignore[reportUnknownMemberType]  # Streamlit's signature names untyped pandas
        [{"Model": name} | {BUCKET_HEADS[bucket]: _drawn(usd) for bucket, usd in row.items()} for name, row in rows],
        column_config={head: number(format="$%g", min_value=0.0) for head in BUCKET_HEADS.values()},
        disabled=["Model"],
        hide_index=True,
        height=250,
        alt="Table to edit: US dollars per million tokens, by model and kind of token",
        key=key,
    )
    st.caption("US dollars per million tokens, at standard speed and for prompts of ordinary length. Those used first.")
    edited = cast("dict[int, dict[str, float | None]]", st.session_state[key]["edited_rows"])
    for place, changes in edited.items():
        buckets = {bucket: changes[head] for bucket, head in BUCKET_HEADS.items() if head in changes}
        rows[place][1].update({bucket: Decimal(str(usd)) for bucket, usd in buckets.items() if usd is not None})
    changed = (
        (name, {bucket: usd for bucket, usd in row.items() if usd is not None and usd != real[name][bucket]})
        for name, row in rows
    )
    return {name: row for name, row in changed if row}


def _drawn(usd: Decimal | None) -> float | None:
    """The editor knows floats only; what nobody changes in it is not read back."""
    return None if usd is None else float(usd)


def _remember(said: Supposed) -> None:
    """Put it into the address, from where it is read again."""
    address = supposition.write(said)
    for name in supposition.NAMES:
        if name in address:
            st.query_params[name] = address[name]
        else:
            st.query_params.pop(name, None)


def _forget() -> None:
    for name in supposition.NAMES:
        st.query_params.pop(name, None)
    for key in [key for key in st.session_state if str(key).startswith(_KEY)]:
        del st.session_state[key]


def _spent(view: View, by: str) -> Sequence[CostRow]:
    return data.cost_by(view.source, view.filters, (by,))


def _used(view: View) -> list[str]:
    """The models of the period, as the price table calls them, the dearest first."""
    known = owners(_table())
    return [known[row.group[0]] for row in _spent(view, "model") if row.group[0] in known]


@cache
def _table() -> PriceTable:
    return PriceTable.load()


@cache
def _in_force(on: date) -> dict[str, dict[str, Decimal | None]]:
    """By model and bucket the ordinary prices of a day."""
    table = _table()
    histories = (price_history(table, name, on=on) for name in table.file.models)
    return {
        history.model: {bucket: row.prices[bucket] for bucket in BUCKETS}
        for history in histories
        for row in history.rows
        if row.in_force and row.speed == "standard" and row.prompt_over is None
    }
