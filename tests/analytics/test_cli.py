from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytics import reports
from analytics.cli import cli
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.present import money
from analytics.reports import Filters
from router.spool import Spool
from tests.conftest import NOON, Tollgate, a_record

SPAN = ("--since", "2026-11-09", "--until", "2026-11-11")
FILTERS = Filters(period=Period.parse("2026-11-09", "2026-11-11", now=datetime.now(UTC)))


@pytest.fixture
def filled(home: Path) -> Path:
    """Two models, two days, two teams."""
    spool = Spool(home)
    for number in range(4):
        spool.append(a_record(tags={"team": "search" if number % 2 else "support"}))
    day_before = datetime.fromtimestamp(NOON / 1e9, UTC) - timedelta(days=1)
    spool.append(a_record(model="claude-opus-5-5", sent_model="claude-opus-5-5", started_at=day_before))
    return home


def test_a_new_machine_is_told_what_to_do(tollgate: Tollgate, home: Path) -> None:
    """With nothing recorded, the report says which three lines to write."""
    result = tollgate("report")

    assert result.exit_code == 0
    assert "from router import Anthropic" in result.stdout
    assert str(home) in result.stdout


def test_ingest(tollgate: Tollgate, filled: Path) -> None:
    """`ingest` says what was added and what was there already, and how to find what was damaged."""
    (filled / "spool" / "0.ndjson").write_bytes(b"junk\n")

    assert tollgate("ingest").stdout == ("records added: 5; there already: 0; damaged: 1 (see tollgate doctor)\n")
    assert json.loads(tollgate("ingest", "--json").stdout) == {
        "added": 0,
        "revised": 0,
        "duplicates": 0,
        "damaged": 0,
        "bytes": 0,
    }


def test_report_takes_in_what_is_new(tollgate: Tollgate, filled: Path) -> None:
    """The report shows what is in the spool, without an ingest before it."""
    result = tollgate("report", *SPAN)

    totals = reports.totals(Ledger(filled), FILTERS)
    assert result.exit_code == 0
    assert "2026-11-09 to 2026-11-11, UTC" in result.stdout
    assert f"{money(totals.list_cost)}  " in result.stdout
    assert "5 calls, 5 attempts" in result.stdout
    for word in ("2026-11-10", "claude-opus-5-5", "classify", "search", "support"):
        assert word in result.stdout


def test_json_equals_the_reports(tollgate: Tollgate, filled: Path) -> None:
    """`--json` has every figure of the reports, amounts as exact decimal strings."""
    shown = json.loads(tollgate("report", *SPAN, "--by", "day,model", "--by", "tag:team", "--json").stdout)
    ledger = Ledger(filled)

    totals = reports.totals(ledger, FILTERS)
    assert Decimal(shown["totals"]["list_cost"]) == totals.list_cost
    assert shown["totals"]["calls"] == 5
    assert shown["period"] == {"start": "2026-11-09T00:00:00+00:00", "end": "2026-11-12T00:00:00+00:00"}
    assert [table["by"] for table in shown["breakdowns"]] == [["day", "model"], ["tag:team"]]
    for table in shown["breakdowns"]:
        rows = reports.cost_by(ledger, FILTERS, table["by"])
        assert [tuple(row["group"].values()) for row in table["rows"]] == [row.group for row in rows]
        assert [Decimal(row["list_cost"]) for row in table["rows"]] == [row.list_cost for row in rows]
    assert shown["health"]["demo"] is False


def test_the_table_equals_the_json(tollgate: Tollgate, filled: Path) -> None:
    """The table for people has the same groups in the same order as the JSON, and the same amounts."""
    (table,) = json.loads(tollgate("report", *SPAN, "--by", "model", "--json").stdout)["breakdowns"]
    printed = tollgate("report", *SPAN, "--by", "model").stdout

    lines = [line.split() for line in printed.splitlines() if re.match(r" ?claude-", line)]
    assert [line[0] for line in lines] == [row["group"]["model"] for row in table["rows"]]
    assert [line[2] for line in lines] == [money(Decimal(row["list_cost"])) for row in table["rows"]]


def test_long_tables_of_tags_are_cut(tollgate: Tollgate, home: Path) -> None:
    """Of a tag with many values the report shows the dearest, and how to see the rest; asked for, it shows all."""
    spool = Spool(home)
    for number in range(12):
        spool.append(a_record(tags={"user": f"u{number}"}))

    assert "and 2 more: tollgate report --by tag:user" in tollgate("report", *SPAN).stdout
    assert tollgate("report", *SPAN, "--by", "tag:user").stdout.count(" u") >= 12


def test_users_and_keys_show_where_they_differ(tollgate: Tollgate, home: Path) -> None:
    """The report tells users, keys, workspaces, platforms and regions apart as soon as there are two of them."""
    spool = Spool(home)
    for number in range(12):
        spool.append(a_record(user_id=f"user-{number}", key_fingerprint="0123456789abcdef"))

    shown = tollgate("report", *SPAN).stdout
    assert "and 2 more: tollgate report --by user_id" in shown
    assert "0123456789abcdef" not in shown


