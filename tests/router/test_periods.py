from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from router.periods import Every, Recurrence, Span, after, before, midnight, span_at, zone_named

CALENDAR: tuple[Every, ...] = ("hour", "day", "week", "month", "quarter", "year")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # skipped midnight until 2018
    "America/Havana",  # shows midnight twice
    "America/St_Johns",  # put back at 00:01 until 2011: the evening before is shown again after midnight
    "America/Toronto",  # 1919: 23:30 became 00:30
    "Africa/Cairo",
    "Africa/Monrovia",  # 44.5 minutes until 1972
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Manila",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",  # a day twice in 1969, a day less in 1993
    "Etc/GMT+12",
)
zones = st.sampled_from(ZONES)
moments = st.integers(-(2**31), 2**33).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
"""From 1901 to 2242."""


@cache
def changes(zone: str) -> list[datetime]:
    """The days, UTC, on which the clocks of a zone were or will be changed: where mistakes hide."""
    named = ZoneInfo(zone)
    days = [datetime(1968, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(365 * 65)]
    offsets = [day.astimezone(named).utcoffset() for day in days]
    return [day for day, (one, other) in zip(days, pairwise(offsets), strict=False) if one != other] or days[-1:]


near_a_change = zones.flatmap(
    lambda zone: st.tuples(
        st.just(zone),
        st.builds(
            lambda day, minutes: day + timedelta(minutes=minutes),
            st.sampled_from(changes(zone)),
            st.integers(-24 * 60, 48 * 60),
        ),
    )
)
places = st.one_of(st.tuples(zones, moments), near_a_change)


def span(every: Every, zone: str, moment: datetime) -> Span:
    found = span_at(Recurrence(every, zone), moment)
    assert found is not None
    return found


def hours(zone: str, day: str) -> float:
    """How long a local day is."""
    found = span("day", zone, datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(zone)))
    return (found.end - found.start) / timedelta(hours=1)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CALENDAR), places)
