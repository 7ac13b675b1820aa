"""What is written to a shared ledger besides attempts, and what becomes of those: as in a file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from analytics import parquet, provider, reports
from analytics.clickhouse.address import Address
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.making import make
from analytics.clickhouse.shipping import ship
from analytics.exceptions import SettingsError
from analytics.feedback import give
from analytics.grouping import TAG
from analytics.ingest import ingest, retry_rejects
from analytics.ledger import Ledger
from analytics.one_call import one_call
from analytics.performance import performance
from analytics.period import Period
from analytics.prices import PriceTable
from analytics.provider import ProviderCost
from analytics.prune import prune
from analytics.reconcile import reconcile
from analytics.rerate import history, rerate
from analytics.scope import scoped
from router.spool import Spool
from tests.analytics.clickhouse.conftest import a_ledger, long_ago
from tests.analytics.clickhouse.records import NOW, attempts
from tests.conftest import a_record

PERIOD = Period(NOW - timedelta(days=30), NOW + timedelta(days=1))
EVERYTHING = reports.Filters(period=PERIOD)
CONTRACT = """\
discounts:
  - {from: 2026-01-01, percent_off: "10"}
"""
Both = tuple[Ledger, SharedLedger]


@pytest.fixture
def both(in_process: Address, tmp_path: Path) -> Iterator[Both]:
    """A ledger of each kind, with the same records."""
    spool = Spool(tmp_path / "here")
    assert all(spool.append(record) for record in attempts()[::3])
    spool.close()
    shutil.copytree(tmp_path / "here", tmp_path / "shipped")
    ledger = Ledger(tmp_path / "here")
    ingest(ledger)
    with a_ledger(in_process) as address:
        ship(tmp_path / "shipped", address, now=NOW)
        yield ledger, SharedLedger(tmp_path / "shipped", address)
        forget(address)


def test_what_is_said_of_a_call_is_kept(both: Both) -> None:
    """Of two verdicts the later one holds, and a call that the ledger does not know cannot be judged."""
    _, shared = both
    call_id = attempts()[0].call_id
    give(shared, call_id, verdict="good", note=None, at=NOW)
    give(shared, call_id, verdict="bad", note="it's 'wrong'", at=NOW + timedelta(seconds=1))

    found = one_call(shared, call_id)
    with pytest.raises(SettingsError, match="found no call 'unheard of' in chdb"):
        give(shared, "unheard of", verdict="good", note=None, at=NOW)

    assert found
    assert (found.verdict, found.note) == ("bad", "it's 'wrong'")


def test_the_providers_report_is_kept_and_compared(both: Both) -> None:
    """Of two reports of a day the one fetched last holds, and the comparison is that of a file, to the last digit."""
    day = date(2026, 11, 12)

    def cost(amount: str) -> ProviderCost:
        return ProviderCost(day=day, billed_cost=Decimal(amount), workspace_id="w'1", cost_type="tokens")

    found = list[object]()
    for ledger in both:
        newest = provider.keep(ledger, [cost("1.000000000000000001"), cost("2")], fetched_at=NOW)
        older = provider.keep(ledger, [cost("9")], fetched_at=NOW - timedelta(days=1))
        assert (newest, older) == ({day}, set())
        found.append(reconcile(ledger, Period.days(date(2026, 11, 10), date(2026, 11, 13))))
    assert found[0] == found[1]


def test_charges_are_made_anew(both: Both) -> None:
    """Rated again with a contract that is new, both change by the same for the same reasons, and put it on record."""
    done = list[object]()
    for ledger in both:
        (ledger.home / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
        tried = rerate(ledger, PriceTable.load(), now=NOW + timedelta(days=2), dry_run=True)
        before = history(ledger)
        made = rerate(ledger, PriceTable.load(), now=NOW + timedelta(days=2))
        again = rerate(ledger, PriceTable.load(), now=NOW + timedelta(days=3))
        assert before == []
        assert tried.changes == made.changes
        assert not again.changed_lines
        done.append((made, history(ledger), reports.cost_by(ledger, EVERYTHING, ["day", "model"])))
    assert done[0] == done[1]


def test_what_is_old_goes_and_its_sums_stay(both: Both) -> None:
    """Pruned, attempts and usage objects are gone, totals are as they were, and what comes later is set aside."""
    ledger, shared = both
    long_ago(shared)
    make(shared, every=True)
    before = reports.totals(shared, EVERYTHING)
    days = date(2026, 11, 11), date(2026, 11, 12)
    counted = [prune(one, before=days[0], usage_before=days[1], now=NOW, dry_run=True) for one in both]
    gone = [prune(one, before=days[0], usage_before=days[1], now=NOW) for one in both]

    assert counted[0].attempts == counted[1].attempts > 0
    assert [(one.attempts, one.lines, one.usage_objects) for one in gone] == [
        (counted[0].attempts, counted[0].lines, counted[0].usage_objects)
    ] * 2
    assert reports.totals(shared, EVERYTHING) == before == reports.totals(ledger, EVERYTHING)
    with shared.extract() as con:
        ((first, usage),) = con.execute(
            "SELECT min(started_at), min(started_at) FILTER (WHERE usage IS NOT NULL) FROM usage"
        ).fetchall()
    assert (first, usage) >= (datetime(2026, 11, 11), datetime(2026, 11, 12))  # noqa: DTZ001  # as kept


def test_a_viewer_sees_the_calls_of_a_scope(both: Both) -> None:
    """To who may see one team's calls there are no others: no sums, no attempts, no lists, whatever is asked."""
    _, shared = both
    make(shared, every=True)
    long_ago(shared)
    scope = {f"{TAG}team": ("a'b",), f"{TAG}env": ("0", "'); DROP")}
    seen = [scoped(one, scope) for one in both]

    for ask in (
        lambda one: reports.totals(one, EVERYTHING),
        lambda one: reports.cost_by(one, EVERYTHING, ["model", "tag:env"]),
        reports.dimensions,
        lambda one: performance(one, EVERYTHING, ["model"]),
    ):
        assert ask(seen[1]) == ask(seen[0])
    assert 0 < reports.totals(seen[1], EVERYTHING).attempts < reports.totals(shared, EVERYTHING).attempts
    assert not reports.totals(scoped(shared, {f"{TAG}team": ()}), EVERYTHING).attempts
    assert not reports.totals(scoped(shared, {}), EVERYTHING).attempts
    hidden = next(one.call_id for one in attempts()[::3] if not one.tags)
    assert one_call(seen[1], hidden) is None


