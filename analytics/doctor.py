"""Doctor: where everything is, how far the ledger has come, and what is wrong, with what to do about it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from router.batches import unread_batches
from router.sessions import forget_sessions

from . import rules
from .clickhouse.backlog import Backlog, backlog
from .contract import Contract
from .done import kept
from .exceptions import LedgerDenied, LedgerError
from .ledger import Ledger
from .losses import Loss, losses
from .losses import acknowledge as take_note
from .prices import PriceTable
from .reports import Health, health
from .rerate import due

STALE_DAYS = 60
"""A price table that nobody has compared with its sources for so long is suspect: new models come faster."""
SHIPPED_WITHIN = timedelta(hours=1)
BATCH_TAKES = timedelta(hours=24)
"""At most: what has no answer then, has expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found."""

    facts: Mapping[str, str]
    health: Health | None
    """None: the records of this home go to a shared ledger, and that was not looked at."""
    problems: tuple[str, ...]
    """One or two sentences each: what is wrong, and what to do."""
    acknowledged: tuple[str, ...] = ()
    """What was lost, and somebody has taken note of: the same, no longer a problem."""
    shipping: Backlog | None = None
    """None: the records of this home go into the ledger of this home."""


def acknowledge(ledger: Ledger, *, now: datetime) -> None:
    """Take note of everything that was lost so far; from now on only what is lost besides is a problem."""
    found, _ = _health(ledger, backlog(ledger.home))
    take_note(ledger.home, losses(ledger, found, now=now))


def examine(ledger: Ledger, *, now: datetime, behind: str | None = None) -> Diagnosis:
    """Look at everything that decides whether the figures can be trusted; `behind` says why the newest are missing."""
    shipping, prices = backlog(ledger.home), PriceTable.load()
    found, unread = _health(ledger, shipping)
    lost = losses(ledger, found, now=now)
    forget_sessions(ledger.home, now=now)
    return Diagnosis(
        facts={
            **_programs(),
            **({} if shipping is None else _on_its_way(shipping, now=now)),
            **({} if found is None else dict(_facts(ledger, found))),
            **dict(_terms(ledger, found, prices, now=now)),
        },
        health=found,
        problems=(
            *filter(None, [behind, unread]),
            *_unnoticed(ledger, lost),
            *(() if shipping is None else _delays(shipping, now=now)),
            *(() if found is None else _unrated(ledger, found, prices)),
            *_problems(ledger, prices, now=now),
        ),
        shipping=shipping,
        acknowledged=tuple(f"{loss.what}: {loss.count:,}" for loss in lost if loss.acknowledged == loss.count),
    )


def _health(ledger: Ledger, shipping: Backlog | None) -> tuple[Health | None, str | None]:
    """Also why there is none, if that is wrong: who may only write is not asked."""
    if not ledger.shared:
        return None if shipping else health(ledger), None
    try:
        return health(ledger), None
    except LedgerDenied:
        return None, None
    except LedgerError as error:
        return None, f"The figures cannot be read: {error}."


def _programs() -> dict[str, str]:
    return {
        "tollgate": _version("tollgate"),
        "python": platform.python_version(),
        "anthropic": _version("anthropic"),
        "duckdb": _version("duckdb"),
    }


def _on_its_way(shipping: Backlog, *, now: datetime) -> dict[str, str]:
    age = f", the oldest record {_ago(shipping.oldest_at, now)} old" if shipping.oldest_at else ""
    last = f"{shipping.succeeded_at:%Y-%m-%d %H:%M} UTC" if shipping.succeeded_at else "never"
    return {
        "records go to": shipping.ledger,
        "waiting to be shipped": f"{shipping.bytes:,} bytes{age}",
        "last shipped": last,
    }


def _facts(ledger: Ledger, found: Health) -> Iterator[tuple[str, str]]:
    yield "home", f"{ledger.home}{' (demo data)' if found.demo else ''}"
    yield "ledger", str(ledger)
    yield "attempts", f"{found.attempts:,}"
    if found.first_at and found.last_at:
        yield "from, to", f"{found.first_at:%Y-%m-%d %H:%M} to {found.last_at:%Y-%m-%d %H:%M} UTC"
    yield "waiting in the spool", f"{found.waiting_bytes:,} bytes"
    yield "kept of the spool", _kept(ledger)
    yield "lost, rejected", f"{found.lost_records:,} records, {found.rejected_lines:,} lines"
    if found.cut_lines:
        yield (
            "cut off",
            f"{found.cut_lines:,} lines, as their programs died in the middle of them; no call lost its record",
        )


def _terms(ledger: Ledger, found: Health | None, prices: PriceTable, *, now: datetime) -> Iterator[tuple[str, str]]:
    if found is None:
        yield "home", str(ledger.home)
    yield "price table", f"{prices.version}, checked {prices.checked} ({_age(prices, now)} days ago)"
    if contract := Contract.of(ledger.home, prices).version:
        yield "contract", f"version {contract}"
    if found and found.price_table_version not in (None, prices.version):
        yield "price table in the ledger", f"{found.price_table_version}, until the next record comes"
    if found and found.flagged:
        yield "flags", ", ".join(f"{flag} ({lines:,} lines)" for flag, lines in found.flagged)


def _unnoticed(ledger: Ledger, lost: Sequence[Loss]) -> Iterator[str]:
    spool = ledger.home / "spool"
    if spool.exists() and not os.access(spool, os.W_OK | os.X_OK):
        yield f"{spool} cannot be written by this user. Records of its programs would be lost: chown or chmod it."
    yield from (loss.sentence for loss in lost if loss.acknowledged < loss.count)


def _delays(shipping: Backlog, *, now: datetime) -> Iterator[str]:
    if shipping.trouble:
        yield f"Records were not shipped: {shipping.trouble}. They wait, and the next tollgate ship sends them."
    elif shipping.oldest_at and now - shipping.oldest_at > SHIPPED_WITHIN:
        yield f"Records have waited for {_ago(shipping.oldest_at, now)}. Does tollgate serve, or tollgate ship, run?"


def _unrated(ledger: Ledger, found: Health, prices: PriceTable) -> Iterator[str]:
    for reason, attempts in found.unpriced:
        yield f"Attempts without a cost: {attempts:,} ({reason}). If a price is missing, a newer tollgate may have it."
    if charges := due(ledger, prices):
        yield f"Charges made with another price table or contract than those in use: {charges:,}. Run tollgate rerate."
    if rules.changed(ledger):
        yield "The rules of rating have changed since some charges were made. Run tollgate rerate."


def _problems(ledger: Ledger, prices: PriceTable, *, now: datetime) -> Iterator[str]:
    if waiting := sum(now - since > BATCH_TAKES for since in unread_batches(ledger.home).values()):
        yield f"Batches that have ended and whose results nobody read: {waiting:,}. Run tollgate batches pull."
    if _age(prices, now) > STALE_DAYS:
        yield f"The price table was last checked on {prices.checked}. Upgrade tollgate for newer prices."


def _ago(then: datetime, now: datetime) -> str:
    minutes = max(0, round((now - then).total_seconds() / 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


def _kept(ledger: Ledger) -> str:
    segments = kept(ledger.home)
    size = sum(segment.path.stat().st_size for segment in segments)
    return f"{len(segments):,} segments that are in the ledger, {size:,} bytes"


def _age(prices: PriceTable, now: datetime) -> int:
    return (now.date() - prices.checked).days


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
