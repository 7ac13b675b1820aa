"""`tollgate sql` and `tollgate shell` on a shared ledger: the views of a DuckDB ledger, to be read and nothing else."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.cli import cli
from analytics.clickhouse.ledger import SharedLedger
from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.query import asking
from analytics.rollup import refresh
from tests.conftest import Tollgate

VIEWS = ["attempts", "calls", "charges", "hours", "prices", "rejects"]
BOUGHT = "hour, model, requested_model, tier, status"
INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom analytics.start import main; main()"
)
REFUSED = (
    "DROP VIEW attempts",
    "INSERT INTO attempt (call_id) VALUES ('x')",
    "ALTER TABLE attempt DELETE WHERE true",
    "TRUNCATE TABLE attempt",
    "OPTIMIZE TABLE attempt FINAL",
    "CREATE TABLE mine (i Int32) ENGINE = Memory",
    "CREATE TEMPORARY TABLE mine (i Int32)",
    "SET readonly = 0",
    "USE system",
    "KILL QUERY WHERE true",
    "SYSTEM FLUSH LOGS",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT * FROM (SELECT * FROM url('http://127.0.0.1:1/x', CSV, 'a String') SETTINGS readonly = 0)",
    "SELECT * FROM url('http://127.0.0.1:1/x', CSV, 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/x.csv', CSV, 'a String')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM sqlite('/tmp/x', 't')",
    "SELECT * FROM executable('cat', TSV, 'a String')",
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM view(SELECT * FROM file('/etc/passwd', LineAsString))",
    "SELECT /* */ `file` /* */ ('/etc/passwd')",
    "EXPLAIN SELECT file('/etc/passwd')",
    "DESCRIBE file('/etc/passwd')",
    "DESCRIBE url('http://127.0.0.1:1/x', LineAsString)",
    "DESCRIBE (SELECT * FROM url('http://127.0.0.1:1/x', LineAsString))",
    "FROM '/etc/passwd'",
    "SELECT 1 INTO OUTFILE '{folder}/out.csv'",
    "SELECT 1 FORMAT JSON",
    "SELECT 1; DROP VIEW attempts",
    "SELECT 1 PARALLEL WITH DROP VIEW attempts",
    "SELECT sumState(1)",
    "SELECT {{x:Int32}}",
    "SELECT nope FROM attempts",
    "SELECT throwIf(number = 900000) FROM numbers(1000000)",
    "-- nothing",
    "SELEC 1",
)
Both = tuple[Ledger, SharedLedger]


def ask(ledger: Ledger, question: str) -> list[tuple[Any, ...]]:
    with asking(ledger, question) as answer:
        return list(answer.rows)


@pytest.fixture
def address(both: Both, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of the shared ledger, which commands then read."""
    at = both[1].address
    name = str(at) if at.folder else f"{request.getfixturevalue('stand_in').url}/{at.database}"
    monkeypatch.setenv("TOLLGATE_LEDGER", name)
    return name


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "hours"])
def test_a_view_is_the_same(both: Both, view: str) -> None:
    """A view has the same columns on both engines, and the same rows in them, to the last digit."""
    answers: list[tuple[list[str], list[str]]] = []
    for ledger in both:
        with asking(ledger, f"FROM {view}") as answer:
            answers.append(([column.name for column in answer.columns], sorted(map(str, answer.rows))))

    assert answers[0] == answers[1]
    assert answers[0][1] or view == "rejects"


def test_hours_add_up_to_the_same(both: Both) -> None:
    """Hours, which are cut up as each engine likes, have the same sums in every column."""
    answers: list[list[str]] = []
    for ledger in both:
        refresh(ledger, every=True)
        names = [row["name"] for row in ledger.query("view_columns", view="hours")]
        sums = ", ".join(f"sum({name})" for name in names[names.index("tags") + 1 :])
        answers.append([str(row) for row in ask(ledger, f"FROM hours SELECT {BOUGHT}, {sums} GROUP BY ALL")])

    assert sorted(answers[0]) == sorted(answers[1])
    assert answers[0]


def test_every_column_says_the_same(both: Both) -> None:
    """Views and their columns have one comment on both engines."""
    local, shared = both

    assert shared.query("views") == local.query("views")
    for view in VIEWS:
        columns = [
            [(row["name"], row["comment"]) for row in ledger.query("view_columns", view=view)] for ledger in both
        ]
        assert columns[0] == columns[1]
    assert not shared.query("view_columns", view="usage")


def test_a_question_can_only_read_the_ledger(both: Both, tmp_path: Path) -> None:
    """Whatever the text, it changes nothing, reaches neither files nor the net, and is refused in a sentence."""
    shared = both[1]
    before = ask(shared, "SELECT count(*) FROM attempts")

    for question in REFUSED:
        with pytest.raises(SettingsError, match=r"^[^\n]+$") as refused:
            ask(shared, question.format(folder=tmp_path))
        assert "root:" not in str(refused.value), question

    assert ask(shared, "SELECT count(*) FROM attempts") == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "question",
    [
        "WITH one AS (SELECT 1 AS n) SELECT n FROM one; -- a comment",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "DESCRIBE attempts",
        "SHOW TABLES",
        "EXISTS attempts",
        "EXPLAIN SELECT 1",
        "SELECT 'file(' AS \"a\nFORMAT b\"",
    ],
)
def test_every_way_to_read_is_open(both: Both, question: str) -> None:
    """What only reads is answered, however it is written."""
    assert ask(both[1], question)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1))
