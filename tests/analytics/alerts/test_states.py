from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.alerts import hands, silences, states
from analytics.alerts.alert import MOST_FIRINGS, Condition, Key
from analytics.alerts.listing import listing
from analytics.alerts.notice import Notice
from analytics.alerts.outbox import claim
from analytics.alerts.parcel import Parcel
from analytics.alerts.states import Transition, open_keys
from analytics.budgets import Told
from analytics.exceptions import SettingsError

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANA = "ana@example.com"
TOLD = Told(owner=ANA, recipients=("bo@example.com", "Ana@example.com"), channels=("oncall",))
KEY = Key("search", "user_id=ana", "2026-11-01T00:00:00+00:00", "80 %")


def a_condition(**changes: Any) -> Condition:
    """The budget `search` of one user, at 80 %, with `changes`."""
    said: dict[str, Any] = {"key": KEY, "holds": True, "told": TOLD, "over_at": NOON + timedelta(days=10)}
    return Condition(**said | changes)


def cleared(**changes: Any) -> Condition:
    return a_condition(holds=False, clears=True, **changes)


def compose(rule: str, transitions: Sequence[Transition]) -> list[Notice]:
    """One notice for each kind of transition."""
    notices: list[Notice] = []
    for kind, name in (("fired", "firing"), ("reminder", "reminder"), ("resolved", "resolved")):
        if of_kind := [each for each in transitions if each.kind == kind]:
            said = ", ".join(f"{each.key.scope} {each.key.threshold}" for each in of_kind)
            notices.append(
                Notice.model_validate(
                    {
                        "kind": name,
                        "severity": of_kind[0].severity,
                        "notice_id": states.notice_id(of_kind),
                        "thread": f"{rule}|{of_kind[0].key.period}",
                        "subject": f"{rule}: {said}",
                        "headline": f"{kind}: {said}",
                        "rule": rule,
                        "created_at": of_kind[0].happened_at,
                    }
                )
            )
    return notices


def told(home: Path) -> list[Parcel]:
    """What Ana has waiting, the oldest first; it can be asked as often as one likes."""
    parcels = claim(
        home, "mail", holder=f"test-{next(_holders)}", now=NOON + timedelta(days=99), lease=timedelta(), most=10**6
    )
    return [parcel for parcel in parcels if parcel.recipient == ANA]


_holders = itertools.count()


class Steps:
    """A clock that each step moves on."""

    def __init__(self, home: Path) -> None:
        self.home, self.now = home, NOON

    def __call__(self, *conditions: Condition, after: timedelta = MINUTE) -> list[str]:
        """What happened to them, and in brackets if nobody is told."""
        self.now += after
        done = states.step(self.home, conditions, now=self.now, compose=compose)
        return [each.kind if each.said else f"({each.kind})" for each in done]

    def state(self) -> str:
        (row,) = listing(self.home, now=self.now, everything=True).alerts
        return row.state


@pytest.fixture
def step(home: Path) -> Steps:
    return Steps(home)


def test_a_crossing_is_told_once(step: Steps) -> None:
    """However often a condition is found to hold, there is one notice, for each who is told, once."""
    assert [step(a_condition()) for _ in range(3)] == [["fired"], [], []]
    mailed, channels = (claim(step.home, name, holder="x", now=step.now) for name in ("mail", "channel"))
    assert sorted(parcel.recipient for parcel in mailed) == [ANA, "bo@example.com"]
    assert [parcel.recipient for parcel in channels] == ["oncall"]


def test_what_has_not_held_leaves_no_trace(step: Steps) -> None:
    """A condition that does not hold, or of which nothing can be said, makes no alert."""
    assert step(a_condition(holds=False), cleared(), a_condition(holds=None)) == []
    assert listing(step.home, now=NOON, everything=True).alerts == ()


def test_one_notice_for_many_who_cross_at_once(step: Steps) -> None:
    """What a step has to say about one rule is composed together, and that of two rules apart."""
    keys = [Key(rule, f"user_id={user}", "p", "80 %") for rule in ("a", "b") for user in range(3)]

    assert step(*(a_condition(key=key) for key in keys)) == ["fired"] * 6
    assert [parcel.notice.rule for parcel in told(step.home)] in (["a", "b"], ["b", "a"])


def test_hysteresis(step: Steps) -> None:
    """An alert is resolved only where its condition clears, and only then can it fire again."""
    step(a_condition())

    assert step(a_condition(holds=False)) == step(a_condition()) == step(a_condition(holds=None)) == []
    assert step.state() == "firing"
    assert step(cleared()) == ["(resolved)"]
    assert step(a_condition()) == ["fired"]


def test_resolved_is_told_to_who_wants_it(step: Steps) -> None:
    """With `tell_resolved` the end of a firing is told, as a notice in the same thread that is not its first."""
    wants = Told(owner=ANA, tell_resolved=True)

    assert step(a_condition(told=wants)) + step(cleared(told=wants)) == ["fired", "resolved"]
    assert [(parcel.notice.kind, parcel.notice.first) for parcel in told(step.home)] == [
        ("firing", True),
        ("resolved", False),
    ]


