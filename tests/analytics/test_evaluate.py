from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.evaluate import TIERS, Case, Label, by, evaluate, percentile, rates, reliability

QA, CODE, PROOF = Label("simple_qa", "haiku"), Label("coding", "sonnet"), Label("hard_math", "opus")


def case(label: Label, task_type: str | None, tier: str | None, confidence: float = 0.75, *also: Label) -> Case:
    return Case(label, also, task_type, tier, confidence)


FIVE = [
    case(QA, "simple_qa", "haiku", 0.95),
    case(QA, "coding", "sonnet", 0.55),  # too high
    case(CODE, "simple_qa", "haiku", 0.95, QA),  # too low, but a second label fits
    case(PROOF, None, "haiku", 0.15),  # too low, by two
    case(PROOF, "hard_math", "opus", 0.85),
]


def test_an_example_worked_by_hand() -> None:
    """Strict figures go by the first label; fitting ones let a second label count as right."""
    found = rates(FIVE)

    assert (found.cases, found.second_labels, found.opus_cases) == (5, 1, 2)
    assert (found.task_accuracy, found.task_accuracy_fitting) == (2 / 5, 3 / 5)
    assert (found.tier_accuracy, found.tier_accuracy_fitting) == (2 / 5, 3 / 5)
    assert (found.under_routing, found.under_routing_fitting) == (2 / 5, 1 / 5)
    assert (found.over_routing, found.over_routing_fitting) == (1 / 5, 1 / 5)
    assert found.opus_to_haiku == 1 / 2


def test_macro_f1_is_the_mean_of_the_types() -> None:
    """Each task type that has cases weighs the same; one that is never found has no precision."""
    found = evaluate(FIVE)

    f1 = {one.task_type: one.f1 for one in found.types}
    assert f1 == {"simple_qa": 1 / 2, "coding": 0, "hard_math": 2 / 3}
    assert found.macro_f1 == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert {one.task_type: one.precision for one in evaluate(FIVE[:1] + FIVE[3:4]).types}["hard_math"] is None


def test_confusions_count_what_was_found_for_what() -> None:
    """A type that was not found is unknown."""
    found = evaluate(FIVE)

    assert found.confusion["hard_math"] == {"hard_math": 1, "unknown": 1}
    assert found.tiers == {"haiku": {"haiku": 1, "sonnet": 1}, "sonnet": {"haiku": 1}, "opus": {"haiku": 1, "opus": 1}}


def test_the_calibration_error_is_the_weighed_gap() -> None:
    """Each bin counts with the gap between what it says and how often it is right, by its cases."""
    gaps = [0.15, 0.55, 0.15, 2 * abs(0.95 - 1 / 2)]

    assert evaluate(FIVE).calibration_error == pytest.approx(sum(gaps) / 5)


def test_a_file_without_opus_work() -> None:
    """Where no case needs Opus, nothing can be said of it."""
    assert rates([case(QA, "simple_qa", "haiku")]).opus_to_haiku is None


labels = st.sampled_from([QA, CODE, PROOF])
cases = st.lists(
    st.builds(
        Case,
        labels,
        st.lists(labels, max_size=2).map(tuple),
        st.sampled_from([None, "simple_qa", "coding", "hard_math"]),
        st.sampled_from([None, *TIERS]),
        st.floats(0, 1),
        st.sampled_from(["one", "two", "three"]),
    ),
    min_size=1,
)


@given(cases)
def test_every_case_is_right_or_wrong_once(found: list[Case]) -> None:
    """Right, too low, too high and without a tier make up the whole; leniency never makes a figure worse."""
    whole, undecided = rates(found), sum(one.tier is None for one in found)

    assert whole.tier_accuracy + whole.under_routing + whole.over_routing + undecided / len(found) == pytest.approx(1)
    assert whole.tier_accuracy <= whole.tier_accuracy_fitting
    assert whole.task_accuracy <= whole.task_accuracy_fitting
    assert whole.under_routing >= whole.under_routing_fitting
    assert whole.over_routing >= whole.over_routing_fitting


@given(cases)
def test_groups_are_parts_of_the_whole(found: list[Case]) -> None:
    """The rates of all groups, weighed by their cases, are those of the whole; the largest group comes first."""
    whole, groups = rates(found), by(found, lambda one: one.source)

    assert sum(one.cases for one in groups.values()) == whole.cases
    weighed = math.fsum(one.tier_accuracy * one.cases for one in groups.values())
    assert weighed == pytest.approx(whole.tier_accuracy * whole.cases)
    sizes = [one.cases for one in groups.values()]
    assert sizes == sorted(sizes, reverse=True)


@given(cases)
def test_every_case_is_in_one_bin(found: list[Case]) -> None:
    """Ten bins hold all cases, each with its confidence inside; the error is a probability."""
    bins = reliability(found)

    assert len(bins) == 10
    assert sum(one.cases for one in bins) == len(found)
    assert all(one.low <= one.confidence + 1e-9 and one.confidence <= one.high + 1e-9 for one in bins if one.cases)
    assert 0 <= evaluate(found).calibration_error <= 1


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values(values: list[float], part: float) -> None:
    """It is the smallest value that is not below this share of them."""
    found = percentile(values, part)

    assert found in values
    assert sum(value <= found for value in values) >= part * len(values) - 1e-9
    assert sum(value < found for value in values) < part * len(values)
