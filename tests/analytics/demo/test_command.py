"""`tollgate demo`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from analytics.ledger import Ledger
from analytics.reports import health


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        cli, ["--home", str(home), "demo", "--processes", "2", "--until", "2026-11-20", *arguments]
    )


def test_a_demo_ends_with_a_report_and_stays_in_its_home(tmp_path: Path) -> None:
    """The demo says what was spent and saved, by day, model, task type and team, and leaves only the folder `demo`."""
    result = run(tmp_path, "--limit", "30")

    assert result.exit_code == 0, result.output
    assert "30 requests, asked over 2026-10-" in result.stdout
    for words in ("DEMO DATA", "2026-10-22 to 2026-11-20", "Spent", "Routing saved", "Caching saved", "fell back"):
        assert words in result.stdout
    for heading in ("Day", "Model", "Task type", "Team"):
        assert f"\n {heading} " in result.stdout
    assert "Routing" in result.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo"]
    assert health(Ledger(tmp_path / "demo")).demo


def test_prompts_of_ones_own_are_asked_once_and_bad_ones_named(tmp_path: Path) -> None:
    """Each request of a file is asked once; a line without one is named; what the SDK cannot send is one error."""
    body = {"messages": [{"role": "user", "content": "Which port does PostgreSQL use?"}], "max_tokens": 60}
    half = {"messages": [{"role": "user", "content": "half a character: \ud83d"}], "max_tokens": 60}
    lines = [json.dumps(body), "no JSON", *[json.dumps({"request": body})] * 3, json.dumps(half)]
    file = tmp_path / "prompts.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")

    result = run(tmp_path / "home", "--prompts", str(file))

    assert result.exit_code == 0, result.output
    assert "! line 2 left out: found no JSON, expected an object" in result.stdout
    assert "5 requests, asked" in result.stdout
    assert "1 calls ended in an error" in result.stdout
    assert health(Ledger(tmp_path / "home" / "demo")).attempts >= 4


@pytest.mark.parametrize(
    ("arguments", "words"), [(("--prompts", "gone.jsonl"), "gone.jsonl"), (("--limit", "0"), "--limit")]
)
def test_a_wrong_argument_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """A wrong argument ends the demo with a sentence that names it, before anything is claimed."""
    result = run(tmp_path / "home", *arguments)

    assert result.exit_code != 0
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "home").exists()
