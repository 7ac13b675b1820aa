from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from router.spool import Spool
from tests.conftest import a_record

GOOD = '{"model": "claude-opus-5-5", "at": "2026-11-10", "usage": {"input_tokens": 500, "output_tokens": 425}}'


def tollgate(home: Path, *arguments: str, given: str | None = None) -> Result:
    result = CliRunner().invoke(cli, ["--home", str(home), *arguments], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_receipt_shows_how_it_came_about(home: Path) -> None:
    """Bucket, tokens, unit price, amount, the price row with its source, and the total."""
    result = tollgate(home, "price", given=GOOD)
    assert result.exit_code == 0
    for word in ("input", "500", "$4 / M", "$0.002", "from 2026-09-22 on", "opus55_overview", "Total $0.0105"):
        assert word in result.stdout


@pytest.mark.parametrize("given", [f"{GOOD}\n\n{GOOD}\n", f"[{GOOD}, {GOOD}]", f"\ufeff{GOOD}\n{GOOD}"])
def test_many_calls_are_json_lines_or_an_array(home: Path, tmp_path: Path, given: str) -> None:
    """However calls are written one after another, each has a line of JSON."""
    path = tmp_path / "calls.jsonl"
    path.write_text(given, encoding="utf-8")
    lines = tollgate(home, "price", str(path), "--json").stdout.splitlines()
    assert [json.loads(line)["list_cost"] for line in lines] == ["0.0105", "0.0105"]


def test_a_bad_line_leaves_the_others_priced(home: Path) -> None:
    """What is no JSON, or no call, is unpriced and says why; the exit code says that something was wrong."""
    result = tollgate(home, "price", "--json", given=f"{GOOD}\n{{nonsense\n[1]\n{GOOD}\n")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["status"] for one in found] == ["priced", "unpriced", "unpriced", "priced"]
    assert found[1]["reason"].startswith("line 2: found '{nonsense', expected JSON")
    assert result.exit_code == 1


def test_nothing_to_price_is_a_sentence(home: Path) -> None:
    """Empty input is told what was expected."""
    result = tollgate(home, "price", given="  \n")
    assert (result.exit_code, "found nothing to price" in result.stderr) == (1, True)


def test_the_contract_of_an_option_is_used(home: Path, tmp_path: Path) -> None:
    """`--contract` names the contract; a bad one is one sentence."""
    path = tmp_path / "c.yaml"
    path.write_text('discounts: [{percent_off: "10"}]', encoding="utf-8")
    result = tollgate(home, "price", "--json", "--contract", str(path), given=GOOD)
    assert json.loads(result.stdout)["contracted_cost"] == "0.00945"
    path.write_text("discounts: 5", encoding="utf-8")
    assert "discounts: found 5" in tollgate(home, "price", "--contract", str(path), given=GOOD).stderr


def test_the_receipt_of_a_call_shows_every_attempt(home: Path, spool: Spool) -> None:
    """A call of the ledger is explained attempt by attempt; one that used nothing cost nothing."""
    spool.append(a_record(call_id="c1", status=529, error_type="overloaded_error", usage=None, model=None))
    spool.append(a_record(call_id="c1", attempt=2))
    result = tollgate(home, "receipt", "c1", "--json")
    first, second = [json.loads(line) for line in result.stdout.splitlines()]
    assert (first["attempt"], first["outcome"], first["list_cost"]) == (1, "overloaded_error", "0")
    assert (second["attempt"], second["list_cost"], second["status"]) == (2, "0.00015", "priced")
    assert "Total $0.00015" in tollgate(home, "receipt", "c1").stdout
    missing = tollgate(home, "receipt", "c2")
    assert (missing.exit_code, "found no call 'c2'" in missing.stderr) == (1, True)
