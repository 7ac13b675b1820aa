"""Outbox: what there is to say, put down with the state that it follows from, and kept until it is delivered."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import ValidationError

from ..budgets import Told
from .notice import Notice
from .parcel import Parcel, Result
from .tables import moment, sql, stamp, state

CarrierName = Literal["mail", "channel"]
LIFETIME = timedelta(days=3)
"""After so long a try that fails is the last one."""
LEASE = timedelta(minutes=10)
"""Longer than all the time-outs of one message together; a killed deliverer delays its messages by so long."""
SHOWN = timedelta(days=7)
"""So long what was given up is a problem that is pointed at."""
MOST = 20
"""Carried at once, over one connection."""
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_FAR = timedelta(days=1)
_UNREADABLE = Result(delivered=False, said="written by another version, and cannot be read by this one", permanent=True)


class Addressee(NamedTuple):
    """Who gets a notice, and by what."""

    carrier: CarrierName
    recipient: str
    """An e-mail address, or the name of a channel."""


def addressees(told: Told) -> list[Addressee]:
    """Everybody who is told, each once."""
    addresses = [address for address in (told.owner, *told.recipients) if address]
    mailed = {address.casefold(): Addressee("mail", address) for address in reversed(addresses)}
    return [*reversed(mailed.values()), *(Addressee("channel", name) for name in dict.fromkeys(told.channels))]


def put(
    con: sqlite3.Connection,
    notice: Notice,
    addressees: Iterable[Addressee],
    *,
    now: datetime,
    about: Collection[str] = (),
    lifetime: timedelta = LIFETIME,
) -> None:
    """Put one notice down for everybody who gets it, in the transaction of `con`; `about`: ids of alerts.

    Who gets it and whether it begins its thread are filled in here, where they are known.
    """
    everybody = tuple(dict.fromkeys(addressees))
    known = con.execute(sql("thread_known"), {"thread": notice.thread, "notice_id": notice.notice_id}).fetchone()
    filled = {"first": known is None, "recipients": tuple(each.recipient for each in everybody)}
    written = notice.model_copy(update=filled).model_dump_json()
    names = {"notice_id": notice.notice_id, "thread": notice.thread, "rule": notice.rule, "now": stamp(now)}
    con.execute(sql("put_notice"), {**names, "notice": written})
    con.executemany(sql("put_about"), [(alert_id, notice.notice_id) for alert_id in about])
    for each in everybody:
        identity = json.dumps([notice.notice_id, *each])
        parcel_id = hashlib.sha256(identity.encode()).hexdigest()[:32]
        row = {"parcel_id": parcel_id, "carrier": each.carrier, "recipient": each.recipient}
        con.execute(sql("put_parcel"), {**names, **row, "expires_at": stamp(now + lifetime)})


def claim(
    home: Path, carrier: str, *, holder: str, now: datetime, most: int = MOST, lease: timedelta = LEASE
) -> list[Parcel]:
    """Lease what is due for a carrier, the oldest first. Nobody else gets it until the lease has run out."""
    with state(home).transaction() as con:
        terms = {"now": stamp(now), "far": stamp(now + _FAR), "leased_until": stamp(now + lease), "most": most}
        con.execute(sql("claim"), {**terms, "carrier": carrier, "holder": holder})
        rows = con.execute(sql("claimed"), {"carrier": carrier, "holder": holder}).fetchall()
        read = [(row, _parcel(row)) for row in rows]
        for row in [row for row, parcel in read if parcel is None]:
            _settle(con, row, _UNREADABLE, now=now)
    return [parcel for _, parcel in read if parcel]


def settle(home: Path, parcel: Parcel, result: Result, *, holder: str, now: datetime, lease: timedelta = LEASE) -> int:
    """Write down what became of a try: delivered for good, refused for good, or to be tried again later.

    The lease of what else the holder has begins anew; how many that are. Who has lost it may still say that a message
    was delivered, and nothing else.
    """
    with state(home).transaction() as con:
        row = con.execute(sql("parcel"), (parcel.parcel_id,)).fetchone()
        if row["state"] != "delivered" and (result.delivered or row["holder"] == holder):
            _settle(con, row, result, now=now)
        return con.execute(sql("renew"), {"holder": holder, "leased_until": stamp(now + lease)}).rowcount


def release(home: Path, *, holder: str) -> None:
    """Let go of what one holds and has not tried."""
    with state(home).transaction() as con:
        con.execute(sql("release"), {"holder": holder})


def counts(home: Path, *, now: datetime) -> Mapping[str, int]:
    """How many messages wait, were delivered, and under `undelivered` how many were given up in the last week."""
    with state(home).transaction() as con:
        return dict(con.execute(sql("count_parcels"), {"given_up_after": stamp(now - SHOWN)}).fetchone())


class Outcome(NamedTuple):
    """What became of a notice for one recipient."""

    recipient: str
    state: str
    said: str | None


def outcomes(home: Path, notice_id: str) -> list[Outcome]:
    """For everybody who gets it."""
    with state(home).transaction() as con:
        return [Outcome(*row) for row in con.execute(sql("outcomes"), (notice_id,))]


def wait(parcel_id: str, tries: int) -> timedelta:
    """Until the next try: 30 s, twice as long each time, at most an hour; up to a quarter less, by the id."""
    longest = min(_FIRST_WAIT * 2 ** min(tries - 1, 10), _LONGEST_WAIT)
    return longest * (1 - int(parcel_id[:4], 16) / 0xFFFF / 4)


def _settle(con: sqlite3.Connection, row: sqlite3.Row, result: Result, *, now: datetime) -> None:
    if result.delivered:
        became = "delivered"
    elif result.permanent:
        became = "refused"
    else:  # given up only after a try: nothing is lost because nobody was running
        became = "expired" if moment(row["expires_at"]) <= now else "waiting"
    due_at = now + wait(row["parcel_id"], row["tries"] + 1)
    settled = {"settled_at": None if became == "waiting" else stamp(now), "due_at": stamp(due_at)}
    con.execute(sql("settle"), {"parcel_id": row["parcel_id"], "state": became, "said": result.said, **settled})


def _parcel(row: sqlite3.Row) -> Parcel | None:
    """None: it cannot be read."""
    try:
        return Parcel(row["parcel_id"], Notice.model_validate_json(row["notice"]), row["recipient"])
    except ValidationError:
        return None
