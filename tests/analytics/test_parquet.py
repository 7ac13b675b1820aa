from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.exceptions import LedgerError
from analytics.ledger import Ledger
from analytics.parquet import Imported, export, load
from analytics.period import Period
from router.record import FIELDS
from tests import fresh
from tests.conftest import Tollgate, a_record, fill

OCTOBER = datetime(2026, 10, 20, 8, 30, 0, 123456, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 10, 23, 59, 59, 999999, tzinfo=UTC)
EVERYTHING: dict[str, Any] = {
    "time_to_first_token_ms": 0.1,
    "stream": True,
    "confidence": 0.30000000000000004,
    "reason": "short",
    "shadow_model": "claude-sonnet-5",
    "tags": {"team": "search", "größe": "α ''\"", "": ""},
    "error_type": "e",
    "stop_category": "bio",
    "content_empty": True,
    "message_id": "m",
    "batch_id": "b",
    "custom_id": "c",
    "batch_result_type": "succeeded",
    "complete": False,
    "estimated_output_tokens": 7,
    "region": "us-east-1",
    "workspace_id": "wrkspc_1",
    "user_id": "u-1",
    "key_fingerprint": "0123456789abcdef",
    "revision": 1,
    "usage": {"input_tokens": 12345678, "output_tokens": 1, "new": {"deep": [None, 1.50, "x\u0000\n"]}},
}


def rows(ledger: Ledger, table: str) -> list[tuple[Any, ...]]:
    with ledger.read() as con:
        return con.execute(f"FROM {table} ORDER BY ALL").fetchall()


def read(pattern: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        return con.execute("FROM read_parquet($1, hive_partitioning = false) ORDER BY ALL", [str(pattern)]).fetchall()


def rewrite(file: Path, select: str) -> None:
    """Make another Parquet file of what is in one."""
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE was AS FROM read_parquet('{file}', hive_partitioning = false)")
        con.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet)")


@pytest.fixture(name="exported", scope="module")
def _exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two attempts of November, exported: to be copied, and then damaged."""
    folder = tmp_path_factory.mktemp("exported")
    ledger = Ledger(folder / "home")
    fill(ledger, EVERYTHING, {})
    export(ledger, folder / "out")
    return folder / "out"


@pytest.fixture(name="template", scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one attempt in October, and two in November, of which one has no price."""
    home = tmp_path_factory.mktemp("template")
    fill(
        Ledger(home),
        {"started_at": OCTOBER},
        {"started_at": NOVEMBER},
        {"started_at": NOVEMBER, "model": "no-such-model"},
    )
    return home


@pytest.fixture(name="two_months")
def _two_months(home: Path, template: Path) -> Ledger:
    """A ledger with those attempts."""
    return Ledger(shutil.copytree(template, home))


def facts(folder: Path, month: str) -> Path:
    return folder / "attempts" / f"month={month}" / "attempts.parquet"


def test_there_and_back(ledger: Ledger, tmp_path: Path) -> None:
    """What is exported and imported is equal row for row, in every field, and its charges to the last digit."""
    fill(ledger, EVERYTHING, {"started_at": OCTOBER}, {"status": 529, "usage": None, "model": None}, {"tags": {}})
    assert all(getattr(a_record(**EVERYTHING), name) is not None for name in FIELDS)
    export(ledger, tmp_path / "out")
    other = Ledger(tmp_path / "other")

    assert load(other, tmp_path / "out") == Imported(added=4, revised=0, duplicates=0, too_old=0)

    for table in ("usage", "line", "charge"):
        assert rows(other, table) == rows(ledger, table)


def test_the_same_attempts_twice_are_one(two_months: Ledger, tmp_path: Path) -> None:
    """Importing again, or into the ledger that was exported, adds nothing."""
    export(two_months, tmp_path)
    before = rows(two_months, "charge")

    assert load(two_months, tmp_path) == Imported(added=0, revised=0, duplicates=3, too_old=0)
    assert rows(two_months, "charge") == before


def test_an_import_takes_several_turns(ledger: Ledger, tmp_path: Path) -> None:
    """More rows than one turn at the ledger takes arrive in several, each attempt once."""
    fill(ledger, *({"started_at": OCTOBER} for _ in range(5)), {})
    export(ledger, tmp_path / "out")
    other, told = Ledger(tmp_path / "other"), list[tuple[int, int]]()

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    assert load(other, tmp_path / "out", batch_rows=2, progress=tell).added == 6
    assert told == [(2, 6), (4, 6), (5, 6), (6, 6)]
    assert rows(other, "usage") == rows(ledger, "usage")


