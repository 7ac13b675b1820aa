"""The plan of a simulated month: who asks what, when, and for which model. Pure: the same seed, the same month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from .corpus import Scenario, read_data

DAYS = 30
_LONG = 16_000
"""Answers that may be longer have to be streamed: the SDK refuses to wait for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One scenario carried out at its moment; several at once are a Message Batch."""

    at: datetime
    scenarios: tuple[Scenario, ...]
    model: str
    stream: bool = False
    batch: bool = False
    environment: str = "production"

    @property
    def team(self) -> str:
        """Who asks."""
        return self.scenarios[0].team

    @property
    def feature(self) -> str:
        """What for."""
        return self.scenarios[0].feature


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Burst(_Strict):
    """How many errands of one feature come in a row, and the mean seconds between them."""

    fewest: int = Field(alias="from")
    most: int = Field(alias="to")
    seconds: float


class Change(_Strict):
    """From a day on, a feature brings so much more that the team's daily errands grow by a factor."""

    day: int
    feature: str
    factor: float


class Team(_Strict):
    """The habits of a pretend team; prompts/teams.yaml says what each key means."""

    repeat: float
    week: tuple[float, float, float, float, float, float, float]
    hours: list[int] = Field(min_length=24, max_length=24)
    burst: Burst
    growth: float
    models: dict[str, str]
    streams: frozenset[str]
    change: Change | None = None


class Outage(_Strict):
    """Hours of a day in which a share of the attempts at a model is turned away."""

    day: int
    start: int = Field(alias="from")
    end: int = Field(alias="to")
    model: str
    share: float


class _Habits(_Strict):
    teams: dict[str, Team]
    outages: list[Outage]


@cache
def habits() -> _Habits:
    """What prompts/teams.yaml says."""
    return _Habits.model_validate(read_data("teams"))


def first_moment(until: date) -> datetime:
    """When the month that ends at midnight of `until` began."""
    return datetime.combine(until - timedelta(days=DAYS), time(), UTC)


def plan(scenarios: Sequence[Scenario], *, until: date, seed: int, once: bool = False) -> list[Errand]:
    """The errands of a month, in order of time; with `once`, each scenario exactly once."""
    errands = list[Errand]()
    for name, team in habits().teams.items():
        own = [scenario for scenario in scenarios if scenario.team == name]
        month = _Month(team, first_moment(until), Random(f"{seed}/{name}"))  # noqa: S311  # a simulation
        repeat = 1.0 if once else team.repeat
        errands += month.live([s for s in own if not s.batch], repeat, change=None if once else team.change)
        errands += month.nightly([s for s in own if s.batch], repeat)
    return sorted(errands, key=lambda errand: errand.at)


def share(errands: Iterable[Errand], processes: int) -> list[list[Errand]]:
    """The errands dealt to processes; a feature stays with one, as its cached prompts do."""
    features = defaultdict[tuple[str, str], list[Errand]](list)
    for errand in errands:
        features[errand.team, errand.feature].append(errand)
    shares = [list[Errand]() for _ in range(processes)]
    for feature in sorted(features.values(), key=len, reverse=True):
        min(shares, key=len).extend(feature)
    return [sorted(one, key=lambda errand: errand.at) for one in shares if one]


class _Deck:
    """Scenarios by feature; each comes up once before any comes up again."""

    def __init__(self, scenarios: Sequence[Scenario], random: Random) -> None:
        self._random = random
        self._scenarios = scenarios
        self._piles = dict[str, list[Scenario]]()

    def deal(self, most: int) -> list[Scenario]:
        """At most so many of one feature; the larger features come up more often."""
        if not self._piles:
            for scenario in self._random.sample(self._scenarios, len(self._scenarios)):
                self._piles.setdefault(scenario.feature, []).append(scenario)
        names = list(self._piles)
        name = self._random.choices(names, [len(self._piles[name]) for name in names])[0]
        pile = self._piles[name]
        hand, self._piles[name] = pile[:most], pile[most:]
        if not self._piles[name]:
            del self._piles[name]
        return hand


class _Month:
    """One team's month."""

    def __init__(self, team: Team, start: datetime, random: Random) -> None:
        self._team = team
        self._start = start
        self._random = random

    def live(self, scenarios: Sequence[Scenario], repeat: float, *, change: Change | None) -> list[Errand]:
        """What is asked during the day, in bursts."""
        deck, extra = _Deck(scenarios, self._random), None
        if change and (changed := [scenario for scenario in scenarios if scenario.feature == change.feature]):
            extra = _Deck(changed, self._random)
        errands = list[Errand]()
        for day, count in sorted(self._days(round(len(scenarios) * repeat)).items()):
            errands += self._bursts(deck, day, count)
            if change and extra and day >= change.day:
                errands += self._bursts(extra, day, round(count * (change.factor - 1)))
        return errands

    def nightly(self, scenarios: Sequence[Scenario], repeat: float) -> list[Errand]:
        """What waits for the Message Batches of the night, one for each feature."""
        deck, errands = _Deck(scenarios, self._random), list[Errand]()
        for day, count in sorted(self._days(round(len(scenarios) * repeat)).items()):
            left = count
            while left:
                batch = tuple(deck.deal(left))
                at = self._start + timedelta(days=day, hours=1, minutes=self._random.randrange(90))
                errands.append(Errand(at=at, scenarios=batch, model=self._team.models["default"], batch=True))
                left -= len(batch)
        return errands

    def _days(self, total: int) -> Counter[int]:
        """How many of `total` fall on which day."""
        weights = [
            self._team.week[(self._start + timedelta(days=day)).weekday()]
            * self._team.growth ** (day / (DAYS - 1))
            * self._random.lognormvariate(0, 0.1)
            for day in range(DAYS)
        ]
        return Counter(self._random.choices(range(DAYS), weights, k=total))

    def _bursts(self, deck: _Deck, day: int, count: int) -> list[Errand]:
        burst, errands = self._team.burst, list[Errand]()
        while len(errands) < count:
            at = self._moment(day)
            for scenario in deck.deal(min(count - len(errands), self._random.randint(burst.fewest, burst.most))):
                errands.append(self._errand(scenario, at))
                at += timedelta(seconds=self._random.expovariate(1 / burst.seconds))
        return errands

    def _moment(self, day: int) -> datetime:
        """Somewhen on that day, early enough in its hour for a burst to end on the same day."""
        hour = self._random.choices(range(24), self._team.hours)[0]
        return self._start + timedelta(days=day, hours=hour, seconds=self._random.uniform(0, 1800))

    def _errand(self, scenario: Scenario, at: datetime) -> Errand:
        models, feature = self._team.models, scenario.feature
        return Errand(
            at=at,
            scenarios=(scenario,),
            model=models.get(feature, models["default"]),
            stream=feature in self._team.streams or scenario.body["max_tokens"] > _LONG,
            environment="staging" if self._random.random() < 0.07 else "production",
        )
