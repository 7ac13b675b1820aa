from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from analytics.alerts.evaluation import evaluate
from analytics.budgets import BudgetFile
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.simulation import simulate
from tests.conftest import Tollgate, fill

START = datetime(2026, 11, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROLLS = (START + HOUR * 3.5, START + HOUR * 27.5)
"""When the oldest of the rolling days falls out."""
PERIOD = Period(START, START + HOUR * 40)
MARKS = 'thresholds: ["80 %", "100 %"]'
EACH = 'scope: {tags: {team: "*"}}'
BUDGETS = f"""
recipients: ana@example.com
budgets:
- {{name: day, amount: "10", period: day, {EACH}, thresholds: ["50 %", "100 %", "$1 left"]}}
- {{name: kolkata, amount: "4", period: day, zone: Asia/Kolkata, {EACH}, roll_over: true, thresholds: ["100 %"]}}
- {{name: kathmandu, amount: "3", period: hour, zone: Asia/Kathmandu, {EACH}, {MARKS}}}
- {{name: newfoundland, amount: "12", period: {{rolling_days: 2}}, zone: America/St_Johns, {EACH}, {MARKS}}}
- {{name: lord_howe, amount: "10", zone: Australia/Lord_Howe, from: 2026-11-11, scope: {{user_id: "*"}}, {MARKS}}}
- {{name: one_day, amount: "5", period: {{from: 2026-11-10, until: 2026-11-10}}, zone: Asia/Kolkata, {EACH}, {MARKS}}}
- {{name: until, amount: "15", zone: Asia/Kolkata, until: 2026-11-10, {EACH}, thresholds: ["40 %"]}}
- {{name: year, amount: "130", period: year, {EACH}, cost: list_cost, thresholds: ["80 %"]}}
- {{name: week, amount: "50", period: week, {MARKS}}}
"""


def spent(dollars: str | Decimal, at: datetime, **changes: Any) -> dict[str, Any]:
    usage = {"input_tokens": 0, "output_tokens": int(Decimal(dollars) * 2_000_000), "service_tier": "standard"}
    return {"started_at": at, "usage": usage, **changes}


def by_two(dollars: str | Decimal, at: datetime) -> list[dict[str, Any]]:
    """The same by two teams of one user each."""
    both = (("search", "ana"), ("ads", "bob"))
    return [spent(dollars, at, tags={"team": team}, user_id=user) for team, user in both]


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_simulated_as_evaluated(ledger: Ledger) -> None:
    """What a simulation fires, and when, is what evaluations fire that run hour by hour while it is spent."""
    dice = Random(1)  # noqa: S311  # variety, not secrecy
    file = BudgetFile.load(put(ledger.home / "budgets.yaml", BUDGETS))
    before = [START - timedelta(days=250), *(START - timedelta(minutes=dice.randrange(4000)) for _ in range(3))]
    later = [START + timedelta(minutes=dice.randrange(39 * 60)) for _ in range(4)]
    fill(ledger, *(each for moment in before for each in by_two("99" if moment is before[0] else "2.5", moment)))
    evaluate(ledger.home, now=START, file=file)

    fired: set[tuple[datetime, str, str, str]] = set()
    for moment in sorted([*later, *ROLLS]):  # at other hours nothing can change
        if moment in later:
            fill(ledger, *by_two(Decimal(dice.randrange(100, 700)) / 100, moment))
        now = moment.replace(minute=0) + HOUR
        fired |= {
            (now, *each.key[:2], each.key.threshold) for each in evaluate(ledger.home, now=now, file=file) if each.said
        }

    found = [(each.moment, each.rule, each.scope, each.threshold) for each in simulate(ledger, file, PERIOD)]
    assert sorted(found) == sorted(fired)
    assert len({rule for _, rule, _, _ in found}) > 5


@pytest.fixture
def spent_home(ledger: Ledger) -> Path:
    """$9 at noon of 10 November 2026, by one team."""
    fill(ledger, spent("9", START + HOUR * 12))
    return ledger.home


SEARCH = 'recipients: ana@example.com\nbudgets: [{name: search, amount: "10", period: day, thresholds: ["80 %"]}]\n'
ALWAYS = SEARCH.replace("period: day", "period: {from: 2026-01-01, until: 2199-12-31}")


def test_simulate_in_words_and_as_json(tollgate: Tollgate, spent_home: Path) -> None:
    """The command says what would have fired and when, for people and, with --json, for programs."""
    put(spent_home / "budgets.yaml", SEARCH + "alerts: [{name: lost, rule: losses}]\n")
    days = ("--since", "2026-11-09", "--until", "2026-11-11")

    shown = tollgate("budgets", "simulate", *days)
    assert shown.exit_code == 0
    assert "2026-11-10 13:00" in shown.output
    assert "Not simulated: losses." in shown.output

    answer = json.loads(tollgate("budgets", "simulate", *days, "--json").stdout)
    (fired,) = answer["fired"]
    assert (fired["rule"], fired["threshold"], Decimal(fired["amount"])) == ("search", "80 %", 9)
    assert answer["not_simulated"] == ["losses"]
    assert (
        "Nothing would have fired"
        in tollgate("budgets", "simulate", "--since", "2026-11-11", "--until", "2026-11-12").output
    )


def test_status_in_words_and_as_json(tollgate: Tollgate, spent_home: Path) -> None:
    """The command says what is spent of what, for people and, with --json, for programs."""
    put(spent_home / "budgets.yaml", ALWAYS)

    shown = tollgate("budgets", "status")
    assert shown.exit_code == 0
    assert "90 %" in shown.output
    (budget,) = json.loads(tollgate("budgets", "status", "--json").stdout)["budgets"]
    assert (Decimal(budget["spent"]), Decimal(budget["left"]), budget["over"]) == (9, 1, "notify")


@pytest.mark.parametrize("command", ["status", "simulate"])
def test_without_budgets(tollgate: Tollgate, home: Path, command: str) -> None:
    """Without budgets there is nothing to say, and both commands say where they looked for them."""
    result = tollgate("budgets", command)
    assert result.exit_code == 1
    assert f"{home / 'budgets.yaml'}: found no budgets" in result.stderr


def test_an_empty_ledger(tollgate: Tollgate, home: Path) -> None:
    """Of an empty ledger nothing is spent, and nothing would have fired."""
    put(home / "budgets.yaml", ALWAYS)
    assert Decimal(json.loads(tollgate("budgets", "status", "--json").stdout)["budgets"][0]["spent"]) == 0
    assert json.loads(tollgate("budgets", "simulate", "--json").stdout)["fired"] == []
