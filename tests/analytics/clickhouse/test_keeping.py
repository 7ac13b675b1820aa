"""Usage objects that are old go, on the real engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.attempts import kept
from analytics.clickhouse.address import Address
from analytics.clickhouse.keeping import keep_usage
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.shipping import ship
from analytics.intake import Terms
from router.spool import Spool
from tests.analytics.clickhouse.conftest import a_ledger
from tests.conftest import a_record

NOW = datetime.now(UTC)  # the engine goes by its own clock


def put(home: Path, call_id: str, days: int) -> None:
    spool = Spool(home)
    spool.append(a_record(call_id=call_id, started_at=NOW - timedelta(days=days)))
    spool.close()


def test_usage_objects_go_and_attempts_stay(tmp_path: Path, in_process: Address, terms: Terms) -> None:
    """Usage objects go after their days, late ones too; nothing is altered twice, and no days are an end of it."""
    for days in (1, 5):
        put(tmp_path, f"call-{days}", days)
    with a_ledger(in_process) as address:
        ship(tmp_path, address, terms, now=NOW)
        ledger = SharedLedger(tmp_path, address)
        for _ in range(2):
            keep_usage(ledger, timedelta(days=3), now=NOW)
        ((altered,),) = rows(ledger, "SELECT count() FROM system.mutations WHERE database = currentDatabase()")
        put(tmp_path, "late", 20)
        ship(tmp_path, address, terms, now=NOW)
        with ledger.store() as store:
            store.command("OPTIMIZE TABLE attempt FINAL")
        left = rows(ledger, "SELECT call_id, usage IS NULL FROM usage ORDER BY call_id")
        since = kept(ledger).usage_from
        keep_usage(ledger, None, now=NOW)
        ((text,),) = rows(ledger, "SHOW CREATE TABLE attempt")
        forget(address)
    assert left == [("call-1", 0), ("call-5", 1), ("late", 1)]
    assert since
    assert since.date() == (NOW - timedelta(days=3)).date()
    assert altered == 1
    assert " TTL " not in text


def rows(ledger: SharedLedger, text: str) -> list[tuple[Any, ...]]:
    with ledger.store() as store:
        return store.rows(text)[1]