def test_months_are_apart(two_months: Ledger, tmp_path: Path) -> None:
    """Attempts and charges lie in folders by the UTC month in which the attempt began; the manifest adds them up."""
    written = export(two_months, tmp_path)

    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert list(written) == list(manifest["months"]) == ["2026-10", "2026-11"]
    for name, count in (("2026-10", 1), ("2026-11", 2)):
        assert len(read(facts(tmp_path, name))) == manifest["months"][name]["attempts"] == count
        assert len(read(tmp_path / "charges" / f"month={name}" / "charges.parquet")) == count
    assert manifest["months"]["2026-11"]["unpriced_charges"] == 1
    assert Decimal(manifest["months"]["2026-11"]["list_cost"]) == written["2026-11"].list_cost
    assert manifest["migration"].startswith("00")


def test_other_programs_find_exact_amounts(two_months: Ledger, tmp_path: Path) -> None:
    """Charges are exported as decimals with all their digits, and unknown ones as NULL."""
    export(two_months, tmp_path)

    with duckdb.connect() as con:
        exported = con.read_parquet(f"{tmp_path}/charges/*/*.parquet").select("list_cost").order("ALL")
        amounts, types = exported.fetchall(), [str(kind) for kind in exported.types]

    with two_months.read() as con:
        assert amounts == con.execute("SELECT list_cost FROM charge ORDER BY ALL").fetchall()
    assert types == ["DECIMAL(38,18)"]
    assert (None,) in amounts


def test_a_period_is_exported(two_months: Ledger, tmp_path: Path) -> None:
    """Of a period only its attempts are written, and the manifest says how much of the month that is."""
    (month,) = export(two_months, tmp_path, period=Period.days(date(2026, 10, 5), date(2026, 10, 31))).values()

    assert (month.since, month.until) == (datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    assert month.attempts == 1
    assert not facts(tmp_path, "2026-11").exists()


def test_month_after_month_into_one_folder(two_months: Ledger, tmp_path: Path) -> None:
    """An export adds its months to those that are in the folder, also in the manifest."""
    for day in (date(2026, 10, 20), date(2026, 11, 10)):
        export(two_months, tmp_path / "out", period=Period.days(day, day))

    assert list(json.loads((tmp_path / "out" / "manifest.json").read_text())["months"]) == ["2026-10", "2026-11"]
    assert load(Ledger(tmp_path / "other"), tmp_path / "out").added == 3


def test_a_month_that_is_there_is_not_replaced_unasked(ledger: Ledger, tmp_path: Path) -> None:
    """A month that was exported is refused, before anything is written, unless it shall be overwritten."""
    fill(ledger, {"started_at": NOVEMBER})
    export(ledger, tmp_path)
    fill(ledger, {"started_at": OCTOBER}, {"started_at": NOVEMBER})

    with pytest.raises(LedgerError, match=r"month=2026-11.attempts\.parquet: found that month exported already"):
        export(ledger, tmp_path)
    assert not facts(tmp_path, "2026-10").exists()

    assert export(ledger, tmp_path, overwrite=True)["2026-11"].attempts == 2
    assert len(read(facts(tmp_path, "2026-11"))) == 2


def test_a_month_is_never_replaced_by_less(ledger: Ledger, tmp_path: Path) -> None:
    """What was exported before it was pruned is not overwritten by what is left."""
    fill(ledger, {}, {})
    export(ledger, tmp_path / "out")
    other = Ledger(tmp_path / "other")
    fill(other, {})

    with pytest.raises(LedgerError, match="found 2 attempts, more than the 1 that would replace them"):
        export(other, tmp_path / "out", overwrite=True)
    assert len(read(facts(tmp_path / "out", "2026-11"))) == 2


def test_an_export_that_is_killed_leaves_whole_months(two_months: Ledger, tmp_path: Path) -> None:
    """Killed between two months, an export leaves the first as a month that can be imported, and no other."""
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom analytics.ledger import Ledger\n"
        "from analytics.parquet import export\n"
        "export(Ledger(sys.argv[1]), Path(sys.argv[2]), progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))"
    )
    out = tmp_path / "out"

    killed = fresh.run(program, two_months.home, out)

    assert killed.returncode == -signal.SIGKILL
    assert sorted(out.rglob("*.parquet")) == [
        facts(out, "2026-10"),
        out / "charges" / "month=2026-10" / "charges.parquet",
    ]
    assert load(Ledger(tmp_path / "other"), out).added == 1


