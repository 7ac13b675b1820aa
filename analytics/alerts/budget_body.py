"""What is said about a budget: what is spent of it, where it is heading, when it runs out, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ..budget_words import local, scope_said, span_named
from ..forecast import Forecast
from ..present import money
from ..spending import Spend
from .body import Body
from .case import BudgetCase
from .notice import Contributor, Figure, Kind

_MOST_LISTED = 10


def body(kind: Kind, cases: Sequence[BudgetCase], *, now: datetime) -> Body:
    """About thresholds of one budget: of one value of its scope, or of several at once."""
    if len({(case.spend.members, case.spend.span) for case in cases}) > 1:
        return _of_many(kind, cases, now=now)
    case = max(cases, key=lambda each: (each.threshold.basis == "actual", each.threshold.line(each.spend.limit)))
    spend = case.spend
    return Body(
        subject=_subject(case),
        headline=_headline(kind, case, now=now),
        figures=tuple(_figures(case, now=now)),
        contributors=case.contributors,
        plot=case.plot,
        actions=tuple(_actions(kind, case, now=now)),
        footnotes=tuple(_footnotes([spend], case.forecast, now=now)),
    )


def _of_many(kind: Kind, cases: Sequence[BudgetCase], *, now: datetime) -> Body:
    """Of several values of a budget, or periods that ended while nothing ran; the dearest first."""
    by_value = {(case.spend.members, case.spend.span): case for case in cases}
    dearest = sorted(by_value.values(), key=lambda case: -case.spend.spent)
    spends = [case.spend for case in dearest]
    subject, headline = _many_said(kind, spends, ", ".join(dict.fromkeys(case.threshold.text for case in cases)), now)
    by_period = len({spend.span for spend in spends}) > 1
    return Body(
        subject=subject,
        headline=headline,
        contributors=tuple(
            Contributor(
                name=_told_apart(spend, by_period=by_period), cost=spend.spent, change=f"of {money(spend.limit)}"
            )
            for spend in spends[:_MOST_LISTED]
        ),
        actions=tuple(_actions(kind, dearest[0], now=now)),
        footnotes=tuple(_footnotes(spends, None)),
    )


def _many_said(kind: Kind, spends: Sequence[Spend], marks: str, now: datetime) -> tuple[str, str]:
    """Subject and headline."""
    spend, members, spans = spends[0], {each.members for each in spends}, {each.span for each in spends}
    many, over = len(members) > 1, all(span.end <= now for span in spans)
    be = ("were" if over else "are") if many else ("was" if over else "is")
    past = f"{be} {'back from' if kind == 'resolved' else 'past'} {marks}"
    when = f"for {span_named(spend.budget.recurrence, spend.span)}" if len(spans) == 1 else f"in {len(spans):,} periods"
    who = f"{len(members):,} of {spend.budget.name}" if many else named(spend)
    what = f"{len(members):,} budgets {scope_said(spend.budget.scope)}" if many else who
    more = f" The {_MOST_LISTED} dearest are listed." if len(spends) > _MOST_LISTED else ""
    return (
        f"{who} {past} of {money(spend.budget.amount)} {when}",
        f"{what} {past} of {'theirs' if many else 'its amount'} {when}.{more}",
    )


def _told_apart(spend: Spend, *, by_period: bool) -> str:
    parts = (spend.whose, span_named(spend.budget.recurrence, spend.span) if by_period else "")
    return ", ".join(filter(None, parts))


def named(spend: Spend) -> str:
    """`search (user_id=ana)`."""
    return f"{spend.budget.name} ({spend.whose})" if spend.whose else spend.budget.name


def _subject(case: BudgetCase) -> str:
    spend = case.spend
    of = f"{money(spend.limit)} for {span_named(spend.budget.recurrence, spend.span)}"
    if case.threshold.basis == "forecast" and case.forecast:
        return f"{named(spend)} is heading for {money(case.forecast.expected)} of {of}"
    return f"{named(spend)} at {_percent(case)} of {of}"


def _headline(kind: Kind, case: BudgetCase, *, now: datetime) -> str:
    spend, period = case.spend, span_named(case.spend.budget.recurrence, case.spend.span)
    name = named(spend)
    limit, mark = money(spend.limit), case.threshold.text
    if kind == "resolved":
        return f"{name} is back from {mark}: {money(spend.spent)} of its {limit} for {period} is spent."
    if spend.span.end <= now:
        return f"{name} had spent {money(spend.spent)} of its {limit} when {period} ended, past the mark of {mark}."
    if case.threshold.basis == "forecast" and case.forecast:
        return (
            f"{name} has spent {money(spend.spent)} of its {limit} for {period}, "
            f"and is heading for {money(case.forecast.expected)}."
        )
    return f"{name} has spent {money(spend.spent)} of its {limit} for {period}, past the mark of {mark}."


def _figures(case: BudgetCase, *, now: datetime) -> Iterator[Figure]:
    spend, zone = case.spend, case.spend.budget.recurrence.zone
    yield Figure(label="Spent so far", value=f"{money(spend.spent)} of {money(spend.limit)} ({_percent(case)})")
    left = spend.limit - spend.spent
    yield Figure(label="Left" if left >= 0 else "Over by", value=money(abs(left)))
    if carried := spend.limit - spend.budget.amount:
        yield Figure(label="Carried over", value=f"{money(carried)} of the {money(spend.limit)}")
    if case.looked_ahead and spend.counted.end > now and spend.budget.recurrence.every != "rolling":
        yield Figure(label="Forecast", value=_forecast(case.forecast))
        if left > 0:
            yield Figure(label="Runs out", value=_runs_out(case, zone))
    yield Figure(label="Scope", value=scope_said(spend.scope))
    yield Figure(label="Period", value=" to ".join(local(moment, zone) for moment in spend.counted))


def _forecast(forecast: Forecast | None) -> str:
    if forecast is None:
        return "not enough history"
    sure = f"{money(forecast.low)} to {money(forecast.high)} in four of five cases"
    low = "; from little history" if forecast.confidence == "low" else ""
    return f"{money(forecast.expected)} ({sure}{low})"


def _runs_out(case: BudgetCase, zone: str) -> str:
    if case.forecast is None:
        return "not known"
    moment = case.forecast.runs_out(case.spend.limit)
    if moment is None:
        return "not before the period ends"
    at = moment.astimezone(ZoneInfo(zone))
    return f"about {at.day} {at:%B %H:%M %Z}"


def _actions(kind: Kind, case: BudgetCase, *, now: datetime) -> Iterator[str]:
    spend = case.spend
    since, until = (moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") for moment in spend.counted)
    yield f"See what it was spent on: tollgate report --since {since} --until {until} --by model"
    if kind != "resolved" and spend.counted.end > now:
        yield _what_happens(spend)


def _what_happens(spend: Spend) -> str:
    """To calls, when the budget is spent, and how to have it otherwise."""
    when = "It is spent, and" if spend.spent >= spend.limit else "When it is spent,"
    raise_it = f"raise the amount of {spend.budget.name} in budgets.yaml"
    match spend.budget.over:
        case "refuse":
            return f"{when} calls are refused. To let more through: {raise_it}."
        case "step_down":
            return f"{when} calls go to the cheapest tier. To end that: {raise_it}."
        case "notify":
            hold = f"give {spend.budget.name} over: refuse in budgets.yaml"
            return f"{when} calls go on. To hold them to it, {hold}."


def _footnotes(spends: Sequence[Spend], forecast: Forecast | None, *, now: datetime | None = None) -> Iterator[str]:
    if unpriced := sum(spend.unpriced_attempts for spend in spends):
        yield f"{unpriced:,} attempts have no price, so what they cost is in none of these figures: tollgate doctor"
    if spends[0].budget.cost == "list_cost":
        yield "At list prices, without the discounts of the contract."
    if forecast is not None and now is not None and forecast.method != "closed":
        yield f"The forecast is from the {forecast.method} of the last weeks."


def _percent(case: BudgetCase) -> str:
    return "all" if case.percent is None else f"{_whole(case.percent)} %"


def _whole(percent: Decimal) -> str:
    """Never 100 before it is reached."""
    return f"{int(percent):,}"
