from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.period import Period
from analytics.reports import CostRow
from dashboard import charts, theme

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
START = datetime(2026, 11, 15, tzinfo=UTC)
WEEK = charts.Axis(Period(START, START + timedelta(days=7)), NOW)
TODAY = charts.Axis(Period(START + timedelta(days=6), START + timedelta(days=7)), NOW)


def row(*group: str | None, cost: str | None = "1.5", read: int = 0, written: int = 0) -> CostRow:
    return CostRow(
        group=group,
        calls=2,
        attempts=2,
        unpriced_attempts=0 if cost else 2,
        list_cost=None if cost is None else Decimal(cost),
        routing_saved=None,
        input_tokens=1,
        output_tokens=1,
        cache_write_tokens=written,
        cache_read_tokens=read,
    )


def plain(figure: charts.go.Figure) -> dict[str, Any]:
    return figure.to_plotly_json()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # Plotly ships no types


def test_slots_are_what_has_begun() -> None:
    """A week has its days up to today, and a single day its hours up to this one."""
    assert WEEK.slots[0] == "2026-11-15"
    assert WEEK.slots[-1] == "2026-11-21"
    assert TODAY.slots[0] == "2026-11-21 00:00"
    assert TODAY.slots[-1] == "2026-11-21 09:00"


def test_a_period_to_come_has_a_first_slot() -> None:
    """A chart of days that have not begun still has an axis."""
    assert charts.Axis(Period(NOW + timedelta(days=9), NOW + timedelta(days=12)), NOW).slots == ["2026-11-30"]


@pytest.mark.parametrize(("axis", "said"), [(WEEK, "today, so far"), (TODAY, "so far")])
def test_what_is_not_over_is_marked(axis: charts.Axis, said: str) -> None:
    """The current day, or hour, stands on a band that says so."""
    layout = plain(charts.cache_over_time([], axis))["layout"]
    assert [note["text"] for note in layout["annotations"]] == [said]
    assert len(layout["shapes"]) == 1


def test_a_period_that_is_over_has_no_mark() -> None:
    """Past days are all complete."""
    past = charts.Axis(Period(START - timedelta(days=7), START), NOW)
    assert "shapes" not in plain(charts.cache_over_time([], past))["layout"]


def test_the_seventh_name_is_other() -> None:
    """Six names have looks of their own; the rest share one colour and one entry of the legend."""
    names = [f"model-{number}" for number in range(9)]
    rows = [row("2026-11-15", name) for name in names]
    figure = plain(charts.spend_over_time(rows, WEEK, names=names, looks=theme.looks(names)))
    bars = figure["data"][::-1]
    assert [bar["name"] for bar in bars] == [*names[:6], "Other", "Other", "Other"]
    assert [bar["name"] for bar in bars if bar["showlegend"]] == [*names[:6], "Other"]
    assert {bar["marker"]["color"] for bar in bars[6:]} == {theme.OTHER.color}
    assert len({(bar["marker"]["color"], bar["marker"]["pattern"]["shape"]) for bar in bars[:6]}) == 6


def test_a_name_keeps_its_look_when_others_are_filtered_away() -> None:
    """Colours come from all the names of the ledger, not from those on show."""
    looks = theme.looks(["a", "b", "c", "d"])
    alone = plain(charts.spend_over_time([row("2026-11-15", "c")], WEEK, names=["c"], looks=looks))
    assert alone["data"][0]["marker"]["color"] == looks["c"].color


def test_the_hover_text_is_exact() -> None:
    """Hovering a bar gives the amount to the last digit."""
    rows = [row("2026-11-15", "a", cost="0.000123456789")]
    figure = plain(charts.spend_over_time(rows, WEEK, names=["a"], looks={}))
    assert figure["data"][0]["customdata"] == [["a", "$0.000123456789", "2"]]


def test_what_has_no_price_is_not_drawn_as_zero() -> None:
    """A group without a known cost has no bar."""
    rows = [row("2026-11-15", "a"), row("2026-11-16", "a", cost=None)]
    assert plain(charts.spend_over_time(rows, WEEK, names=["a"], looks={}))["data"][0]["x"] == ["2026-11-15"]
    assert plain(charts.ranking([row("a"), row("b", cost=None)], missing="-"))["data"][0]["text"] == ["$1.50"]


def test_days_without_calls_have_no_cached_tokens() -> None:
    """Reads and writes are lines over every day, at zero where nothing was called."""
    read, written = plain(charts.cache_over_time([row("2026-11-16", read=5, written=7)], WEEK))["data"]
    assert read["y"] == [0, 5, 0, 0, 0, 0, 0]
    assert written["y"] == [0, 7, 0, 0, 0, 0, 0]
    assert read["line"].get("dash") != written["line"]["dash"]


def test_a_ranking_shows_the_dearest_eight() -> None:
    """A ranking has at most eight bars, each with its name and amount beside it."""
    figure = plain(charts.ranking([row(f"team-{number}") for number in range(12)], missing="-"))
    assert figure["layout"]["yaxis"]["ticktext"] == [f"team-{number}" for number in range(8)]


def test_two_bars_compare_asked_and_routed() -> None:
    """The comparison names both amounts."""
    figure = plain(charts.asked_and_routed(Decimal("20.5"), Decimal("12.25")))
    assert figure["data"][0]["text"] == ["$20.50", "$12.25"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, "not said"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ('<a href="javascript:x">', "&lt;a href=&quot;javascript:x&quot;&gt;"),
        ("n" * 70, "n" * 59 + "…"),
    ],
)
def test_names_are_text(name: str | None, shown: str) -> None:
    """Plotly is never given markup that came with a name, nor more of it than there is room for."""
    assert charts.text(name) == shown
