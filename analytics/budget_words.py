"""Budgets and rules in words that a person can check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from router.periods import Recurrence, Span, span_at

from .budgets import EACH, Budget, Over, Rule, RuleKind, Scope, Told
from .present import money

_THEN: Mapping[Over, str] = {
    "notify": "calls go on when it is spent",
    "step_down": "when it is spent, calls go to a cheaper tier",
    "refuse": "when it is spent, calls are refused",
}
_WHEN: Mapping[RuleKind, str] = {
    "anomaly": "a day or an hour costs more than usual, by {minimum} or more",
    "unpriced": "usage within {window} has no price",
    "cache_hit_ratio": "the cache hit ratio falls from {fallen_from} % or more to less than {limit} % in {window}",
    "error_rate": "more than {limit} % of attempts fail in {window}",
    "fallback_rate": "more than {limit} % of calls fall back in {window}",
    "losses": "records are lost or rejected",
    "ingest_lag": "ingest is more than {age} behind",
    "price_age": "the price table is older than {age}",
    "provider_difference": "the provider's report differs by more than {limit} %, and by {minimum} or more",
}
_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


def said(budget: Budget) -> str:
    """What a budget is: amount, period, scope, who is told when, and what happens when it is spent."""
    recurrence = budget.recurrence
    list_price = ", at list prices" if budget.cost == "list_cost" else ""
    carried = "" if budget.roll_over is None else f", and up to {money(budget.roll_over)} left over from before"
    when = ", ".join(threshold.text for threshold in budget.thresholds)
    return "; ".join(
        [
            f"{money(budget.amount)} {_every(recurrence)}{carried} ({recurrence.zone}) {_of(budget.scope)}{list_price}",
            *_effective(budget),
            _tells(budget.told, f"at {when}"),
            _THEN[budget.over],
        ]
    )


def rule_said(rule: Rule) -> str:
    """What a rule is: when it alerts, for which scope, and who is told."""
    when = _WHEN[rule.kind].format(
        limit=_short(rule.limit),
        fallen_from=_short(rule.fallen_from),
        minimum=money(rule.minimum),
        window=_long(rule.window),
        age=_long(timedelta(seconds=int(rule.limit or 0))),
    )
    least = f" (of at least {rule.at_least:,} attempts)" if rule.at_least else ""
    scope = f", {_of(rule.scope)}" if rule.scope else ""
    return _tells(rule.told, f"when {when}{least}{scope}")


def period_said(budget: Budget, now: datetime) -> str:
    """The present period in local time, and when it starts anew."""
    recurrence = budget.recurrence
    span = span_at(recurrence, now)
    if (budget.effective_from or recurrence.start or now) > now:
        return "not yet: it begins later"
    if span is None or (budget.effective_to or span.end) <= now:
        return "no more: it is over"
    start, end = (local(moment, recurrence.zone) for moment in span)
    if recurrence.every == "rolling":
        return f"now from {start}; the oldest day falls out on {end}"
    if recurrence.every == "fixed":
        return f"now from {start} to {end}, and not again"
    return f"now from {start}; resets on {end}"


def span_named(recurrence: Recurrence, span: Span) -> str:
    """`November 2026`, `21 November 2026`, `the week from 16 November 2026`, `the 30 days up to 21 November 2026`."""
    start, last = (
        moment.astimezone(ZoneInfo(recurrence.zone)) for moment in (span.start, span.end - datetime.resolution)
    )
    day = f"{start.day} {start:%B %Y}"
    match recurrence.every:
        case "hour":
            return f"{day} {start:%H:%M}"
        case "day":
            return day
        case "week":
            return f"the week from {day}"
        case "month":
            return f"{start:%B %Y}"
        case "quarter":
            return f"Q{(start.month + 2) // 3} {start.year}"
        case "year":
            return f"{start.year}"
        case "rolling":
            return f"the {recurrence.days} days up to {last.day} {last:%B %Y}"
        case "fixed":
            return f"{day} to {last.day} {last:%B %Y}"


def over_said(over: Over) -> str:
    """`when it is spent, calls are refused`."""
    return _THEN[over]


def scope_said(scope: Scope) -> str:
    """`for team search, model claude-opus-5-5 or claude-sonnet-5-5, each user_id`; `for everything`."""
    return _of(scope)


def local(moment: datetime, zone: str) -> str:
    """`2026-11-01 00:00 EDT`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def _every(recurrence: Recurrence) -> str:
    if recurrence.every == "rolling":
        return f"in {recurrence.days} days up to today"
    if recurrence.every == "fixed" and recurrence.start and recurrence.end:
        return _between(Span(recurrence.start, recurrence.end), recurrence.zone)
    return f"{'an' if recurrence.every == 'hour' else 'a'} {recurrence.every}"


def _effective(budget: Budget) -> list[str]:
    zone = budget.recurrence.zone
    if budget.effective_from and budget.effective_to:
        return [f"holds {_between(Span(budget.effective_from, budget.effective_to), zone)}"]
    if budget.effective_from:
        return [f"holds from {_day(budget.effective_from, zone)} on"]
    return [f"holds to the end of {_last_day(budget.effective_to, zone)}"] if budget.effective_to else []


def _between(span: Span, zone: str) -> str:
    return f"from {_day(span.start, zone)} to the end of {_last_day(span.end, zone)}"


def _day(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d}"


def _last_day(end: datetime, zone: str) -> str:
    return _day(end - datetime.resolution, zone)


def _of(scope: Scope) -> str:
    """`for team search, model claude-opus-5-5 or claude-sonnet-5-5, each user_id`."""
    parts = (
        f"each {_title(dimension)}" if values == (EACH,) else f"{_title(dimension)} {' or '.join(values)}"
        for dimension, values in scope.items()
    )
    return f"for {', '.join(parts) or 'everything'}"


def _title(dimension: str) -> str:
    return dimension.removeprefix("tag:")


def _tells(told: Told, when: str) -> str:
    everyone = [*told.recipients, *(f"the channel {name}" for name in told.channels)]
    again = f", again every {_long(told.remind_every)} until it is acknowledged" if told.remind_every else ""
    after = ", and when that is over" if told.tell_resolved else ""
    return f"tells {_list(everyone) or 'nobody'} {when}{again}{after}"


def _list(names: Iterable[str]) -> str:
    *most, last = [*names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _short(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"


def _long(length: timedelta) -> str:
    """`15 minutes`, `1 day`."""
    unit, name = next(((unit, name) for unit, name in _UNITS if not length % unit), _UNITS[-1])
    return f"{length // unit} {name}{'' if length == unit else 's'}"
