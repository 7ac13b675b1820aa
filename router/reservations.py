"""Reservations: what is set aside of a budget before a call and settled after it, for every process of a machine.

What was spent is the ledger's to say. It is published here with what has not reached it yet, one row an attempt, so
that no counter can drift from it: a row goes when the ledger has its record, and when its process dies under way.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .periods import Every, Recurrence
from .segment import fcntl
from .state import State, statement

if TYPE_CHECKING:
    from sqlite3 import Connection

Over = Literal["notify", "step_down", "refuse"]
NANO = 10**9


class Guarded(NamedTuple):
    """A budget, as far as the guard has to know it."""

    name: str
    amount: int
    """Nano-dollars a period."""
    over: Over
    scope: tuple[tuple[str, tuple[str, ...]], ...]
    """By dimension, in order, the values that are meant; none: each value has a budget of its own."""
    recurrence: Recurrence
    effective_from: datetime | None = None
    effective_to: datetime | None = None

    def to_json(self) -> str:
        """One line."""
        return json.dumps(self, default=datetime.isoformat)

    @classmethod
    def from_json(cls, line: str) -> Guarded:
        """The inverse."""
        name, amount, over, scope, (every, zone, days, start, end), *effective = json.loads(line)
        kind: Every = every
        recurrence = Recurrence(kind, zone, days, _moment(start), _moment(end))
        parts = tuple((dimension, tuple(values)) for dimension, values in scope)
        return cls(name, amount, over, parts, recurrence, *map(_moment, effective))


class Claim(NamedTuple):
    """An amount that an attempt may take from one budget."""

    budget: str
    members: str
    """Of the dimensions that have a budget for each value, the values, as JSON."""
    period: str
    """When it began; or `rolling`."""
    amount: int
    limit: int
    """Where the ledger has published no other."""
    until: float
    """The end of the period, in seconds since 1970: nothing counts any longer than that."""
    binding: bool = True
    """Whether it has to fit."""

    @property
    def key(self) -> dict[str, str]:
        """What it is taken from."""
        return {"budget": self.budget, "members": self.members, "period": self.period}


class Full(NamedTuple):
    """A budget that has no room for a claim."""

    claim: Claim
    spent: int
    """With what is set aside."""
    limit: int


class Spend(NamedTuple):
    """What the ledger says of one budget in one period."""

    budget: str
    members: str
    period: str
    spent: int
    limit: int


class InLedger(NamedTuple):
    """What the ledger has of an attempt, or of all attempts of a call."""

    cost: int
    over: bool
    """Whether nothing is to come."""


class Reservations:
    """The guard's part of the state of a home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = State(home, package="router", tables="guard")

    def budgets(self) -> list[Guarded]:
        """What is published."""
        with self.state.read() as con:
            return [Guarded.from_json(row["definition"]) for row in _all(con, "guarded_all")]

    def publications(self) -> int:
        """How often that has changed."""
        with self.state.read() as con:
            return _all(con, "publication")[0]["count"]

    def take(self, claims: Sequence[Claim], *, call_id: str, now: float, under_way: bool = True) -> str | list[Full]:
        """Set all of it aside and return the id of the reservation; or none, and say which binding ones are full.

        What dies with this process is given back, unless nothing of it is `under_way`.
        """
        with self.state.transaction() as con:
            if full := _full(con, claims, now):
                if not self._bury(con):
                    return full
                if full := _full(con, claims, now):
                    return full
            reservation_id, owner = uuid.uuid4().hex, _owner(self.home) if under_way else None
            for claim in claims:
                row = {**claim.key, "amount": claim.amount, "until": claim.until, "reservation_id": reservation_id}
                _run(con, "reserve", **row, call_id=call_id, owner=owner, now=now)
        return reservation_id

    def settle(
        self,
        reservation_id: str,
        claims: Iterable[Claim],
        *,
        amount: int,
        record_id: str | None,
        wrong: Iterable[Claim] = (),
    ) -> None:
        """What an attempt has cost, as far as its answer says; of `wrong` claims, nothing."""
        with self.state.transaction() as con:
            for claim in claims:
                step = "settle" if amount else "release"
                given = {"amount": amount, "record_id": record_id} if amount else {}
                _run(con, step, reservation_id=reservation_id, **claim.key, **given)
            for claim in wrong:
                _run(con, "release", reservation_id=reservation_id, **claim.key)

    def name(self, reservation_id: str, call_id: str) -> None:
        """What it is for is called otherwise than when it was set aside."""
        with self.state.transaction() as con:
            _run(con, "reservation_name", reservation_id=reservation_id, call_id=call_id)

    def outstanding(self) -> list[Mapping[str, Any]]:
        """The attempts that have something set aside: reservation_id, call_id, record_id, made_at, owner."""
        with self.state.read() as con:
            return [dict(row) for row in _all(con, "reservations_all")]

    def by_budget(self) -> dict[str, tuple[int, int]]:
        """What is spent of each budget, and its limit; of one for each value, of all values that spent something."""
        with self.state.read() as con:
            return {row["budget"]: (row["spent"], row["limit"]) for row in _all(con, "spend_by_budget")}

    def publish(
        self, budgets: Sequence[Guarded], spends: Iterable[Spend], known: Mapping[str, InLedger], *, now: float
    ) -> None:
        """What the ledger says, and what it has of what was outstanding, by reservation: all at once."""
        with self.state.transaction() as con:
            old = {row["name"]: row["definition"] for row in _all(con, "guarded_all")}
            new = {budget.name: budget.to_json() for budget in budgets}
            for name in old.keys() - new.keys():
                _run(con, "guarded_forget", name=name)
            for name, definition in new.items() - old.items():
                _run(con, "guarded_put", name=name, definition=definition)
            if old != new:
                _run(con, "publication_next")
            before = {Spend(*row)[:3]: Spend(*row) for row in _all(con, "spend_all")}
            after = {spend[:3]: spend for spend in spends}
            for spend in after.values():
                if before.get(spend[:3]) != spend:
                    _run(con, "spend_put", **spend._asdict())
            for budget, members, period in before.keys() - after.keys():
                _run(con, "spend_forget", budget=budget, members=members, period=period)
            for reservation_id, found in known.items():
                if found.over:
                    _run(con, "reservation_forget", reservation_id=reservation_id)
                else:
                    _run(con, "reservation_note", reservation_id=reservation_id, in_ledger=found.cost)
            _run(con, "reservations_expired", now=now)
            self._bury(con)

    def _bury(self, con: Connection) -> bool:
        """Give back what processes had set aside that died under way; whether there were any."""
        dead = [row["owner"] for row in _all(con, "owners") if not _lives(self.home, row["owner"])]
        for owner in dead:
            _run(con, "owner_gone", owner=owner)
            with contextlib.suppress(OSError):
                _place(self.home, owner).unlink(missing_ok=True)
        return bool(dead)


