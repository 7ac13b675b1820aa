"""Overrides: the entries of a policy's `when`, and the policy that they make for the tags of a call."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from .exceptions import PolicyError
from .policy_file import Key, PolicyMistakes, Problem, unknown_key

if TYPE_CHECKING:
    from .policy import Policy

log = logging.getLogger("tollgate")


class Overrides:
    """The entries of one policy. Each combination of them that some call needs is made once."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._made: dict[tuple[int, ...], Policy] = {}

    @cached_property
    def _wanted(self) -> list[frozenset[tuple[str, str]]]:
        return [frozenset(_texts(entry["tags"])) for entry in self._policy.when]

    def in_force(self, tags: Mapping[str, str]) -> Policy:
        """The policy for a call with these tags; see `Policy.for_tags`."""
        matching = tuple(at for at, wanted in enumerate(self._wanted) if wanted <= tags.items())
        return self._make(matching) if matching else self._policy

    def alone(self, at: int) -> Policy:
        """The policy with the keys of one entry. Raises PolicyError if they do not fit the policy's own."""
        return self._make((at,))

    def contradictions(self) -> Iterator[tuple[int, int]]:
        """The pairs of entries that some call may carry the tags of both of, and that cannot hold together."""
        for later in range(len(self._wanted)):
            for earlier in range(later):
                tags = dict(self._wanted[earlier] | self._wanted[later])
                both = self._wanted[earlier] | self._wanted[later] == tags.items()
                if both and _over(self.alone(earlier), self._policy.when[later]) is None:
                    yield earlier, later

    def mistakes(self) -> Iterator[Problem]:
        """What is wrong with each entry over the policy's own keys."""
        keys = ["tags", *(name for name in type(self._policy).model_fields if name != "when")]
        for at, entry in enumerate(self._policy.when):
            key: Key = ("when", at)
            tags = entry.get("tags")
            if not _is_tags(tags):
                yield Problem((*key, "tags"), "nothing" if tags is None else f"{tags!r:.80}", "a mapping of tags")
            unknown = [name for name in entry if name not in keys]
            yield from (unknown_key((*key, name), keys) for name in unknown)
            try:
                _ = None if unknown else self.alone(at)
            except PolicyMistakes as error:
                yield from (problem._replace(key=(*key, *problem.key)) for problem in error.problems)

    def _make(self, matching: tuple[int, ...]) -> Policy:
        made = self._made.get(matching)
        if made is None:
            made = self._made[matching] = self._merged(matching)
        return made

    def _merged(self, matching: tuple[int, ...]) -> Policy:
        policy = self._policy.changed(_keys(self._policy.when[matching[0]]))
        for at in matching[1:]:
            entry = self._policy.when[at]
            both = _over(policy, entry)
            if both is None:
                log.warning("policy: when.%s contradicts an earlier entry that matches too, so it holds alone", at)
            policy = both or self._policy.changed(_keys(entry))
        return policy


def _over(policy: Policy, entry: Mapping[str, Any]) -> Policy | None:
    try:
        return policy.changed(_keys(entry))
    except PolicyError:
        return None


def _keys(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "tags"}


def _is_tags(value: object) -> bool:
    return isinstance(value, Mapping) and bool(cast("Mapping[object, object]", value))


def _texts(tags: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    """As `tagged` writes them down."""
    return ((str(name), str(value)) for name, value in tags.items())
