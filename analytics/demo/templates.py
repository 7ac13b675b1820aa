"""The little language of the templates in prompts/: {{a slot}}, {{a|b}}, {{10..99}} and {{5 x a slot}}.

A slot drawn once has the same value wherever its name stands again in one request. What a slot holds may hold
slots itself; those are drawn anew, so that five order lines are five different orders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

_BRACES = re.compile(r"\{\{|\}\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_TIMES = re.compile(r"(\d+) x (\w+)")

Slots = Mapping[str, str | list[str]]


class Draw:
    """The draws for one request: give it one random source, then fill as many texts as belong together."""

    def __init__(self, slots: Slots, random: Random) -> None:
        self._slots = slots
        self._random = random
        self._drawn: dict[str, str] = {}

    def fill(self, text: str) -> str:
        """The text with every {{...}} replaced. Raises ValueError for braces that do not match or an unknown slot."""
        done, depth, opened, written = list[str](), 0, 0, 0
        for brace in _BRACES.finditer(text):
            if brace.group() == "{{":
                if depth == 0:
                    done.append(text[written : brace.start()])
                    opened = brace.end()
                depth += 1
                continue
            depth -= 1
            if depth < 0:
                break
            if depth == 0:
                done.append(self._draw(text[opened : brace.start()]))
                written = brace.end()
        if depth:
            raise ValueError(f"braces do not match in {text[:60]!r}")
        return "".join(done) + text[written:]

    def _draw(self, inner: str) -> str:
        if span := _RANGE.fullmatch(inner):
            first, last = span.groups()
            return str(self._random.randint(int(first), int(last))).zfill(len(first))
        if times := _TIMES.fullmatch(inner):
            return self._lines(int(times[1]), times[2])
        if inner in self._slots:
            if inner not in self._drawn:
                self._drawn[inner] = self._value(inner)
            return self._drawn[inner]
        options = _alternatives(inner)
        if len(options) == 1 and options[0].isidentifier() and options[0].islower():
            raise ValueError(f"no slot named {inner!r}")
        return self.fill(self._random.choice(options))

    def _lines(self, count: int, name: str) -> str:
        lines = dict[str, None]()
        for _ in range(20 * count):
            lines[self._value(name)] = None
            if len(lines) == count:
                return "\n".join(lines)
        raise ValueError(f"slot {name!r}: found {len(lines)} different values, expected {count}")

    def _value(self, name: str) -> str:
        if name not in self._slots:
            raise ValueError(f"no slot named {name!r}")
        value = self._slots[name]
        text = value if isinstance(value, str) else self._random.choice(value)
        return Draw(self._slots, self._random).fill(text)


def _alternatives(inner: str) -> list[str]:
    """`inner` at those bars that stand in no inner braces."""
    options, depth = [""], 0
    for piece in re.split(r"(\{\{|\}\}|\|)", inner):
        if piece == "|" and depth == 0:
            options.append("")
            continue
        depth += (piece == "{{") - (piece == "}}")
        options[-1] += piece
    return options
