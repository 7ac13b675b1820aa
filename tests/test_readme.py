from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from analytics.budgets import BudgetFile
from analytics.cli import cli
from analytics.contract import Contract
from analytics.dashboard_file import DashboardFile
from analytics.prices import PriceTable
from router import Policy
from router.testing import StandIn

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
YAML = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][:40])
def test_the_python_of_the_readme_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of Python in the README runs as it stands, with the stand-in where the network would be."""
    api = StandIn()
    monkeypatch.setenv("TOLLGATE_HOME", str(tmp_path))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    monkeypatch.chdir(tmp_path)
    block = block.replace("client = Anthropic()", "client = api.client(Anthropic)")

    exec(compile(block, "README.md", "exec"), {"api": api})  # noqa: S102  # the README's own text


def test_the_contract_of_the_readme_is_one(tmp_path: Path) -> None:
    """The second YAML shown is a contract."""
    block = YAML[1]
    (tmp_path / "contract.yaml").write_text(block)

    contract = Contract.load(tmp_path / "contract.yaml", PriceTable.load())

    assert contract.version is not None


def test_the_budgets_of_the_readme_are_some(tmp_path: Path) -> None:
    """The third YAML shown is a file of budgets."""
    (tmp_path / "budgets.yaml").write_text(YAML[2])

    file = BudgetFile.load(tmp_path / "budgets.yaml")

    assert [budget.over for budget in file.budgets] == ["notify", "step_down", "refuse"]


def test_the_settings_of_the_dashboard_in_the_readme_are_some(tmp_path: Path) -> None:
    """The fourth YAML shown says who may look at what."""
    (tmp_path / "dashboard.yaml").write_text(YAML[3])

    file = DashboardFile.of(tmp_path)

    assert file.admit({"email": "bob@other.org", "email_verified": True}) == {"tag:team": ("search", "support")}


def test_the_policy_of_the_readme_is_one(tmp_path: Path) -> None:
    """The first YAML shown is a policy."""
    block = YAML[0]
    (tmp_path / "policy.yaml").write_text(block)

    policy = Policy.from_yaml(tmp_path / "policy.yaml")

    assert policy.tasks["writing"] == "opus"
    assert set(yaml.safe_load(block)) == set(Policy.model_fields)


def test_every_command_is_in_the_readme() -> None:
    """The README names each command that `tollgate --help` lists."""
    listed = re.findall(
        r"^  (\w+) ", CliRunner().invoke(cli, ["--help"]).output.partition("Commands:")[2], re.MULTILINE
    )

    assert listed
    for command in listed:
        assert f"`tollgate {command}" in README
