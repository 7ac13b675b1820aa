"""What the commands about the policy do: ask, and print the answer."""

from __future__ import annotations

import contextlib
import logging
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from router.exceptions import PolicyError
from router.policy import TIERS, Policy

from . import present
from .policy_check import PolicyCheck, check
from .prices import PriceTable

_PLATFORMS = ("bedrock", "vertex", "foundry")


def check_policy(file: Path | None, *, now: datetime, as_json: bool) -> bool:
    """Show what a policy says, and what is doubtful about it; True if nothing is wrong."""
    source = str(file or "the default policy")
    try:
        with _silent():  # what it would warn of is among the notes
            policy = Policy.from_yaml(file) if file else Policy()
    except PolicyError as error:
        _refuse(source, str(error).splitlines(), as_json=as_json)
        return False
    found = check(policy, PriceTable.load(), on=now.date())
    if as_json:
        click.echo(present.as_json({"policy": source, "sound": not found.problems, **_fields(found), "mistakes": []}))
    else:
        _show(present.console(), source, found)
    return not found.problems


@contextlib.contextmanager
def _silent() -> Generator[None]:
    log = logging.getLogger("tollgate")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _refuse(source: str, mistakes: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(present.as_json({"policy": source, "sound": False, "mistakes": mistakes}))
        return
    out = present.console()
    for mistake in mistakes:
        out.print(f"! {present.plain(mistake)}", style="yellow", soft_wrap=True)


def _fields(found: PolicyCheck) -> dict[str, object]:
    return {name: getattr(found, name) for name in PolicyCheck.__slots__}


def _show(out: Console, source: str, found: PolicyCheck) -> None:
    out.print(present.plain(source), style="bold")
    out.print(present.grid((name, present.plain(_said(value))) for name, value in found.settings.items()))
    out.print(_tiers(found))
    out.print("US dollars per million tokens of input and output, short prompts.\n")
    out.print(_tasks(found))
    if found.overrides:
        out.print(_overrides(found))
    for note in found.notes:
        out.print(f"{present.plain(note.key)}: {present.plain(note.says)}", soft_wrap=True)
    for problem in found.problems:
        out.print(f"! {present.plain(problem.key)}: {present.plain(problem.says)}", style="yellow", soft_wrap=True)
    if not found.problems:
        out.print("Nothing is wrong.", style="green")


def _tiers(found: PolicyCheck) -> Table:
    rows = [
        [
            name if tier.open else f"{name} (closed)",
            tier.model,
            f"{tier.input or '?'} / {tier.output or '?'}",
            ", then ".join(tier.chain) or "nothing else",
            *(tier.ids.get(platform, "–") for platform in _PLATFORMS),
        ]
        for name, tier in found.tiers.items()
    ]
    return _table(["Tier", "Model", "$/MTok", "If overloaded", "Bedrock", "Vertex", "Foundry"], rows)


def _tasks(found: PolicyCheck) -> Table:
    """By tier; what goes elsewhere because the tier is closed says so."""
    rows: list[list[str]] = []
    for tier in TIERS:
        here = [name for name, given in found.tasks.items() if given == tier]
        gone = {found.goes_to[name] for name in here} - {tier}
        aside = f"{tier} -> {'; '.join(str(other or 'as named') for other in gone)}" if gone else tier
        rows.append([aside, ", ".join(here) or "–"])
    return _table(["Tier", "Task types"], rows)


def _overrides(found: PolicyCheck) -> Table:
    rows = [
        [
            str(at),
            ", ".join(f"{name}={value}" for name, value in each.tags.items()),
            ", ".join(f"{name}: {_said(value)}" for name, value in each.keys.items()) or "–",
            _moved(each.tasks),
        ]
        for at, each in enumerate(found.overrides)
    ]
    return _table(["When", "Tags", "Other keys", "Then"], rows)


def _moved(tasks: Mapping[str, str | None]) -> str:
    by_tier: defaultdict[str, list[str]] = defaultdict(list)
    for name, tier in tasks.items():
        by_tier[tier or "as named"].append(name)
    return "; ".join(f"{', '.join(names)} -> {tier}" for tier, names in by_tier.items()) or "–"


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(present.plain, row))
    return table


def _said(value: object) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return str(value).lower() if isinstance(value, bool) else str(value)