def _full(con: Connection, claims: Iterable[Claim], now: float) -> list[Full]:
    found: list[Full] = []
    for claim in claims:
        if not claim.binding:
            continue
        row = _run(con, "taken", **claim.key, now=now).fetchone()
        spent = (row["spent"] or 0) + (row["reserved"] or 0)
        limit = claim.limit if row["limit"] is None else row["limit"]
        if spent + claim.amount > limit:
            found.append(Full(claim, spent, limit))
    return found


def _run(con: Connection, name: str, /, **parameters: Any) -> Any:
    return con.execute(statement("router", name), parameters)


def _all(con: Connection, name: str) -> list[Any]:
    return _run(con, name).fetchall()


_owners: dict[tuple[int, Path], tuple[str, int]] = {}
"""By process and home, the name and the descriptor of its lock."""


def _owner(home: Path) -> str:
    """The name of this process. It holds a lock of that name, which the kernel takes away whatever kills it."""
    key = (os.getpid(), home)
    if key not in _owners:
        name = uuid.uuid4().hex
        path = _place(home, name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _owners[key] = (name, fd)
    return _owners[key][0]


def _lives(home: Path, owner: str) -> bool:
    """Whether the process still holds its lock; where there are no such locks, it is taken to live."""
    if fcntl is None:
        return True
    if (os.getpid(), home) in _owners and _owners[os.getpid(), home][0] == owner:
        return True
    try:
        with _place(home, owner).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _place(home: Path, owner: str) -> Path:
    return home / "guard" / f"{owner}.lock"


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _let_go() -> None:
    """A forked child must not keep its parent's locks: they would say that the parent lives."""
    for _, fd in _owners.values():
        with contextlib.suppress(OSError):
            os.close(fd)
    _owners.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
