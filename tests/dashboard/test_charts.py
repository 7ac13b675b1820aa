from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.buckets import Grain, buckets
from analytics.measures import OTHER
from analytics.period import Period
from analytics.price_steps import PriceStep
from dashboard import charts, grids, steps, theme, units
from dashboard.charts import Axis, Mark

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
START = datetime(2026, 11, 15, tzinfo=UTC)
MONEY = units.money()


def axis(start: datetime, days: int, grain: Grain, zone: str = "UTC") -> Axis:
    return Axis(buckets(Period(start, start + timedelta(days=days)), grain, zone), grain, zone, NOW)


WEEK, TODAY = axis(START, 7, "day"), axis(START + timedelta(days=6), 1, "hour")
PAST = axis(START - timedelta(days=7), 7, "day")


def plain(figure: charts.go.Figure) -> dict[str, Any]:
    return figure.to_plotly_json()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # Plotly ships no types


def mark(name: str | None, value: Decimal | int | None = Decimal("1.5"), bucket: str | None = "2026-11-15") -> Mark:
    return Mark(name, value, bucket, " · 2 calls")


def stacked(marks: list[Mark], names: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plain(charts.stacked(marks, WEEK, names=names, looks=theme.looks(names), unit=MONEY))[
        "data"
    ]
    return found


def test_slots_are_what_has_begun() -> None:
    """A week has its days up to today, a single day its hours up to this one, and days to come their first."""
    assert (WEEK.slots[0], WEEK.slots[-1]) == ("2026-11-15", "2026-11-21")
    assert (TODAY.slots[0], TODAY.slots[-1]) == ("2026-11-21 00:00", "2026-11-21 09:00")
    assert axis(START + timedelta(days=15), 3, "day").slots == ["2026-11-30"]


def test_an_hour_that_the_clocks_show_twice_has_one_slot() -> None:
    """On the day on which the clocks are put back, every hour of the clock stands on the axis once."""
    slots = axis(datetime(2026, 10, 24, 22, tzinfo=UTC), 1, "hour", "Europe/Berlin").slots
    assert len(slots) == len(set(slots)) == 23


@pytest.mark.parametrize(("shown", "said"), [(WEEK, ["today, so far"]), (TODAY, ["so far"]), (PAST, [])])
def test_what_is_not_over_is_marked(shown: Axis, said: list[str]) -> None:
    """The current bucket stands on a band that says so; where all are over there is none."""
    layout = plain(charts.lines([], shown, names=("a",), looks={}, unit=MONEY))["layout"]
    assert [note["text"] for note in layout.get("annotations", ())] == said
    assert len(layout.get("shapes", ())) == len(said)


def test_the_bar_of_today_is_hatched() -> None:
    """A bar of a bucket that is not over is pale and hatched, also if its name is drawn plainly."""
    (bar,) = stacked([mark("a"), mark("a", bucket="2026-11-21")], ["a"])
    assert bar["marker"]["opacity"] == [1, 0.5]
    assert bar["marker"]["pattern"]["shape"][1]


def test_the_seventh_name_is_other() -> None:
    """Six names have looks of their own; the rest share one colour and one entry of the legend."""
    names = [f"model-{number}" for number in range(9)]
    bars = stacked([mark(name) for name in names], names)[::-1]
    assert [bar["name"] for bar in bars] == [*names[:6], "Other", "Other", "Other"]
    assert [bar["name"] for bar in bars if bar["showlegend"]] == [*names[:6], "Other"]
    assert {bar["marker"]["color"] for bar in bars[6:]} == {theme.OTHER.color}
    looks = {(bar["marker"]["color"], bar["marker"]["pattern"]["shape"][0]) for bar in bars[:6]}
    assert len(looks) == 6


def test_a_name_keeps_its_look_when_others_are_filtered_away() -> None:
    """Colours come from all the names of the ledger, not from those on show."""
    looks = theme.looks(["a", "b", "c", "d"])
    alone = plain(charts.stacked([mark("c")], WEEK, names=["c"], looks=looks, unit=MONEY))
    assert alone["data"][0]["marker"]["color"] == looks["c"].color


def test_the_hover_text_is_exact_and_a_click_knows_the_name() -> None:
    """Hovering a bar gives the figure to the last digit; its data end with the name as it is, and the bucket."""
    (bar,) = stacked([mark("<a>", Decimal("0.000123456789"))], ["<a>"])
    assert bar["customdata"] == [["&lt;a&gt;", "$0.000123456789", " · 2 calls", "<a>", "2026-11-15"]]


def test_what_is_not_known_is_not_drawn_as_zero() -> None:
    """A mark without a value has no bar, is a gap in a line and an empty field of a heat map."""
    (bar,) = stacked([mark("a"), mark("a", None, "2026-11-16")], ["a"])
    assert bar["x"] == ["2026-11-15"]
    ranked = plain(charts.ranking([mark("a"), mark("b", None)], unit=MONEY))["data"][0]
    assert ranked["text"] == ["$1.50"]
    line = plain(charts.lines([mark("a"), mark("a", None, "2026-11-16")], WEEK, names=("a",), looks={}, unit=MONEY))
    assert line["data"][0]["y"] == [1.5, *[None] * 6]
    cells = [("x", "1", mark("x")), ("y", "1", mark("y", None))]
    heat, targets = plain(grids.grid(cells, columns=("1", "2"), unit=MONEY))["data"]
    assert heat["z"] == [[1.5, None], [None, None]]
    assert [target[-2] for target in targets["customdata"]] == ["x"]


def test_lines_are_told_apart_without_colour() -> None:
    """Six lines have six dashes and six marks; more are not drawn, but for that of all others."""
    names = [f"name-{number}" for number in range(8)]
    drawn = plain(charts.lines([mark(name) for name in names], WEEK, names=names, looks={}, unit=MONEY))["data"]
    assert len({line["line"]["dash"] for line in drawn}) == len({line["marker"]["symbol"] for line in drawn}) == 6
    all_names = [*names, OTHER]
    drawn = plain(charts.lines([mark(OTHER)], WEEK, names=all_names, looks={}, unit=MONEY))["data"]
    assert [line["name"] for line in drawn] == [*names[:6], "Other"]


def test_a_price_is_a_level_line_until_it_changes() -> None:
    """A step reaches to the day of the next; where there is no price the line has a gap, and the last goes on."""
    turns = [
        PriceStep(since=date(2026, month, 1), price=price)
        for month, price in ((1, Decimal(2)), (3, None), (5, Decimal(1)))
    ]
    (line,) = plain(steps.steps({"a": turns}, until=date(2026, 6, 1), unit=MONEY))["data"]
    assert line["y"] == [2, 2, None, None, 1, 1]
    assert [str(day)[5:7] for day in line["x"]] == ["01", "03", "03", "05", "05", "06"]
    assert line["customdata"][0][:3] == ["a", "$2.00", " from 1 Jan 2026 on"]


def test_a_ranking_shows_the_first_eight() -> None:
    """A ranking has at most eight bars, each with its name and figure beside it."""
    figure = plain(charts.ranking([mark(f"team-{number}") for number in range(12)], unit=MONEY))
    assert figure["layout"]["yaxis"]["ticktext"] == [f"team-{number}" for number in range(8)]


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
