from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.doctor import examine
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.prices import PriceTable
from analytics.questions import run
from analytics.reports import health
from analytics.rerate import Change, due, history, rerate
from router.record import UsageRecord
from router.spool import Spool
from tests import fresh
from tests.conftest import a_record, empty_ledger

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
OPUS = 'input: "4", output: "20"'
CONTRACT = """\
discounts:
  - {from: 2026-01-01, percent_off: "10"}
"""
KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from analytics.rerate import rerate

def die(done, total):
    if done == total:
        os.kill(os.getpid(), signal.SIGKILL)

rerate(Ledger(sys.argv[1]), PriceTable.load(sys.argv[2]), now=datetime.now(UTC), progress=die)
"""
Edited = Callable[..., PriceTable]


@pytest.fixture(scope="module")
def old() -> PriceTable:
    return PriceTable.load()


@pytest.fixture
def edited(tmp_path: Path, old: PriceTable) -> Edited:
    """The package's table with some of its text replaced."""

    def edit(*replacements: tuple[str, str]) -> PriceTable:
        text = old.path.read_text(encoding="utf-8")
        for before, after in replacements:
            assert before in text
            text = text.replace(before, after)
        path = tmp_path / "edited.yaml"
        path.write_text(text, encoding="utf-8")
        return PriceTable.load(path)

    return edit


def of_opus(**changes: Any) -> UsageRecord:
    """A call to Opus 5.5, unless `model` says otherwise, that asked for what it got."""
    model = changes.pop("model", "claude-opus-5-5")
    return a_record(**{"requested_model": model, "sent_model": model, "model": model} | changes)


def take_in(home: Path, records: Sequence[UsageRecord], prices: PriceTable) -> Ledger:
    """The ledger of `home` after these records have gone through its spool."""
    spool = Spool(home)
    for each in records:
        assert spool.append(each)
    spool.close()
    ledger = empty_ledger(home)
    ingest(ledger, prices)
    return ledger


def rows(ledger: Ledger, query: str) -> list[tuple[Any, ...]]:
    with ledger.read() as con:
        return con.execute(query).fetchall()  # a test's own words


def amounts(ledger: Ledger) -> list[tuple[Any, ...]]:
    """Every charge, to the last digit."""
    return rows(ledger, "FROM charge ORDER BY record_id, line_number")


def changes(home: Path, records: Sequence[UsageRecord], old: PriceTable, new: PriceTable) -> dict[str | None, Change]:
    """What rating these records again changes, by cause; all of one model."""
    done = rerate(take_in(home, records, old), new, now=NOW)
    return {change.cause: change for change in done.changes}


USAGE = {"input_tokens": 1_000_000, "output_tokens": 0}


@pytest.mark.parametrize(
    ("cause", "given", "before", "after", "costs"),
    [
        ("price", {}, OPUS, 'input: "5", output: "20"', ("4", "5")),
        ("price row", {}, f"from: 2026-09-22, {OPUS}", f"from: 2026-11-01, {OPUS}", ("4", "4")),
        ("modifier", {"usage": USAGE | {"service_tier": "batch"}}, 'multiply: "0.5"', 'multiply: "0.6"', ("2", "2.4")),
        (
            "fee",
            {"usage": USAGE | {"server_tool_use": {"web_search_requests": 1}}},
            'price: "10", per: 1000',
            'price: "20", per: 1000',
            ("4.01", "4.02"),
        ),
        (
            "newly priced",
            {"model": "claude-opus-9"},
            "anthropic: [claude-opus-5-5]",
            "anthropic: [claude-opus-5-5, claude-opus-9]",
            (None, "4"),
        ),
        (
            "no longer priced",
            {},
            "anthropic: [claude-opus-5-5]",
            "anthropic: [claude-opus-5-5-of-old]",
            ("4", None),
        ),
        ("reason", {"model": "claude-1.3"}, "no dated price was found in any source", "nobody knows", (None, None)),
        (
            "price of the requested model",
            {"model": "claude-sonnet-5-5", "requested_model": "claude-opus-5-5"},
            OPUS,
            'input: "5", output: "20"',
            ("2", "2"),
        ),
    ],
)
def test_a_difference_has_a_cause(
    *,
    home: Path,
    old: PriceTable,
    edited: Edited,
    cause: str,
    given: dict[str, Any],
    before: str,
    after: str,
    costs: tuple[str | None, str | None],
) -> None:
    """Each line whose charge differs is counted under what made the difference, with its old and its new cost."""
    new = edited((before, after))
    found = changes(home, [of_opus(**{"usage": USAGE} | given)], old, new)
    assert list(found) == [cause]
    change = found[cause]
    assert (change.list_cost_before, change.list_cost_after) == tuple(cost and Decimal(cost) for cost in costs)
    assert (change.lines, change.unpriced_before, change.unpriced_after) == (1, costs[0] is None, costs[1] is None)


