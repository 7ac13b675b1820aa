"""The figures above the charts: two Totals in, words out. The only place where one figure is set against another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from analytics.reports import Totals

from . import theme

Figure = Decimal | int | None
Color = Literal["normal", "inverse", "off"]
"""Whether more is good (`normal`), bad (`inverse`) or neither."""


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


def cards(now: Totals, earlier: Totals | None) -> list[Card]:
    """Eight cards: what was spent and saved, then how much was done for it and what went wrong.

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

    return [
        card("Spend", lambda t: t.list_cost, theme.money, "inverse", _spend(now, earlier)),
        card("Saved by routing", lambda t: t.routing_saved, theme.money, "normal", _routing(now)),
        card("Saved by caching", lambda t: t.cache_saved, theme.money, "normal", _caching(now)),
        card("Cost per call", lambda t: t.cost_per_call, theme.money, "inverse", _per_call(now)),
        card("Calls", lambda t: t.calls, theme.count, "off", f"{theme.plural(now.attempts, 'attempt')} in all."),
        card("Tokens", lambda t: t.tokens, theme.tokens, "off", _tokens(now)),
        card("Fallbacks", lambda t: t.fallback_calls, theme.count, "inverse", _fallbacks(now)),
        card("Failed attempts", lambda t: t.failed_attempts, theme.count, "inverse", _failures(now)),
    ]


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


def _spend(now: Totals, earlier: Totals | None) -> str:
    left_out = [
        f" {theme.plural(totals.unpriced_attempts, 'attempt')} of {when} have no price and are left out."
        for totals, when in ((now, "this period"), (earlier, "the period before"))
        if totals and totals.unpriced_attempts
    ]
    return f"Exactly {theme.exact(now.list_cost)}, at list prices.{''.join(left_out)}"


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


def _tokens(totals: Totals) -> str:
    cached = f"{totals.cache_read_tokens:,} read from the cache, {totals.cache_write_tokens:,} written to it"
    return f"{totals.input_tokens:,} input, {totals.output_tokens:,} output, {cached}."


def _fallbacks(totals: Totals) -> str:
    share = theme.percent(totals.fallback_calls, totals.calls)
    return f"Calls that another model answered after the first did not: {share or 'none'} of all."


def _failures(totals: Totals) -> str:
    share = theme.percent(totals.failed_attempts, totals.attempts)
    return f"{share or 'None'} of all attempts; {theme.plural(totals.incomplete_attempts, 'answer')} broke off."
