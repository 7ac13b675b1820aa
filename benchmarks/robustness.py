"""How often a request is worth the same tier after it was typed differently, or translated.

    python benchmarks/robustness.py

To reach: 90 %. The requests of translated.jsonl.gz are in no training data.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from router.classify import classify
from router.policy import Policy
from router.tiers import worth

_MISTYPED = 0.03
"""Of the letters."""


def main() -> None:
    """Print the shares."""
    policy, same = Policy(), defaultdict[str, list[bool]](list)
    right = list[bool]()
    for row in _rows():
        tier = worth(classify(row["request"]), policy)[0]
        right.append(tier == policy.tasks[row["task_type"]])
        for name, body in _changed(row):
            same[name].append(worth(classify(body), policy)[0] == tier)
    print(f"{len(right)} requests, {sum(right) / len(right):.3f} of them on the tier of their label")
    print("the same tier after:")
    for name, found in sorted(same.items()):
        print(f"  {name:12} {sum(found) / len(found):.3f} of {len(found)}")
    every = [one for found in same.values() for one in found]
    print(f"  {'all':12} {sum(every) / len(every):.3f}")


def _rows() -> Iterator[dict[str, Any]]:
    with gzip.open(Path(__file__).with_name("translated.jsonl.gz"), "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def _changed(row: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    chance = random.Random(row["task_type"])  # noqa: S311  # the same at every run
    body = row["request"]
    yield "typos", _with(body, lambda text: _mistyped(text, chance))
    yield "lower case", _with(body, str.lower)
    yield "upper case", _with(body, str.upper)
    yield "white space", _with(body, lambda text: "  " + text.replace(" ", "  ").replace("\n", "\n\n") + "\n")
    for translation in row["translations"]:
        yield f"in {translation['lang']}", translation["request"]


def _with(body: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    def content(value: Any) -> Any:
        return change(value) if isinstance(value, str) else value

    turns = [{**turn, "content": content(turn["content"])} for turn in body["messages"]]
    return {**body, "messages": turns}


def _mistyped(text: str, chance: random.Random) -> str:
    letters = list(text)
    for _ in range(max(1, int(len(letters) * _MISTYPED))):
        at = chance.randrange(max(1, len(letters) - 1))
        letters[at : at + 2] = reversed(letters[at : at + 2])
    return "".join(letters)


if __name__ == "__main__":
    main()
