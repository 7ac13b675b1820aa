"""Beside the list prices: the contract, what other tables say, and what was counted again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from analytics.contract import Contract
from analytics.exceptions import ContractError, SettingsError
from analytics.price_diff import Comparison, compare
from analytics.price_file import FIRST_DAY, LAST_DAY, Span
from analytics.prices import PriceTable
from analytics.rerate import Rerating, history
from dashboard import panels, tables, theme
from dashboard.data import KEPT_SECONDS, Source, kept
from dashboard.view import View

BUCKET_HEADS: Mapping[str, str] = {
    "input": "Input",
    "output": "Output",
    "cache_write_5m": "Write 5m",
    "cache_write_1h": "Write 1h",
    "cache_read": "Read",
}
_CONTRACT = """\
discounts:
  - {from: 2026-01-01, percent_off: "15", platforms: [bedrock]}
"""


def show(view: View, prices: PriceTable, on: date) -> None:
    """All three."""
    _contract(view, prices)
    _others(on)
    _reratings(view)


def _contract(view: View, prices: PriceTable) -> None:
    panels.heading("Contract")
    try:
        contract = Contract.of(view.source.home, prices)
    except ContractError as error:
        mistakes = "\n".join(f"- {theme.markdown(line)}" for line in str(error).splitlines())
        st.error(f"The contract cannot be read, so what is paid is not known:\n\n{mistakes}")
        return
    if contract.version is None:
        st.write("There is none, so what is paid is the list price. What was agreed on is said in a file:")
        st.caption(theme.markdown(str(view.source.home / "contract.yaml")))
        st.code(_CONTRACT, language=None)
        return
    for row in contract.file.rates:
        st.caption(theme.markdown(f"1 USD is {row.per_usd:f} {contract.file.currency} {_since(row)}."))
    rows = [
        {"Percent off": row.percent_off, "Platforms": _listed(row.platforms), "Models": _listed(row.models)}
        | {"Service tiers": _listed(row.service_tiers), **span_days(row)}
        for row in contract.file.discounts
    ]
    if rows:
        tables.show(rows, name="discounts")
    else:
        st.write("It has no discounts.")


def _others(on: date) -> None:
    panels.heading("Other tables", note=f"As they are on {theme.day(on)}. Ours names its sources, theirs do not.")
    try:
        found = _compared(on)
    except SettingsError as error:
        st.warning(theme.markdown(str(error)))
        return
    for each in found:
        if each.version is None:
            st.caption(theme.markdown(f"{each.package} is not installed, and so not compared."))
            continue
        number = theme.plural(len(each.differences), "difference")
        missing = f" Not in its table: {', '.join(each.not_listed)}." if each.not_listed else ""
        compared = theme.plural(each.compared, "model")
        st.markdown(theme.markdown(f"{each.package} {each.version}: {compared} compared, {number}.{missing}"))
        if each.differences:
            rows = [
                {"Model": one.model, "Speed": one.speed, "Prompt over": one.prompt_over}
                | {"Bucket": BUCKET_HEADS[one.bucket], "Ours": one.ours, "Theirs": one.theirs}
                | {"Our sources": "; ".join(one.sources)}
                for one in each.differences
            ]
            tables.show(
                rows, name=f"differences to {each.package}", formats=dict.fromkeys(("Ours", "Theirs"), tables.PRICE)
            )


def _reratings(view: View) -> None:
    panels.heading("Re-ratings", note="When what was spent was counted again with other prices.")
    due = view.source.health.outdated_charges
    if due:
        charges = theme.plural(due, "charge")
        st.warning(f"{charges} were made with other prices than those in use: `tollgate rerate` counts them again.")
    rows = [
        {
            "When": theme.moment(each.rerated_at, view.zone),
            "Period": theme.days(each.period, view.zone) if each.period else "everything",
            "From": ", ".join(each.from_versions),
            "To": each.to_version,
            "Lines": each.lines,
            "Lines changed": each.changed_lines,
            "Before": each.list_cost_before,
            "After": each.list_cost_after,
            "Paid before": each.contracted_cost_before,
            "Paid after": each.contracted_cost_after,
            "Causes": ", ".join(dict.fromkeys(change.cause for change in each.changes if change.cause)),
        }
        for each in _rerated(view.source)
    ]
    if rows:
        tables.show(
            rows,
            name="re-ratings",
            formats=dict.fromkeys(("Before", "After", "Paid before", "Paid after"), tables.MONEY),
        )
    else:
        st.write("Nothing was ever rated again.")


def span_days(row: Span) -> dict[str, date | None]:
    """The first day and the first day after, where there is one."""
    return {
        "From": None if row.from_ == FIRST_DAY else row.from_,
        "Until": None if row.to == LAST_DAY else row.to,
    }


def _since(row: Span) -> str:
    start = "" if row.from_ == FIRST_DAY else f"from {theme.day(row.from_)} "
    return f"{start}on" if row.to == LAST_DAY else f"{start}until {theme.day(row.to)}"


def _listed(names: Sequence[str] | None) -> str:
    return "all" if names is None else ", ".join(names)


@st.cache_data(ttl=KEPT_SECONDS, max_entries=20, show_spinner=False)
def _compared(on: date) -> list[Comparison]:
    return compare(PriceTable.load(), on=on)


@kept
def _rerated(source: Source) -> list[Rerating]:
    return history(source.ledger)
