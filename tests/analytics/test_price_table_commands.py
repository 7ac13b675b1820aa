from __future__ import annotations

import json
from pathlib import Path

import pytest

from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from router.spool import Spool
from tests.conftest import Tollgate, a_record


@pytest.fixture
def dear(home: Path, tmp_path: Path) -> Path:
    """One call, rated with a table in which Haiku 5.5 cost ten times as much."""
    text = PriceTable.load().path.read_text(encoding="utf-8")
    table = tmp_path / "dear.yaml"
    table.write_text(text.replace('input: "0.10", output: "0.50"', 'input: "1.00", output: "5.00"'), encoding="utf-8")
    spool = Spool(home)
    spool.append(a_record())
    spool.close()
    ingest(Ledger(home), PriceTable.load(table))
    return home


def test_show_prints_history_and_sources(tollgate: Tollgate) -> None:
    """Facts, ids, every row, the one in force marked, and who says so."""
    shown = tollgate("prices", "show", "claude-sonnet-5-5", "--at", "2026-10-06").stdout
    assert "Claude Sonnet 5.5 (claude-sonnet-5-5)" in shown
    assert "us.anthropic.claude-sonnet-5-5" in shown
    (marked,) = [line for line in shown.splitlines() if line.startswith(" *")]
    assert marked.split()[1:8] == ["2026-09-28", "2026-10-07", "standard", "2", "10", "2.5", "4"]
    assert "rn_2026_10_07: official, 2026-10-07" in shown


def test_show_in_json_has_exact_prices(tollgate: Tollgate) -> None:
    """Amounts are decimal strings, days ISO 8601."""
    shown = json.loads(tollgate("prices", "show", "claude-haiku-5-5", "--json").stdout)
    assert [row["prices"]["cache_read"] for row in shown["rows"]] == ["0.05", "0.01"]
    assert shown["facts"]["launched"] == "2026-10-07"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "claude-opus-5.5"), "Error: model: found 'claude-opus-5.5'"),
        (("show", "claude-opus-5-5", "--at", "soon"), "Error: at: found soon, expected a day such as 2026-11-21"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(tollgate: Tollgate, arguments: tuple[str, ...], sentence: str) -> None:
    """A wrong name or day is exit code 1 and one line."""
    result = tollgate("prices", *arguments)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert result.stderr.startswith(sentence)


def test_diff_says_what_is_not_installed(tollgate: Tollgate) -> None:
    """Without the packages the command says so, and is no error."""
    result = tollgate("prices", "diff")
    assert result.exit_code == 0
    assert "litellm is not installed: not compared." in result.stdout


def test_rerate_shows_models_causes_and_totals(tollgate: Tollgate, dear: Path) -> None:
    """Old and new amounts by model and cause; a dry run says that it was one; the audit trail has the real one."""
    tried = tollgate("rerate", "--dry-run").stdout
    assert "Nothing was changed" in tried
    assert "Nothing was ever rated again." in tollgate("prices", "history").stdout
    shown = tollgate("rerate").stdout
    assert "claude-haiku-5-5  price  1       $0.0015  $0.00015  -$0.0014" in " ".join(shown.split("\n"))
    (kept,) = json.loads(tollgate("prices", "history", "--json").stdout)
    assert (kept["list_cost_before"], kept["list_cost_after"]) == ("0.001500000000000000", "0.000150000000000000")
    assert "price" in tollgate("prices", "history").stdout


def test_rerate_in_json_says_whether_it_was_a_dry_run(tollgate: Tollgate, dear: Path) -> None:
    """The figures, the versions and the changes, for scripts."""
    done = json.loads(tollgate("rerate", "--dry-run", "--since", "2026-11-01", "--json").stdout)
    assert (done["dry_run"], done["lines"], done["changed_lines"]) == (True, 1, 1)
    assert done["period"]["start"] == "2026-11-01T00:00:00+00:00"
    assert done["changes"][0]["cause"] == "price"


def test_reports_say_that_charges_are_out_of_date(tollgate: Tollgate, dear: Path) -> None:
    """New usage brings the new table, and the old charges are named below the total until they are rated again."""
    spool = Spool(dear)
    spool.append(a_record())
    spool.close()
    report = ("report", "--since", "2026-11-09", "--until", "2026-11-11")
    assert "charges made with an older price table or contract (tollgate rerate): 1" in tollgate(*report).stdout
    tollgate("rerate")
    assert "older price table" not in tollgate(*report).stdout


def test_an_empty_ledger_has_nothing_to_rerate(tollgate: Tollgate) -> None:
    """No charges, no table of changes, no error."""
    assert "There is nothing to rate again" in tollgate("rerate").stdout
