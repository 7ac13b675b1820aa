from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from analytics.ledger import Ledger
from tests.conftest import fill

SHELL = "from analytics.start import main; main()"


@pytest.fixture(name="type_in")
def _type_in(home: Path) -> Callable[[str], Result]:
    """Pipes a text into `tollgate shell`."""

    def type_in(text: str) -> Result:
        return CliRunner().invoke(cli, ["--home", str(home), "shell"], input=text)

    return type_in


def test_a_pipe_of_statements(ledger: Ledger, type_in: Callable[[str], Result]) -> None:
    """Statements come one after the other, over several lines, a ; in quotes ends none, and the last may lack it."""
    fill(ledger, {})
    result = type_in(
        "\nSELECT count(*) AS found\nFROM attempts;\nSELECT 'a;\nb' AS x; SELECT 43 AS y; -- ;\nSELECT 44 AS last"
    )

    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines() if line.strip(" ─")] == [
        *(["found"], ["1"]),
        *(["x"], ["a;"], ["b"]),
        *(["y"], ["43"]),
        *(["last"], ["44"]),
    ]


def test_a_mistake_does_not_end_it(type_in: Callable[[str], Result]) -> None:
    """What cannot be answered is said on standard error; the rest is answered, and a script sees the exit code."""
    result = type_in("FROM nope;\nSELECT 42 AS answer;\n")

    assert result.exit_code == 1
    assert "42" in result.stdout
    assert result.stderr.startswith(
        "Error: Catalog Error: Table with name nope does not exist! The views are attempts,"
    )


def test_orders(type_in: Callable[[str], Result]) -> None:
    """A line that begins with a dot asks the shell itself; `.quit` ends it."""
    result = type_in(".help\n.views\n.columns attempts\n.quit\nFROM nope;\n")

    assert result.exit_code == 0
    assert "A statement ends with ;" in result.stdout
    assert "One row per attempt" in result.stdout
    assert "USD at list price" in result.stdout


@pytest.mark.parametrize("order", [".nope", ".columns", ".columns usage", ".columns \x1b[31m"])
def test_an_order_that_there_is_not(type_in: Callable[[str], Result], order: str) -> None:
    """An order that cannot be followed is answered with those that can."""
    result = type_in(f"{order}\n")

    assert result.exit_code == 1
    assert "expected" in result.stderr
    assert "\x1b" not in result.stderr


def lines_of(terminal: int) -> Iterator[str]:
    """What appears on a terminal, until nobody writes to it any more."""
    seen = b""
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # Linux says so where the other end is closed
            return
        yield seen.decode(errors="replace")


def test_an_idle_shell_holds_nothing(ledger: Ledger) -> None:
    """At its prompt the shell lets others write, and what they wrote is in its next answer; its history is private."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-c", SHELL, "--home", str(ledger.home), "shell"]
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env={**os.environ, "TERM": "dumb"}) as shell:  # noqa: S603  # our own text
        os.close(end)
        screen = lines_of(terminal)
        next(seen for seen in screen if "tollgate> " in seen)
        fill(ledger, {}, {}, {})
        os.write(terminal, b"SELECT 'rows: ' || count(*) FROM attempts;\n")
        next(seen for seen in screen if "rows: 3" in seen)
        os.write(terminal, b".quit\n")
        for _ in screen:
            pass
    os.close(terminal)

    assert shell.returncode == 0
    assert stat.S_IMODE((ledger.home / "shell_history").stat().st_mode) == 0o600
