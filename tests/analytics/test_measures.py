from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from analytics.measures import OTHER, Group, folded, heaviest, measures
from analytics.reports import Totals

COUNTS = [each.name for each in fields(Totals) if each.type == "int"]
_totals = st.builds(
    Totals,
    **{name: st.integers(0, 10**6) for name in COUNTS},
    **dict.fromkeys(
        ("list_cost", "requested_list_cost", "routing_saved", "cache_saved", "contracted_cost"),
        st.none() | st.decimals(-(10**6), 10**6, places=9),
    ),
)
_groups = st.tuples(st.sampled_from(("1", "2")), st.none() | st.sampled_from("abcdef"))


@given(found=st.dictionaries(_groups, _totals, min_size=1), most=st.integers(1, 4))
def test_those_kept_and_all_others_add_up(found: dict[Group, Totals], most: int) -> None:
    """In each bucket the groups that are kept stay as they are, and what is lost of the others is nothing."""
    kept = sorted({group[1:] for group in found}, key=str)[:most]
    shown = folded(found, kept)
    assert {group: one for group, one in shown.items() if group[1] != OTHER} == {
        group: one for group, one in found.items() if group[1:] in kept
    }
    for bucket in {group[0] for group in found}:
        before, after = ([one for group, one in each.items() if group[0] == bucket] for each in (found, shown))
        assert len(after) <= most + 1
        for name in COUNTS:
            assert sum(getattr(one, name) for one in before) == sum(getattr(one, name) for one in after)
        assert sum(one.list_cost or 0 for one in before) == sum(one.list_cost or 0 for one in after)
        known = any(one.list_cost is not None for one in before)
        assert known == any(one.list_cost is not None for one in after)


@given(found=st.dictionaries(_groups, _totals))
def test_the_heaviest_come_first(found: dict[Group, Totals]) -> None:
    """Groups come in the order of a measure, and those of which it is not known last."""
    spend = measures("list_cost")["Spend"]
    figures = [spend.of(found[group]) for group in heaviest(found, spend)]
    known = [figure for figure in figures if figure is not None]
    assert figures == [*sorted(known, key=lambda figure: Decimal(-figure)), *[None] * (len(figures) - len(known))]