def test_it_must_hold_for_a_while(step: Steps) -> None:
    """What has to hold for five minutes is pending until then, and forgotten if it stops before."""
    slow = a_condition(pending_for=5 * MINUTE)

    assert step(slow) == step(slow) == []
    assert step.state() == "pending"
    assert set(open_keys(step.home)) == {KEY}
    assert step(a_condition(holds=False)) == []
    assert open_keys(step.home) == {}
    assert [step(slow) for _ in range(6)] == [[], [], [], [], [], ["fired"]]


def test_flapping_falls_silent(step: Steps) -> None:
    """What crosses back and forth is told three times in a period, the last one says so, and its state stays true."""
    wants = Told(owner=ANA, tell_resolved=True)
    there_and_back = (a_condition(told=wants), cleared(told=wants))
    last = [
        [each.last for each in states.step(step.home, [condition], now=NOON + n * MINUTE, compose=compose)]
        for n, condition in enumerate(there_and_back * 4)
    ]

    assert last[::2] == [[False], [False], [True], [True]]
    assert len(told(step.home)) == 2 * MOST_FIRINGS
    assert step(a_condition(), after=timedelta(hours=1)) == ["(fired)"]
    assert step.state() == "firing"


def test_flapping_without_a_period_is_counted_anew(step: Steps) -> None:
    """An alert that belongs to no period can be told again after a quiet day."""
    for _ in range(MOST_FIRINGS):
        assert step(a_condition(over_at=None)) + step(cleared(over_at=None)) == ["fired", "(resolved)"]

    assert step(a_condition(over_at=None)) + step(cleared(over_at=None)) == ["(fired)", "(resolved)"]
    assert step(a_condition(over_at=None), after=timedelta(days=1)) == ["fired"]


def test_reminders(step: Steps) -> None:
    """While it fires there is a reminder in each slot; slots in which nobody looked are not made up for."""
    nagging = a_condition(told=Told(owner=ANA, remind_every=timedelta(hours=1)))
    step(nagging)

    assert [step(nagging, after=30 * MINUTE) for _ in range(4)] == [[], ["reminder"], [], ["reminder"]]
    assert step(nagging, after=timedelta(hours=5)) == ["reminder"]
    assert step(nagging) == []


def test_acknowledging(step: Steps) -> None:
    """Whoever acknowledges an alert is not reminded of it; it still resolves."""
    nagging = a_condition(told=Told(owner=ANA, remind_every=timedelta(hours=1)))
    step(nagging)
    named = hands.acknowledge(step.home, KEY.alert_id[:8], now=step.now, author="ana")

    assert (named.key, named.state) == (KEY, "firing")
    assert hands.acknowledge(step.home, KEY.alert_id[:8], now=step.now).state == "acknowledged"
    assert step(nagging, after=timedelta(hours=2)) == []
    assert step(cleared()) == ["(resolved)"]


def test_resolving_by_hand(step: Steps) -> None:
    """What a person has resolved fires again only after it has cleared, for which it stays under watch."""
    step(a_condition())
    hands.resolve(step.home, KEY.alert_id[:8], now=step.now)

    assert step(a_condition()) == []
    assert open_keys(step.home) == open_keys(step.home, ["search"])
    assert set(open_keys(step.home)) == {KEY}
    assert open_keys(step.home, ["other"]) == {}
    assert step(cleared()) == []
    assert open_keys(step.home) == {}
    assert step(a_condition()) == ["fired"]


@pytest.mark.parametrize("name", ["", "abc", "zzzz", "%%%%", "____"])
def test_naming_what_is_not_there(step: Steps, name: str) -> None:
    """An alert is named by at least four of the first digits of its id."""
    step(a_condition())

    with pytest.raises(SettingsError, match="expected the id of an alert, at least its first four digits"):
        hands.acknowledge(step.home, name, now=NOON)


def test_silence(step: Steps) -> None:
    """A silence holds messages back and not states; what still fires when it ends is told then, once."""
    quiet = silences.silence(step.home, "search", until=NOON + 30 * MINUTE, now=NOON, scope="user_id=a*")
    other = a_condition(key=KEY._replace(scope="user_id=bo"))

    assert step(a_condition(), other) == ["(fired)", "fired"]
    assert step(a_condition(), after=timedelta(minutes=28)) == []
    assert step.now < quiet.until
    assert step(a_condition()) == ["fired"]
    assert step(a_condition()) == []


def test_what_ends_within_a_silence_is_never_told(step: Steps) -> None:
    """Neither that it fired nor that it is resolved."""
    wants = Told(owner=ANA, tell_resolved=True)
    quiet = silences.silence(step.home, "search", until=NOON + timedelta(hours=1), now=NOON)

    assert step(a_condition(told=wants)) + step(cleared(told=wants)) == ["(fired)", "(resolved)"]
    assert silences.end(step.home, quiet.silence_id, now=step.now)
    assert not silences.end(step.home, quiet.silence_id, now=step.now)
    assert step(cleared(told=wants)) == []


