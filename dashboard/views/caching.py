"""Caching: how much of the prompts came from caches, what reads saved and writes cost, and whose they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from analytics import caching
from analytics.caching import Caches, CachingRow
from analytics.grouping import BUCKET
from analytics.measures import cache_hit_ratio
from analytics.reports import Filters, Totals
from dashboard import cards, charts, data, figures, filters, header, panels, tables, theme, units
from dashboard.charts import Mark
from dashboard.data import Source, kept
from dashboard.drill import Drill, Point
from dashboard.export import Rows
from dashboard.view import View
from dashboard.views import pruned, quality, reuse

SAVED, COST = "Saved by reads", "Cost of writes"
_FORMATS = {**dict.fromkeys((SAVED, COST, "Saved"), tables.MONEY), "Hit ratio": tables.SHARE}
MARKING = """\
client.messages.create(
    cache_control={"type": "ephemeral"},  # caches the prompt up to its last block
    ...
)
"""
MONEY = """\
At list prices. A token that is read saves what input costs more than a read; one that is written costs what a write
costs more than input. Their difference is what caching saved; below zero, it cost more than it saved."""


def show(view: View) -> None:
    """The page: first what totals know, then what every attempt has to be read for."""
    totals = data.totals(view.source, view.filters)
    quality.unpriced(totals)
    if not totals.attempts:
        header.nothing(view)
        return
    if not totals.cache_read_tokens + totals.cache_write_tokens:
        _unused()
        return
    _figures(view, totals)
    names = [*(f"tag:{key}" for key in view.dimensions.tags), "task_type", "model"]
    by = st.segmented_control(
        "Whose caches",
        names,
        default="tag:team" if "team" in view.dimensions.tags else names[0],
        required=True,
        format_func=lambda name: theme.markdown(filters.label(name)),
        key="owner",
        bind="query-params",
    )
    with st.container(border=True):
        _hits(view, by)
    pruned.say(view, lasting="The figures above go")
    with st.spinner("Reading what was written and read…"):
        cuts = (*view.buckets.starts, view.buckets.ends[-1])
        found = _caches(view.source, view.filters, by, cuts)
    if found.whole is None:
        return  # what the figures above count is pruned, which has been said
    money, whose = (column.container(border=True, height="stretch") for column in st.columns([3, 2]))
    with money:
        _money(view, found.whole, found.over_time)
    with whose:
        _owners(by, found.groups)
    reuse.show(view, by)


def _unused() -> None:
    st.info("No call of this period wrote to a prompt cache or read from one.")
    st.write("What many calls have in common costs a tenth when it is read from a cache. To have it cached:")
    st.code(MARKING, language=None)


def _figures(view: View, totals: Totals) -> None:
    earlier = data.totals(view.source, view.earlier) if view.earlier else None
    saved = next(card for card in cards.cards(totals, earlier) if card.label == "Saved by caching")
    share = units.SHARE
    before = f"before: {share.short(cache_hit_ratio(earlier))}" if earlier else ""
    hits = figures.plain(
        "Hit ratio",
        share.short(cache_hit_ratio(totals)),
        beside=before,
        about=f"Exactly {share.exact(cache_hit_ratio(totals))} of the prompt tokens came from a cache.",
    )
    tokens = [
        figures.plain(label, theme.tokens(number), about=f"Exactly {number:,} tokens {what} a cache.")
        for label, number, what in (
            ("Read", totals.cache_read_tokens, "read from"),
            ("Written", totals.cache_write_tokens, "written to"),
        )
    ]
    figures.show([hits, saved, *tokens])


def _hits(view: View, by: str) -> None:
    name = filters.label(by)
    panels.heading(f"Hit ratio by {view.grain} and {name.lower()}", note="Prompt tokens read from a cache, of all.")
    whole = data.totals_by(view.source, view.filters, (by,))
    # Those with the most prompts first, as six lines are drawn.
    names = [group[0] for group in sorted(whole, key=lambda one: -_prompts(whole[one])) if _prompts(whole[group])]
    found = data.totals_by(view.source, view.filters, (BUCKET, by), view.buckets)
    marks = [
        Mark(group[1], cache_hit_ratio(totals), group[0], f" of {theme.tokens(_prompts(totals))} tokens")
        for group, totals in found.items()
    ]
    click = Drill.of(view, by)
    panels.chart(
        charts.lines(
            marks,
            view.axis,
            names=names,
            looks=view.looks(names, by),
            unit=units.SHARE,
        ),
        name="hits",
        alt=f"Lines: share of the prompt tokens that came from a cache, by {name.lower()}, in each {view.grain}",
        click=click,
    )
    if len(names) > charts.TOP:
        st.caption(f"The {charts.TOP} with the most prompt tokens of {len(names)}; the table has all.")
    rows = [tables.named(group, (view.grain.capitalize(), name)) | _tokens(totals) for group, totals in found.items()]
    _folded(rows, name=f"hit ratio by {view.grain} and {by}", points=click.points(found))


def _money(view: View, whole: CachingRow, rows: Sequence[CachingRow]) -> None:
    panels.heading("What reads saved and writes cost")
    cost = f"saved by reads; writes cost {theme.money(whole.write_extra)} above the input price"
    st.html(theme.headline(theme.money(whole.read_saved), cost))
    buckets = dict(zip(view.buckets.starts, view.buckets.names, strict=True))
    slots = [buckets[row.start] for row in rows]
    marks = [Mark(SAVED, row.read_saved, slot, _net(row)) for row, slot in zip(rows, slots, strict=True)]
    marks += [
        Mark(COST, row.write_extra and -row.write_extra, slot, " above the input price")
        for row, slot in zip(rows, slots, strict=True)
    ]
    click = Drill.of(view)
    panels.chart(
        charts.stacked(
            marks,
            view.axis,
            names=(SAVED, COST),
            looks=theme.looks((SAVED, COST)),
            unit=units.money(),
        ),
        name="money",
        alt=f"Bars: what cache reads saved above the line and what writes cost below it, in each {view.grain}",
        click=click,
    )
    with st.popover("How this is computed", type="tertiary", key="how-money"):
        st.write(MONEY)
    found = [{view.grain.capitalize(): slot} | _columns(row) for row, slot in zip(rows, slots, strict=True)]
    _folded(found, name=f"caching by {view.grain}", points=click.points((slot,) for slot in slots))


def _owners(by: str, rows: Sequence[CachingRow]) -> None:
    name = filters.label(by)
    panels.heading(f"Saved by {name.lower()}", note="What reads saved, less what writes cost on top.")
    panels.chart(
        charts.ranking([Mark(row.group[0], row.saved, note=_hit(row)) for row in rows], unit=units.money(), most=12),
        name="owners",
        alt=f"Bars: what caching saved by {name.lower()}, the most first",
        click=Drill(by),
    )
    found = [{name: charts.spelt(row.group[0])} | _columns(row) for row in rows]
    _folded(found, name=f"caching by {by}", points=Drill(by).points(row.group for row in rows))


def _columns(row: CachingRow) -> dict[str, Any]:
    return {
        "Hit ratio": row.hit_ratio,
        SAVED: row.read_saved,
        COST: row.write_extra,
        "Saved": row.saved,
        "Input tokens": row.input_tokens,
        "Read": row.cache_read_input_tokens,
        "Written for 5 minutes": row.cache_write_5m_tokens,
        "Written for an hour": row.cache_write_1h_tokens,
        "Attempts": row.attempts,
        "Reading": row.reading_attempts,
        "Writing": row.writing_attempts,
        "Unpriced lines": row.unpriced_lines,
    }


def _tokens(totals: Totals) -> dict[str, Any]:
    return {
        "Hit ratio": cache_hit_ratio(totals),
        "Input tokens": totals.input_tokens,
        "Read": totals.cache_read_tokens,
        "Written": totals.cache_write_tokens,
    }


def _prompts(totals: Totals) -> int:
    return totals.input_tokens + totals.cache_read_tokens + totals.cache_write_tokens


def _net(row: CachingRow) -> str:
    return f" · {theme.money(row.saved)} after the cost of writes"


def _hit(row: CachingRow) -> str:
    return "" if row.hit_ratio is None else f" · hit ratio {row.hit_ratio:.1%}"


def _folded(rows: Rows, *, name: str, points: Sequence[Point]) -> None:
    tables.show(rows, name=name, formats=_FORMATS, points=points, folded=True)


@kept
def _caches(source: Source, filters: Filters, by: str, cuts: tuple[datetime, ...]) -> Caches:
    return caching.caches(source.ledger, filters, (by,), cuts)
