from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Decision, Policy, Task
from router.conversations import Conversations
from router.decide import Situation, decide, home_of, plain
from router.policy import TIERS
from tests.router.world import Block, Request, World, body_of

HAIKU, SONNET, OPUS = (Policy().tiers[name].model for name in TIERS)
TASKS: Any = {"haiku": "extraction", "sonnet": "coding", "opus": "hard_math"}
ROOM = 10_000_000  # a prompt that grows out of a model's window has to leave it, whatever that costs
OLD_HAIKU: Any = {"haiku": {"model": "claude-haiku-4-5", "also": [], "context_window": ROOM}}
OLD: Any = OLD_HAIKU | {
    "sonnet": {"model": "claude-sonnet-4-5", "also": [], "context_window": ROOM},
    "opus": {"model": "claude-opus-4-5", "also": [], "context_window": ROOM},
}


class Turn(NamedTuple):
    """What somebody does next in a conversation."""

    pause: float = 20
    """Seconds since whatever happened before."""
    characters: int = 400
    density: int = 4
    """Characters per token."""
    wants: str = "opus"
    output: int = 300
    mark: str | None = "5m"
    """The breakpoint on what is said, if there is one."""
    ending: str = "whole"
    """Or cut: the answer breaks off; lost: nothing of it comes, though it is billed; again: asked a second time."""
    tool_result: bool = False
    seconds: float = 10


class Talk(NamedTuple):
    """A conversation."""

    named: str = OPUS
    system: tuple[Block, ...] = ()
    turns: tuple[Turn, ...] = ()


class Event(NamedTuple):
    """A request as it was made."""

    talk: int
    request: Request
    model: str


