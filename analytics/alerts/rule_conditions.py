"""What the other rules find: odd spend, usage without a price, falling caches, errors, losses, lag, old prices."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from router.spool import Segment, segments

from ..anomalies import Anomaly, anomaly
from ..budget_words import local
from ..budgets import EACH, Rule
from ..doctor import STALE_DAYS
from ..histories import Histories, Wanted
from ..ledger import Ledger
from ..losses import losses
from ..period import Period
from ..present import money
from ..prices import PriceTable
from ..reconcile import difference
from ..reports import Filters, Totals, health, totals, totals_by
from ..series import DAY, HOUR
from ..spending import Members
from ..spending import whose as whose_of
from .alert import Condition, Key
from .case import Finding
from .notice import Figure

_BACK = Decimal("0.8")
"""Of the limit: what was over it has to fall so far before it can cross it again."""
_KNOWN_FOR = timedelta(days=2)
"""How long an anomaly stays open, if nobody ends it."""


class World(NamedTuple):
    """What the rules look at."""

    ledger: Ledger
    now: datetime
    zone: str
    """IANA: whose days anomalies are of."""
    behind: str | None
    """Why the newest records are not in the ledger; None: they are."""


Found = Iterator[tuple[Condition, Finding]]


def conditions(rule: Rule, world: World) -> Found:
    """What a rule finds, with what there is to say about it; also where it finds nothing, so that it can end."""
    match rule.kind:
        case "anomaly":
            yield from _anomalies(rule, world)
        case "cache_hit_ratio" | "error_rate" | "fallback_rate" | "unpriced":
            yield from _rates(rule, world)
        case "losses":
            yield from _losses(rule, world)
        case "ingest_lag":
            yield from _lag(rule, world)
        case "price_age":
            yield from _price_age(rule, world)
        case "provider_difference":
            yield from _difference(rule, world)


def _anomalies(rule: Rule, world: World) -> Found:
    """The last complete day, and the last complete hour, of each scope."""
    wanted = [Wanted(rule.scope, step, world.zone) for step in (DAY, HOUR)]
    with world.ledger.read() as con:
        histories = Histories(con, wanted, now=world.now)
    for each in wanted:
        for members, series in histories.of(each).items():
            found = anomaly(series, now=world.now, minimum=rule.minimum or Decimal(0))
            if found is not None:
                yield _anomaly(rule, whose_of(_each(rule), members), found, world, hour=each.step == HOUR)


def _anomaly(rule: Rule, whose: str, found: Anomaly, world: World, *, hour: bool) -> tuple[Condition, Finding]:
    # An hour belongs to its day, so that a bad day is told once and not every hour of it.
    start = local(found.start, world.zone)
    key = Key(rule.name, whose, start[:10], "hour" if hour else "day")
    condition = Condition(key=key, holds=True, told=rule.told, over_at=found.start + _KNOWN_FOR)
    when = f"The hour from {start}" if hour else start[:10]
    what = f" of {whose}" if whose else ""
    times = found.cost / found.usual if found.usual else None
    said = f"{times:.1f} times the usual {money(found.usual)}" if times else f"usually {money(found.usual)}"
    return condition, Finding(
        rule=rule,
        whose=whose,
        subject=f"{money(found.cost)}{what} on {start[:10]}, {said}",
        headline=f"{when}{what} cost {money(found.cost)}, {said}.",
        figures=(
            Figure(label="Cost", value=money(found.cost)),
            Figure(label="Usual", value=f"{money(found.usual)} ({money(found.low)} to {money(found.high)})"),
        ),
        actions=(
            f"See what it was spent on: tollgate report --since {start[:10]} --until {start[:10]} --by hour,model",
        ),
    )


def _rates(rule: Rule, world: World) -> Found:
    window = Period(world.now - rule.window, world.now)
    earlier = Period(window.start - rule.window, window.start)
    before = _totals(rule, earlier, world) if rule.kind == "cache_hit_ratio" else {}
    for members, found in _totals(rule, window, world).items():
        if not found.attempts and rule.kind != "unpriced":
            continue  # nothing to have a rate
        holds, clears, subject, figures = _rate(rule, found, before.get(members))
        whose = whose_of(_each(rule), members)
        what = f" of {whose}" if whose else ""
        told = Condition(key=Key(rule.name, whose, "", ""), holds=holds, clears=clears, told=rule.told)
        hours = rule.window / HOUR
        headline = f"In the last {hours:g} hours {subject}{what}."
        yield (
            told,
            Finding(
                rule=rule,
                whose=whose,
                subject=f"{subject}{what}",
                headline=headline,
                figures=(*figures, Figure(label="Attempts", value=f"{found.attempts:,}")),
                actions=(_ADVICE[rule.kind],),
            ),
        )


_ADVICE = {
    "unpriced": "See which models: tollgate doctor. If a price is missing, a newer tollgate may have it.",
    "cache_hit_ratio": "See whether prompts begin otherwise than they did: what changes early in a prompt empties it.",
    "error_rate": "See which errors: tollgate report --by status,model",
    "fallback_rate": "See which models were overloaded: tollgate report --by status,model",
}


_Rate = tuple[bool | None, bool, str, tuple[Figure, ...]]
"""Whether it holds, whether it is over, what to say and with which figures."""
_TOO_FEW: _Rate = (None, False, "too few attempts to say", ())


def _rate(rule: Rule, found: Totals, before: Totals | None) -> _Rate:
    limit = rule.limit or Decimal(0)
    if rule.kind == "unpriced":
        count = found.unpriced_attempts
        said = f"{count:,} attempt{'' if count == 1 else 's'} had no price"
        return count > limit, count <= limit, said, (Figure(label="Without a price", value=f"{count:,}"),)
    if found.attempts < rule.at_least:
        return _TOO_FEW
    if rule.kind == "cache_hit_ratio":
        return _hit_ratio(rule, found, before, limit)
    part, whole, what = (
        (found.failed_attempts, found.attempts, "attempts failed")
        if rule.kind == "error_rate"
        else (found.fallback_calls, found.calls, "calls fell back")
    )
    if not whole:
        return _TOO_FEW
    percent = Decimal(part) / whole * 100
    figures = (Figure(label="Share", value=f"{percent:.1f} % ({part:,} of {whole:,})"),)
    return percent > limit, percent <= limit * _BACK, f"{percent:.1f} % of {what}", figures


def _hit_ratio(rule: Rule, found: Totals, before: Totals | None, limit: Decimal) -> _Rate:
    """It holds where the window before was as good as it was to be, and this one is not."""
    now, was = _read_percent(found), _read_percent(before)
    if now is None:
        return _TOO_FEW
    fallen = was is not None and was >= (rule.fallen_from or Decimal(0)) and now < limit
    figures = (
        Figure(label="Cache hit ratio", value=f"{now:.0f} %"),
        Figure(label="In the window before", value="unknown" if was is None else f"{was:.0f} %"),
    )
    return fallen, now >= limit, f"the cache hit ratio fell to {now:.0f} %", figures


def _read_percent(found: Totals | None) -> Decimal | None:
    """How much of the prompts came from the cache; None where nothing was asked."""
    if found is None:
        return None
    prompts = found.input_tokens + found.cache_write_tokens + found.cache_read_tokens
    return Decimal(found.cache_read_tokens) / prompts * 100 if prompts else None


def _losses(rule: Rule, world: World) -> Found:
    lost = [
        loss for loss in losses(world.ledger, health(world.ledger), now=world.now) if loss.acknowledged < loss.count
    ]
    count = sum(loss.count - loss.acknowledged for loss in lost)
    holds = count > (rule.limit or 0)
    condition = Condition(
        key=Key(rule.name, "", "", ""), holds=holds, clears=not holds, told=rule.told, severity="critical"
    )
    yield (
        condition,
        Finding(
            rule=rule,
            whose="",
            subject=f"{count:,} records or lines went by uncounted",
            headline="Some usage went by uncounted, so spend is higher than the ledger says.",
            figures=tuple(Figure(label=loss.what, value=f"{loss.count - loss.acknowledged:,}") for loss in lost),
            actions=(
                *(loss.advice for loss in lost),
                "Take note of what was lost so far: tollgate doctor --acknowledge",
            ),
            severity="critical",
        ),
    )


def _lag(rule: Rule, world: World) -> Found:
    limit = timedelta(seconds=int(rule.limit or 0))
    lag = timedelta()
    if world.behind is not None:
        oldest = min((segment.name.partition("-")[0] for segment in _unread(world.ledger)), default=None)
        if oldest is not None:
            lag = max(timedelta(), timedelta(microseconds=int(world.now.timestamp() * 1e6) - int(oldest) // 1000))
    minutes = lag / timedelta(minutes=1)
    condition = Condition(key=Key(rule.name, "", "", ""), holds=lag > limit, clears=lag <= limit, told=rule.told)
    yield (
        condition,
        Finding(
            rule=rule,
            whose="",
            subject=f"the ledger is {minutes:,.0f} minutes behind",
            headline=f"The oldest records that wait for the ledger are {minutes:,.0f} minutes old.",
            figures=(Figure(label="Why", value=world.behind or "it is not any more"),),
            actions=("See who holds the ledger: tollgate doctor",),
        ),
    )


def _unread(ledger: Ledger) -> Iterator[Segment]:
    """The segments of the spool of which the ledger has not read all; an idle process may hold a read one for days."""
    consumed = {row["name"]: row["consumed"] for row in ledger.query("segment_offsets")}
    for segment in segments(ledger.home):
        with contextlib.suppress(FileNotFoundError):  # taken in and removed since
            if segment.path.stat().st_size > consumed.get(segment.name, 0):
                yield segment


def _price_age(rule: Rule, world: World) -> Found:
    checked = PriceTable.load().checked
    days = (world.now.date() - checked).days
    holds = days * 86_400 > (rule.limit or STALE_DAYS * 86_400)
    condition = Condition(
        key=Key(rule.name, "", checked.isoformat(), ""), holds=holds, clears=not holds, told=rule.told
    )
    yield (
        condition,
        Finding(
            rule=rule,
            whose="",
            subject=f"the price table is {days:,} days old",
            headline=f"Nobody has compared the price table with its sources since {checked}.",
            actions=("Upgrade tollgate for newer prices, then: tollgate rerate --dry-run",),
        ),
    )


def _difference(rule: Rule, world: World) -> Found:
    found = difference(world.ledger, now=world.now)
    if found is None:
        return
    limit, least = rule.limit or Decimal(0), rule.minimum or Decimal(0)
    holds = found.exceeds(percent=limit, dollars=least)
    condition = Condition(key=Key(rule.name, "", "", ""), holds=holds, clears=not holds, told=rule.told)
    apart = f"{money(abs(found.amount))} ({abs(found.percent):.1f} %)"
    yield (
        condition,
        Finding(
            rule=rule,
            whose="",
            subject=f"the provider bills {money(found.theirs)}, the ledger has {money(found.ours)}",
            headline=f"Over the last week the provider's report and the ledger differ by {apart}.",
            figures=(
                Figure(label="The provider's report", value=money(found.theirs)),
                Figure(label="The ledger", value=money(found.ours)),
            ),
            actions=("See by day, and what may explain it: tollgate reconcile",),
        ),
    )


def _totals(rule: Rule, period: Period, world: World) -> dict[Members, Totals]:
    """By the values of the dimensions that have a rule for each; of none, under ()."""
    each = _each(rule)
    within = {name: values for name, values in rule.scope.items() if name not in each}
    filters = Filters(period=period, within=within)
    if not each:
        return {(): totals(world.ledger, filters)}
    found = totals_by(world.ledger, filters, each)
    return {tuple(map(str, members)): row for members, row in found.items() if None not in members}


def _each(rule: Rule) -> list[str]:
    return [name for name, values in rule.scope.items() if values == (EACH,)]
