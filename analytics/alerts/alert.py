"""Alert: the state of one crossing, and how a condition moves it. Pure: nothing here is kept, and nothing is sent."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from ..budgets import Told
from .notice import Severity

State = Literal["pending", "firing", "acknowledged", "resolved"]
Voice = Literal["told", "silenced", "muted"]
TransitionKind = Literal["fired", "reminder", "resolved"]
MOST_FIRINGS = 3
"""What crosses back and forth more often is silent from then on."""
QUIET = timedelta(days=1)
"""After so long without firing, an alert that belongs to no period is counted anew."""


class Key(NamedTuple):
    """What there is one alert of."""

    rule: str
    scope: str
    """Empty for all of the rule, or such as `user_id=ana, tag:team=search`."""
    period: str
    """The ISO start of the period; `rolling` or empty for rules without one."""
    threshold: str
    """`Threshold.text`, or empty."""

    @property
    def alert_id(self) -> str:
        """Hexadecimal."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What an evaluation says of one key."""

    key: Key
    holds: bool | None
    """None: cannot be said now, and nothing changes."""
    clears: bool = False
    """Where it does not hold: whether it is far enough on the other side."""
    pending_for: timedelta = timedelta()
    """It must hold for so long before it fires."""
    severity: Severity = "warning"
    told: Told
    over_at: datetime | None = None
    """When the period is over: an open alert then ends without a message. None: it belongs to no period."""


class Alert(NamedTuple):
    """Where one crossing stands."""

    alert_id: str
    since: datetime
    state: State = "resolved"
    severity: Severity = "warning"
    over_at: datetime | None = None
    ended_by: Literal["cleared", "over", "hand"] | None = None
    """The last firing, if there was one."""
    voice: Voice = "told"
    """Whether the last firing was said, waits for a silence to end, or is one too many."""
    firings: int = 0
    streak: int = 0
    """Firings without a quiet day between them; within a period, all of them."""
    reminders: int = 0
    slot: int = 0
    """Of the last reminder, counted from the last firing."""


class Move(NamedTuple):
    """What a condition does to an alert."""

    alert: Alert
    kind: TransitionKind | None = None
    said: bool = False
    """Whether anybody is to be told."""


def move(alert: Alert, condition: Condition, *, now: datetime, silenced: bool) -> Move:
    """What becomes of an alert."""
    if condition.holds is None:
        return Move(alert)
    if alert.state in ("firing", "acknowledged"):
        if condition.clears and not condition.holds:
            return _resolved(alert, condition.told, now=now, silenced=silenced)
        return Move(alert) if silenced else _spoken(alert, condition.told, now=now)
    if condition.holds:
        return _risen(alert, condition, now=now, silenced=silenced)
    if alert.state == "pending":
        return Move(alert._replace(state="resolved", since=now))
    if condition.clears and alert.ended_by == "hand":
        return Move(alert._replace(ended_by="cleared"))
    return Move(alert)


def _risen(alert: Alert, condition: Condition, *, now: datetime, silenced: bool) -> Move:
    """It holds and does not fire yet."""
    if alert.state == "resolved":
        over = condition.over_at is not None and condition.over_at <= now
        if alert.ended_by == "hand" or (alert.ended_by == "over" and over):
            return Move(alert)
        if condition.over_at is None and now - alert.since >= QUIET:
            alert = alert._replace(streak=0)
        alert = alert._replace(state="pending", since=now)
    alert = alert._replace(since=min(alert.since, now))  # later than now: the clock was set back
    if now - alert.since < condition.pending_for:
        return Move(alert)
    streak = alert.streak + 1
    voice: Voice = "muted" if streak > MOST_FIRINGS else "silenced" if silenced else "told"
    fired = alert._replace(
        state="firing", since=now, ended_by=None, voice=voice, firings=alert.firings + 1, streak=streak, slot=0
    )
    return Move(fired, "fired", voice == "told")


def _spoken(alert: Alert, told: Told, *, now: datetime) -> Move:
    """It still fires: what a silence kept back is said now, and a reminder if one is due."""
    if alert.state != "firing" or alert.voice == "muted":
        return Move(alert)
    slot = (now - alert.since) // told.remind_every if told.remind_every else 0
    if alert.voice == "silenced":
        return Move(alert._replace(voice="told", slot=slot), "fired", said=True)
    if slot > alert.slot:
        return Move(alert._replace(slot=slot, reminders=alert.reminders + 1), "reminder", said=True)
    return Move(alert)


def _resolved(alert: Alert, told: Told, *, now: datetime, silenced: bool) -> Move:
    said = told.tell_resolved and alert.voice == "told" and not silenced
    return Move(alert._replace(state="resolved", since=now, ended_by="cleared"), "resolved", said)