def test_an_export_comes_back_once(both: Both, tmp_path: Path) -> None:
    """Exported attempts are those of a file; imported, those are added that are not there, and rated as any."""
    _, shared = both
    exported = [parquet.export(one, tmp_path / kind) for one, kind in zip(both, ("file", "shared"), strict=True)]
    with shared.store() as store:
        store.command("DELETE FROM attempt WHERE model = 'claude-haiku-4-5'")
    left = reports.totals(shared, EVERYTHING)
    done = parquet.load(shared, tmp_path / "shared")
    again = parquet.load(shared, tmp_path / "file")

    assert exported[0] == exported[1]
    assert left.attempts < reports.totals(both[0], EVERYTHING).attempts
    assert done.added > 0 < done.duplicates
    assert (again.added, again.too_old) == (0, 0)
    assert reports.totals(shared, EVERYTHING) == reports.totals(both[0], EVERYTHING)


def test_rejects_can_be_tried_again(both: Both) -> None:
    """A line that was set aside and is a record after all is added, and is set aside no more."""
    _, shared = both
    line = a_record(call_id="set aside", started_at=NOW).to_json().decode()
    rows = [
        {"segment": "1", "byte_offset": n, "reason": "not JSON", "line": text} for n, text in enumerate((line, "junk"))
    ]
    with shared.store() as store:
        store.insert_rows("reject", [json.dumps({"machine": "m", **row}) for row in rows])

    first, second = retry_rejects(shared), retry_rejects(shared)

    assert (first.added, first.damaged) == (1, 1)
    assert (second.added, second.damaged) == (0, 1)
    assert reports.health(shared).rejected_lines == 1
    assert one_call(shared, "set aside")