@example("day", ("America/St_Johns", datetime(2006, 10, 29, 3, 0, tzinfo=UTC)))
@example("year", ("Pacific/Apia", datetime(2011, 12, 30, 10, 0, tzinfo=UTC)))
@example("day", ("Pacific/Apia", datetime(2011, 12, 30, 10, 0, tzinfo=UTC)))
@example("hour", ("Africa/Monrovia", datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)))
def test_periods_tile_time(every: Every, place: tuple[str, datetime]) -> None:
    """A period holds its moment, begins where the one before ends, and is found from each of its moments."""
    zone, moment = place
    recurrence = Recurrence(every, zone)
    here = span(every, zone, moment)
    earlier, later = before(recurrence, here), after(recurrence, here)

    assert here.start <= moment < here.end
    assert earlier is not None
    assert later is not None
    assert (earlier.end, later.start) == (here.start, here.end)
    assert earlier.start < here.start < here.end < later.end
    middle = here.start + (here.end - here.start) / 2
    for inside in (here.start, middle, here.end - datetime.resolution):
        assert span_at(recurrence, inside) == here


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(CALENDAR[1:]), places)
def test_a_period_begins_at_the_first_instant_of_its_first_day(every: Every, place: tuple[str, datetime]) -> None:
    """No clock shows the first day of a period, or a later one, before the period begins; then it does."""
    zone, moment = place
    start = span(every, zone, moment).start
    local = start.astimezone(ZoneInfo(zone))
    first = {
        "day": local.date(),
        "week": local.date() - timedelta(days=local.weekday()),
        "month": local.date().replace(day=1),
        "quarter": local.date().replace(month=(local.month - 1) // 3 * 3 + 1, day=1),
        "year": local.date().replace(month=1, day=1),
    }[every]

    assert start == midnight(first, ZoneInfo(zone))
    assert (start - datetime.resolution).astimezone(ZoneInfo(zone)).date() < first
    assert (start - timedelta(minutes=45)).astimezone(ZoneInfo(zone)).date() < first


@settings(max_examples=100, deadline=None)
@given(places)
def test_an_hour_is_never_longer_than_an_hour(place: tuple[str, datetime]) -> None:
    """Within a period of an hour the local clock shows one hour and runs evenly; only a change makes it shorter."""
    zone, moment = place
    start, end = (each.astimezone(ZoneInfo(zone)) for each in span("hour", zone, moment))
    last = (end.astimezone(UTC) - datetime.resolution).astimezone(ZoneInfo(zone))

    assert (start.date(), start.hour, start.utcoffset()) == (last.date(), last.hour, last.utcoffset())
    length = end.astimezone(UTC) - start.astimezone(UTC)
    assert timedelta(0) < length <= timedelta(hours=1)
    if length < timedelta(hours=1):
        earlier = (start.astimezone(UTC) - datetime.resolution).astimezone(ZoneInfo(zone))
        assert len({earlier.utcoffset(), start.utcoffset(), end.utcoffset()}) > 1


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), places)
def test_a_rolling_period_is_the_last_local_days(days: int, place: tuple[str, datetime]) -> None:
    """It begins with the first of the last N local days, ends with today, and has none before it."""
    zone, moment = place
    rolling = span_at(Recurrence("rolling", zone, days=days), moment)
    today = span("day", zone, moment)

    assert rolling is not None
    assert rolling.end == today.end
    first = today.start.astimezone(ZoneInfo(zone)).date() - timedelta(days=days - 1)
    assert rolling.start == midnight(first, ZoneInfo(zone))
    assert before(Recurrence("rolling", zone, days=days), rolling) is None


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Africa/Cairo", "2026-04-24", 23),
        ("Asia/Beirut", "2026-03-29", 23),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Sao_Paulo", "2018-02-17", 25),
        ("America/Havana", "2026-11-01", 25),
        ("America/St_Johns", "2006-10-29", 25),
        ("America/Toronto", "1919-03-30", 23.5),
        ("Pacific/Kiritimati", "2026-11-21", 24),
        ("Etc/GMT+12", "2026-11-21", 24),
        ("Pacific/Apia", "2011-12-29", 24),
        ("Pacific/Apia", "2011-12-31", 24),
    ],
)
def test_days_are_as_long_as_their_clocks_make_them(zone: str, day: str, length: float) -> None:
    """A local day lasts as long as that zone's changes of the clocks on it make it."""
    assert hours(zone, day) == length


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("Africa/Cairo", "2026-04-24", "2026-04-24T01:00+03:00"),
        ("Asia/Beirut", "2026-03-29", "2026-03-29T01:00+03:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00-02:00"),
        ("America/Havana", "2026-11-01", "2026-11-01T00:00-04:00"),
        ("America/St_Johns", "2006-10-29", "2006-10-29T00:00-02:30"),
        ("America/Toronto", "1919-03-31", "1919-03-31T00:30-04:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00+14:00"),
        ("Pacific/Kiritimati", "2026-11-21", "2026-11-21T00:00+14:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone: str, day: str, start: str) -> None:
    """Where midnight is skipped it is when the clocks jump, where it comes twice it is the first time."""
    assert midnight(date.fromisoformat(day), ZoneInfo(zone)) == datetime.fromisoformat(start)


def test_a_day_that_a_zone_left_out_is_no_period() -> None:
    """In Apia 31 December 2011 follows 29 December; the week and the month of both are a day shorter."""
    noon = datetime(2011, 12, 31, 12, tzinfo=ZoneInfo("Pacific/Apia"))
    day, week, month = (span(every, "Pacific/Apia", noon) for every in ("day", "week", "month"))
    earlier = before(Recurrence("day", "Pacific/Apia"), day)

    assert earlier is not None
    assert earlier.start.astimezone(ZoneInfo("Pacific/Apia")).date() == date(2011, 12, 29)
    assert (week.end - week.start, month.end - month.start) == (timedelta(days=6), timedelta(days=30))


@pytest.mark.parametrize(
    ("zone", "minutes_from", "moment", "lengths"),
    [
        ("Europe/Berlin", "2026-10-25T01:00+02:00", "02:00, 02:00", (60, 60, 60, 60)),
        ("Europe/Berlin", "2026-03-29T01:00+01:00", "no 02:00", (60, 60, 60, 60)),
        ("Australia/Lord_Howe", "2026-04-05T01:00+11:00", "01:00, then 01:30 again", (60, 30, 60, 60)),
        ("Australia/Lord_Howe", "2026-10-04T01:00+10:30", "01:00, then 02:30", (60, 30, 60, 60)),
    ],
)
def test_an_hour_that_is_shown_twice_is_two_periods(
    zone: str, minutes_from: str, moment: str, lengths: tuple[int, ...]
) -> None:
    """Each showing of a local hour is a period, as long as it is shown."""
    recurrence, here = Recurrence("hour", zone), span("hour", zone, datetime.fromisoformat(minutes_from))
    found: list[int] = []
    for _ in lengths:
        found.append((here.end - here.start) // timedelta(minutes=1))
        here = after(recurrence, here) or here

    assert tuple(found) == lengths, moment


@pytest.mark.parametrize(
    ("every", "moment", "start", "end"),
    [
        ("week", "2026-11-22T12:00", "2026-11-16", "2026-11-23"),
        ("week", "2027-01-01T12:00", "2026-12-28", "2027-01-04"),
        ("month", "2028-02-29T23:59", "2028-02-01", "2028-03-01"),
        ("month", "2027-02-28T23:59", "2027-02-01", "2027-03-01"),
        ("month", "2026-12-31T23:59", "2026-12-01", "2027-01-01"),
        ("quarter", "2026-03-31T23:59", "2026-01-01", "2026-04-01"),
        ("quarter", "2026-10-01T00:00", "2026-10-01", "2027-01-01"),
        ("year", "2028-12-31T23:59", "2028-01-01", "2029-01-01"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_periods_follow_the_local_calendar(every: Every, moment: str, start: str, end: str, zone: str) -> None:
    """Weeks begin on Monday, quarters in January, April, July and October, by the zone's own calendar."""
    named = ZoneInfo(zone)
    found = span(every, zone, datetime.fromisoformat(moment).replace(tzinfo=named))

    assert [each.astimezone(named).replace(tzinfo=None).isoformat() for each in found] == [
        f"{start}T00:00:00",
        f"{end}T00:00:00",
    ]


def test_a_fixed_period_is_its_dates_and_nothing_else() -> None:
    """It holds its start, not its end, and has nothing before or after it."""
    dates = Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    fixed = Recurrence("fixed", start=dates.start, end=dates.end)

    assert span_at(fixed, dates.start) == dates
    assert span_at(fixed, dates.end - datetime.resolution) == dates
    assert span_at(fixed, dates.end) is None
    assert span_at(fixed, dates.start - datetime.resolution) is None
    assert (before(fixed, dates), after(fixed, dates)) == (None, None)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe", "../etc/passwd", "/etc/localtime", "Europe/Berlin\n"])
def test_an_unknown_zone_is_said(zone: str) -> None:
    """Whatever is wrong with a zone's name, it is a ValueError that says what was found."""
    with pytest.raises(ValueError, match=r"found the time zone .*, expected an IANA name"):
        span_at(Recurrence("day", zone), datetime(2026, 11, 21, tzinfo=UTC))


def test_a_moment_has_a_time_zone() -> None:
    """A naive moment is refused instead of being taken for this machine's time."""
    with pytest.raises(ValueError, match="expected one with a time zone"):
        span_at(Recurrence("week", "Asia/Tokyo"), datetime(2026, 11, 21))  # noqa: DTZ001  # that is the mistake


def test_zones_are_known_by_their_iana_name() -> None:
    """A zone keeps its name."""
    assert zone_named("Europe/Berlin").key == "Europe/Berlin"