def test_a_contract_is_a_cause_of_its_own(home: Path, old: PriceTable) -> None:
    """A new contract changes what is paid and not the list cost, and the audit trail says both."""
    ledger = take_in(home, [of_opus(usage=USAGE)], old)
    (home / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    assert due(ledger, old) == 1
    done = rerate(ledger, old, now=NOW)
    for found in (done, *history(ledger)):
        (change,) = found.changes
        assert (change.cause, change.list_cost_before, change.list_cost_after) == ("contract", 4, 4)
        assert (change.contracted_cost_before, change.contracted_cost_after) == (4, Decimal("3.6"))
    assert rows(ledger, "SELECT list_cost, contracted_cost FROM charge") == [(4, Decimal("3.6"))]
    assert due(ledger, old) == 0


def test_what_costs_what_it_did_is_counted_and_not_a_change(home: Path, old: PriceTable, edited: Edited) -> None:
    """Lines that nothing changed for are in the totals, without a cause."""
    new = edited((OPUS, 'input: "5", output: "20"'))
    ledger = take_in(home, [of_opus(usage=USAGE), of_opus(usage=USAGE, model="claude-opus-5")], old)
    done = rerate(ledger, new, now=NOW)
    assert [(change.model, change.cause, change.lines) for change in done.changes] == [
        ("claude-opus-5", None, 1),
        ("claude-opus-5-5", "price", 1),
    ]
    assert (done.lines, done.changed_lines, done.list_cost_before, done.list_cost_after) == (2, 1, 9, 10)


def test_every_charge_says_the_table_that_it_was_last_rated_with(home: Path, old: PriceTable, edited: Edited) -> None:
    """After a re-rating the charges that did not change carry the new version, too."""
    new = edited((OPUS, 'input: "5", output: "20"'))
    ledger = take_in(home, [of_opus(), of_opus(model="claude-opus-5")], old)
    rerate(ledger, new, now=NOW)
    assert rows(ledger, "SELECT DISTINCT table_version FROM charge") == [(new.version,)]


def test_a_dry_run_finds_out_and_changes_nothing(home: Path, old: PriceTable, edited: Edited) -> None:
    """The figures are those of the real run; charges, prices and the audit trail stay as they are."""
    new = edited((OPUS, 'input: "5", output: "20"'))
    ledger = take_in(home, [of_opus(usage=USAGE)], old)
    before, table = amounts(ledger), rows(ledger, "FROM price_table")
    tried = rerate(ledger, new, now=NOW, dry_run=True)
    assert (amounts(ledger), rows(ledger, "FROM price_table"), history(ledger)) == (before, table, [])
    assert rerate(ledger, new, now=NOW) == tried


def test_a_period_is_rated_again_and_the_rest_is_not(home: Path, old: PriceTable, edited: Edited) -> None:
    """Charges outside of the half-open period keep their amounts and their version."""
    new = edited((OPUS, 'input: "5", output: "20"'))
    early, late = (of_opus(usage=USAGE, started_at=NOON + timedelta(days=days)) for days in (0, 1))
    ledger = take_in(home, [early, late], old)
    done = rerate(ledger, new, now=NOW, period=Period(NOON + timedelta(days=1), NOW))
    assert (done.lines, due(ledger, new)) == (1, 1)
    assert rows(ledger, "SELECT list_cost FROM charge ORDER BY started_at") == [(4,), (5,)]


def test_the_audit_trail_keeps_every_change_of_the_books(home: Path, old: PriceTable, edited: Edited) -> None:
    """When, what, from which tables to which, and old and new amounts by model and cause, the newest first."""
    ledger = take_in(home, [of_opus(usage=USAGE)], old)
    new = edited((OPUS, 'input: "5", output: "20"'))
    first = rerate(ledger, new, now=NOW)
    second = rerate(ledger, old, now=NOW + timedelta(hours=1), period=Period(NOON, NOW))
    assert history(ledger) == [second, first]
    assert (first.from_versions, first.to_version) == ((old.version,), new.version)


def test_rating_again_twice_is_once(home: Path, old: PriceTable, edited: Edited) -> None:
    """A second re-rating with the same table changes nothing, and is not put on record."""
    new = edited((OPUS, 'input: "5", output: "20"'))
    ledger = take_in(home, [of_opus(usage=USAGE)], old)
    rerate(ledger, new, now=NOW)
    before = amounts(ledger)
    again = rerate(ledger, new, now=NOW)
    assert (again.changed_lines, amounts(ledger), len(history(ledger))) == (0, before, 1)


def test_an_empty_ledger_has_nothing_to_rate(ledger: Ledger, old: PriceTable) -> None:
    """Without usage there are no lines, no amounts and no record."""
    done = rerate(ledger, old, now=NOW)
    assert (done.lines, done.list_cost_before, history(ledger)) == (0, None, [])


def test_a_kill_in_the_middle_leaves_the_old_charges(home: Path, old: PriceTable, edited: Edited) -> None:
    """The process dies after the new charges were made and before they were committed: nothing has happened."""
    new = edited((OPUS, 'input: "5", output: "20"'))
    ledger = take_in(home, [of_opus(usage=USAGE)], old)
    before = amounts(ledger)
    killed = fresh.run(KILLED, home, new.path)
    assert killed.returncode == -9
    assert (amounts(ledger), history(ledger)) == (before, [])


# New usage meets a new table.


def test_new_usage_is_rated_with_the_new_table_and_old_charges_wait(
    home: Path, old: PriceTable, edited: Edited
) -> None:
    """Ingest takes the table in use; what was rated before keeps its cost until a re-rating, and health counts it."""
    new = edited((OPUS, 'input: "5", output: "20"'))
    ledger = take_in(home, [of_opus(usage=USAGE)], old)
    take_in(home, [of_opus(usage=USAGE)], new)
    assert sorted(rows(ledger, "SELECT list_cost, table_version FROM charge")) == [(4, old.version), (5, new.version)]
    assert (health(ledger).outdated_charges, due(ledger, new)) == (1, 1)
    rerate(ledger, new, now=NOW)
    assert (health(ledger).outdated_charges, due(ledger, new)) == (0, 0)


def test_the_doctor_says_that_a_rerating_is_due(home: Path, old: PriceTable, edited: Edited) -> None:
    """Charges of another table than the one in use are a problem, with what to do about it."""
    ledger = take_in(home, [of_opus()], edited((OPUS, 'input: "5", output: "20"')))
    assert any("Run tollgate rerate" in problem for problem in examine(ledger, now=NOW).problems)
    rerate(ledger, old, now=NOW)
    assert examine(ledger, now=NOW).problems == ()


def test_changed_rules_make_lines_anew(home: Path, old: PriceTable) -> None:
    """Lines made by another lines.sql are rebuilt, and what that changes is put down to the rules."""
    ledger = take_in(home, [of_opus(usage=USAGE)], old)
    with ledger.write() as con:  # as an older Tollgate might have left it
        con.execute("UPDATE rule SET lines = 'older'; UPDATE line SET input_tokens = 7; DELETE FROM charge")
        con.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT record_id FROM usage")
        run(con, "rate")
    assert any("rules of rating" in problem for problem in examine(ledger, now=NOW).problems)
    done = rerate(ledger, old, now=NOW)
    (change,) = done.changes
    assert (done.lines_rebuilt, change.cause, change.list_cost_after) == (True, "rule", 4)
    assert examine(ledger, now=NOW).problems == ()
    assert not rerate(ledger, old, now=NOW).lines_rebuilt


# Laws.

usages = st.builds(
    lambda fresh, output, read, write, extra: {
        "input_tokens": fresh,
        "output_tokens": output,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write,
        **extra,
    },
    *[st.integers(0, 300_000)] * 4,
    st.sampled_from(
        [
            {},
            {"service_tier": "batch"},
            {"inference_geo": "us"},
            {"speed": "fast"},
            {"iterations": [{"type": "compaction", "input_tokens": 9, "output_tokens": 1}]},
            {"output_tokens": None},
        ]
    ),
)
records = st.builds(
    lambda usage, model, day: of_opus(usage=usage, model=model, started_at=NOON - timedelta(days=day)),
    usages,
    st.sampled_from(["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-of-tomorrow"]),
    st.integers(0, 60),
)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records, min_size=5, max_size=12))
def test_rating_again_equals_a_fresh_ledger(
    tmp_path_factory: pytest.TempPathFactory, old: PriceTable, edited: Edited, given_records: list[UsageRecord]
) -> None:
    """After a change of prices the books are those that the new table would have made from the start."""
    new = edited((OPUS, 'input: "7", output: "21"'), ('multiply: "0.5"', 'multiply: "0.25"'))
    again = take_in(tmp_path_factory.mktemp("again"), given_records, old)
    rerate(again, new, now=NOW)
    assert amounts(again) == amounts(take_in(tmp_path_factory.mktemp("fresh"), given_records, new))


@settings(max_examples=5, deadline=None)
@given(st.lists(records, min_size=1, max_size=8), st.randoms(use_true_random=False), st.integers(1, 8))
def test_order_and_batching_of_ingest_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    old: PriceTable,
    given_records: list[UsageRecord],
    random: Random,
    size: int,
) -> None:
    """However records are shuffled and cut into batches, the charges are the same."""
    at_once = take_in(tmp_path_factory.mktemp("once"), given_records, old)
    shuffled = random.sample(given_records, len(given_records))
    home = tmp_path_factory.mktemp("batches")
    batches = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    for batch in batches:
        take_in(home, batch, old)
    assert amounts(Ledger(home)) == amounts(at_once)
