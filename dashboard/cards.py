"""The figures above the charts: two Totals in, words out. The only place where one figure is set against another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Literal

from analytics.forecast import Forecast
from analytics.measures import Cost, measures
from analytics.reports import Totals

from . import theme

Figure = Decimal | int | None
Color = Literal["normal", "inverse", "off"]
"""Whether more is good (`normal`), bad (`inverse`) or neither."""
_BASIS: dict[Cost, str] = {
    "list_cost": "at list prices",
    "contracted_cost": "at the contract's prices",
    "reporting_cost": "at the contract's prices and rates",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure, its change, and what it means."""

    label: str
    value: str
    change: str | None
    """Against the earlier period: `12.3%` or `-4.0%`; None where there is no such share."""
    beside: str
    """What stands beside the change, or in its place."""
    color: Color
    help: str


def cards(now: Totals, earlier: Totals | None, *, cost: Cost = "list_cost", currency: str = "USD") -> list[Card]:
    """Seven cards: what was spent and saved, then how much was done for it and what went wrong.

    Without an earlier period nothing is compared.
    """

    def card(
        label: str, figure: Callable[[Totals], Figure], write: Callable[..., str], color: Color, text: str
    ) -> Card:
        value, before = figure(now), figure(earlier) if earlier else None
        step = change(value, before)
        return Card(
            label=label,
            value=theme.UNKNOWN if value is None else write(value),
            change=step,
            beside="vs before" if step else _before(earlier, before, write),
            color=color,
            help=text,
        )

    known = measures(cost)
    spent, per_call = known["Spend"].of, known["Cost per call"].of
    money = partial(theme.money, currency=currency)
    said = f"Exactly {theme.exact(getattr(now, cost), currency)}, {_BASIS[cost]}.{_left_out(now, earlier)}"
    return [
        card("Spend", spent, money, "inverse", said),
        card("Cost per call", per_call, money, "inverse", _per_call(now)),
        card("Saved by routing", lambda t: t.routing_saved, theme.money, "normal", _routing(now)),
        card("Saved by caching", lambda t: t.cache_saved, theme.money, "normal", _caching(now)),
        card("Calls", lambda t: t.calls, theme.count, "off", _calls(now)),
        card("Tokens", lambda t: t.tokens, theme.tokens, "off", _tokens(now)),
        card("Failed attempts", lambda t: t.failed_attempts, theme.count, "inverse", _failures(now)),
    ]


def forecast_card(forecast: Forecast | None, *, now: datetime, contracted: bool) -> Card:
    """Where the month is heading. `now` is local; `contracted`: at the contract's prices."""
    label = f"Forecast for {now:%B}"
    if forecast is None:
        text = "Not known: it takes three complete days of calls, and at most four dimensions to filter by."
        return Card(label=label, value=theme.UNKNOWN, change=None, beside="", color="off", help=text)
    unsure = " From less than two weeks, so do not rely on it." if forecast.confidence == "low" else ""
    basis = " At the contract's prices." if contracted else ""
    return Card(
        label=label,
        value=theme.money(forecast.expected),
        change=None,
        beside=f"{theme.money(forecast.low)} to {theme.money(forecast.high)}",
        color="off",
        help=f"Spent since its first day: {theme.exact(forecast.spent)}. In four of five months like this one, "
        f"the end lies within the range.{unsure}{basis}",
    )


def _before(earlier: Totals | None, before: Figure, write: Callable[..., str]) -> str:
    if earlier is None:
        return ""
    return "not known before" if before is None else f"before: {write(before)}"


def change(now: Figure, earlier: Figure) -> str | None:
    """How far `now` is from `earlier`, as a share of it. None where they show no difference, either is unknown, or
    there is nothing to grow from.
    """
    if now is None or earlier is None or earlier <= 0:
        return None
    text = theme.percent(now - earlier, earlier)
    return None if text == "0.0%" else text


def _left_out(now: Totals, earlier: Totals | None) -> str:
    return "".join(
        f" {theme.plural(totals.unpriced_attempts, 'attempt')} of {when} have no price and are left out."
        for totals, when in ((now, "this period"), (earlier, "the period before"))
        if totals and totals.unpriced_attempts
    )


def _routing(totals: Totals) -> str:
    share = theme.percent(totals.routing_saved or 0, totals.requested_list_cost or 0)
    part = f", {share} of what the models asked for would have cost" if share else ""
    return f"Exactly {theme.exact(totals.routing_saved)}{part}."


def _caching(totals: Totals) -> str:
    return f"Exactly {theme.exact(totals.cache_saved)}: what reads saved, less what writes cost on top."


def _per_call(totals: Totals) -> str:
    if totals.unpriced_attempts:
        return "Not known while some attempts have no price."
    return "Spend over calls, however many attempts each took."


def _calls(totals: Totals) -> str:
    share = theme.percent(totals.fallback_calls, totals.calls)
    fell_back = f"{totals.fallback_calls:,} ({share or 'none'}) were answered by another model after the first did not"
    return f"{theme.plural(totals.attempts, 'attempt')} in all. {fell_back}."


def _tokens(totals: Totals) -> str:
    cached = f"{totals.cache_read_tokens:,} read from the cache, {totals.cache_write_tokens:,} written to it"
    return f"{totals.input_tokens:,} input, {totals.output_tokens:,} output, {cached}."


def _failures(totals: Totals) -> str:
    share = theme.percent(totals.failed_attempts, totals.attempts)
    return f"{share or 'None'} of all attempts; {theme.plural(totals.incomplete_attempts, 'answer')} broke off."
