"""How prices and re-ratings look to people on a terminal or in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from .present import money, plain
from .price_diff import Comparison, Difference
from .price_history import DatedPrice, PriceHistory
from .prices import BUCKETS
from .rerate import Change, Rerating

_CONTRACTED = ("Contracted before", "Contracted after")
_HEADS = {"cache_write_5m": "Write 5m", "cache_write_1h": "Write 1h", "cache_read": "Read"}


def show_history(out: Console, history: PriceHistory) -> None:
    """Facts, ids, then every row: the ones in force are marked."""
    out.print(f"{history.name} ({history.model})", style="bold")
    for name, fact in history.facts.items():
        out.print(f"  {name}: {'unknown' if fact is None else fact}")
    for platform, ids in history.ids.items():
        out.print(f"  ids on {platform}: {', '.join(ids)}", soft_wrap=True)
    out.print(f"  modifiers: {', '.join(history.modifiers) or 'none'}")
    if history.unpriced:
        out.print(f"\nIt has no price: {history.unpriced}", soft_wrap=True)
        return
    out.print(f"\nUSD per million tokens; * in force on {history.on}")
    out.print(_table(["", "From", "To", "For", *_buckets()], [_price_cells(row) for row in history.rows]))
    for source in dict.fromkeys(source for row in history.rows for source in row.sources):
        out.print(f"{source.name}: {source.authority}, {source.dated}: {source.what}; {source.where}", soft_wrap=True)


def show_comparisons(out: Console, comparisons: Sequence[Comparison]) -> None:
    """One table per package, and what was not compared."""
    for comparison in comparisons:
        if comparison.version is None:
            out.print(f"{comparison.package} is not installed: not compared.")
            continue
        found = len(comparison.differences)
        out.print(
            f"{comparison.package} {comparison.version} on {comparison.on}: {comparison.compared} models compared, "
            f"{found} {'difference' if found == 1 else 'differences'}",
            style="bold",
        )
        if comparison.not_listed:
            out.print(f"not in its table: {', '.join(comparison.not_listed)}", soft_wrap=True)
        if found:
            rows = [_difference_cells(difference) for difference in comparison.differences]
            out.print(_table(["Model", "For", "Bucket", "Ours", "Theirs", "Our sources"], rows))


def show_rerating(out: Console, done: Rerating, *, dry_run: bool) -> None:
    """What changed by model and cause, and the totals."""
    if not done.lines:
        out.print("There is nothing to rate again: no charges in that period.")
        return
    out.print(f"{_span(done)}: from {', '.join(done.from_versions) or 'no charges'} to {done.to_version}", style="bold")
    if done.lines_rebuilt:
        out.print("The rules of reading usage had changed: lines were made anew.")
    heads = ["Model", "Cause", "Lines", "Before", "After", "Difference"]
    out.print(_table([*heads, *(_CONTRACTED if _has_contract(done) else ())], _change_rows(done)))
    if dry_run:
        out.print("Nothing was changed: without --dry-run it would be so.")


def show_reratings(out: Console, reratings: Iterable[Rerating]) -> None:
    """The audit trail, the newest first."""
    done_with = list(reratings)
    agreed = any(_has_contract(done) for done in done_with)
    rows = [
        [
            f"{done.rerated_at:%Y-%m-%d %H:%M}",
            _span(done),
            ", ".join(done.from_versions),
            done.to_version,
            f"{done.changed_lines:,} of {done.lines:,}",
            money(done.list_cost_before),
            money(done.list_cost_after),
            *([money(done.contracted_cost_before), money(done.contracted_cost_after)] if agreed else ()),
            ", ".join(dict.fromkeys(change.cause for change in done.changes if change.cause)),
        ]
        for done in done_with
    ]
    if not rows:
        out.print("Nothing was ever rated again.")
        return
    heads = [
        "When (UTC)",
        "Period",
        "From table",
        "To table",
        "Lines changed",
        "Before",
        "After",
        *(_CONTRACTED if agreed else ()),
        "Causes",
    ]
    out.print(_table(heads, rows))


def _span(done: Rerating) -> str:
    period = done.period
    return f"{period.start:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M}" if period else "everything"


def _change_rows(done: Rerating) -> list[list[str]]:
    agreed = _has_contract(done)
    rows = [_change_cells(change, agreed=agreed) for change in done.changes if change.cause]
    before, after = done.list_cost_before, done.list_cost_after
    changed = f"{done.changed_lines:,} of {done.lines:,}"
    total = ["all models", "", changed, money(before), money(after), _difference(before, after)]
    contracted = [money(done.contracted_cost_before), money(done.contracted_cost_after)]
    return [*rows, [*total, *(contracted if agreed else ())]]


def _has_contract(done: Rerating) -> bool:
    """Whether anything cost other than its list cost, before or after."""
    return any(
        (change.contracted_cost_before, change.contracted_cost_after)
        != (change.list_cost_before, change.list_cost_after)
        for change in done.changes
    )


def _change_cells(change: Change, *, agreed: bool) -> list[str]:
    contracted = [money(change.contracted_cost_before), money(change.contracted_cost_after)]
    return [
        plain(change.model),
        change.cause or "",
        f"{change.lines:,}",
        _amount(change.list_cost_before, change.unpriced_before),
        _amount(change.list_cost_after, change.unpriced_after),
        _difference(change.list_cost_before, change.list_cost_after),
        *(contracted if agreed else ()),
    ]


def _amount(amount: Decimal | None, unpriced: int) -> str:
    return f"{money(amount)} ({unpriced:,} unpriced)" if amount is not None and unpriced else money(amount)


def _difference(before: Decimal | None, after: Decimal | None) -> str:
    return "unknown" if before is None or after is None else money(after - before)


def _price_cells(row: DatedPrice) -> list[str]:
    mark, to = "*" if row.in_force else "", "" if row.valid_to is None else str(row.valid_to)
    sources = ", ".join(source.name for source in row.sources)
    condition = _condition(row.speed, row.prompt_over)
    return [mark, str(row.valid_from), to, condition, *(_price(row.prices[bucket]) for bucket in BUCKETS), sources]


def _difference_cells(difference: Difference) -> list[str]:
    condition = _condition(difference.speed, difference.prompt_over)
    theirs, sources = _price(difference.theirs), "; ".join(difference.sources) or "no row in force"
    return [difference.model, condition, difference.bucket, _price(difference.ours), theirs, sources]


def _condition(speed: str, prompt_over: int | None) -> str:
    return speed if prompt_over is None else f"{speed}, prompt over {prompt_over:,}"


def _price(amount: Decimal | None) -> str:
    return "none" if amount is None else f"{amount:f}"


def _buckets() -> list[str]:
    return [*(_HEADS.get(bucket, bucket.capitalize()) for bucket in BUCKETS), "Sources"]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
