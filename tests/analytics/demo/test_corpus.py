"""The corpus: enough of it, of every kind, and all of it valid."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from analytics.demo.corpus import TEAMS, Scenario, fingerprint, load
from analytics.demo.prompt_file import check
from router import TaskType


@pytest.fixture(scope="module")
def corpus() -> tuple[Scenario, ...]:
    return load()


def test_there_are_at_least_five_hundred_distinct_requests(corpus: tuple[Scenario, ...]) -> None:
    """No two requests of the corpus are the same, and there are more than five hundred."""
    assert len({fingerprint(scenario) for scenario in corpus}) == len(corpus) >= 500


def test_every_task_type_occurs(corpus: tuple[Scenario, ...]) -> None:
    """The corpus covers every task type that the router knows, and no other, with twenty requests at least."""
    counts = Counter(scenario.task_type for scenario in corpus)

    assert set(counts) == set(get_args(TaskType))
    assert min(counts.values()) >= 20


def test_many_languages_occur(corpus: tuple[Scenario, ...]) -> None:
    """The corpus is written in eight languages at least, and at least a quarter of it is not English."""
    counts = Counter(scenario.language for scenario in corpus)

    assert len(counts) >= 8
    assert counts["en"] <= 0.75 * len(corpus)


def test_every_team_has_tools_batches_or_conversations(corpus: tuple[Scenario, ...]) -> None:
    """All three teams ask; tools, batches, conversations and both lengths of caching occur."""
    systems = [block for s in corpus if isinstance(s.body.get("system"), list) for block in s.body["system"]]

    assert {scenario.team for scenario in corpus} == set(TEAMS)
    assert any(scenario.tool_results for scenario in corpus)
    assert any(scenario.follow_ups for scenario in corpus)
    assert any(scenario.batch for scenario in corpus)
    assert {block["cache_control"]["ttl"] for block in systems} == {"5m", "1h"}


def test_every_request_is_valid_for_the_sdk(corpus: tuple[Scenario, ...]) -> None:
    """The SDK's own types admit every request."""
    for scenario in corpus:
        check(scenario.body)


def test_nothing_is_left_to_fill_in(corpus: tuple[Scenario, ...]) -> None:
    """No braces of a template are left in any text."""
    assert not [s.feature for s in corpus if "{{" in (text := repr(s)) or "}}}" in text.replace("}}}}", "")]


def test_the_same_seed_gives_the_same_corpus(corpus: tuple[Scenario, ...]) -> None:
    """The corpus follows from its seed, and another seed gives another one."""
    assert load() == corpus
    assert load(8) != corpus
