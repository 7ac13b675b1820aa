"""Attempts: what filters leave of them, for the questions that no roll-up can answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from .exceptions import SettingsError
from .grouping import check_dimensions
from .ledger import Ledger
from .period import naive
from .questions import Connection, run
from .reports import Filters

MOST_DIMENSIONS = 2
"""At once, of a question about attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How far back the attempts reach. Questions about attempts say nothing of what is pruned, totals do."""

    attempts_from: datetime | None
    """What began before is pruned; None: nothing is."""
    usage_from: datetime | None
    """What began before has lost its usage object, and so its thinking tokens."""


def kept(ledger: Ledger) -> Kept:
    """What pruning has left."""
    (row,) = ledger.query("kept")
    return Kept(**{name: moment and moment.replace(tzinfo=UTC) for name, moment in row.items()})


def choose(con: Connection, filters: Filters) -> dict[str, object]:
    """Have a connection know what attempts_of.sql calls by name; what that takes, as parameters."""
    run(con, "member_of")
    return filters.parameters()


def buckets(boundaries: Sequence[datetime]) -> dict[str, object]:
    """The moments between which a series has its points, as a parameter. Raises SettingsError unless they ascend."""
    if len(boundaries) < 2 or any(after <= before for before, after in pairwise(boundaries)):
        raise SettingsError(f"boundaries: found {len(boundaries)}, expected at least two moments, each after the last")
    return {"boundaries": [naive(moment) for moment in boundaries]}


def check_two(by: Sequence[str]) -> None:
    """Raises SettingsError unless `by` names at most two dimensions of `reports.cost_by`, or none."""
    if by:
        check_dimensions(by)
    if len(by) > MOST_DIMENSIONS:
        raise SettingsError(f"by: found {len(by)} dimensions together, expected at most {MOST_DIMENSIONS}")
