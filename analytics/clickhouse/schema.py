"""Schema: the shape of a shared ledger, migration by migration."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from .. import schema
from ..exceptions import LedgerTooNew
from ..questions import run, whole
from .address import Address
from .reading import Reading, spelled, statements
from .store import Store

_ALTERS = re.compile(r"\s*ALTER TABLE \w+ ")


def migrations() -> list[tuple[str, str]]:
    """Name and text of each migration, in order; the first is number 1."""
    return schema.migrations("analytics.clickhouse")


def migrate(address: Address) -> tuple[str, ...]:
    """Make the database and its tables, as far as they are not there; the names of the migrations that were applied.

    Needs the right to create them, which whoever ships need not have. One that was cut off is applied again as a whole:
    each statement is one that may be. Raises LedgerTooNew, StoreError.
    """
    with contextlib.closing(Store(replace(address, database="default"))) as store:
        store.command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", name=address.database)
    with contextlib.closing(Store(address)) as store:
        missing = migrations()[_version(store) :]
        for number, (name, text) in enumerate(missing, len(migrations()) - len(missing) + 1):
            for statement in _together([spelled(each) for each in statements(whole(text, Reading.dialect))]):
                store.command(statement)
            store.command("INSERT INTO migration VALUES ({number:Int32}, {name:String})", number=number, name=name)
    return tuple(name for name, _ in missing)


def _together(texts: Sequence[str]) -> Iterator[str]:
    """Statements in a row that alter one table as one: each would write its definition anew."""
    for table, several in groupby(texts, lambda text: (_ALTERS.match(text) or [""])[0]):
        if table:
            yield table + ", ".join(text.removeprefix(table) for text in several)
        else:
            yield from several


def _version(store: Store) -> int:
    """The number of the last migration; 0 if there is no ledger yet."""
    if store.rows("EXISTS TABLE migration")[1] == [(0,)] or not (found := run(Reading(store), "migration_last")):
        return 0
    if found[0]["number"] > len(migrations()):
        raise LedgerTooNew(
            f"the shared ledger {store.address} was made by a newer Tollgate: it has migration {found[0]['name']}, "
            f"this one knows up to {migrations()[-1][0]}; upgrade with pip install -U 'tollgate[clickhouse]'"
        )
    return found[0]["number"]
