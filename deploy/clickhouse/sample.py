"""A program that makes calls, for a first look at a shared ledger: of a stand-in for the API, so that it needs no key.

    python sample.py [--calls N] [--pause SECONDS]

Two teams ask now and then, until it is stopped, or for so many calls; their records go into the spool of TOLLGATE_HOME.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time

from router import Anthropic, tagged
from router.testing import StandIn

PROMPTS = ("Classify: where is my parcel?", "Summarize our returns policy.", "Write a function that parses a date.")
MODELS = ("claude-opus-5-5", "claude-haiku-5-5")


def main() -> None:
    """Ask, wait, and ask again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, help="how many; without it, until it is stopped")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two, about")
    given = parser.parse_args()
    client = StandIn().client(Anthropic)
    for _ in itertools.count() if given.calls is None else range(given.calls):
        with tagged(team=random.choice(("search", "support"))):  # noqa: S311  # no secret
            client.messages.create(
                model=random.choice(MODELS),  # noqa: S311  # the same
                max_tokens=200,
                messages=[{"role": "user", "content": random.choice(PROMPTS)}],  # noqa: S311  # the same
            )
        time.sleep(given.pause * random.uniform(0.5, 1.5))  # noqa: S311  # the same


if __name__ == "__main__":
    main()
