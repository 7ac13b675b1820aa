from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import reports
from analytics.cli import cli
from analytics.exceptions import LedgerBusy, SettingsError
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.query import asking
from router.record import from_nanoseconds
from router.spool import Spool
from tests.conftest import NOON, Tollgate, fill

VIEWS = ["attempts", "calls", "charges", "hours", "prices", "rejects"]
ALL_TIME = reports.Filters(period=Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)))
INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom analytics.start import main; main()"
)


def ask(ledger: Ledger, question: str) -> list[tuple[Any, ...]]:
    with asking(ledger, question) as answer:
        return list(answer.rows)


def answered(tollgate: Tollgate, question: str) -> list[dict[str, Any]]:
    result = tollgate("sql", question, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger with one attempt, for questions that cannot change it."""
    ledger = Ledger(tmp_path_factory.mktemp("home"))
    fill(ledger, {})
    return ledger


def some_calls(ledger: Ledger) -> None:
    """A call that fell back, one without a price, and one that failed."""
    fill(
        ledger,
        {"call_id": "a", "sent_model": "claude-opus-5-5", "model": None, "status": 529, "usage": None},
        {"call_id": "a", "attempt": 2},
        {"call_id": "b", "model": "claude-unheard-of"},
        {"call_id": "c", "status": 400, "error_type": "invalid_request_error", "usage": None},
    )


def test_what_was_recorded_a_moment_ago_is_in_the_answer(
    tollgate: Tollgate, spool: Spool, a_record: Callable[..., Any]
) -> None:
    """A question is asked after what waits in the spool was taken in."""
    assert spool.append(a_record(call_id="just now"))

    assert answered(tollgate, "FROM attempts SELECT call_id") == [{"call_id": "just now"}]


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_says_what_it_means(filled: Ledger, view: str) -> None:
    """A view and each of its columns have a comment, in the file itself."""
    comments = [row["comment"] for row in filled.query("view_columns", view=view)]

    assert [row["name"] for row in filled.query("views")] == VIEWS
    assert comments
    assert all(comments)


def test_attempts_add_up_to_the_reports(ledger: Ledger) -> None:
    """The views and the reports say the same of a period."""
    some_calls(ledger)
    totals = reports.totals(ledger, ALL_TIME)

    sums = "count(*), sum(list_cost), sum(contracted_cost), sum(input_tokens), sum(output_tokens)"
    expected = (totals.list_cost, totals.contracted_cost, totals.input_tokens, totals.output_tokens)
    assert ask(ledger, f"FROM attempts SELECT {sums}") == [(totals.attempts, *expected)]
    assert ask(ledger, f"FROM calls SELECT {sums}") == [(totals.calls, *expected)]
    assert ask(ledger, "FROM calls SELECT count(*) WHERE fell_back") == [(totals.fallback_calls,)]
    assert ask(ledger, "FROM charges SELECT sum(list_cost)") == [(totals.list_cost,)]


def test_unknown_is_null_and_nothing_is_zero(ledger: Ledger) -> None:
    """What has no price costs NULL, with the reason; what used nothing costs zero."""
    some_calls(ledger)

    costs = dict(ask(ledger, "FROM calls SELECT call_id, list_cost"))
    reasons = dict(ask(ledger, "FROM calls SELECT call_id, unpriced_reason"))
    assert (costs["b"], costs["c"]) == (None, Decimal(0))
    assert "claude-unheard-of" in reasons["b"]
    assert reasons["c"] is None


def test_a_call_is_told_by_its_last_attempt(ledger: Ledger) -> None:
    """Model and status of a call are those of its last attempt, and it fell back if another model answered."""
    some_calls(ledger)

    question = "FROM calls SELECT attempts, model, status, fell_back WHERE call_id = 'a'"
    assert ask(ledger, question) == [(2, "claude-haiku-5-5", 200, True)]


def test_a_price_says_until_when(ledger: Ledger) -> None:
    """The price in force has no end, and at any moment one price of a model, speed and prompt length holds."""
    fill(ledger, {})

    assert ask(ledger, "FROM charges JOIN prices USING (sku_price_id) SELECT model_name, valid_to") == [
        ("Claude Haiku 5.5", None)
    ]


def test_a_filter_on_time_reaches_every_table(ledger: Ledger) -> None:
    """A question about a day reads neither attempts nor lines nor charges of other days."""
    fill(ledger, {}, {"started_at": from_nanoseconds(NOON + 24 * 3600 * 10**9)})

    question = "SELECT sum(list_cost) FROM attempts WHERE started_at >= '2026-11-11 07:08:09'"
    [(_, plan)] = ask(ledger, f"EXPLAIN (FORMAT json) {question}")
    assert plan.count(">='2026-11-11 07:08:09'") + plan.count(">= '2026-11-11 07:08:09'") == 3


def test_a_persons_own_duckdb_can_ask(ledger: Ledger) -> None:
    """The views are in the file, for whatever program reads it."""
    some_calls(ledger)

    with duckdb.connect(str(ledger.path), read_only=True) as con:
        assert con.execute("FROM calls SELECT count(*)").fetchall() == [(3,)]


@pytest.mark.parametrize(
    "question",
    [
        "DROP VIEW attempts",
        "DELETE FROM usage",
        "CREATE TABLE mine (i INTEGER)",
        "EXPLAIN ANALYZE DELETE FROM usage",
        "COPY usage TO '{folder}/out.csv'",
        "EXPLAIN ANALYZE COPY usage TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/out.duckdb'",
        "DETACH ledger",
        "USE memory",
        "CONNECT 'x'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '1GB'",
        "PRAGMA enable_profiling",
        "CALL enable_logging()",
        "FROM enable_logging('QueryLog', storage = 'file', storage_path = '{folder}/out')",
        "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
        "FROM read_csv('/etc/passwd')",
        "FROM '/etc/passwd'",
        "FROM read_text('/etc/passwd')",
        "FROM read_blob('{ledger}')",
        "FROM sniff_csv('/etc/passwd')",
        "FROM glob('/etc/*')",
        "FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
        "SELECT getenv('HOME')",
        "FROM question",
        "SELECT 1; DROP VIEW attempts",
        "SELECT 1 -- ;\n; COPY usage TO '{folder}/out.csv'",
        "",
        "-- nothing",
        "SELEC 1",
        "SELECT [now()]",
    ],
)
def test_a_question_can_only_read_the_ledger(filled: Ledger, tmp_path: Path, question: str) -> None:
    """Whatever the text, it changes nothing, reaches no file, and is refused in a sentence."""
    text = question.format(folder=tmp_path, ledger=filled.path)

    with pytest.raises(SettingsError, match=r"^[^\n]+$"):
        ask(filled, text)

    assert ask(filled, "FROM attempts SELECT count(*)") == [(1,)]
    assert not list(tmp_path.iterdir())


@settings(max_examples=25, deadline=None)
@given(text=st.text())
def test_any_text_is_answered_or_refused(filled: Ledger, text: str) -> None:
    """Nothing that can be typed ends in anything but an answer or a sentence."""
    try:
        ask(filled, text)
    except SettingsError as error:
        assert str(error).isprintable()  # noqa: PT017  # an answer is as good


@pytest.mark.parametrize(
    "question",
    [
        "WITH one AS (SELECT 1 AS n) SELECT n FROM one",
        "FROM attempts",
        "DESCRIBE attempts",
        "SHOW TABLES",
        "SUMMARIZE prices",
        "EXPLAIN SELECT 1",
        "VALUES (1), (2);",
        "SELECT ';' -- ;",
        "PIVOT (SELECT model, status FROM attempts) ON status IN (200) USING count(*)",
    ],
)
def test_every_way_to_read_is_open(filled: Ledger, question: str) -> None:
    """What only reads is answered, however it is written."""
    assert ask(filled, question)


def test_times_with_a_zone_come_in_utc(ledger: Ledger) -> None:
    """A time with a zone is answered as UTC, beside columns of the same name and a trailing comment."""
    question = "SELECT '2026-11-10 12:00:00+02'::TIMESTAMPTZ AS t, 1 AS t -- a comment"

    assert ask(ledger, question) == [(datetime(2026, 11, 10, 10), 1)]  # noqa: DTZ001  # the ledger's times are naive UTC


def test_json_is_exact(ledger: Ledger, tollgate: Tollgate) -> None:
    """Amounts are strings with all their digits, times end in Z, nested values are nested, names are distinct."""
    fill(ledger, {})

    [row] = answered(
        tollgate, "SELECT list_cost, started_at, tags, usage, 1 AS n, NULL AS n, 'nan'::DOUBLE AS x FROM attempts"
    )
    assert row.pop("usage")["input_tokens"] == 1000
    assert Decimal(row.pop("list_cost")) == reports.totals(ledger, ALL_TIME).list_cost
    assert row == {"started_at": "2026-11-10T12:00:00Z", "tags": {"team": "search"}, "n": 1, "n_1": None, "x": "nan"}


def test_json_of_no_rows_is_an_empty_list(tollgate: Tollgate) -> None:
    """A script finds a list, also where there is nothing."""
    assert answered(tollgate, "FROM attempts") == []


def test_a_spreadsheet_finds_no_formula(tollgate: Tollgate) -> None:
    """In CSV a text that begins like a formula is marked as text, and a negative number is still a number."""
    result = tollgate(
        "sql", "SELECT '=1+1' AS \"@x\", '\t=1' AS b, -1 AS c, 'a,\"b\"' AS d, NULL AS e, 0.10 AS f", "--csv"
    )

    assert result.stdout_bytes.endswith(b"\r\n")
    assert list(csv.reader(io.StringIO(result.stdout))) == [
        ["'@x", "b", "c", "d", "e", "f"],
        ["'=1+1", "'\t=1", "-1", 'a,"b"', "", "0.10"],
    ]


def test_a_table_shows_what_is_there(ledger: Ledger, tollgate: Tollgate) -> None:
    """Markup and control characters in a value reach nobody's terminal as such, and an amount has all its digits."""
    fill(ledger, {"tags": {"team": "[red]\x1b[31m"}})

    shown = tollgate("sql", "SELECT tags['team'], 0.000450000::DECIMAL(38, 18), NULL FROM attempts").stdout
    assert "[red]\N{REPLACEMENT CHARACTER}[31m" in shown
    assert " 0.00045 " in shown
    assert "NULL" in shown
    assert "\x1b" not in shown


def test_a_row_too_wide_is_written_down(ledger: Ledger, tollgate: Tollgate) -> None:
    """Where a table would have no room for its columns, each row is a list of them."""
    fill(ledger, {"call_id": "wide"})

    assert ["call_id", "wide"] in [line.split() for line in tollgate("sql", "FROM attempts").stdout.splitlines()]


def test_a_table_ends_and_says_so(tollgate: Tollgate) -> None:
    """A table has so many rows at most, and names the way to all of them; JSON and CSV have them all."""
    question = "FROM range(10001)"

    assert "These are the first 10,000 rows; --json and --csv print all of them." in tollgate("sql", question).stdout
    assert len(answered(tollgate, question)) == 10_001
    assert "first" not in tollgate("sql", "FROM range(10000)").stdout


def test_standard_input(home: Path) -> None:
    """A dash stands for a question on standard input."""
    result = CliRunner().invoke(cli, ["--home", str(home), "sql", "-", "--json"], input="SELECT 1\nAS n")

    assert json.loads(result.stdout) == [{"n": 1}]


def complaint(result: Result) -> str:
    assert result.exit_code == 1
    assert not result.stdout
    return result.stderr


def test_what_is_wrong_is_one_sentence(tollgate: Tollgate) -> None:
    """An error is DuckDB's own, on standard error, and names the views if a table is not found."""
    assert complaint(tollgate("sql", "FROM nope")) == (
        f"Error: Catalog Error: Table with name nope does not exist! The views are {', '.join(VIEWS)}.\n"
    )
    assert complaint(tollgate("sql", "SELEC 1")) == 'Error: Parser Error: syntax error at or near "SELEC"\n'
    assert tollgate("sql", "SELECT 1", "--json", "--csv").exit_code == 2


@pytest.mark.parametrize(
    "question",
    [
        "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range * b.range % 7 = 3",
        "FROM range(100000000000)",
    ],
)
def test_a_question_can_be_interrupted(ledger: Ledger, question: str) -> None:
    """Ctrl-C ends a question that computes, and one that is being printed, and leaves the ledger free."""
    with ledger.write():
        pass
    command = [sys.executable, "-c", INTERRUPTIBLE, "--home", str(ledger.home), "sql", question, "--csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own text
        assert process.stdout
        if "count" in question:
            wait_until_read(ledger, process)
        else:
            assert process.stdout.readline() == "range\n"
        process.send_signal(2)
        try:
            process.communicate(timeout=30)
        finally:
            process.kill()

    assert process.returncode == 1
    with ledger.write():
        pass


def wait_until_read(ledger: Ledger, process: subprocess.Popen[str]) -> None:
    """Until the process holds the ledger for longer than a moment."""
    while process.poll() is None:
        try:
            with Ledger(ledger.path, patience=0.5).write():
                pass
        except LedgerBusy:
            return
        time.sleep(0.05)  # so that the process gets its turn
