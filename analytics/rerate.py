"""Re-rating: the charges of a period made anew from the prices in use, what that changed, and the record of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from . import rollup, rules
from .contract import Contract
from .install import install_contract, install_prices
from .ledger import Ledger
from .period import Period, naive
from .prices import PriceTable
from .questions import Connection, run
from .receipt import known_sum

STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of the lines of one model, for one cause."""

    model: str | None
    cause: str | None
    """The first that holds: new line, line gone, rule, newly priced, no longer priced, price row, modifier, price, fee,
    contract, reason, price of the requested model. None: these lines cost what they did before."""
    lines: int
    unpriced_before: int
    unpriced_after: int
    list_cost_before: Decimal | None
    """Of the lines that had a price; None if none had."""
    list_cost_after: Decimal | None
    contracted_cost_before: Decimal | None
    """As `list_cost_before`; a change of the contract alone shows here. None, too, for what was recorded without it."""
    contracted_cost_after: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerating:
    """One re-rating: of what, from which tables to which, and what it changed."""

    rerated_at: datetime
    period: Period | None
    """None: everything."""
    from_versions: tuple[str, ...]
    """Price tables, with their contracts, that the old charges were made with."""
    to_version: str
    lines_rebuilt: bool
    """The rules of reading usage had changed, so that lines were made anew as well."""
    changes: tuple[Change, ...]

    @property
    def lines(self) -> int:
        """All lines of the period."""
        return sum(change.lines for change in self.changes)

    @property
    def changed_lines(self) -> int:
        """Those of them that something changed for."""
        return sum(change.lines for change in self.changes if change.cause is not None)

    @property
    def is_news(self) -> bool:
        """Whether the books are not as they were."""
        same = self.from_versions in ((), (self.to_version,))
        return bool(self.changed_lines) or self.lines_rebuilt or not same

    @property
    def list_cost_before(self) -> Decimal | None:
        """Of the lines that had a price; None if none had."""
        return known_sum(change.list_cost_before for change in self.changes)

    @property
    def list_cost_after(self) -> Decimal | None:
        """Of the lines that have a price; None if none has."""
        return known_sum(change.list_cost_after for change in self.changes)

    @property
    def contracted_cost_before(self) -> Decimal | None:
        """As `list_cost_before`, less the discounts that were in force."""
        return known_sum(change.contracted_cost_before for change in self.changes)

    @property
    def contracted_cost_after(self) -> Decimal | None:
        """As `list_cost_after`, less the discounts in force."""
        return known_sum(change.contracted_cost_after for change in self.changes)


def rerate(
    ledger: Ledger,
    prices: PriceTable,
    *,
    now: datetime,
    period: Period | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Rerating:
    """Make the charges of a period (None: all) anew with these prices and the contract in use, in one transaction.

    Lines are made anew only where the rules that read them from usage have changed. What leaves the books as they were
    leaves no record either; `dry_run` only finds out. `progress` is told the steps done, and how many there are.
    """
    if ledger.shared:
        from .clickhouse.again import rerate_shared  # noqa: PLC0415  # brings ClickHouse's client, which need not be there
        from .clickhouse.ledger import SharedLedger  # noqa: PLC0415  # the same

        shared, tell = SharedLedger(ledger.home, ledger.shared), progress or silent
        return rerate_shared(shared, prices, now=now, period=period, dry_run=dry_run, progress=tell)
    result: Rerating | None = None
    with contextlib.suppress(_NothingToKeep), ledger.write() as con:
        result = rate_anew(
            con, prices, Contract.of(ledger.home, prices), period=period, now=now, progress=progress or silent
        )
        if dry_run or not keep(con, result):
            raise _NothingToKeep
        run(con, "stale_period")
    rollup.refresh(ledger)
    assert result is not None  # noqa: S101  # whatever else is raised leaves this function
    return result


def history(ledger: Ledger) -> list[Rerating]:
    """Every re-rating that changed the books, the newest first."""
    found = groupby(ledger.query("rerating_history"), itemgetter("rerating_id"))
    return [_from_record(list(rows)) for _, rows in found]


def due(ledger: Ledger, prices: PriceTable) -> int:
    """How many charges a re-rating would look at again: they were made with another price table or contract."""
    contract = Contract.of(ledger.home, prices)
    (row,) = ledger.query("rerate_due", table_version=prices.version, contract_version=contract.version)
    return row["charges"]


class _NothingToKeep(Exception):  # ends the transaction, and is no error
    """Roll back."""


def silent(_done: int, _total: int) -> None:
    """Nobody is waiting to be told."""


def rate_anew(
    con: Connection,
    prices: PriceTable,
    contract: Contract,
    *,
    period: Period | None,
    now: datetime,
    progress: Callable[[int, int], None],
) -> Rerating:
    """Make the charges of a period anew, in the tables that a connection sees; lines too, where their rules changed."""
    install_prices(con, prices)
    install_contract(con, contract)
    rebuild = rules.lines_changed(con)
    run(con, "rerate_period", start=period and naive(period.start), until=period and naive(period.end))
    run(con, "rerate_charges")
    progress(1, STEPS)
    if rebuild:
        run(con, "rerate_lines")
        run(con, "lines")
    progress(2, STEPS)
    run(con, "rate")
    progress(3, STEPS)
    changes = tuple(Change(**row) for row in run(con, "rerate_changes"))
    progress(4, STEPS)
    if period is None:
        run(con, "rule_reset")
    rules.record(con)
    return Rerating(
        rerated_at=now.astimezone(UTC),
        period=period,
        from_versions=tuple(row["version"] for row in run(con, "rerate_versions")),
        to_version=versions(prices, contract),
        lines_rebuilt=rebuild,
        changes=changes,
    )


def versions(prices: PriceTable, contract: Contract) -> str:
    """What charges are made with, in one text."""
    return ", contract ".join(filter(None, (prices.version, contract.version)))


def keep(con: Connection, done: Rerating) -> bool:
    """Put it on record; False if there is nothing to record."""
    if not done.is_news:
        return False
    run(
        con,
        "rerating_add",
        rerated_at=naive(done.rerated_at),
        period_start=done.period and naive(done.period.start),
        period_end=done.period and naive(done.period.end),
        from_versions=list(done.from_versions),
        to_version=done.to_version,
        lines_rebuilt=done.lines_rebuilt,
    )
    run(con, "rerating_change_add", changes=json.dumps([_fields(change) for change in done.changes], default=str))
    return True


def _from_record(rows: Sequence[Mapping[str, Any]]) -> Rerating:
    """Of one re-rating, a row for each change."""
    row = rows[0]
    start, end = row["period_start"], row["period_end"]
    return Rerating(
        rerated_at=row["rerated_at"].replace(tzinfo=UTC),
        period=Period(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)) if start and end else None,
        from_versions=tuple(row["from_versions"]),
        to_version=row["to_version"],
        lines_rebuilt=bool(row["lines_rebuilt"]),
        changes=tuple(Change(**{name: row[name] for name in Change.__slots__}) for row in rows),
    )


def _fields(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in Change.__slots__}
