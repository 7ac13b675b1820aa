"""States: where every alert stands, moved in one transaction together with what there is to say about it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..budgets import Told
from . import outbox, silences
from .alert import MOST_FIRINGS, Alert, Condition, Key, Move, State, TransitionKind, move
from .notice import Notice, Severity
from .tables import fields, moment, sql, stamp, state


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """What happened to an alert in a step."""

    kind: TransitionKind
    alert_id: str
    key: Key
    n: int
    """Which firing it is about; of a reminder, which one it is. With alert and kind it is unique."""
    severity: Severity
    told: Told
    happened_at: datetime
    """When it fired, for what was told only after a silence."""
    said: bool
    """Whether anybody is told."""
    last: bool
    """Whether this is said for the last time, because it crosses back and forth."""


Compose = Callable[[str, Sequence[Transition]], list[Notice]]
"""Makes the notices from what is to be said about one rule. Pure. The outbox fills in who gets them, and `first`."""
_NOTICE_KINDS = {"fired": "firing", "resolved": "resolved", "reminder": "reminder"}


def notice_id(transitions: Iterable[Transition]) -> str:
    """The same for the same transitions, so that whoever makes the notice again makes the same one."""
    named = sorted((each.alert_id, each.kind, each.n) for each in transitions)
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]


def step(home: Path, conditions: Iterable[Condition], *, now: datetime, compose: Compose) -> list[Transition]:
    """Move every alert to where its condition has it, and put what is to be said into the outbox: both, or neither."""
    by_rule: defaultdict[str, list[Condition]] = defaultdict(list)
    for condition in conditions:
        by_rule[condition.key.rule].append(condition)
    done: list[Transition] = []
    with state(home).transaction() as con:
        _end_periods(con, now=now)
        quiet = silences.under_way(con, now=now)
        for rule, of_rule in by_rule.items():
            latest = _evaluated(con, rule, now=now)
            moved = [_moved(con, condition, now=now, latest=latest, quiet=quiet) for condition in of_rule]
            transitions = [transition for transition in moved if transition]
            _post(con, rule, [transition for transition in transitions if transition.said], now=now, compose=compose)
            done += transitions
    return done


def open_keys(home: Path, rules: Collection[str] | None = None) -> dict[Key, State]:
    """Those that an evaluation looks at even if they do not hold, and how they stand: of these rules, or of all."""
    with state(home).read() as con:
        keys: dict[Key, State] = {Key(*row[:4]): row["state"] for row in con.execute(sql("open_keys"))}
    return {key: value for key, value in keys.items() if rules is None or key.rule in rules}


def seen(home: Path, keys: Iterable[Key]) -> set[Key]:
    """Those of which there is, or was, an alert."""
    with state(home).read() as con:
        return {key for key in keys if con.execute(sql("alert"), (key.alert_id,)).fetchone()}


def _end_periods(con: sqlite3.Connection, *, now: datetime) -> None:
    """What is open in a period that is over ends, without a message."""
    for name in ("forget_pending", "record_ends", "end_periods"):
        con.execute(sql(name), {"now": stamp(now)})


def _evaluated(con: sqlite3.Connection, rule: str, *, now: datetime) -> datetime:
    """The latest moment of which the rule was evaluated, this one included."""
    (latest,) = con.execute(sql("evaluated"), {"rule": rule, "now": stamp(now)}).fetchone()
    return moment(latest)


def _moved(
    con: sqlite3.Connection, condition: Condition, *, now: datetime, latest: datetime, quiet: silences.Quiet
) -> Transition | None:
    key = condition.key
    row = con.execute(sql("alert"), (key.alert_id,)).fetchone()
    known = Alert(**fields(row, "since", "over_at")) if row else Alert(alert_id=key.alert_id, since=now)
    if known.firings and now < max(latest, known.since):
        return None  # late, or the clock was set back: what was told is not taken back, nor told again
    asked = known._replace(severity=condition.severity, over_at=condition.over_at)
    moved = move(asked, condition, now=now, silenced=quiet(key.rule, key.scope))
    if moved.alert.state == "resolved" and not moved.alert.firings:
        if row:
            con.execute(sql("forget_alert"), (known.alert_id,))
        return None
    if moved.alert != known:
        con.execute(sql("keep_alert"), _row(moved.alert, key))
    return _recorded(con, known, moved, condition, now=now)


def _recorded(
    con: sqlite3.Connection, known: Alert, moved: Move, condition: Condition, *, now: datetime
) -> Transition | None:
    alert, kind, said = moved
    if kind is None:
        return None
    late = kind == "fired" and alert.firings == known.firings  # after a silence
    n = alert.reminders if kind == "reminder" else alert.firings
    record_event(con, alert.alert_id, "told" if late else kind, n, now=now, said=said)
    return Transition(
        kind=kind,
        alert_id=alert.alert_id,
        key=condition.key,
        n=n,
        severity=condition.severity,
        told=condition.told,
        happened_at=alert.since,
        said=said,
        last=kind == "fired" and alert.streak >= MOST_FIRINGS,
    )


def record_event(
    con: sqlite3.Connection, alert_id: str, kind: str, n: int, *, now: datetime, said: bool = False, **who: str | None
) -> None:
    """Write down what happened; `who`: the author, and a note."""
    given = {"author": None, "note": None, **who}
    event = {"alert_id": alert_id, "kind": kind, "n": n, "now": stamp(now), "said": said, **given}
    con.execute(sql("record_event"), event)


def _post(con: sqlite3.Connection, rule: str, said: Sequence[Transition], *, now: datetime, compose: Compose) -> None:
    if not said:
        return
    addressees = dict.fromkeys(each for transition in said for each in outbox.addressees(transition.told))
    for notice in compose(rule, said):
        about = {each.alert_id for each in said if _NOTICE_KINDS[each.kind] == notice.kind}
        outbox.put(con, notice, tuple(addressees), now=now, about=about)


def _row(alert: Alert, key: Key) -> dict[str, Any]:
    moments = {"since": stamp(alert.since), "over_at": stamp(alert.over_at) if alert.over_at else None}
    return alert._asdict() | key._asdict() | moments