def test_a_period_without_calls(tollgate: Tollgate, filled: Path) -> None:
    """A period in which nothing happened says when something did."""
    result = tollgate("report", "--since", "2026-01-01", "--until", "2026-01-02")

    assert "Nothing happened from 2026-01-01 to 2026-01-02" in result.stdout
    assert "2026-11-09 12:00 to 2026-11-10 12:00" in result.stdout


def test_what_is_missing_is_said(tollgate: Tollgate, filled: Path) -> None:
    """A report whose figures are incomplete says so."""
    Spool(filled).append(a_record(model="claude-unheard-of"))
    (filled / "lost").write_bytes(b"...")

    printed = tollgate("report", *SPAN).stdout

    assert "attempts without a price, not in the amounts: 1" in printed
    assert "records lost before they could be written: 3" in printed
    assert "Unpriced" in printed


def test_demo_data_are_labelled(tollgate: Tollgate, home: Path) -> None:
    """Demo data lie in a home of their own and are called so wherever they show."""
    (home / "demo").mkdir(parents=True)
    (home / "demo" / "DEMO").touch()
    Spool(home / "demo").append(a_record())

    assert "DEMO DATA" in tollgate("--demo", "report", *SPAN).stdout
    assert "(demo data)" in tollgate("--demo", "doctor").stdout
    assert json.loads(tollgate("--demo", "report", "--json").stdout)["health"]["demo"] is True
    assert "Nothing is recorded" in tollgate("report").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["report", "--since", "yesterday"], "since: found 'yesterday'"),
        (["report", "--by", "weather"], "by: found 'weather', expected one of day, hour, model"),
        (["report", "--by", "day,"], "by: found ''"),
    ],
)
def test_bad_arguments(tollgate: Tollgate, arguments: list[str], sentence: str) -> None:
    """What cannot be answered is one sentence on standard error and exit code 1."""
    result = tollgate(*arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_home_that_cannot_be(tmp_path: Path) -> None:
    """A home that cannot be made is one sentence and exit code 1."""
    (tmp_path / "file").touch()
    result = CliRunner().invoke(cli, ["--home", str(tmp_path / "file" / "home"), "report"])

    assert result.exit_code == 1
    assert "cannot use the ledger's folder" in result.stderr


def test_nothing_steers_the_terminal(tollgate: Tollgate, home: Path) -> None:
    """Control characters and markup in names are shown, not obeyed."""
    Spool(home).append(a_record(tags={"te\x1bam": "a\x1b[2J[bold]b"}, model="[red]model"))

    printed = tollgate("report", *SPAN).stdout

    assert "\x1b" not in printed
    assert "[bold]b" in printed
    assert "[red]model" in printed


def test_doctor_finds_nothing_wrong(tollgate: Tollgate, filled: Path) -> None:
    """Where all is well, `doctor` says what is where, and its exit code is 0."""
    result = tollgate("doctor")

    assert (result.exit_code, "Nothing is wrong." in result.stdout) == (0, True), result.stdout
    for word in ("anthropic", "duckdb", "2.0", str(filled / "ledger.duckdb"), "price table"):
        assert word in result.stdout


def test_doctor_finds_what_is_wrong(tollgate: Tollgate, filled: Path) -> None:
    """What is wrong is said with what to do about it, and makes the exit code 1."""
    Spool(filled).append(a_record(model="claude-unheard-of"))
    (filled / "lost").write_bytes(b"...")
    (filled / "spool" / "0.ndjson").write_bytes(b"junk\n")

    result = tollgate("doctor")
    told: dict[str, Any] = json.loads(tollgate("doctor", "--json").stdout)

    assert result.exit_code == 1
    assert "Lost records: 3. They could not be written: make room" in result.stdout
    assert "Damaged lines of the spool: 1." in result.stdout
    assert "claude-unheard-of" in result.stdout
    assert len(told["problems"]) == 3
    assert told["health"]["lost_records"] == 3


def test_prices_check(tollgate: Tollgate, tmp_path: Path) -> None:
    """`prices check` says that a table is good, or what is wrong with it."""
    wrong = tmp_path / "mine.yaml"
    wrong.write_text("version: 1\n")

    assert "no mistakes" in tollgate("prices", "check").stdout
    refused = tollgate("prices", "check", str(wrong))
    assert refused.exit_code == 1
    assert "mine.yaml" in refused.stderr


def test_every_command_has_help(tollgate: Tollgate) -> None:
    """Every command says in a sentence what it does."""
    assert {"dashboard", "demo", "doctor", "ingest", "prices", "report"} <= set(cli.commands)
    assert all(command.help for command in cli.commands.values())
    assert tollgate("report", "--help").exit_code == 0


def test_a_closed_pipe_is_no_error(filled: Path) -> None:
    """A reader that has seen enough, such as `head`, ends the report without a trace."""
    program = "from analytics.cli import main; main()"
    command = [sys.executable, "-c", program, "--home", str(filled), "report", *SPAN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603  # our own text
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
