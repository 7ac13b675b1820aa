"""What is old goes, on the real engine: usage objects sooner than their attempts, and roll-ups never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from analytics import reports
from analytics.clickhouse.address import Address
from analytics.clickhouse.keeping import keep
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.making import make
from analytics.clickhouse.shipping import ship
from analytics.intake import Terms
from analytics.period import Period
from router.spool import Spool
from tests.analytics.clickhouse.conftest import a_ledger
from tests.conftest import a_record

NOW = datetime.now(UTC)  # the engine goes by its own clock
ALL = reports.Filters(period=Period(NOW - timedelta(days=30), NOW))


def put(home: Path, call_id: str, days: int) -> None:
    spool = Spool(home)
    spool.append(a_record(call_id=call_id, started_at=NOW - timedelta(days=days)))
    spool.close()


def test_what_is_old_goes_and_its_roll_ups_stay(tmp_path: Path, in_process: Address, terms: Terms) -> None:
    """Attempts and usage objects go after their days, late ones too; sums stay; nothing is altered twice."""
    for days in (1, 5, 20):
        put(tmp_path, f"call-{days}", days)
    with a_ledger(in_process) as address:
        ship(tmp_path, address, terms, now=NOW)
        ledger = SharedLedger(tmp_path, address)
        make(ledger, every=True)
        before = reports.totals(ledger, ALL)
        with ledger.store() as store:
            for _ in range(2):
                keep(store, attempts_days=10, usage_days=3, now=NOW)
            ((altered,),) = store.rows(
                "SELECT count() FROM system.mutations WHERE database = currentDatabase() AND table = 'attempt'"
            )[1]
            put(tmp_path, "late", 20)
            ship(tmp_path, address, terms, now=NOW)
            store.command("OPTIMIZE TABLE attempt FINAL")
            kept = store.rows("SELECT call_id, usage IS NULL FROM usage ORDER BY call_id")[1]
        make(ledger, every=True)
        after = reports.totals(ledger, ALL)
        with ledger.store() as store:
            keep(store, attempts_days=None, usage_days=None, now=NOW)
            text = store.rows("SHOW CREATE TABLE attempt")[1][0][0]
        forget(address)
    assert kept == [("call-1", 0), ("call-5", 1)]
    assert before == after
    assert before.attempts == 3
    assert altered == 2
    assert " TTL " not in text
