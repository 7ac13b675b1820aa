"""Notices: what is said about the alerts of one rule that moved together, in one message for each kind of move."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from .body import Body
from .budget_body import body as body_of_budget
from .case import BudgetCase, Cases, Finding
from .notice import Kind, Notice, Severity
from .states import Transition, notice_id

_KINDS: Mapping[str, Kind] = {"fired": "firing", "reminder": "reminder", "resolved": "resolved"}
_PREFIXES: Mapping[Kind, str] = {"reminder": "still: ", "resolved": "resolved: "}
_SEVERITIES: Mapping[Severity, int] = {"info": 0, "warning": 1, "critical": 2}
_MOST_LISTED = 10


def compose(rule: str, moved: Sequence[Transition], *, cases: Cases, links: Mapping[str, str]) -> list[Notice]:
    """The messages about what moved. `cases`, and `links` to the dashboard, by the id of the alert."""
    by_kind: dict[Kind, list[Transition]] = defaultdict(list)
    for transition in moved:
        by_kind[_KINDS[transition.kind]].append(transition)
    return [_notice(rule, kind, of_kind, cases, links) for kind, of_kind in by_kind.items()]


def _notice(rule: str, kind: Kind, moved: list[Transition], cases: Cases, links: Mapping[str, str]) -> Notice:
    first, now = moved[0], max(each.happened_at for each in moved)
    body = _body(rule, kind, moved, cases, now)
    whose = first.key.scope if len({each.key.scope for each in moved}) == 1 else "*"
    return Notice(
        kind=kind,
        severity=max((each.severity for each in moved), key=_SEVERITIES.__getitem__),
        notice_id=notice_id(moved),
        thread=_digest(rule, whose, first.key.period),
        subject=f"Tollgate: {_PREFIXES.get(kind, '')}{body.subject}",
        headline=body.headline,
        figures=body.figures,
        contributors=body.contributors,
        plot=body.plot,
        actions=(*body.actions, *_what_to_do(rule, kind, moved, still=_goes_on(moved, cases, now))),
        footnotes=(*body.footnotes, *_flapping(moved)),
        link=next((links[each.alert_id] for each in moved if each.alert_id in links), None),
        rule=rule,
        created_at=now,
    )


def _body(rule: str, kind: Kind, moved: Sequence[Transition], cases: Cases, now: datetime) -> Body:
    known = [cases.get(transition.alert_id) for transition in moved]
    if budgets := [case for case in known if isinstance(case, BudgetCase)]:
        return body_of_budget(kind, budgets, now=now)
    findings = [case for case in known if isinstance(case, Finding)]
    if len(findings) == 1:
        (found,) = findings
        headline = f"It is over: {found.headline}" if kind == "resolved" else found.headline
        return Body(
            subject=f"{rule}: {found.subject}",
            headline=headline,
            figures=found.figures,
            contributors=found.contributors,
            actions=found.actions,
        )
    what = f"{rule}: {len(moved):,} alerts {'are over' if kind == 'resolved' else 'fire'}"
    listed = [found.subject for found in findings]
    more = len(listed) - _MOST_LISTED
    return Body(
        subject=what,
        headline=". ".join([what, *listed[:_MOST_LISTED], *([f"And {more:,} more"] if more > 0 else [])]) + ".",
        actions=findings[0].actions if findings else (),
    )


def _goes_on(moved: Sequence[Transition], cases: Cases, now: datetime) -> bool:
    """Whether there is more to come, as of everything but periods that are over."""
    known = [cases.get(each.alert_id) for each in moved]
    return not all(isinstance(case, BudgetCase) and case.spend.span.end <= now for case in known)


def _what_to_do(rule: str, kind: Kind, moved: Sequence[Transition], *, still: bool) -> Iterator[str]:
    if kind == "resolved" or not still:
        return
    if len(moved) == 1:
        yield f"Somebody is on it: tollgate alerts ack {moved[0].alert_id[:8]}"
    yield f"Not to hear of it for a while: tollgate alerts silence {shlex.quote(rule)} --for 4h"


def _flapping(moved: Sequence[Transition]) -> Iterator[str]:
    if any(each.last for each in moved):
        yield "This has come and gone several times, and is not said again until it has been quiet."


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
