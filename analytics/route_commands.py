"""What `tollgate route`, `eval`, `feedback` and `report routing` do: ask, and print the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from . import given, present, present_routing, reports
from .assess import Assessment, assess
from .commands import fresh
from .documents import documents, name_of, text_of
from .evaluate import Case, Rates
from .evaluate import by as rates_by
from .exceptions import SettingsError
from .feedback import give
from .judging import judge_all, policy_of
from .period import Period
from .present_eval import show_assessment
from .routing_report import COUNTED, routing
from .switch import ledger_at

_GROUPS: Mapping[str, Callable[[Case], str]] = {"source": lambda case: case.source, "lang": lambda case: case.lang}
_SHOWN = 5


def route(file: BinaryIO, *, policy: Path | None, as_json: bool) -> bool:
    """Print what would be decided on each request in a file; True if all of them are requests."""
    found = _read(file, 'a request such as {"model": "auto", "messages": [...]}')
    with present.working("Deciding") as progress:
        judgements = judge_all(found, policy_of(policy), progress)
    if as_json:
        for one in judgements:
            click.echo(present_routing.as_json_line(one))
    elif len(judgements) == 1:
        present_routing.show_judgement(judgements[0])
    else:
        present_routing.show_judgements(judgements)
    return all(one.sound for one in judgements)


def evaluate(file: BinaryIO, *, policy: Path | None, by: Sequence[str], as_json: bool) -> bool:
    """Print how right the router is on a labelled file; True if every row could be read."""
    chosen, tiers = policy_of(policy), policy_of(None).tasks
    rows, wrong = list[given.Labelled](), list[str]()
    for number, document in enumerate(_read(file, "rows with task_type and request"), 1):
        try:
            rows.append(given.read_labelled(document, tiers))
        except ValueError as error:
            wrong.append(str(error) if isinstance(document, ValueError) else f"row {number}: {error}")
    if not rows:
        raise SettingsError(f"{name_of(file)}: found no labelled request: {wrong[0]}")
    with present.working("Deciding") as progress:
        assessment = assess(rows, chosen, progress)
    groups = {name: rates_by(assessment.cases, _GROUPS[name]) for name in by}
    if as_json:
        click.echo(present.as_json(_as_object(assessment, groups, wrong)))
    else:
        show_assessment(assessment, groups)
        _complain(wrong)
    return not wrong


def feedback(home: Path, call_id: str, *, verdict: str, note: str | None, now: datetime) -> None:
    """Keep what somebody says of a call."""
    ledger = ledger_at(home)
    fresh(ledger)
    give(ledger, call_id, verdict=verdict, note=note, at=now)
    click.echo(f"{verdict}: {present.plain(call_id)}")


def report(
    home: Path, *, by: Iterable[str], since: str | None, until: str | None, now: datetime, as_json: bool
) -> None:
    """Take in what is new, then say what routing decided in a period, and what it saved."""
    filters, ledger = reports.Filters(period=Period.parse(since, until, now=now)), ledger_at(home)
    tables = [tuple(names.split(",")) for names in by] or [("task_type",)]
    behind = fresh(ledger)
    found = routing(ledger, filters, tables, opus=policy_of(None).tiers["opus"].model)
    health = reports.health(ledger)
    if as_json:
        breakdowns = [present.rows_as_json(names, rows) for names, rows in found.tables.items()]
        answer = {"period": filters.period, "total": found.total, "breakdowns": breakdowns, "opus": found.opus}
        click.echo(present.as_json({**answer, "counted": COUNTED, "demo": health.demo, "behind": behind}))
    else:
        present_routing.show_routing(found, filters.period, health=health, home=home)
        if behind:
            click.echo(present.plain(f"! {behind}"), err=True)


def _read(file: BinaryIO, expected: str) -> list[object]:
    found = list(documents(text_of(file)))
    if not found:
        raise SettingsError(f"{name_of(file)}: found nothing, expected {expected}")
    return found


def _complain(wrong: Sequence[str]) -> None:
    for one in wrong[:_SHOWN]:
        click.echo(f"! {present.plain(one)}", err=True)
    if len(wrong) > _SHOWN:
        click.echo(f"! and {len(wrong) - _SHOWN:,} more rows could not be read", err=True)


def _as_object(
    assessment: Assessment, groups: Mapping[str, Mapping[str, Rates]], wrong: Sequence[str]
) -> dict[str, object]:
    found = assessment.evaluation
    return {
        "rates": found.rates,
        "macro_f1": found.macro_f1,
        "types": [one._asdict() for one in found.types],
        "confusion": found.confusion,
        "tiers": found.tiers,
        "calibration_error": found.calibration_error,
        "reliability": [one._asdict() for one in found.reliability],
        "curve": [point._asdict() for point in assessment.curve],
        "price": assessment.price,
        "single_tier": assessment.single_tier,
        "latency_ms": assessment.latency._asdict(),
        "groups": groups,
        "unreadable": wrong,
    }
