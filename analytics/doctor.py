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
from .contract import Contract
from .done import kept
from .ledger import Ledger
from .losses import Loss, losses
from .losses import acknowledge as take_note
from .prices import PriceTable
from .reports import Health, health
from .rerate import due

STALE_DAYS = 60
"""A price table that nobody has compared with its sources for so long is suspect: new models come faster."""
BATCH_TAKES = timedelta(hours=24)
"""At most: what has no answer then, has expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found."""

    facts: Mapping[str, str]
    health: Health
    problems: tuple[str, ...]
    """One or two sentences each: what is wrong, and what to do."""
    acknowledged: tuple[str, ...] = ()
    """What was lost, and somebody has taken note of: the same, no longer a problem."""


def acknowledge(ledger: Ledger, *, now: datetime) -> None:
    """Take note of everything that was lost so far; from now on only what is lost besides is a problem."""
    take_note(ledger.home, losses(ledger, health(ledger), now=now))


def examine(ledger: Ledger, *, now: datetime, behind: str | None = None) -> Diagnosis:
    """Look at everything that decides whether the figures can be trusted; `behind` says why the newest are missing."""
    found, prices = health(ledger), PriceTable.load()
    lost = losses(ledger, found, now=now)
    forget_sessions(ledger.home, now=now)
    return Diagnosis(
        facts=dict(_facts(ledger, found, prices, now=now)),
        health=found,
        problems=(*filter(None, [behind]), *_unnoticed(ledger, lost), *_problems(ledger, found, prices, now=now)),
        acknowledged=tuple(f"{loss.what}: {loss.count:,}" for loss in lost if loss.acknowledged == loss.count),
    )


def _facts(ledger: Ledger, found: Health, prices: PriceTable, *, now: datetime) -> Iterator[tuple[str, str]]:
    yield "tollgate", _version("tollgate")
    yield "python", platform.python_version()
    yield "anthropic", _version("anthropic")
    yield "duckdb", _version("duckdb")
    yield "home", f"{ledger.home}{' (demo data)' if found.demo else ''}"
    yield "ledger", str(ledger.path)
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
    yield "price table", f"{prices.version}, checked {prices.checked} ({_age(prices, now)} days ago)"
    if contract := Contract.of(ledger.home, prices).version:
        yield "contract", f"version {contract}"
    if found.price_table_version not in (None, prices.version):
        yield "price table in the ledger", f"{found.price_table_version}, until the next record comes"
    if found.flagged:
        yield "flags", ", ".join(f"{flag} ({lines:,} lines)" for flag, lines in found.flagged)


def _unnoticed(ledger: Ledger, lost: Sequence[Loss]) -> Iterator[str]:
    spool = ledger.home / "spool"
    if spool.exists() and not os.access(spool, os.W_OK | os.X_OK):
        yield f"{spool} cannot be written by this user. Records of its programs would be lost: chown or chmod it."
    yield from (loss.sentence for loss in lost if loss.acknowledged < loss.count)


def _problems(ledger: Ledger, found: Health, prices: PriceTable, *, now: datetime) -> Iterator[str]:
    if waiting := sum(now - since > BATCH_TAKES for since in unread_batches(ledger.home).values()):
        yield f"Batches that have ended and whose results nobody read: {waiting:,}. Run tollgate batches pull."
    for reason, attempts in found.unpriced:
        yield f"Attempts without a cost: {attempts:,} ({reason}). If a price is missing, a newer tollgate may have it."
    if charges := due(ledger, prices):
        yield f"Charges made with another price table or contract than those in use: {charges:,}. Run tollgate rerate."
    if rules.changed(ledger):
        yield "The rules of rating have changed since some charges were made. Run tollgate rerate."
    if _age(prices, now) > STALE_DAYS:
        yield f"The price table was last checked on {prices.checked}. Upgrade tollgate for newer prices."


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
