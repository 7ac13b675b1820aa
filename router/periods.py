"""Periods of budgets: calendar periods in a time zone as UTC instants, without gap or overlap, whatever the clocks do.

A local day begins at its first instant: where the clocks skip midnight that is when they jump, where they show it twice
it is the first time, and a day that a zone left out (Apia, 30 December 2011) has no instant and so no period. Weeks
(ISO, from Monday), months, quarters and years begin with their first day. An hour ends when the local clock shows the
next full hour or is put forward or back: an hour that is shown twice is two periods, and none is longer than an hour.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Every = Literal["hour", "day", "week", "month", "quarter", "year", "rolling", "fixed"]

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SECOND = timedelta(seconds=1)


class Span(NamedTuple):
    """From `start` (inclusive) to `end` (exclusive), both UTC-aware."""

    start: datetime
    end: datetime
    """When the budget is renewed; of a rolling one, when its oldest day falls out: the next local midnight."""


class Recurrence(NamedTuple):
    """How periods follow each other."""

    every: Every
    zone: str = "UTC"
    """IANA."""
    days: int = 0
    """rolling: how many local days, today included."""
    start: datetime | None = None
    """fixed: UTC-aware, as `end`."""
    end: datetime | None = None


class _Known(NamedTuple):
    """The last answer for a recurrence, and for which moments it is the answer."""

    holds: Span
    answer: Span


_last: dict[Recurrence, _Known] = {}


def span_at(recurrence: Recurrence, moment: datetime) -> Span | None:
    """The period that holds a moment; None for a fixed one that does not.

    A rolling one is the last `days` local days up to the end of today. Raises ValueError for an unknown zone and for a
    moment without a time zone. Asked again within the same period, it takes less than a microsecond.
    """
    known = _last.get(recurrence)
    if known is not None and known.holds.start <= moment < known.holds.end:
        return known.answer
    known = _found(recurrence, moment)
    if not known.holds.start <= moment < known.holds.end:
        return None
    _last[recurrence] = known
    return known.answer


def before(recurrence: Recurrence, span: Span) -> Span | None:
    """The period before one; None for rolling and fixed ones."""
    return None if recurrence.every in ("rolling", "fixed") else span_at(recurrence, span.start - datetime.resolution)


def after(recurrence: Recurrence, span: Span) -> Span | None:
    """The period after one; None for rolling and fixed ones."""
    return None if recurrence.every in ("rolling", "fixed") else span_at(recurrence, span.end)


def zone_named(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises ValueError."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # milliseconds that a program without budgets never needs

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # what a wrong name raises depends on what lies at that path
        raise ValueError(f"found the time zone {name!r}, expected an IANA name, such as Europe/Berlin") from None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, UTC."""
    wall = datetime.combine(day, time())
    by_old, by_new = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if by_old <= by_new:
        return by_old
    # The clocks skip midnight; they jump somewhere between the two.
    seconds = range((by_old - by_new) // _SECOND)
    return by_new + _SECOND * bisect_left(
        seconds, x=True, key=lambda second: (by_new + _SECOND * second).astimezone(zone).date() >= day
    )


def _found(recurrence: Recurrence, moment: datetime) -> _Known:
    if moment.tzinfo is None:
        raise ValueError(f"found the moment {moment}, expected one with a time zone")
    if recurrence.every == "fixed":
        assert recurrence.start is not None  # noqa: S101  # a fixed one has both
        assert recurrence.end is not None  # noqa: S101
        fixed = Span(recurrence.start, recurrence.end)
        return _Known(fixed, fixed)
    zone = zone_named(recurrence.zone)
    if recurrence.every == "rolling":
        today = _calendar("day", moment, zone)
        first = today.start.astimezone(zone).date() - timedelta(days=recurrence.days - 1)
        return _Known(today, Span(midnight(first, zone), today.end))
    every = recurrence.every
    span = _hour(moment.astimezone(UTC), zone) if every == "hour" else _calendar(every, moment, zone)
    return _Known(span, span)


def _hour(moment: datetime, zone: ZoneInfo) -> Span:
    """The part of the local hour around a moment in which the clocks are not changed."""
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    shown = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    start = moment - shown
    seconds = range(3600)

    def same(second: int) -> bool:
        return (start + _SECOND * second).astimezone(zone).utcoffset() == offset

    now = shown // _SECOND
    first = bisect_left(seconds, x=True, hi=now, key=same)
    last = bisect_left(seconds, x=True, lo=now, key=lambda second: not same(second))
    return Span(start + _SECOND * first, start + _SECOND * last)


def _calendar(every: str, moment: datetime, zone: ZoneInfo) -> Span:
    first, following = _days(every, moment.astimezone(zone).date())
    span = Span(midnight(first, zone), midnight(following, zone))
    while span.end <= moment:  # clocks put back over midnight show the last day again, after the next has begun
        first, following = _days(every, following)
        span = Span(span.end, midnight(following, zone))
    return span


def _days(every: str, day: date) -> tuple[date, date]:
    """The first day of the period that holds a day, and of the next."""
    if every in _DAYS:
        first = day - timedelta(days=day.weekday() if every == "week" else 0)
        return first, first + timedelta(days=_DAYS[every])
    months = _MONTHS[every]
    number = (day.year * 12 + day.month - 1) // months * months
    return _first_of(number), _first_of(number + months)


def _first_of(month: int) -> date:
    """The first day of a month, counted from January of year 0."""
    return date(month // 12, month % 12 + 1, 1)
