from __future__ import annotations

import json
import os
import shutil
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics import feedback
from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.parquet import export, load
from analytics.period import Period
from analytics.prices import PriceTable
from analytics.prune import Pruned, prune, room
from analytics.reports import Filters, cost_by, health, totals
from analytics.rerate import rerate
from tests import fresh
from tests.conftest import Tollgate, fill

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
DAY = date(2026, 11, 10)
MIDNIGHT = datetime(2026, 11, 10, tzinfo=UTC)
FILTERS = Filters(period=Period.days(date(2026, 11, 1), date(2026, 11, 20)))
TABLES = ("usage", "line", "charge", "hourly", "feedback", "book")


@pytest.fixture(name="template", scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two attempts before DAY, one of them in its last microsecond, and three from it on."""
    home = tmp_path_factory.mktemp("template")
    fill(
        Ledger(home),
        {"started_at": MIDNIGHT - timedelta(days=3), "call_id": "old", "tags": {"team": "a"}},
        {"started_at": MIDNIGHT - timedelta(microseconds=1), "model": "claude-opus-5-5"},
        {"started_at": MIDNIGHT, "call_id": "new"},
        {"started_at": MIDNIGHT + timedelta(days=1), "model": "no-such-model"},
        {"started_at": MIDNIGHT + timedelta(days=1), "status": 529, "usage": None, "error_type": "overloaded_error"},
    )
    return home


@pytest.fixture(name="ledger")
def _ledger(home: Path, template: Path) -> Ledger:
    """A ledger with those attempts."""
    return Ledger(shutil.copytree(template, home))


def rows(ledger: Ledger, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    with ledger.read() as con:
        return {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in tables}


def starts(ledger: Ledger) -> list[datetime]:
    with ledger.read() as con:
        found = con.execute("SELECT started_at FROM usage ORDER BY ALL").fetchall()
    return [row[0].replace(tzinfo=UTC) for row in found]


def figures(ledger: Ledger) -> tuple[Any, ...]:
    by = (("day",), ("model",), ("day", "model", "task_type"), ("tag:team",))
    return totals(ledger, FILTERS), *(sorted(cost_by(ledger, FILTERS, names), key=str) for names in by)


def test_what_is_old_goes_and_reports_stay(ledger: Ledger) -> None:
    """Attempts that began before the day go, to the microsecond, and every report says what it said before."""
    before = figures(ledger)

    gone = prune(ledger, before=DAY, now=NOW)

    assert gone == Pruned(attempts=2, lines=2, usage_objects=0, segments=0)
    assert starts(ledger) == [MIDNIGHT, MIDNIGHT + timedelta(days=1), MIDNIGHT + timedelta(days=1)]
    assert figures(ledger) == before
    assert len(rows(ledger, "charge")["charge"]) == 2


def test_reports_go_on_after_pruning(ledger: Ledger) -> None:
    """What comes after a pruning is added to what is pruned, and pruning again takes nothing twice."""
    prune(ledger, before=DAY, now=NOW)
    fill(ledger, {"started_at": MIDNIGHT})
    before = figures(ledger)

    assert before[0].attempts == 6
    assert prune(ledger, before=DAY, now=NOW).attempts == 0
    assert prune(ledger, before=DAY + timedelta(days=1), now=NOW).attempts == 2
    assert figures(ledger) == before


def test_what_is_pruned_does_not_come_back(ledger: Ledger, tmp_path: Path) -> None:
    """A record from before the boundary, spooled late or imported, is not counted a second time."""
    export(ledger, tmp_path)
    prune(ledger, before=DAY, now=NOW)
    before = figures(ledger)

    fill(ledger, {"started_at": MIDNIGHT - timedelta(days=3), "call_id": "old"})
    imported = load(ledger, tmp_path)

    assert (imported.added, imported.duplicates, imported.too_old) == (0, 3, 2)
    assert figures(ledger) == before
    assert health(ledger).rejected_lines == 1


def test_a_boundary_never_moves_back(ledger: Ledger) -> None:
    """To prune before an earlier day keeps what is known of the later one."""
    prune(ledger, before=DAY, usage_before=DAY, now=NOW)
    before = rows(ledger, *TABLES)

    prune(ledger, before=DAY - timedelta(days=2), usage_before=DAY - timedelta(days=2), now=NOW)

    assert rows(ledger, *TABLES) == before


def test_a_dry_run_changes_nothing(ledger: Ledger) -> None:
    """A dry run says the same as the pruning that follows, and leaves everything."""
    before = rows(ledger, *TABLES)

    would = prune(ledger, before=DAY, usage_before=date(2026, 11, 11), now=NOW, dry_run=True)

    assert rows(ledger, *TABLES) == before
    assert would == prune(ledger, before=DAY, usage_before=date(2026, 11, 11), now=NOW)
    assert would == Pruned(attempts=2, lines=2, usage_objects=1, segments=0)


def test_usage_objects_go_alone(ledger: Ledger) -> None:
    """Without its usage object an attempt keeps its lines, charges and figures, and can be rated again."""
    before, charges = figures(ledger), rows(ledger, "line", "charge")

    assert prune(ledger, usage_before=DAY, now=NOW).usage_objects == 2

    with ledger.read() as con:
        assert con.execute("SELECT count(*) FROM usage WHERE usage IS NULL AND started_at < ?", [DAY]).fetchall() == [
            (2,)
        ]
    rerate(ledger, PriceTable.load(), now=NOW)
    assert figures(ledger) == before
    assert rows(ledger, "line", "charge") == charges


def test_lines_without_usage_objects_are_not_read_again(ledger: Ledger) -> None:
    """When the rules of reading usage have changed, a line whose usage object is gone stays as it is."""
    prune(ledger, usage_before=DAY, now=NOW)
    with ledger.write() as con:
        con.execute("UPDATE rule SET lines = 'older'")
    before = figures(ledger), rows(ledger, "line", "charge")

    done = rerate(ledger, PriceTable.load(), now=NOW)

    assert (done.lines_rebuilt, done.changed_lines) == (True, 0)
    assert (figures(ledger), rows(ledger, "line", "charge")) == before


def test_feedback_goes_with_its_call(ledger: Ledger) -> None:
    """What was said of a call that is pruned goes with it."""
    for call_id in ("old", "new"):
        feedback.give(ledger, call_id, verdict="good", note=None, at=NOW)

    prune(ledger, before=DAY, now=NOW)

    assert [row[0] for row in rows(ledger, "feedback")["feedback"]] == ["new"]


def test_kept_segments_go_when_they_are_old(ledger: Ledger) -> None:
    """A kept segment is removed if it was last written before the day, and else stays."""
    fill(ledger, {"started_at": MIDNIGHT})
    old, young = sorted((ledger.home / "done").glob("*.ndjson"))
    os.utime(old, (0, MIDNIGHT.timestamp() - 1))
    os.utime(young, (0, MIDNIGHT.timestamp()))

    assert prune(ledger, before=DAY, now=NOW).segments == 1
    assert (old.exists(), young.exists()) == (False, True)


def raising(_step: int, _steps: int) -> None:
    if _step == 2:
        raise KeyboardInterrupt


def test_what_is_broken_off_changes_nothing(ledger: Ledger) -> None:
    """An exception after the rows are deleted, and before that is committed, brings every one of them back."""
    before = figures(ledger), rows(ledger, "usage", "line", "charge", "book")

    with pytest.raises(KeyboardInterrupt):
        prune(ledger, before=DAY, usage_before=DAY, now=NOW, progress=raising)

    assert (figures(ledger), rows(ledger, "usage", "line", "charge", "book")) == before


def test_what_is_killed_changes_nothing(ledger: Ledger) -> None:
    """A process that is killed in the middle of a pruning leaves the ledger as it was."""
    before = figures(ledger), rows(ledger, "usage", "line", "charge", "book")
    program = (
        "import os, signal, sys\nfrom datetime import UTC, date, datetime\nfrom analytics.ledger import Ledger\n"
        "from analytics.prune import prune\n"
        "prune(Ledger(sys.argv[1]), before=date(2026, 11, 10), now=datetime(2026, 11, 21, tzinfo=UTC),\n"
        "      progress=lambda step, _: step == 2 and os.kill(os.getpid(), signal.SIGKILL))"
    )

    killed = fresh.run(program, ledger.home)

    assert killed.returncode == -signal.SIGKILL
    assert (figures(ledger), rows(ledger, "usage", "line", "charge", "book")) == before


def test_a_day_that_is_still_to_come(ledger: Ledger) -> None:
    """What is yet to happen cannot be pruned; today up to its midnight can."""
    with pytest.raises(SettingsError, match="found 2026-11-22, expected a day that is not in the future"):
        prune(ledger, before=date(2026, 11, 22), now=NOW)
    assert prune(ledger, before=NOW.date(), now=NOW).attempts == 5


def test_compacting_makes_the_file_smaller(ledger: Ledger) -> None:
    """What pruned rows have left in the file is given back by writing it anew, and reports stay."""
    with ledger.write() as con:
        con.execute("INSERT INTO feedback SELECT 'old', 'good', uuid()::VARCHAR, now() FROM range(200000)")
    prune(ledger, before=DAY, now=NOW)
    before, size = figures(ledger), room(ledger)

    ledger.compact()

    assert size.free > 0
    assert room(ledger).size <= size.size - size.free
    assert figures(ledger) == before


def test_the_commands(tollgate: Tollgate, ledger: Ledger) -> None:
    """`prune` says what would go, or is gone, and `compact` what that saved."""
    assert tollgate("prune").exit_code == 2
    assert tollgate("prune", "--before", "2026-11-10", "--dry-run").output.startswith("would go: 2 attempts")
    answer = json.loads(tollgate("prune", "--before", "2026-11-10", "--json").output)
    assert (answer["dry_run"], answer["pruned"]["attempts"]) == (False, 2)
    assert "would go" not in tollgate("prune", "--usage-before", "2026-11-11").output
    assert json.loads(tollgate("compact", "--json").output)["after"]["size"] == room(ledger).size
