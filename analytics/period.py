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

    @classmethod
    def parse(cls, since: str | None, until: str | None, *, now: datetime, days: int = 30) -> Self:
        """What a person asked for: days (the last one included) or ISO 8601 times, UTC unless they say otherwise.

        Without `until`, up to the end of today; without `since`, the `days` days before that.
        """
        end = _moment("until", until) if until else midnight(now.astimezone(UTC).date() + timedelta(days=1))
        if until and _is_day(until):
            end += timedelta(days=1)
        start = _moment("since", since) if since else end - timedelta(days=days)
        if end <= start:
            raise SettingsError(f"since: found {since}, expected a time before until ({until or end.date()})")
        return cls(start, end)

    @property
    def previous(self) -> Period:
        """The period of the same length that ends where this one starts."""
        return Period(self.start - (self.end - self.start), self.start)

    def known_from(self, first_at: datetime | None) -> bool:
        """Whether a ledger that begins at `first_at` knows this period, but for a tenth of it at most."""
        return first_at is not None and first_at <= self.start + (self.end - self.start) / 10


def midnight(day: date) -> datetime:
    """The start of a UTC day."""
    return datetime.combine(day, time(), UTC)


def _is_day(text: str) -> bool:
    return len(text) == len("2026-11-21")


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"{name}: found {text!r}, expected a day (2026-11-21) or a time (2026-11-21T09:00)"
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def naive(moment: datetime) -> datetime:
    """A moment as the ledger keeps it: UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
