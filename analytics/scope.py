"""Scope: the calls that somebody may see, by their tags. To who asks a scoped ledger, there are no others."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import replace

from .budget_file import EACH
from .budgets import Scope
from .grouping import TAG
from .ledger import Ledger
from .questions import Connection, run, sql
from .reports import Health


def scoped(ledger: Ledger, scope: Scope) -> Ledger:
    """A ledger, as far as it is read, as if it held only the calls of a scope.

    `scope`: `tag:<key>` -> values. A call is in it whose tag has one of the values, for every key.
    """
    if other := [name for name in scope if not name.startswith(TAG)]:
        raise ValueError(f"scope: found {other[0]!r}, expected tag:<key>")
    if not ledger.shared:
        return _ScopedLedger(ledger, scope)
    from .clickhouse.ledger import SharedLedger  # noqa: PLC0415  # brings ClickHouse's client, which need not be there

    return SharedLedger(ledger.home, ledger.shared, scope=scope)


class _ScopedLedger(Ledger):
    """That of a file."""

    def __init__(self, whole: Ledger, scope: Scope) -> None:
        super().__init__(whole.home, file=whole.path)
        self._scope = scope

    @contextlib.contextmanager
    def read(self) -> Generator[Connection]:
        """A cursor on the ledger, on which its tables are narrowed."""
        with super().read() as con:
            (ledger,) = run(con, "database")
            allowed = [list(values) for values in self._scope.values()]
            run(con, "scope_of", keys=[name.removeprefix(TAG) for name in self._scope], allowed=allowed)
            con.execute(sql("scope").format(ledger=ledger["name"]))
            yield con


def lies_within(inner: Scope, outer: Scope) -> bool:
    """Whether every call of the scope `inner` is one of `outer`, or `inner` takes them value by value."""
    return all(
        inner.get(dimension) == (EACH,) or (dimension in inner and {*inner[dimension]} <= {*values})
        for dimension, values in outer.items()
    )


def without_whole(health: Health) -> Health:
    """A scoped ledger's health without what is counted over the whole ledger and its spool."""
    return replace(
        health,
        waiting_bytes=0,
        lost_records=0,
        rejected_lines=0,
        cut_lines=0,
        unpriced=(),
        flagged=(),
        outdated_charges=0,
    )
