"""Slots: what is done once, such as a digest once a day, whoever asks and however often."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from . import outbox
from .notice import Notice
from .outbox import Addressee
from .tables import sql, stamp, state


def is_claimed(home: Path, job: str, slot: str) -> bool:
    """Whether somebody has had it, so that nothing needs to be made for it."""
    with state(home).transaction() as con:
        return con.execute(sql("slot"), (job, slot)).fetchone() is not None


def claim_slot(home: Path, job: str, slot: str, *, now: datetime) -> bool:
    """Have a slot, such as ("daily digest", "2026-11-21"); False if somebody has had it."""
    return put_once(home, job, slot, (), now=now)


def put_once(
    home: Path, job: str, slot: str, notices: Iterable[tuple[Notice, Iterable[Addressee]]], *, now: datetime
) -> bool:
    """Have a slot and put what it is for into the outbox: both, or neither. False if somebody has had it."""
    with state(home).transaction() as con:
        if not con.execute(sql("claim_slot"), {"job": job, "slot": slot, "now": stamp(now)}).rowcount:
            return False
        for notice, addressees in notices:
            outbox.put(con, notice, addressees, now=now)
    return True
