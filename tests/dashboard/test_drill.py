from __future__ import annotations

from datetime import date

from analytics.measures import OTHER
from analytics.presets import CUSTOM
from dashboard.drill import ALL, Drill, Point

DAY = date(2026, 11, 12)
DAYS = {"2026-11-12": (DAY, DAY), "2026-11-09": (date(2026, 11, 9), date(2026, 11, 15))}


def test_a_row_sets_the_controls_of_its_names_and_days() -> None:
    """Each member of a group sets the control of its dimension, its bucket the days; in words they are the link."""
    named, unnamed, over_days = Drill("model", "tag:team", days=DAYS).points(
        [("2026-11-12", "opus", "search"), ("2026-11-12", None, OTHER), ("2026-11-09", "opus", None)]
    )
    days = {"period": CUSTOM, "days": (DAY, DAY)}
    assert named == Point({"model": ["opus"], "tag:team": ["search"], **days})
    assert named.words == "opus, search, 12 Nov 2026"
    assert unnamed == Point(days)
    assert over_days.words == "opus, 9 Nov 2026 – 15 Nov 2026"


def test_what_no_filter_knows_is_looked_for_among_the_calls() -> None:
    """A stop reason, or what was decided, is no filter of the sidebar: it goes to the search of calls."""
    assert Drill("model", "stop").point(("opus", "refusal")) == Point({"model": ["opus"]}, {"stop": "refusal"})
    failed = Drill("status", search={"outcome": "Failed"})
    assert failed.points([("529",), (None,)]) == [
        Point({"status": ["529"]}, {"outcome": "Failed"}),
        Point({}, {"outcome": "Failed"}),
    ]
    assert ALL.point(("opus",)) == Point({})
