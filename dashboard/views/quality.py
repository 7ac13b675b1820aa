"""Whether the figures can be trusted: what must be said above them, and the line at the foot of the page."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from analytics.reports import Health, Totals
from dashboard import panels, tables, theme
from dashboard.drill import Drill, Point

OLD_PRICES_DAYS = 45


def unpriced(totals: Totals) -> None:
    """What nobody may overlook: amounts that leave something out."""
    if totals.unpriced_attempts:
        attempts = theme.plural(totals.unpriced_attempts, "attempt")
        st.warning(f"The amounts leave out {attempts} that no price is known for; the foot of the page says why.")


def line(health: Health, *, now: datetime) -> None:
    """How complete the figures are and how old the prices, over the whole ledger."""
    unpriced = sum(attempts for _, attempts in health.unpriced)
    with st.container(border=True):
        panels.heading("Data quality")
        with st.container(horizontal=True, gap="small"):
            _count(unpriced, "attempt", "without a price", fine="Every attempt is priced")
            _count(health.lost_records, "record", "lost", fine="No record lost")
            _count(health.rejected_lines, "line", "rejected", fine="No line rejected")
            _count(health.waiting_bytes, "byte", "waiting in the spool", fine="Nothing waiting in the spool")
            _prices(health, now)
        found = [{"What": reason, "Count": number} for reason, number in health.unpriced]
        found += [{"What": f"assumed: {flag}", "Count": number} for flag, number in health.flagged]
        if found:
            points = Drill("unpriced").points((reason,) for reason, _ in health.unpriced)
            points += [Point({}, calls=False) for _ in health.flagged]
            tables.show(found, name="data quality", points=points, folded=True)


def _count(number: int, noun: str, trouble: str, *, fine: str) -> None:
    if number:
        _wrong(f"{theme.plural(number, noun)} {trouble}")
    else:
        _right(fine)


def _prices(health: Health, now: datetime) -> None:
    checked = health.price_table_checked_on
    if checked is None:
        _wrong("No price table")
        return
    age = (now.date() - checked).days
    said = f"Prices checked on {theme.day(checked)}"
    if age > OLD_PRICES_DAYS:
        _wrong(f"{said}, {theme.plural(age, 'day')} ago: see whether they still hold")
    else:
        _right(said)


def _right(said: str) -> None:
    st.badge(f"✓ {said}", color="green")


def _wrong(said: str) -> None:
    st.badge(f"! {said}", color="orange")
