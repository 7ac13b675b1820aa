"""The little language of the templates."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.demo.templates import Draw

SLOTS: dict[str, str | list[str]] = {
    "city": ["Graz", "Lyon", "Porto", "Leeds"],
    "order": "{{HL|HM}}-{{100000..999999}}",
    "line": "{{city}} {{order}}",
    "endless": "{{nowhere}}",
}


def draw(text: str, seed: object = 1) -> str:
    return Draw(SLOTS, Random(repr(seed))).fill(text)  # noqa: S311  # not a secret


@given(st.text().filter(lambda text: "{{" not in text and "}}" not in text))
def test_text_without_double_braces_stays_as_it_is(text: str) -> None:
    """A text without double braces is itself."""
    assert draw(text) == text


@given(st.integers())
def test_a_slot_has_one_value_in_a_request(seed: int) -> None:
    """A slot that stands twice in a request has the same value both times."""
    first, second = draw("{{order}} {{order}}", seed).split()

    assert first == second


@given(st.integers(), st.integers(0, 500), st.integers(0, 500))
def test_a_range_includes_both_ends_and_keeps_leading_zeros(seed: int, low: int, width: int) -> None:
    """A range gives a number between its ends, as wide as the first one is written."""
    drawn = draw(f"{{{{{low:04d}..{low + width:04d}}}}}", seed)

    assert len(drawn) == 4
    assert low <= int(drawn) <= low + width


@given(st.integers())
def test_alternatives_may_hold_slots_and_alternatives(seed: int) -> None:
    """Bars inside inner braces belong to the inner braces."""
    drawn = draw("{{in {{Graz|Lyon}}|nowhere at all}}", seed)

    assert drawn in {"in Graz", "in Lyon", "nowhere at all"}


@given(st.integers())
def test_lines_of_a_slot_are_different(seed: int) -> None:
    """Several lines of one slot are drawn anew and differ from each other."""
    lines = draw("{{5 x line}}", seed).splitlines()

    assert len(set(lines)) == 5


def test_single_braces_are_text() -> None:
    """JSON around a slot keeps its own braces."""
    assert draw('{"n": {{7..7}}}') == '{"n": 7}'


@pytest.mark.parametrize("text", ["{{city", "city}}", "{{a|{{b}}"])
def test_braces_that_do_not_match_are_an_error(text: str) -> None:
    """An opening without its closing, or the reverse, is an error that quotes the text."""
    with pytest.raises(ValueError, match="braces do not match"):
        draw(text)


@pytest.mark.parametrize("text", ["{{nowhere}}", "{{3 x nowhere}}", "{{endless}}"])
def test_an_unknown_slot_is_an_error(text: str) -> None:
    """A name that no slot has is an error that names it."""
    with pytest.raises(ValueError, match="no slot named 'nowhere'"):
        draw(text)


def test_more_lines_than_a_slot_can_give_are_an_error() -> None:
    """Asking for more different lines than there are is an error that says how many there are."""
    with pytest.raises(ValueError, match="found 4 different values, expected 5"):
        draw("{{5 x city}}")
