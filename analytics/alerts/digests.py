"""Digests: once a day, or a week, at a local hour: what was spent, against before; budgets; what fires; what is odd."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from router.periods import Recurrence, before, midnight, span_at

from ..budgets import BudgetFile
from ..ingest import refresh
from ..links import dashboard_query
from ..period import Period
from ..present import money
from ..reports import Filters, Health, Totals, health, totals
from ..spending import Spend, spending
from ..switch import ledger_at
from .budget_body import named
from .details import changes
from .listing import listing
from .notice import Figure, Notice, Section
from .outbox import Addressee
from .slots import is_claimed, put_once

_MOST_BUDGETS = 15
Every = Literal["day", "week"]


class _Digest(NamedTuple):
    """What a digest is about."""

    every: Every
    slot: str
    """The local day, or the Monday, on which it is due."""
    period: Period
    earlier: Period


def send_due(home: Path, *, now: datetime) -> str | None:
    """Put into the outbox what is due and nobody has put there yet; says what it was."""
    file = BudgetFile.of(home)
    recipients = {"day": file.daily_digest, "week": file.weekly_digest}
    done: list[str] = []
    for digest in _due(file, now):
        name = f"digest of the {digest.every}"
        if recipients[digest.every] and not is_claimed(home, name, digest.slot):
            notice = _notice(home, file, digest, now=now)
            to = [Addressee("mail", address) for address in recipients[digest.every]]
            if put_once(home, name, digest.slot, [(notice, to)], now=now):
                done.append(f"{name} {digest.slot}")
    return ", ".join(done) or None


def _due(file: BudgetFile, now: datetime) -> Iterator[_Digest]:
    """Of the last complete local day and week, from the hour on at which they are wanted."""
    local = now.astimezone(ZoneInfo(file.zone))
    day = local.date() - timedelta(days=local.hour < file.digest_hour)
    moment = midnight(day, ZoneInfo(file.zone))
    every: Every
    for every in ("day", "week"):
        recurrence = Recurrence(every, file.zone)
        current = span_at(recurrence, moment)
        last = current and before(recurrence, current)
        earlier = last and before(recurrence, last)
        if last and earlier:
            slot = day if every == "day" else _monday(day)
            yield _Digest(every, slot.isoformat(), Period(*last), Period(*earlier))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _notice(home: Path, file: BudgetFile, digest: _Digest, *, now: datetime) -> Notice:
    ledger = ledger_at(home)
    behind = refresh(ledger, now=now)
    found, earlier = (totals(ledger, Filters(period=period)) for period in (digest.period, digest.earlier))
    with ledger.read() as con:
        spends = [spend for spend in spending(con, file.budgets, now=now) if spend.span.end > now]
    when = _named(digest, file.zone)
    zone = file.zone
    link = (
        f"{file.dashboard.rstrip('/')}/{dashboard_query(digest.period, zone=zone, scope={})}"
        if file.dashboard
        else None
    )
    return Notice(
        kind="digest",
        severity="info",
        notice_id=hashlib.sha256(f"digest {digest.every} {digest.slot}".encode()).hexdigest()[:32],
        thread=f"digest {digest.every}",
        subject=f"Tollgate: {money(found.contracted_cost or Decimal(0))} {when}",
        headline=f"{_spent(found)} was spent {when}, {_against(found, earlier, digest)}.",
        figures=tuple(_figures(found, earlier)),
        sections=tuple(_sections(home, spends, health(ledger), now=now)),
        contributors=changes(ledger, Filters(period=digest.period), digest.earlier),
        footnotes=(behind,) if behind else (),
        link=link,
        rule=f"digest of the {digest.every}",
        created_at=now,
    )


def _named(digest: _Digest, zone: str) -> str:
    start = digest.period.start.astimezone(ZoneInfo(zone))
    day = f"{start:%A} {start.day} {start:%B}"
    return f"on {day}" if digest.every == "day" else f"in the week from {day}"


def _spent(found: Totals) -> str:
    return money(found.contracted_cost or Decimal(0))


def _against(found: Totals, earlier: Totals, digest: _Digest) -> str:
    was, now = earlier.contracted_cost, found.contracted_cost or Decimal(0)
    if not was:
        return f"and nothing the {digest.every} before"
    change = now - was
    percent, more = abs(change) / was * 100, "more" if change >= 0 else "less"
    return f"{money(abs(change))} ({percent:,.0f} %) {more} than the {digest.every} before"


def _figures(found: Totals, earlier: Totals) -> Iterator[Figure]:
    yield Figure(label="Spent", value=f"{_spent(found)} (before: {_spent(earlier)})")
    yield Figure(label="Calls", value=f"{found.calls:,} (before: {earlier.calls:,})")
    if found.cost_per_call is not None:
        yield Figure(label="A call", value=money(found.cost_per_call))
    if found.routing_saved is not None:
        yield Figure(label="Saved by routing", value=money(found.routing_saved))
    if found.cache_saved is not None:
        yield Figure(label="Saved by caching", value=money(found.cache_saved))
    if found.unpriced_attempts:
        yield Figure(label="Without a price", value=f"{found.unpriced_attempts:,} attempts, in none of these amounts")


def _sections(home: Path, spends: list[Spend], found: Health, *, now: datetime) -> Iterator[Section]:
    if spends:
        used = sorted(spends, key=lambda spend: -(spend.spent / spend.limit if spend.limit else 0))
        yield Section(title="Budgets", rows=tuple(_row(spend) for spend in used[:_MOST_BUDGETS]))
    firing = [alert for alert in listing(home, now=now).alerts if alert.state in ("firing", "acknowledged")]
    if firing:
        rows = tuple(
            Figure(label=f"{alert.rule} {alert.threshold}".strip(), value=f"{alert.scope} {alert.state}".strip())
            for alert in firing[:_MOST_BUDGETS]
        )
        yield Section(title="Alerts", rows=rows)
    if found.lost_records or found.rejected_lines:
        lost = f"{found.lost_records:,} records lost, {found.rejected_lines:,} lines rejected: tollgate doctor"
        yield Section(title="What went by uncounted", rows=(Figure(label="So far", value=lost),))


def _row(spend: Spend) -> Figure:
    percent = f" ({int(spend.spent / spend.limit * 100):,} %)" if spend.limit else ""
    return Figure(label=named(spend), value=f"{money(spend.spent)} of {money(spend.limit)}{percent}")
