"""Histories: what scopes cost in each hour or local day of the last weeks, for the forecast and for anomalies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from router.periods import Recurrence, Span, before, span_at

from .budgets import Cost, Scope
from .questions import Connection
from .series import DAY, HOUR, Series
from .spending import NOTHING, Found, Members

_DAYS = 63
"""Complete ones: nine weeks."""
_HOURS = 35 * 24
"""Five weeks."""


class Wanted(NamedTuple):
    """What history is asked for."""

    scope: Scope
    step: timedelta
    """HOUR (of UTC) or DAY (of the zone)."""
    zone: str


class Histories:
    """Histories of many scopes, asked of the ledger at once, up to a moment."""

    def __init__(self, con: Connection, wanted: Iterable[Wanted], *, now: datetime, users: Sequence[str] = ()) -> None:
        """`users`: of them alone, where users are asked about; none: of all."""
        wanted = list(wanted)
        self._days = {zone: _days(zone, now) for zone in {each.zone for each in wanted if each.step == DAY}}
        self._hours = _hours(now)
        daily = [(each.scope, day) for each in wanted if each.step == DAY for day in self._days[each.zone]]
        hourly = [(each.scope, hour) for each in wanted if each.step == HOUR for hour in self._hours]
        self._by_day = Found.of(con, daily, users=users)
        self._by_hour = Found.of(con, hourly, users=users, hourly=True)

    def of(self, wanted: Wanted, *, cost: Cost = "contracted_cost") -> dict[Members, Series]:
        """The history of a scope that was asked for; of each value of its (EACH,) that cost anything."""
        if wanted.step == DAY:
            spans, found = self._days[wanted.zone], self._by_day
        else:
            spans, found = self._hours, self._by_hour
        costs = [found.of_each(wanted.scope, span) for span in spans]
        starts = tuple(span.start for span in spans)
        everybody = dict.fromkeys(members for amounts in costs for members in amounts)
        return {
            members: Series(
                wanted.step, starts, tuple([each.get(members, NOTHING).of(cost) for each in costs]), wanted.zone
            )
            for members in everybody
        }


def _days(zone: str, now: datetime) -> list[Span]:
    """Local days, oldest first; the last one is today, as far as it has come."""
    every = Recurrence("day", zone)
    span = span_at(every, now)
    days: list[Span] = []
    while span is not None and len(days) <= _DAYS:
        days.append(span)
        span = before(every, span)
    return [*reversed(days[1:]), Span(days[0].start, max(now, days[0].start + timedelta(minutes=5)))]


def _hours(now: datetime) -> list[Span]:
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [Span(last - HOUR * back, last - HOUR * (back - 1)) for back in range(_HOURS, -1, -1)]