def test_any_text_is_answered_or_refused(both: Both, text: str) -> None:
    """Nothing that can be typed ends in anything but an answer or a sentence."""
    try:
        ask(both[1], text)
    except SettingsError as error:
        assert str(error).isprintable()  # noqa: PT017  # an answer is as good


def test_a_table_that_there_is_not(both: Both) -> None:
    """An error is the engine's own, and names the views if a table is not found."""
    with pytest.raises(SettingsError, match=rf"^SQL: Unknown table .*'nope'.* The views are {', '.join(VIEWS)}\.$"):
        ask(both[1], "FROM nope")


@pytest.mark.usefixtures("address")
def test_json_is_exact(tollgate: Tollgate) -> None:
    """Amounts are strings with all their digits, times of any zone are UTC, nested values are nested."""
    question = """SELECT '12345678901234567890.123456789012345678'::Decimal(38, 18) AS d, NULL AS n,
        map('t', NULL) AS m, toDateTime64('2026-07-02 03:04:05.25', 3, 'Europe/Berlin') AS t, [t], 0/0 AS x, 1, 1"""
    result = tollgate("sql", question, "--json")

    assert json.loads(result.stdout) == [
        {
            "d": "12345678901234567890.123456789012345678",
            "n": None,
            "m": {"t": None},
            "t": "2026-07-02T01:04:05.250000Z",
            "[t]": ["2026-07-02T01:04:05.250000Z"],
            "x": "nan",
            "1": 1,
            "1_1": 1,
        }
    ]
    assert json.loads(tollgate("sql", "FROM attempts WHERE false", "--json").stdout) == []


@pytest.mark.usefixtures("address")
def test_csv_names_the_columns_of_no_rows(tollgate: Tollgate) -> None:
    """In CSV there is a line of names also where there are no rows, NULL is nothing, and a formula is text."""
    assert (
        tollgate("sql", "SELECT call_id, list_cost FROM attempts WHERE false", "--csv").stdout == "call_id,list_cost\n"
    )
    printed = tollgate("sql", "SELECT '=1' AS a, NULL AS b, 0.10::Decimal(9, 2) AS c", "--csv").stdout
    assert list(csv.reader(io.StringIO(printed))) == [["a", "b", "c"], ["'=1", "", "0.10"]]


def test_a_table_is_laid_out_the_same(both: Both, address: str, tollgate: Tollgate, monkeypatch: Any) -> None:
    """The table of an answer is the same, sign by sign: numbers to the right, amounts, times, NULL."""
    question = (
        "SELECT call_id, attempt, list_cost, started_at, model FROM attempts ORDER BY started_at, attempt LIMIT 30"
    )
    shared = tollgate("sql", question).stdout
    monkeypatch.setenv("TOLLGATE_LEDGER", str(both[0].path))

    assert address
    assert shared == tollgate("sql", question).stdout
    assert "NULL" in shared


@pytest.mark.usefixtures("address")
def test_the_shell(home: Path) -> None:
    """The shell answers one statement after the other, knows the views, and goes on after a mistake."""
    typed = ".views\n.columns calls\nSELECT 40 + 2\nAS found;\nFROM nope;\nSELECT 43 AS last"
    result = CliRunner().invoke(cli, ["--home", str(home), "shell"], input=typed)

    assert result.exit_code == 1
    assert "One row per attempt" in result.stdout
    assert "Whether another model answered" in result.stdout
    assert [word for word in result.stdout.split() if word.strip("─")][-4:] == ["found", "42", "last", "43"]
    assert "The views are attempts, calls," in result.stderr


def test_a_large_answer_comes_row_by_row(both: Both) -> None:
    """Of an answer that has no end in practice the first rows are there at once; who takes no more ends it."""
    shared = both[1]
    many = 10**13 if shared.address.folder else 10**6  # the stand-in for a server has it whole
    with asking(shared, f"SELECT number, number::Decimal(38, 18) / 4 FROM numbers({many})") as answer:  # noqa: S608  # our own words
        assert [next(answer.rows) for _ in range(3)][-1] == (2, Decimal("0.5"))

    assert ask(shared, "SELECT 1") == [(1,)]


def test_a_question_can_be_interrupted(tmp_path: Path) -> None:
    """Ctrl-C ends a question whose answer is being printed."""
    command = [sys.executable, "-c", INTERRUPTIBLE, "--home", str(tmp_path), "sql", f"FROM numbers({10**13})", "--csv"]
    place = {**os.environ, "TOLLGATE_LEDGER": f"chdb://{tmp_path}/engine"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=place) as process:  # noqa: S603  # our own text
        assert process.stdout
        assert process.stdout.readline() == "number\n"
        process.send_signal(2)
        try:
            process.communicate(timeout=30)
        finally:
            process.kill()

    assert process.returncode == 1