def test_a_period_that_is_over_ends_its_alerts(step: Steps) -> None:
    """With its period an alert ends without a message, even if nobody speaks of it any more."""
    step(a_condition(told=Told(owner=ANA, tell_resolved=True)))

    assert step(after=timedelta(days=10)) == []
    assert step.state() == "resolved"
    assert open_keys(step.home) == {}
    assert len(told(step.home)) == 1


def test_what_was_crossed_while_nothing_ran(step: Steps) -> None:
    """A crossing that is noticed only after its period is told then, once, and ends at the next step."""
    late = timedelta(days=20)

    assert step(a_condition(), after=late) == ["fired"]
    assert [step(a_condition()) for _ in range(2)] == [[], []]
    assert step.state() == "resolved"


def test_a_clock_that_is_set_back(step: Steps) -> None:
    """What was told is neither taken back nor told again by an evaluation of an earlier moment; what is new is told."""
    step(a_condition())
    new = a_condition(key=KEY._replace(threshold="100 %"))

    assert step(cleared(), after=-timedelta(days=2)) == []
    assert step(a_condition(), new) == ["fired"]
    assert step(cleared(), after=timedelta(days=3)) == ["(resolved)"]


def test_a_clock_that_was_a_year_ahead(step: Steps) -> None:
    """An alert of then stands still until somebody resolves it."""
    step(a_condition(over_at=None), after=timedelta(days=365))

    assert step(cleared(over_at=None), after=-timedelta(days=365)) == []
    hands.resolve(step.home, KEY.alert_id[:8], now=step.now)
    assert step(cleared(over_at=None)) + step(a_condition(over_at=None)) == ["fired"]


def test_what_was_pending_when_its_period_ended(step: Steps) -> None:
    """It has not happened, and leaves no trace."""
    step(a_condition(pending_for=timedelta(days=20)))
    step(after=timedelta(days=10))

    assert listing(step.home, now=NOON, everything=True).alerts == ()


def test_a_step_that_fails_has_not_happened(step: Steps) -> None:
    """If a notice cannot be made, no alert has moved, and the next step tells it."""

    def broken(rule: str, transitions: Sequence[Transition]) -> list[Notice]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        states.step(step.home, [a_condition()], now=NOON, compose=broken)

    assert step(a_condition()) == ["fired"]


KEYS = [KEY._replace(threshold=threshold) for threshold in ("80 %", "100 %")]
A_MOMENT = st.tuples(
    st.integers(-90, 300),  # minutes; at times the clock is set back
    st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from([True, False, None]), st.booleans()), max_size=2),
    st.integers(1, 3),  # how often it is evaluated
)


@settings(max_examples=40, deadline=None)
@given(st.lists(A_MOMENT, max_size=12))
def test_notices_never_exceed_crossings(moments: list[tuple[int, list[tuple[Key, bool | None, bool]], int]]) -> None:
    """Whatever is found when and however often, a key is told at most once a crossing, and three times at all."""
    now, latest, armed, crossings = (
        NOON,
        datetime.min.replace(tzinfo=UTC),
        dict.fromkeys(KEYS, True),
        dict.fromkeys(KEYS, 0),
    )
    with TemporaryDirectory() as folder:
        for minutes, found, times in moments:
            now += timedelta(minutes=minutes)
            conditions = [a_condition(key=key, holds=holds, clears=clears) for key, holds, clears in found]
            for _ in range(times):
                states.step(Path(folder), conditions, now=now, compose=compose)
                for each in conditions:
                    if each.holds and armed[each.key]:
                        armed[each.key], crossings[each.key] = False, crossings[each.key] + 1
                    elif each.holds is False and each.clears and now >= latest:
                        armed[each.key] = True
                    latest = max(now, latest)
        subjects = " ".join(parcel.notice.subject for parcel in told(Path(folder)))
    for key in KEYS:
        assert subjects.count(key.threshold) <= min(crossings[key], MOST_FIRINGS)
        assert bool(crossings[key]) == (key.threshold in subjects)


def step_often(home: Path, barrier: Any) -> None:
    """What each of two schedulers does."""
    barrier.wait()
    for n in range(30):
        conditions = [
            a_condition(key=KEY._replace(scope=f"user_id={n // 2}")),
            cleared() if n % 10 > 5 else a_condition(),
        ]
        states.step(home, conditions, now=NOON + n * MINUTE, compose=compose)


def test_two_schedulers(home: Path, tmp_path: Path) -> None:
    """Two processes that find the same at the same time, in whatever order, tell what one would."""
    context = multiprocessing.get_context("fork")

    def run(home: Path, processes: int) -> list[str]:
        barrier = context.Barrier(processes)
        workers = [context.Process(target=step_often, args=(home, barrier)) for _ in range(processes)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [worker.exitcode for worker in workers] == [0] * processes
        return sorted(parcel.notice.subject for parcel in told(home))

    assert len(run(tmp_path / "one", 1)) >= 15
    assert run(home, 2) == run(tmp_path / "another", 1)
