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
        return _of_many(kind, cases)
    case = max(cases, key=lambda each: (each.threshold.basis == "actual", each.threshold.line(each.spend.limit)))
    spend = case.spend
    return Body(
        subject=_subject(case),
        headline=_headline(kind, case, now=now),
        figures=tuple(_figures(case, now=now)),
        contributors=case.contributors,
        plot=case.plot,
        actions=tuple(_actions(case)),
        footnotes=tuple(_footnotes([spend], case.forecast, now=now)),
    )


def _of_many(kind: Kind, cases: Sequence[BudgetCase]) -> Body:
    """Of a budget for each value, the values that are concerned; the dearest first."""
    by_value = {(case.spend.whose, case.spend.span): case for case in cases}
    dearest = sorted(by_value.values(), key=lambda case: -case.spend.spent)
    spend = dearest[0].spend
    marks = ", ".join(dict.fromkeys(case.threshold.text for case in cases))
    verb = "are past" if kind != "resolved" else "are back from"
    period = span_named(spend.budget.recurrence, spend.span)
    many = f"{len(by_value):,} of {spend.budget.name}"
    more = f" The {_MOST_LISTED} dearest are listed." if len(by_value) > _MOST_LISTED else ""
    return Body(
        subject=f"{many} {verb} {marks} of {money(spend.budget.amount)} for {period}",
        headline=f"{len(by_value):,} budgets {scope_said(spend.budget.scope)} {verb} {marks} of theirs.{more}",
        contributors=tuple(
            Contributor(name=case.spend.whose, cost=case.spend.spent, change=f"of {money(case.spend.limit)}")
            for case in dearest[:_MOST_LISTED]
        ),
        actions=tuple(_actions(dearest[0])),
        footnotes=tuple(_footnotes([case.spend for case in dearest], None)),
    )


def _subject(case: BudgetCase) -> str:
    spend = case.spend
    whose = f" ({spend.whose})" if spend.whose else ""
    of = f"{money(spend.limit)} for {span_named(spend.budget.recurrence, spend.span)}"
    if case.threshold.basis == "forecast" and case.forecast:
        return f"{spend.budget.name}{whose} is heading for {money(case.forecast.expected)} of {of}"
    return f"{spend.budget.name}{whose} at {_percent(case)} of {of}"


def _headline(kind: Kind, case: BudgetCase, *, now: datetime) -> str:
    spend, period = case.spend, span_named(case.spend.budget.recurrence, case.spend.span)
    name = f"{spend.budget.name}{f' ({spend.whose})' if spend.whose else ''}"
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
    if spend.span.end > now and spend.budget.recurrence.every != "rolling":
        yield Figure(label="Forecast", value=_forecast(case.forecast))
        if left > 0:
            yield Figure(label="Runs out", value=_runs_out(case, zone))
    yield Figure(label="Scope", value=scope_said(spend.scope))
    yield Figure(label="Period", value=f"{local(spend.span.start, zone)} to {local(spend.span.end, zone)}")


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


def _actions(case: BudgetCase) -> Iterator[str]:
    spend = case.spend
    name = spend.budget.name
    raise_it = f"raise the amount of {name} in budgets.yaml"
    since, until = (moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") for moment in spend.span)
    yield f"See what it was spent on: tollgate report --since {since} --until {until} --by model"
    match spend.budget.over:
        case "refuse":
            yield f"When it is spent, calls are refused. To let more through: {raise_it}."
        case "step_down":
            yield f"When it is spent, calls go to the cheapest tier. To end that: {raise_it}."
        case "notify":
            yield f"When it is spent, calls go on. To hold them to it, give {name} over: refuse in budgets.yaml."


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
