"""Presets: the periods that a person chooses by name, as local days, and what each is compared with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from router.periods import midnight

from .period import Period

Compared = Literal["Previous period", "A year before", "Nothing"]
COMPARED: tuple[Compared, ...] = ("Previous period", "A year before", "Nothing")
CUSTOM = "Custom"
_LAST_DAYS = {"30 days": 30, "7 days": 7, "Today": 1, "90 days": 90}
_TO_DATE = {"Month to date": "month", "This quarter": "quarter", "Year to date": "year"}
_LAST_MONTH = "Last month"
PRESETS = (*_LAST_DAYS, *_TO_DATE, _LAST_MONTH, CUSTOM)
"""As they stand in the address of a page; the first is the usual one."""
_DAY = timedelta(days=1)
Days = tuple[date, date]
"""The first and the last, both included."""


def chosen(preset: str, *, now: datetime, zone: str, custom: Days) -> Period:
    """The local days that a preset stands for, up to the end of today; `custom` for Custom."""
    return _period(_days(preset, now=now, zone=zone, custom=custom), zone)


def compared(preset: str, how: Compared, *, now: datetime, zone: str, custom: Days) -> Period | None:
    """What the preset's period is compared with: as far as that one has come, so that like is compared with like.

    Months, quarters and years are compared with the ones before; other days with as many days before. Never beyond
    the start of the period.
    """
    if how == "Nothing":
        return None
    days = _days(preset, now=now, zone=zone, custom=custom)
    first, last = _a_year_before(days) if how == "A year before" else _before(preset, days)
    whole, period = _period((first, last), zone), _period(days, zone)
    if now >= period.end:
        return whole
    today = max(now.astimezone(ZoneInfo(zone)).date(), days[0])
    elapsed = max(now - midnight(today, ZoneInfo(zone)), timedelta())
    end = midnight(first + (today - days[0]), ZoneInfo(zone)) + elapsed
    return Period(whole.start, max(whole.start, min(end, whole.end, period.start)))


def local_days(period: Period, zone: str) -> Days:
    """The first and the last local day that a period touches."""
    local = ZoneInfo(zone)
    last = max(period.start, period.end - datetime.resolution)
    return period.start.astimezone(local).date(), last.astimezone(local).date()


def _days(preset: str, *, now: datetime, zone: str, custom: Days) -> Days:
    today = now.astimezone(ZoneInfo(zone)).date()
    if preset in _LAST_DAYS:
        return today - (_LAST_DAYS[preset] - 1) * _DAY, today
    if preset in _TO_DATE:
        return _first(_TO_DATE[preset], today), today
    if preset == _LAST_MONTH:
        last = _first("month", today) - _DAY
        return last.replace(day=1), last
    return custom


def _before(preset: str, days: Days) -> Days:
    first, last = days
    if every := _TO_DATE.get(preset, "month" if preset == _LAST_MONTH else None):
        return _first(every, first - _DAY), first - _DAY
    return first - (last - first + _DAY), first - _DAY


def _a_year_before(days: Days) -> Days:
    first, last = (day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day) for day in days)
    return first, last


def _first(every: str, day: date) -> date:
    months = {"month": 1, "quarter": 3, "year": 12}[every]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _period(days: Days, zone: str) -> Period:
    first, last = days
    return Period(midnight(first, ZoneInfo(zone)), midnight(last + _DAY, ZoneInfo(zone)))
