"""The plan of the simulated month."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from analytics.demo.corpus import Scenario, load
from analytics.demo.plan import DAYS, Errand, first_moment, plan, share

UNTIL = date(2026, 11, 21)


@pytest.fixture(scope="module")
def corpus() -> tuple[Scenario, ...]:
    return load()


@pytest.fixture(scope="module")
def month(corpus: tuple[Scenario, ...]) -> list[Errand]:
    return plan(corpus, until=UNTIL, seed=7)


def test_a_month_asks_everything_in_the_corpus(corpus: tuple[Scenario, ...], month: list[Errand]) -> None:
    """Every request of the corpus is asked at least once."""
    assert {id(s) for errand in month for s in errand.scenarios} == {id(s) for s in corpus}


def test_a_month_lies_within_its_thirty_days(month: list[Errand]) -> None:
    """All errands fall within the thirty days that end at midnight of `until`, in order of time."""
    start = first_moment(UNTIL)

    assert [errand.at for errand in month] == sorted(errand.at for errand in month)
    assert start <= month[0].at
    assert month[-1].at < start + timedelta(days=DAYS)


def test_weekends_are_quiet(month: list[Errand]) -> None:
    """A working day sees at least twice the errands of a day at the weekend."""
    counts = Counter(errand.at.weekday() >= 5 for errand in month)

    assert counts[False] / 5 > 2 * counts[True] / 2


def test_a_team_changes_its_habits(month: list[Errand]) -> None:
    """From its day on, the new review bot of the platform team asks at least three times what was asked before."""
    launch = first_moment(UNTIL) + timedelta(days=19)
    reviews = Counter(errand.at >= launch for errand in month if errand.feature == "code-review")

    assert reviews[True] / 11 > 3 * reviews[False] / 19


def test_once_is_once(corpus: tuple[Scenario, ...]) -> None:
    """With `once`, each scenario is asked exactly once."""
    asked = Counter(id(s) for errand in plan(corpus, until=UNTIL, seed=7, once=True) for s in errand.scenarios)

    assert asked == Counter(id(s) for s in corpus)


def test_the_plan_follows_from_its_seed(corpus: tuple[Scenario, ...], month: list[Errand]) -> None:
    """The same seed gives the same month, another one another."""
    assert plan(corpus, until=UNTIL, seed=7) == month
    assert plan(corpus, until=UNTIL, seed=8) != month


@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_processes_share_the_work_and_no_cache(month: list[Errand], processes: int) -> None:
    """Every errand goes to one process, and a feature, which owns a cached prompt, to no second one."""
    shares = share(month, processes)
    owners = Counter(feature for part in shares for feature in {(errand.team, errand.feature) for errand in part})

    assert sum(map(len, shares)) == len(month)
    assert set(owners.values()) == {1}
    assert max(map(len, shares)) < 1.2 * len(month) / processes


def test_long_answers_are_streamed() -> None:
    """An errand with more `max_tokens` than the SDK waits for is streamed, whatever its feature."""
    body = {"max_tokens": 32_000, "messages": [{"role": "user", "content": "Everything, please."}]}
    long = Scenario(team="insights", feature="x", task_type="", language="", body=body)

    assert [errand.stream for errand in plan([long], until=UNTIL, seed=1, once=True)] == [True]
