"""Period: a half-open interval of UTC time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from .exceptions import SettingsError


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` (inclusive) to `end` (exclusive), both UTC-aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse naive times and an end before the start."""
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment.tzinfo is None:
                raise SettingsError(f"period {name}: found {moment}, expected a time with a time zone")
        if self.end < self.start:
            raise SettingsError(f"period: found an end ({self.end}) before its start ({self.start})")

    @classmethod
    def days(cls, first: date, last: date) -> Self:
        """Whole UTC days, `last` included."""
        return cls(midnight(first), midnight(last + timedelta(days=1)))

    @property
    def previous(self) -> Period:
        """The period of the same length that ends where this one starts."""
        return Period(self.start - (self.end - self.start), self.start)


def midnight(day: date) -> datetime:
    """The start of a UTC day."""
    return datetime.combine(day, time(), UTC)
