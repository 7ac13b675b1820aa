"""Health: how the work at a home goes, from `state.sqlite` alone: cheap enough for a probe every few seconds."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from router.reservations import NANO, Reservations

from ..alerts import listing, outbox
from .journal import Journal, Runs
from .lease import Holder, held_by

LATE_INTERVALS = 3
LATE_AT_LEAST = timedelta(minutes=2)
"""Without a success for so many intervals, and at least so long, a job is a problem."""

PATIENT_TRIES = 3
"""A message that was tried so often has waited for more than a minute: that is no hiccup of a mail server any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a probe wants to know."""

    at: datetime
    holder: Holder | None = None
    version: str | None = None
    """Of the Tollgate that works, or worked last."""
    jobs: tuple[Runs, ...] = ()
    spool_waiting_bytes: int | None = None
    newest_attempt_at: datetime | None = None
    ingested_attempts: int | None = None
    """Since the ledger was made, by whomever."""
    alerts: Mapping[str, int] = field(default_factory=dict[str, int])
    """State -> how many."""
    parcels: Mapping[str, int] = field(default_factory=dict[str, int])
    """State -> how many messages, each to one recipient; `undelivered`: given up in the last week."""
    budgets: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict[str, tuple[Decimal, Decimal]])
    """Name -> US dollars spent in its present period, and its limit; of a budget for each value, of all of them."""
    problems: tuple[str, ...] = ()
    """One or two sentences each: what is wrong, and what to do."""

    @property
    def healthy(self) -> bool:
        """Whether there is nothing to do."""
        return not self.problems

    def to_json(self) -> str:
        """Everything, times in ISO 8601."""
        jobs = [
            dataclasses.asdict(runs)
            | {"every": runs.every.total_seconds(), "due_at": runs.due_at, "trouble": runs.trouble}
            for runs in self.jobs
        ]
        holder = self.holder and self.holder._asdict()
        whole = {"healthy": self.healthy} | dataclasses.asdict(self) | {"holder": holder, "jobs": jobs}
        return json.dumps(whole, indent=2, ensure_ascii=False, default=_plainly)


def _plainly(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def look(home: Path, *, now: datetime) -> Status:
    """How it goes. Changes nothing, and makes no home where there is none. Raises sqlite3.Error, OSError."""
    if not (home / "state.sqlite").exists():
        return Status(at=now, problems=tuple(_problems(home, Status(at=now))))
    journal = Journal(home)
    seen = journal.sightings()
    newest = seen.get("newest_attempt_at")
    found = Status(
        at=now,
        holder=held_by(home, now=now),
        version=seen.get("version"),
        jobs=journal.runs(),
        spool_waiting_bytes=_number(seen.get("spool_waiting_bytes")),
        newest_attempt_at=datetime.fromisoformat(newest) if newest else None,
        ingested_attempts=_number(seen.get("ingested_attempts")),
        alerts=listing.counts(home),
        parcels=outbox.counts(home, now=now),
        budgets={
            name: (Decimal(spent) / NANO, Decimal(limit) / NANO)
            for name, (spent, limit) in Reservations(home).by_budget().items()
        },
    )
    return dataclasses.replace(found, problems=tuple(_problems(home, found)))


def _problems(home: Path, status: Status) -> Iterator[str]:
    if not status.holder:
        yield f"No tollgate serve works on {home}. Start it; if it runs, see its log."
    else:
        yield from (_late(runs) for runs in status.jobs if _is_late(runs, status.holder, status.at))
    if status.parcels.get("waiting") and (stuck := _stuck(home, status.at)):
        said = f" The last answer: {stuck[0].said}." if stuck[0].said else ""
        yield f"Messages that are still not delivered after {PATIENT_TRIES} tries: {len(stuck):,}.{said}"
    if undelivered := status.parcels.get("undelivered"):
        yield f"Messages that could not be delivered: {undelivered:,}. tollgate alerts list says why."


def _is_late(runs: Runs, holder: Holder, now: datetime) -> bool:
    """A job may take its time after somebody has begun to work."""
    good = max(filter(None, [runs.succeeded_at, holder.since]))
    return now - good > max(LATE_INTERVALS * runs.every, LATE_AT_LEAST)


def _stuck(home: Path, now: datetime) -> list[listing.Message]:
    """What waits though it was tried again and again; the newest first."""
    trouble = listing.listing(home, now=now).trouble
    return [message for message in trouble if message.state == "waiting" and message.tries >= PATIENT_TRIES]


def _late(runs: Runs) -> str:
    since = f"since {runs.succeeded_at:%Y-%m-%d %H:%M} UTC" if runs.succeeded_at else "ever"
    why = f"It says: {runs.trouble}." if runs.trouble else "See the log of tollgate serve."
    return f"The job {runs.job} has not succeeded {since}, though it is due every {span(runs.every)}. {why}"


def span(duration: timedelta) -> str:
    """`90 s`, `10 min`, `25 h`, `3 days`: rough, and never less than it is worth."""
    seconds = duration.total_seconds()
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def in_words(status: Status) -> Iterator[str]:
    """The same for people, line by line."""
    if status.holder:
        version = f"tollgate {status.version}" if status.version else "tollgate"
        yield f"{version}, {status.holder}, works since {status.holder.since:%Y-%m-%d %H:%M} UTC"
    if status.spool_waiting_bytes is not None:
        newest = status.newest_attempt_at
        age = f"; the newest attempt is {span(max(timedelta(), status.at - newest))} old" if newest else ""
        yield f"waiting in the spool: {status.spool_waiting_bytes:,} bytes{age}"
    for runs in status.jobs:
        good = f"{span(status.at - runs.succeeded_at)} ago" if runs.succeeded_at else "never"
        trouble = f"; since then: {runs.trouble}" if runs.trouble else ""
        yield f"{runs.job}: every {span(runs.every)}, last success {good}{trouble}"
    for name, counts in (("alerts", status.alerts), ("messages", status.parcels)):
        if known := ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()) if count):
            yield f"{name}: {known}"
    yield from (f"! {problem}" for problem in status.problems)
    if status.healthy:
        yield "Nothing is wrong."


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
