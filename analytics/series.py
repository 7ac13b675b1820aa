"""Series: what a scope cost in each hour or day, and the same as numbers by local day for the statistics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from router.periods import midnight

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_MOST_DAYS = {DAY: 64, HOUR: 36}
"""How far back anybody looks: nine weeks of days or five of hours, and today."""
_MICRODOLLARS = Decimal("0.000001")
_WIDE = Context(prec=60)


class Clock(NamedTuple):
    """When each bucket is, by the local clock."""

    days: Ints
    """The ordinal of its day."""
    hours: Ints

    @property
    def first_day(self) -> int:
        """The first that is known from its beginning."""
        return int(self.days[0]) + bool(self.hours[0]) if len(self.days) else 0


@dataclass(frozen=True, slots=True)
class Series:
    """Costs of consecutive buckets, oldest first. A bucket that is missing cost nothing; the last may be under way."""

    step: timedelta
    """HOUR, or DAY for local days, which may last 23 or 25 hours."""
    starts: tuple[datetime, ...]
    """UTC-aware."""
    costs: tuple[Decimal, ...]
    """US dollars."""
    zone: str = "UTC"
    """IANA: whose days, weekdays and hours of the day."""

    def recent(self) -> Series:
        """As much of it as anybody looks at."""
        most = _MOST_DAYS[self.step] * (DAY // self.step)
        if len(self.starts) <= most:
            return self
        return Series(self.step, self.starts[-most:], self.costs[-most:], self.zone)

    def amounts(self) -> Floats:
        """The costs as floats: for statistics, never for what was spent."""
        return np.maximum(np.array(self.costs, dtype=np.float64), 0)

    def clock(self) -> Clock:
        """When its buckets are, by the local clock."""
        return _clock(self.starts, self.zone)


def ordinal(moment: datetime, zone: str) -> int:
    """The ordinal of a moment's local day."""
    return moment.astimezone(ZoneInfo(zone)).toordinal()


@lru_cache(maxsize=256)
def midnights(first: int, end: datetime, zone: str) -> tuple[datetime, ...]:
    """The beginnings of local days from the one with the ordinal `first` on, up to the first not before `end`."""
    found = [midnight(date.fromordinal(first), ZoneInfo(zone))]
    while found[-1] < end:
        found.append(midnight(date.fromordinal(first + len(found)), ZoneInfo(zone)))
    return tuple(found)


def by_day(clock: Clock, amounts: Floats, today: int) -> Floats:
    """What each complete day cost, from the first that cost anything up to yesterday; none if none did."""
    first = clock.first_day
    past = (clock.days >= first) & (clock.days < today)
    if not past.any():
        return np.zeros(0)
    totals = np.bincount(clock.days[past] - first, weights=amounts[past], minlength=today - first).astype(np.float64)
    spent = np.flatnonzero(totals)
    return totals[spent[0] :] if len(spent) else np.zeros(0)


def dollars(amount: float) -> Decimal:
    """A float of the statistics as an amount, to the millionth of a dollar; people are shown cents."""
    return Decimal(amount).quantize(_MICRODOLLARS, context=_WIDE)


@lru_cache(maxsize=64)  # the scopes of a budget share their buckets
def _clock(starts: tuple[datetime, ...], zone: str) -> Clock:
    local = [start.astimezone(ZoneInfo(zone)) for start in starts]
    days = np.array([moment.toordinal() for moment in local], dtype=np.int64)
    return Clock(days, np.array([moment.hour for moment in local], dtype=np.int64))
