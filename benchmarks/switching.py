"""What routing conversations saves against never switching, caches counted, by the shape of the conversation.

    python -m benchmarks.switching [--conversations 40] [--seed 1]

Simulated: each turn is decided by the router's own code under the default policy, and billed by the arithmetic of
tests/router/world.py. The tasks of a shape's turns are drawn at random, and given to the router as if its classifier
were sure of each. The model named is Opus. "dearest": the conversation that came out worst against never switching, of
which the policy promises at most 5 %. "all stay": had no conversation ever been switched, whose caches all would share.
"""

from __future__ import annotations

import argparse
import logging
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import NamedTuple

from router import Policy
from tests.router.test_conversation import OPUS, Play, Talk, Turn
from tests.router.world import Block, World

Weights = tuple[float, float, float]


class Shape(NamedTuple):
    """A kind of conversation."""

    turns: tuple[int, int]
    tiers: Weights
    """How often a turn's task is worth each tier, the least capable first."""
    stays: float
    """How often a turn's task is worth the same as the turn before."""
    characters: tuple[int, ...]
    output: tuple[int, ...]
    pause: tuple[int, ...]
    system: tuple[Block, ...] = ()
    mark: str | None = "5m"
    loop: float = 0.0
    """How often a turn hands back the result of a tool."""


CODE = (Block("code", 90_000, 25_000, "5m"),)
DESK = (Block("desk", 20_000, 5_000, "1h"),)
BOOK = (Block("book", 600_000, 150_000, "5m"),)
SHAPES = {
    "chat, no caching": Shape((2, 12), (0.3, 0.6, 0.1), 0.8, (60, 300), (150, 500), (20, 60, 400), mark=None),
    "chat, cached": Shape((2, 12), (0.3, 0.6, 0.1), 0.8, (60, 300, 2_000), (150, 500), (20, 60, 400)),
    "support desk": Shape((2, 8), (0.7, 0.25, 0.05), 0.8, (100, 400), (100, 300), (30, 120, 900), DESK, "1h"),
    "coding agent": Shape((10, 40), (0.1, 0.7, 0.2), 0.9, (300, 4_000), (100, 800), (2, 10), CODE, loop=0.8),
    "coding agent, pauses": Shape((10, 40), (0.1, 0.7, 0.2), 0.9, (300, 4_000), (100, 800), (5, 600), CODE, loop=0.5),
    "hard work": Shape((4, 20), (0.0, 0.2, 0.8), 0.7, (500, 3_000), (800, 3_000), (30, 200), CODE),
    "back and forth": Shape((6, 20), (0.34, 0.33, 0.33), 0.0, (300, 2_000), (200, 800), (20, 60), CODE),
    "questions to a book": Shape((1, 10), (0.6, 0.3, 0.1), 0.7, (80, 200), (50, 300), (20, 90), BOOK),
    "large prompts, once": Shape((1, 1), (0.5, 0.35, 0.15), 0.0, (4_000, 40_000), (100, 600), (5,), mark=None),
}


def talk(shape: Shape, random: Random) -> Talk:
    """A conversation of the shape."""
    turns: list[Turn] = []
    wants = ""
    for number in range(random.randint(*shape.turns)):
        if not wants or random.random() > shape.stays:
            wants = random.choices(("haiku", "sonnet", "opus"), shape.tiers)[0]
        turns.append(
            Turn(
                pause=random.choice(shape.pause),
                characters=random.choice(shape.characters),
                wants=wants,
                output=random.choice(shape.output),
                mark=shape.mark,
                tool_result=number > 0 and random.random() < shape.loop,
                seconds=5,
            )
        )
    return Talk(OPUS, shape.system, tuple(turns))


def all_at_home(play: Play) -> Decimal:
    """What all conversations together would have cost, had none ever been switched."""
    world = World()
    return sum((world.ask(event.request, OPUS)[1] for event in play.events), Decimal(0))


def row(name: str, play: Play, *, side: int) -> tuple[Decimal, Decimal]:
    """Print one shape; returns what was spent and what would have been."""
    spent, stayed = sum(play.spent, Decimal(0)), all_at_home(play)
    dearest = max(play.spent[at] / play.had_it_stayed(at) - 1 for at in range(len(play.spent)))
    turns = len(play.events)
    served = map(play.models, range(len(play.spent)))
    switches = sum(model != following for models in served for model, following in pairwise(models))
    away = sum(event.model != OPUS for event in play.events)
    print(
        f"{name:<{side}} {turns:>6} {away / turns:>8.0%} {switches:>9} {spent:>10.2f} {stayed:>10.2f}"
        f" {1 - spent / stayed:>7.0%} {dearest:>+9.1%}"
    )
    return spent, stayed


def main(count: int, seed: int) -> None:
    """Print the table."""
    logging.disable(logging.WARNING)
    side = max(map(len, SHAPES))
    titles = (
        f"{'turns':>6} {'not Opus':>8} {'switches':>9} {'spent $':>10} {'all stay $':>10} {'saved':>7} {'dearest':>9}"
    )
    print(f"{'shape':<{side}} {titles}")
    spent = stayed = Decimal(0)
    for name, shape in SHAPES.items():
        random = Random(f"{seed} {name}")  # noqa: S311  # a simulation
        play = Play(Policy())
        play.run([talk(shape, random) for _ in range(count)], side_by_side=4)
        one, other = row(name, play, side=side)
        spent, stayed = spent + one, stayed + other
    print(f"{'in sum':<{side}} {'':>6} {'':>8} {'':>9} {spent:>10.2f} {stayed:>10.2f} {1 - spent / stayed:>7.0%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    main(arguments.conversations, arguments.seed)