class Play:
    """Conversations side by side, each turn decided by the code under test and billed by the world."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.now = 1_000.0
        self.conversations = Conversations(lambda: self.now)
        self.world = World()
        self.events: list[Event] = []
        self.homes: list[str] = []
        self.spent: list[Decimal] = []

    def run(self, talks: list[Talk], *, side_by_side: int = 3) -> None:
        """All turns, so many conversations taking turns at a time."""
        named = {OPUS: self.policy.tiers["opus"].model, SONNET: self.policy.tiers["sonnet"].model}
        talks = [talk._replace(named=named.get(talk.named, talk.named)) for talk in talks]
        self.homes = [home_of(talk.named, self.policy, None) for talk in talks]
        self.spent = [Decimal(0)] * len(talks)
        said = [list(talk.system) for talk in talks]
        for first in range(0, len(talks), side_by_side):
            together = range(first, min(first + side_by_side, len(talks)))
            for number in range(max(len(talks[at].turns) for at in together)):
                for at in together:
                    if number < len(talks[at].turns):
                        self._turn(at, talks[at], talks[at].turns[number], said[at])

    def _turn(self, at: int, talk: Talk, turn: Turn, said: list[Block]) -> None:
        self.now += turn.pause
        name = f"{at}.{len(said)}"
        earlier = [block._replace(ttl=None) for block in said[len(talk.system) :]]
        new = Block(f"u{name}", turn.characters, turn.characters // turn.density, turn.mark, turn.tool_result)
        blocks = (*said[: len(talk.system)], *earlier, new)
        for _ in range(2 if turn.ending == "again" else 1):
            self._ask(at, talk, turn, blocks)
        answer = Block(f"a{name}", max(40, turn.output * turn.density), turn.output)
        said[len(talk.system) :] = [*earlier, new._replace(ttl=None), answer]

    def _ask(self, at: int, talk: Talk, turn: Turn, blocks: tuple[Block, ...]) -> None:
        body = body_of(blocks, model=talk.named, system=len(talk.system))
        decided = self.decide(body, turn)
        begun = self.now
        request = Request(begun, begun + turn.seconds / 3, blocks, turn.output)
        usage, price = self.world.ask(request, decided.model)
        self.now += turn.seconds
        self.events.append(Event(at, request, decided.model))
        self.spent[at] += price
        listening = self._listening
        if turn.ending == "lost":
            return
        listening.hear(1, decided.model, {**usage, "output_tokens": 1})
        listening.served(decided.model)
        if turn.ending != "cut":
            listening.hear(1, decided.model, usage)

    def decide(self, body: dict[str, Any], turn: Turn) -> Decision:
        policy = self.policy
        home = plain(home_of(body["model"], policy, None), policy)
        listening = self.conversations.turn(body, home=home)
        assert listening is not None
        self._listening = listening
        task = Task(TASKS[turn.wants], 0.9, "said so")
        situation = Situation(previous=listening.previous, outlook=listening.outlook)
        self.last = decide(body, policy=policy, classifier=lambda _: task, situation=situation)
        return self.last

    def had_it_stayed(self, talk: int) -> Decimal:
        """What the conversation would have cost at home, everybody else having done what they did."""
        world, total = World(), Decimal(0)
        for event in self.events:
            model = self.homes[talk] if event.talk == talk else event.model
            _, price = world.ask(event.request, model)
            total += price if event.talk == talk else 0
        return total

    def models(self, talk: int = 0) -> list[str]:
        """What each turn of a conversation went to."""
        return [event.model for event in self.events if event.talk == talk]


TURNS: dict[str, list[Any]] = {
    "pause": [1, 60, 288, 301, 900, 3590, 3700],
    "characters": [40, 300, 3_000, 20_000, 120_000],
    "density": [1, 2, 4, 8],
    "wants": list(TIERS),
    "output": [1, 50, 700, 9_000],
    "mark": [None, "5m", "5m", "1h"],
    "ending": ["whole", "whole", "whole", "whole", "whole", "cut", "again"],
    "tool_result": [False, False, True],
    "seconds": [1, 30, 250],
}
SYSTEMS = [
    (),
    (Block("small", 1_000, 250, "5m"),),
    (Block("plain", 60_000, 15_000),),
    (Block("large", 60_000, 15_000, "5m"),),
    (Block("dense", 60_000, 30_000, "1h"),),
    (Block("huge", 400_000, 90_000, "1h"),),
]
NAMED = [OPUS, OPUS, SONNET, "auto"]


def as_the_api_takes_it(talk: Talk) -> Talk:
    """No breakpoint of an hour after one of five minutes."""
    if all(block.ttl != "5m" for block in talk.system):
        return talk
    return talk._replace(turns=tuple(turn._replace(mark=turn.mark and "5m") for turn in talk.turns))


policies = st.builds(
    Policy,
    tiers=st.sampled_from([{}, OLD_HAIKU, OLD]),
    max_dearer_percent=st.sampled_from([0, 5, 20]),
    profile=st.sampled_from(["quality", "economy"]),
)
talks = st.builds(
    Talk,
    named=st.sampled_from(NAMED),
    system=st.sampled_from(SYSTEMS),
    turns=st.lists(
        st.builds(Turn, **{name: st.sampled_from(values) for name, values in TURNS.items()}), min_size=1, max_size=8
    ).map(tuple),
).map(as_the_api_takes_it)


@given(policies, st.lists(talks, min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_a_conversation_never_costs_more_than_the_policy_lets_it(policy: Policy, talks: list[Talk]) -> None:
    """Whatever happens in a conversation, it is at most `max_dearer_percent` dearer than had it stayed at home."""
    play = Play(policy)
    play.run(talks)

    assert_bounded(play)


def assert_bounded(play: Play) -> None:
    """The rule, for every conversation that was played; a thousandth of a cent a turn is for counts cut to whole."""
    for talk, spent in enumerate(play.spent):
        rounding = Decimal("1e-5") * len(play.models(talk))
        bound = play.had_it_stayed(talk) * (100 + Decimal(play.policy.max_dearer_percent)) / 100
        assert spent <= bound + rounding, play.models(talk)


def test_where_conversations_switch_they_are_cheaper_in_sum() -> None:
    """Of random conversations many are switched, each within the bound, and all together cost less for it."""
    random = Random(5)  # noqa: S311  # the same conversations every time
    spent, stayed, switched = Decimal(0), Decimal(0), 0
    for number in range(150):
        talks = [a_talk(random) for _ in range(random.randint(1, 3))]
        play = Play(Policy(tiers=OLD_HAIKU if number % 3 else {}))
        play.run(talks)
        assert_bounded(play)
        spent += sum(play.spent)
        stayed += sum(map(play.had_it_stayed, range(len(talks))))
        switched += sum(len(set(play.models(talk))) > 1 for talk in range(len(talks)))

    assert switched > 50
    assert spent < stayed * Decimal("0.9")


def a_talk(random: Random) -> Talk:
    turns = [
        Turn(**{name: random.choice(values) for name, values in TURNS.items()}) for _ in range(random.randint(1, 8))
    ]
    return as_the_api_takes_it(Talk(random.choice(NAMED), random.choice(SYSTEMS), tuple(turns)))


def played(*turns: Turn, named: str = OPUS, system: tuple[Block, ...] = (), **keys: Any) -> Play:
    play = Play(Policy(**keys))
    play.run([Talk(named, system, turns)])
    return play


LARGE = (Block("large", 60_000, 15_000, "5m"),)


def test_up_is_at_once_where_it_can_be_paid_for() -> None:
    """The first turn that asks for more gets it, if coming back costs no more than was saved."""
    play = played(Turn(wants="haiku"), Turn(wants="opus"), system=LARGE)

    assert play.models() == [HAIKU, OPUS]
    assert "up from haiku" in play.last.reason


def test_what_cannot_be_paid_for_waits_until_it_can() -> None:
    """Where coming back would break the bound, the conversation stays, and goes when enough was saved."""
    ask = Turn(wants="opus", output=1_000)
    play = played(Turn(wants="sonnet", output=1), *[ask] * 6, system=LARGE)

    assert play.models()[:2] == [SONNET, SONNET]
    assert play.models()[-1] == OPUS


def test_down_is_slow() -> None:
    """One turn that asks for less changes nothing; the second in a row may."""
    less = Turn(wants="haiku", output=2_000)
    play = played(*[Turn(wants="opus", output=2_000)] * 3, less, Turn(wants="opus"), less, less)

    assert play.models() == [OPUS] * 6 + [HAIKU]
    assert "down from opus" in play.last.reason


def test_a_switch_down_has_to_pay() -> None:
    """With a large warm prefix and short answers still to come, moving to a somewhat cheaper model costs more."""
    huge = (Block("huge", 800_000, 200_000, "5m"),)
    play = played(Turn(output=10), *[Turn(wants="sonnet", output=10)] * 3, system=huge)

    assert play.models() == [OPUS] * 4


def test_after_a_pause_longer_than_the_cache_lives_a_switch_is_free() -> None:
    """What is cold everywhere holds nobody back."""
    few = Turn(wants="sonnet", output=1)
    warm = played(few, Turn(wants="opus"), system=LARGE)
    cold = played(few, Turn(wants="opus", pause=400), system=LARGE)
    hourly = played(
        few._replace(mark="1h"), Turn(wants="opus", pause=400, mark="1h"), system=(LARGE[0]._replace(ttl="1h"),)
    )

    assert [play.models()[1] for play in (warm, cold, hourly)] == [SONNET, OPUS, SONNET]


@pytest.mark.parametrize("wants", ["haiku", "sonnet", "opus"])
def test_a_tool_loop_is_not_left_either_way(wants: str) -> None:
    """Whatever the result of a tool looks like, it goes back to the model that asked for it."""
    play = played(Turn(wants="sonnet"), *[Turn(wants=wants, tool_result=True)] * 4)

    assert play.models() == [SONNET] * 5
    assert play.last.reason == "inside a tool loop"


def test_a_shared_system_prompt_that_is_warm_at_home_is_weighed() -> None:
    """A new conversation does not leave a home where others keep its system prompt warm, for one where it is cold."""
    play = Play(Policy())
    long = (Block("long", 90_000, 22_500, "5m"),)
    first = Talk(OPUS, long, (Turn(wants="opus"),))
    play.run(
        [first, first._replace(turns=(Turn(wants="sonnet", output=10),)), first._replace(turns=(Turn(wants="haiku"),))]
    )

    assert [play.models(at) for at in range(3)] == [[OPUS], [OPUS], [HAIKU]]
    assert_bounded(play)


def test_shadow_keeps_a_book_of_what_would_have_been() -> None:
    """In shadow every turn goes to the model named, and what is written down is what routing would have done."""
    turns = (Turn(wants="sonnet"), Turn(wants="haiku"), Turn(wants="haiku"))
    routed, shadow = played(*turns), played(*turns, shadow=True)

    assert shadow.models() == [OPUS] * 3
    assert shadow.last.shadow_model == routed.models()[-1] == HAIKU


def test_nothing_of_the_text_is_kept() -> None:
    """Conversations are found again by hashes: no string of a request is in the memory, nor its blocks."""
    play = played(Turn(), Turn(), system=LARGE)
    kept = repr((play.conversations.accounts, play.conversations.shared))

    assert "large:" not in kept
    assert "u0." not in kept
    assert "xxx" not in kept


def test_a_conversation_nobody_here_has_seen_is_taken_for_warm_at_home() -> None:
    """Another process may have served it: it goes to a colder model only if that costs no more than reading at home."""
    turns = [Turn(wants="sonnet", output=10)] * 2
    play, other = played(*turns, system=LARGE), Play(Policy())
    blocks = play.events[-1].request.blocks
    said = other.decide(body_of(blocks, model=OPUS, system=1), Turn(wants="sonnet"))

    assert said.model == OPUS
    assert "more than 5 % dearer" in said.reason


@pytest.mark.parametrize(("mark", "model"), [("1h", OPUS), ("5m", SONNET)])
def test_what_lives_for_an_hour_is_not_left_for_five_minutes(mark: str, model: str) -> None:
    """Where the home would have its cache for an hour, a switch that writes for five minutes waits."""
    saved = Turn(wants="sonnet", characters=60_000, output=9_000, mark="1h")

    assert played(saved, Turn(wants="opus", mark=mark)).models() == [SONNET, model]
