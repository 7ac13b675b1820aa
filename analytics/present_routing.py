"""How routing looks: one decision, many of them, and what those of a period saved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

from rich.table import Table

from .judging import Judgement
from .period import Period
from .present import columns, console, grid, money, plain, saved, show_period, title
from .present_eval import share
from .reports import Health
from .routing_report import COUNTED, RoutingReport, RoutingRow

_DECISIONS = {
    "kept": "Kept",
    "stepped_down": "Stepped down",
    "left_open": "Left open",
    "pinned": "Pinned",
    "shadow": "Shadow",
    "taken_back": "Taken back",
    "undecided": "No router",
    "second_opinions": "2nd opinion",
    "fallbacks": "Fell back",
}
_MONEY = {
    "list_cost": "Spent",
    "requested_cost": "As asked for",
    "saved": "Saved",
    "opus_cost": "All on Opus",
    "shadow_would_save": "Shadow would save",
    "good": "Good",
    "bad": "Bad",
}


def as_json_line(judgement: Judgement) -> str:
    """One line; what names the request stands at the top level."""
    names = [name for name in Judgement.__slots__ if name not in ("extra", "sound")]
    fields = {**judgement.extra, **{name: getattr(judgement, name) for name in names}}
    return json.dumps(fields, default=_plainer)


def show_judgement(judgement: Judgement) -> None:
    """One decision in full."""
    out = console()
    if not judgement.sound:
        out.print(plain(judgement.reason), style="yellow")
        return
    chosen = f"{judgement.task_type or 'unknown'} -> {judgement.tier or 'no tier'}: {plain(judgement.model)}"
    out.print(chosen, style="bold", soft_wrap=True)
    out.print(grid(_facts(judgement)))
    if judgement.alternatives:
        table = columns("Expected cost", first="Model")
        for model, cost in judgement.alternatives.items():
            table.add_row(plain(model), money(cost) if isinstance(cost, Decimal) else _said(cost))
        out.print(table)


def _facts(judgement: Judgement) -> Iterator[tuple[str, str]]:
    yield "asked for", plain(judgement.requested_model)
    yield "because", plain(judgement.reason)
    yield "confidence", share(judgement.confidence)
    yield "then", ", ".join(map(plain, judgement.fallbacks)) or "no other model"
    if judgement.shadow_model:
        yield "in shadow", plain(judgement.shadow_model)
    for name, value in judgement.signals.items():
        yield plain(name), _said(value)


def show_judgements(judgements: Sequence[Judgement]) -> None:
    """Many decisions, one a row; then what is no request."""
    out, named = console(), [(str(one.extra.get("id", at)), one) for at, one in enumerate(judgements, 1)]
    table = columns("Task type", "Model", "Sure", first="Request", left=(1, 2))
    table.add_column("Because")
    for name, one in named:
        if one.sound:
            decided = (one.task_type or "unknown", plain(one.model), share(one.confidence))
            table.add_row(plain(name), *decided, plain(one.reason))
    if table.row_count:
        out.print(table)
    for name, one in named:
        if not one.sound:
            out.print(f"! {plain(name)}: {plain(one.reason)}", style="yellow", soft_wrap=True)


def show_routing(report: RoutingReport, period: Period, *, health: Health, home: Path) -> None:
    """The decisions of a period, what they saved, and what people said."""
    out, total = console(), report.total
    show_period(out, period, health=health, home=home, empty=total is None)
    if total is None:
        return
    out.print(grid(_savings(total, report.opus)))
    for by, rows in report.tables.items():
        out.print(_table(by, rows, {"calls": "Calls", **_used(_DECISIONS, total)}))
        out.print(_table(by, rows, _used(_MONEY, total)))
    out.print(COUNTED)
    if total.unpriced_attempts:
        out.print(f"! attempts without a price, not in the amounts: {total.unpriced_attempts:,}", style="yellow")


def _savings(total: RoutingRow, opus: str) -> Iterator[tuple[str, str, str]]:
    yield "Spent", money(total.list_cost), f"{total.calls:,} calls"
    against = f"against {saved(total.requested_cost)} on the models asked for ({total.compared_calls:,} calls compared)"
    yield "Routing saved", saved(total.saved), against
    yield "Asked for, same tokens", saved(total.same_tokens_cost), "there, caches and tokenizers left as they were"
    yield "Against all on Opus", saved(total.saved_against_opus), f"against {saved(total.opus_cost)} on {plain(opus)}"
    if total.shadow:
        instead = f"{saved(total.shadow_cost)} instead, {total.shadow:,} calls"
        yield "Shadow would save", saved(total.shadow_would_save), instead
    if total.cold_switches:
        cold = f"after which up to {total.cold_tokens:,} tokens were written to a cache anew"
        yield "Warm caches left", f"{total.cold_switches:,}", cold


def _used(names: Mapping[str, str], total: RoutingRow) -> dict[str, str]:
    """The columns that have anything to say in this period."""
    return {name: head for name, head in names.items() if getattr(total, name) not in (0, None)}


def _table(by: Sequence[str], rows: Sequence[RoutingRow], names: Mapping[str, str]) -> Table:
    table = columns(*names.values(), first=", ".join(map(title, by)))
    for row in rows:
        table.add_row(", ".join(map(plain, row.group)), *(_cell(getattr(row, name)) for name in names))
    return table


def _cell(value: int | Decimal | None) -> str:
    return f"{value:,}" if isinstance(value, int) else saved(value)


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return ", ".join(f"{plain(str(name))} {_said(one)}" for name, one in pairs.items())
    return share(value) if isinstance(value, float) else plain(str(value))


def _plainer(value: object) -> object:
    """What JSON does not know."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    return list(cast("set[object]", value)) if isinstance(value, set | frozenset) else str(value)
