from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from analytics.policy_check import check
from analytics.prices import PriceTable
from router import Policy, Tier

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def prices() -> PriceTable:
    """The table that ships."""
    return PriceTable.load()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["policy", "check", *map(str, arguments)])


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    return path


def said(found: Any) -> Iterator[tuple[str, str]]:
    return ((finding.key, finding.says) for finding in found)


def test_nothing_is_wrong_with_the_default_policy() -> None:
    """What ships is sound: every model known, priced and not about to end."""
    shown = run()

    assert shown.exit_code == 0
    assert "Nothing is wrong." in shown.output
    assert "claude-haiku-5-5    0.10 / 0.50   claude-sonnet-5-5, then claude-opus-5-5" in shown.output
    assert "classification, extraction, short_summary, simple_qa, transform" in shown.output
    assert "step_down_cost      2.0" in shown.output
    assert shown.stderr == ""


def test_the_default_policy_as_json() -> None:
    """For scripts: every key, tier, task, finding."""
    shown = json.loads(run("--json").stdout)

    assert shown["sound"] is True
    assert shown["mistakes"] == shown["problems"] == shown["notes"] == shown["overrides"] == []
    assert set(shown["settings"]) == set(Policy.model_fields) - {"tiers", "tasks", "ids", "when"}
    assert shown["tiers"]["haiku"] == {
        "model": "claude-haiku-5-5",
        "chain": ["claude-sonnet-5-5", "claude-opus-5-5"],
        "also": list(Policy().tiers["haiku"].also),
        "ids": {"bedrock": "global.anthropic.claude-haiku-5-5", "vertex": "claude-haiku-5-5"},
        "input": "0.10",
        "output": "0.50",
        "open": True,
    }
    assert shown["tasks"] == shown["goes_to"] == dict(Policy().tasks)


def test_a_file_with_mistakes_is_refused_with_all_of_them(tmp_path: Path) -> None:
    """Each is a sentence with file, line, key, found and expected; exit code 1, in both forms."""
    path = written(tmp_path, "default: opuss\nmargin: 7\n")

    shown, as_json = run(path), run(path, "--json")

    assert (shown.exit_code, as_json.exit_code) == (1, 1)
    assert shown.output.splitlines() == [
        f"! {path}, line 1: default: found 'opuss', expected 'haiku', 'sonnet' or 'opus'",
        f"! {path}, line 2: margin: found 7, expected less than or equal to 1",
    ]
    assert json.loads(as_json.stdout) == {
        "policy": str(path),
        "sound": False,
        "mistakes": [line.removeprefix("! ") for line in shown.output.splitlines()],
    }


def test_what_cannot_be_rated_is_a_problem(tmp_path: Path) -> None:
    """A model that the price table does not know, by its id or on a platform, makes the exit code 1."""
    path = written(
        tmp_path,
        """
        tiers: {opus: {model: claude-opuss-5-5}, haiku: {also: [claude-haiku-9]}}
        deny: [claude-fabel-5-2]
        ids:
          claude-sonnet-5-5: {bedrock: eu.anthropic.claude-sonnet-9, foundry: our-sonnet}
          claude-haiku-5-5: {bedrock: "arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc"}
        when: [{tags: {a: b}, tiers: {sonnet: {model: claude-sonet-5}}}]
        """,
    )

    shown = run(path, "--json")

    assert shown.exit_code == 1
    found = {finding["key"]: finding["says"] for finding in json.loads(shown.stdout)["problems"]}
    assert found == {
        "tiers.opus.model": "claude-opuss-5-5 is not in pricing.yaml; did you mean claude-opus-5-5?",
        "tiers.haiku.also": "claude-haiku-9 is not in pricing.yaml; did you mean claude-haiku-5-5?",
        "deny": "claude-fabel-5-2 is not in pricing.yaml; did you mean claude-fable-5-2?",
        "ids.claude-sonnet-5-5.bedrock": (
            "eu.anthropic.claude-sonnet-9 is no id that pricing.yaml has on bedrock, so calls to it get no price"
        ),
        "when.0.tiers.sonnet.model": "claude-sonet-5 is not in pricing.yaml; did you mean claude-sonnet-5?",
    }


def test_a_model_that_ends_is_noted_while_it_answers(prices: PriceTable) -> None:
    """A deprecated model is a note until its last day, then a problem."""
    policy = Policy(tiers={"sonnet": Tier(model="claude-sonnet-4-5")})

    before, after = check(policy, prices, on=TODAY), check(policy, prices, on=date(2030, 1, 1))

    assert dict(said(before.notes))["tiers.sonnet.model"].startswith("claude-sonnet-4-5 is deprecated and ends ")
    assert before.problems == ()
    assert dict(said(after.problems))["tiers.sonnet.model"].startswith("claude-sonnet-4-5 was retired on ")


def test_a_model_has_no_price_before_its_first_day(prices: PriceTable) -> None:
    """The price is that of the day."""
    found = check(Policy(), prices, on=date(2026, 1, 1))

    assert ("tiers.haiku.model", "claude-haiku-5-5 has no price on 2026-01-01 in pricing.yaml") in said(found.problems)
    assert found.tiers["haiku"].input is None


def test_closed_tiers_say_where_their_tasks_go(tmp_path: Path) -> None:
    """A tier that is denied, below the floor or above the ceiling is marked, and nothing falls back to it."""
    path = written(tmp_path, "deny: [haiku]\nceiling: sonnet\ndefault: opus\n")

    shown, found = run(path), json.loads(run(path, "--json").stdout)

    assert shown.exit_code == 0
    assert "haiku (closed)" in shown.output
    assert "haiku -> sonnet" in shown.output
    assert "default: opus is not open, so sonnet is taken" in shown.output
    assert set(found["goes_to"].values()) == {"sonnet"}
    assert {name: tier["chain"] for name, tier in found["tiers"].items()} == {
        "haiku": ["claude-sonnet-5-5"],
        "sonnet": [],
        "opus": ["claude-sonnet-5-5"],
    }


def test_overrides_are_shown_with_what_they_change(tmp_path: Path) -> None:
    """Each entry has tags, keys and the tasks that it moves; two that cannot hold together are named."""
    path = written(
        tmp_path,
        """
        when:
          - {tags: {team: search}, floor: opus}
          - {tags: {tenant: 7}, ceiling: haiku, profile: economy}
        """,
    )

    shown, found = run(path), json.loads(run(path, "--json").stdout)

    assert "team=search" in shown.output
    assert "ceiling: haiku, profile: economy" in shown.output
    assert "when.1: contradicts when.0; for a call with the tags of both it holds alone" in shown.output
    assert found["overrides"][1]["tags"] == {"tenant": "7"}
    assert set(found["overrides"][1]["tasks"].values()) == {"haiku"}


def test_a_model_whose_facts_are_unknown_is_noted(prices: PriceTable) -> None:
    """Where accepts.json has nothing on a model that has a price, only plain requests are moved to it."""
    found = check(Policy(tiers={"opus": Tier(model="claude-opus-4-1")}), prices, on=TODAY)

    says = "what claude-opus-4-1 accepts is not in accepts.json, so only plain requests are moved to it"
    assert ("tiers.opus.model", says) in said(found.notes)


def test_names_from_a_file_cannot_command_the_terminal(tmp_path: Path) -> None:
    """Control characters of a policy are replaced before they are shown."""
    shown = run(written(tmp_path, 'tiers: {haiku: {model: "a\\e[2Jb"}}'))

    assert "\x1b" not in shown.output
    assert shown.exit_code == 1
