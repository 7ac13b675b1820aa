from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Policy, PolicyError
from router.policy import TIERS

SEARCH, AUTOCOMPLETE = {"team": "search"}, {"feature": "autocomplete"}


def a_policy() -> Policy:
    return Policy(
        margin=0.4,
        when=(
            {"tags": SEARCH, "floor": "sonnet", "tasks": {"coding": "opus"}},
            {"tags": {**SEARCH, **AUTOCOMPLETE}, "floor": None, "tasks": {"conversation": "haiku"}},
        ),
    )


@pytest.mark.parametrize("tags", [{}, {"team": "ads"}, AUTOCOMPLETE, {"team": "search2"}])
def test_without_all_its_tags_an_entry_means_nothing(tags: Mapping[str, str]) -> None:
    """A call that lacks one of an entry's tags goes by the policy as it is."""
    policy = a_policy()

    assert policy.for_tags(tags) is policy


def test_an_entry_changes_only_its_own_keys() -> None:
    """What an entry does not say is as the policy says it, down to single tasks."""
    policy = a_policy().for_tags({**SEARCH, "env": "prod"})

    assert (policy.floor, policy.margin, policy.when) == ("sonnet", 0.4, ())
    assert policy.tasks == {**a_policy().tasks, "coding": "opus"}


def test_of_entries_that_match_the_later_wins_key_by_key() -> None:
    """Keys that the later entry does not have stay as the earlier one has them."""
    policy = a_policy().for_tags({**SEARCH, **AUTOCOMPLETE})

    assert policy.floor is None
    assert (policy.tasks["coding"], policy.tasks["conversation"]) == ("opus", "haiku")


def test_the_policy_for_tags_is_made_once() -> None:
    """A call does not pay for checking a policy."""
    policy = a_policy()

    assert policy.for_tags(SEARCH) is policy.for_tags({**SEARCH, "env": "prod"})


def test_a_profile_in_an_entry_goes_before_the_number_of_the_policy() -> None:
    """An entry's profile sets the cost of a step down, unless the entry says that itself."""
    policy = Policy(
        step_down_cost=5,
        when=(
            {"tags": {"a": "1"}, "profile": "economy"},
            {"tags": {"b": "1"}, "profile": "economy", "step_down_cost": 2},
            {"tags": {"c": "1"}, "margin": 0.9},
        ),
    )

    costs = [policy.for_tags({tag: "1"}).step_down_cost for tag in "abcd"]

    assert costs == [1, 2, 5, 5]


def test_tags_are_compared_as_they_are_recorded() -> None:
    """A number in a policy file is the text of the tag."""
    policy = Policy(when=({"tags": {"tenant": 7}, "shadow": True},))

    assert policy.for_tags({"tenant": "7"}).shadow


def test_an_entry_that_contradicts_an_earlier_one_holds_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Where two entries cannot hold together, the later one does, over the policy's own keys; the log says so once."""
    policy = Policy(
        when=({"tags": {"a": "1"}, "floor": "opus", "margin": 0.1}, {"tags": {"b": "1"}, "ceiling": "haiku"})
    )

    with caplog.at_level(logging.WARNING, "tollgate"):
        policy.for_tags({"a": "1", "b": "1"})
        both = policy.for_tags({"b": "1", "a": "1"})

    assert (both.floor, both.ceiling, both.margin) == (None, "haiku", 0.5)
    assert caplog.messages == ["policy: when.1 contradicts an earlier entry that matches too, so it holds alone"]
    assert list(policy.overrides.contradictions()) == [(0, 1)]


def test_entries_that_no_call_meets_together_contradict_nothing() -> None:
    """One tag has one value, so entries for two values of it never meet."""
    policy = Policy(when=({"tags": {"a": "1"}, "floor": "opus"}, {"tags": {"a": "2"}, "ceiling": "haiku"}))

    assert list(policy.overrides.contradictions()) == []


def test_every_mistake_of_every_entry_is_told() -> None:
    """One sentence each, with the entry's place."""
    with pytest.raises(PolicyError) as error:
        Policy(when=({"tags": {"a": "1"}, "margin": 3, "default": "x"}, {"floor": "opus"}, {"tags": {"a": 1}, "no": 1}))

    keys = [sentence.split(": ")[1] for sentence in str(error.value).splitlines()]
    assert sorted(keys) == ["when.0.default", "when.0.margin", "when.1.tags", "when.2.no"]


def test_a_deprecated_model_in_an_entry_is_said_too(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Entries send to models as the policy does."""
    (tmp_path / "policy.yaml").write_text("when: [{tags: {a: b}, tiers: {sonnet: {model: claude-sonnet-4-5}}}]")

    with caplog.at_level(logging.WARNING, "tollgate"):
        Policy.from_yaml(tmp_path / "policy.yaml")

    assert [message.partition(" is ")[0] for message in caplog.messages] == [
        "policy: tiers.sonnet.model: claude-sonnet-4-5"
    ]


def tag_sets(least: int) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from("ab"), st.sampled_from("12"), min_size=least, max_size=2)


entries = st.fixed_dictionaries(
    {"tags": tag_sets(1)},
    optional={
        "default": st.sampled_from(TIERS),
        "margin": st.sampled_from([0.1, 0.9]),
        "shadow": st.booleans(),
        "tasks": st.dictionaries(st.sampled_from(["coding", "writing"]), st.sampled_from(TIERS)),
    },
)


@given(st.lists(entries, max_size=4), tag_sets(0))
def test_the_policy_in_force_is_that_of_the_keys_laid_over_each_other(
    when: list[dict[str, Any]], tags: dict[str, str]
) -> None:
    """For any entries and tags: the entries whose tags the call has, one over the other, over the policy."""
    keys: dict[str, Any] = {"margin": 0.6, "tasks": {"coding": "haiku"}}
    for entry in when:
        if entry["tags"].items() <= tags.items():
            given_keys = {name: value for name, value in entry.items() if name != "tags"}
            tasks = {**keys["tasks"], **given_keys.get("tasks", {})}
            keys = {**keys, **given_keys, "tasks": tasks}

    policy = Policy(margin=0.6, tasks={"coding": "haiku"}, when=tuple(when)).for_tags(tags)

    assert policy.model_dump(exclude={"when"}) == Policy(**keys).model_dump(exclude={"when"})