def test_an_older_export(ledger: Ledger, exported: Path, tmp_path: Path) -> None:
    """Columns that an export does not have yet are NULL; those that nobody knows are left out."""
    folder = shutil.copytree(exported, tmp_path / "out")
    rewrite(facts(folder, "2026-11"), "SELECT * EXCLUDE (region, revision), 1 AS from_the_future FROM was")

    assert load(ledger, folder).added == 2
    with ledger.read() as con:
        found = con.execute("SELECT region, revision, user_id FROM usage ORDER BY user_id").fetchall()
    assert found == [(None, None, "u-1"), (None, None, None)]


def text_for_parquet(file: Path) -> None:
    file.write_text("no Parquet")


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def without_columns(file: Path) -> None:
    rewrite(file, "SELECT * EXCLUDE (call_id, tags) FROM was")


def with_a_word_for_a_number(file: Path) -> None:
    rewrite(file, "SELECT * REPLACE ('first' AS attempt) FROM was")


def with_a_gap(file: Path) -> None:
    rewrite(file, "SELECT * REPLACE (NULL::VARCHAR AS call_id) FROM was")


def with_fewer_rows(file: Path) -> None:
    rewrite(file, "FROM was LIMIT 1")


def gone(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (text_for_parquet, r"month=2026-11/attempts\.parquet: found no Parquet that can be read"),
        (cut_short, r"month=2026-11/attempts\.parquet: found no Parquet that can be read"),
        (without_columns, r"month=2026-11/attempts\.parquet: found no column call_id, tags"),
        (with_a_word_for_a_number, r"month=2026-11/attempts\.parquet: found what is no export of attempts: .*'first'"),
        (with_a_gap, r"month=2026-11/attempts\.parquet: found nothing in row 0 for one of record_id, call_id"),
        (with_fewer_rows, r"month=2026-11: found 1 attempts, expected 2 as manifest\.json says"),
        (gone, r"month=2026-11: found 0 attempts, expected 2"),
    ],
)
def test_an_export_that_is_damaged(
    ledger: Ledger, exported: Path, tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    """An export that is not what it was changes nothing; the sentence names the file and what is wrong with it."""
    folder = shutil.copytree(exported, tmp_path / "out")
    damage(facts(folder, "2026-11"))

    with pytest.raises(LedgerError, match=says) as error:
        load(ledger, folder)

    assert "\n" not in str(error.value)
    assert rows(ledger, "usage") == []


def test_a_folder_without_an_export(ledger: Ledger, tmp_path: Path) -> None:
    """A folder in which nothing was exported, or whose manifest is none, is refused by name."""
    with pytest.raises(LedgerError, match=f"{tmp_path}: found no attempts/month"):
        load(ledger, tmp_path)

    (tmp_path / "manifest.json").write_text('{"months": [1]}')
    with pytest.raises(LedgerError, match=r"manifest\.json: found no manifest of an export"):
        load(ledger, tmp_path)


def test_a_place_that_cannot_be_written(ledger: Ledger, tmp_path: Path) -> None:
    """An export that cannot be written is one sentence that names the folder."""
    fill(ledger, {})
    (tmp_path / "file").touch()

    with pytest.raises(LedgerError, match=r"cannot export to .*file: "):
        export(ledger, tmp_path / "file")


def test_the_commands(tollgate: Tollgate, two_months: Ledger, tmp_path: Path) -> None:
    """`export` and `import` say in words, and as JSON, what became of which attempts."""
    out = str(tmp_path / "out")

    assert "2026-10: 1 attempts" in tollgate("export", out, "--until", "2026-10-31").output
    assert (
        json.loads(tollgate("export", out, "--since", "2026-11-01", "--json").output)["months"]["2026-11"]["attempts"]
        == 2
    )
    assert tollgate("import", out).output == "added: 0; there already: 3\n"
    assert json.loads(tollgate("import", out, "--json").output)["duplicates"] == 3
