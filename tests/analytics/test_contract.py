from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import reports
from analytics.cli import cli
from analytics.contract import Contract
from analytics.desk import price_all
from analytics.exceptions import ContractError
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.prices import PriceTable
from analytics.receipt import Receipt
from analytics.reports import Filters
from router.spool import Spool
from tests.conftest import a_record

MILLION = {"input_tokens": 10**6, "output_tokens": 0}
PROFILE = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc123"
CONTRACT = """\
currency: EUR
rates:
  - {to: 2026-11-01, per_usd: "0.5"}
  - {from: 2026-11-01, per_usd: "0.92"}
discounts:
  - {from: 2026-10-01, to: 2026-12-01, percent_off: "12.5", platforms: [anthropic], models: [claude-opus-5-5]}
  - {from: 2026-10-01, percent_off: "20", models: [claude-haiku-4-5], service_tiers: [batch]}
foundry_deployments:
  support-bot: claude-opus-5-5
  eastern: {model: claude-opus-5-5, scope: us_data_zone}
  claude-opus-5: claude-opus-4-1
bedrock_profiles:
  ARN: global.anthropic.claude-opus-5-5
  plain: claude-opus-5-5
""".replace("ARN", PROFILE)


@pytest.fixture(scope="module")
def prices() -> PriceTable:
    return PriceTable.load()


@pytest.fixture(scope="module")
def contract(prices: PriceTable, tmp_path_factory: pytest.TempPathFactory) -> Contract:
    path = tmp_path_factory.mktemp("agreed") / "contract.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    return Contract.load(path, prices)


def receipt(usual_contract: Contract, /, **call: Any) -> Receipt:
    usual = {"model": "claude-opus-5-5", "at": "2026-11-10", "usage": MILLION}
    return price_all([usual | call], contract=usual_contract)[0]


@pytest.mark.parametrize(
    ("call", "list_cost", "contracted"),
    [
        ({}, "4", "3.5"),
        ({"at": "2026-09-30"}, "4", "4"),
        ({"at": "2026-12-01"}, "4", "4"),
        ({"platform": "claude_platform_aws"}, "4", "4"),
        ({"model": "claude-haiku-4-5-20251001"}, "1", "1"),
        ({"model": "claude-haiku-4-5-20251001", "usage": MILLION | {"service_tier": "batch"}}, "0.5", "0.4"),
        ({"platform": "foundry", "model": "support-bot"}, "4", "4"),
        ({"platform": "foundry", "model": "eastern"}, "4.4", "4.4"),
        ({"platform": "foundry", "model": "claude-opus-5"}, "15", "15"),
        ({"platform": "bedrock", "model": PROFILE}, "4", "4"),
        ({"platform": "bedrock", "model": "plain"}, "4.4", "4.4"),
    ],
)
def test_discounts_and_names_hold_in_their_scope(
    contract: Contract, call: dict[str, Any], list_cost: str, contracted: str
) -> None:
    """A discount holds for its days, platforms, models and tiers; a mapped name is priced as what it serves."""
    found = receipt(contract, **call)
    assert (found.list_cost, found.contracted_cost) == (Decimal(list_cost), Decimal(contracted))


def test_the_reporting_currency_is_converted_at_the_rate_of_the_day(contract: Contract) -> None:
    """The contracted cost is converted exactly; the books stay in US dollars."""
    earlier, later = receipt(contract, at="2026-10-31"), receipt(contract)
    assert (earlier.reporting_cost, later.reporting_cost) == (Decimal("1.75"), Decimal("3.22"))
    assert (later.currency, later.reporting_currency) == ("USD", "EUR")


def test_without_a_contract_what_is_paid_is_the_list_price(prices: PriceTable) -> None:
    """contracted_cost equals list_cost, and there is no other currency."""
    found = receipt(Contract.none(prices))
    assert (found.contracted_cost, found.reporting_cost, found.contract) == (4, None, None)


def test_a_call_may_bring_its_own_contract(contract: Contract, tmp_path: Path) -> None:
    """An object or a file that comes with a call goes before the usual contract; a bad one leaves the list cost."""
    path = tmp_path / "other.yaml"
    path.write_text('discounts: [{percent_off: "50"}]', encoding="utf-8")
    assert receipt(contract, contract={"discounts": [{"percent_off": "25"}]}).contracted_cost == 3
    assert receipt(contract, contract=str(path)).contracted_cost == 2
    bad = receipt(contract, contract={"discounts": [{"percent_off": 25}]})
    assert (bad.list_cost, bad.contracted_cost, bad.sound) == (4, None, False)
    assert bad.flags[0].startswith("contract_unusable:contract, line 1: discounts[0].percent_off: found 25")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("discount: []", "line 1: discount: found an unknown key, expected discounts"),
        ("discounts:\n  - {percent_off: 12.5}", "line 2: discounts[0].percent_off: found 12.5 without quotes"),
        ('discounts:\n  - {percent_off: "101"}', "expected a decimal in quotes, over 0, at most"),
        ('discounts:\n  - {percent_off: "1", models: [claude-9]}', 'models[0]: found "claude-9", expected a model'),
        ('discounts:\n  - {from: 2026-02-01, to: 2026-02-01, percent_off: "1"}', "expected a day after 2026-02-01"),
        (
            'discounts:\n  - {percent_off: "1"}\n  - {from: 2026-01-01, percent_off: "2", platforms: [bedrock]}',
            "line 3: discounts[1]: found what discounts[0] says something about too, from 2026-01-01",
        ),
        ("foundry_deployments:\n  bot: gpt", 'line 2: foundry_deployments.bot: found "gpt"'),
        ("bedrock_profiles:\n  bot: {model: claude-opus-5-5, scope: mars}", "bedrock_profiles.bot.scope: found"),
        ("currency: EUR", "currency: found the currency EUR without rates, expected both or neither"),
        ('currency: EUR\nrates:\n  - {per_usd: "1"}\n  - {per_usd: "2"}', "line 4: rates[1]: found what rates[0]"),
        ('currency: EUR\nrates:\n  - {per_usd: "0"}', "rates[0].per_usd: found"),
    ],
)
def test_a_mistake_is_one_sentence(prices: PriceTable, tmp_path: Path, text: str, sentence: str) -> None:
    """Each mistake names file, line, key, what was found and what was expected."""
    path = tmp_path / "contract.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as raised:
        Contract.load(path, prices)
    assert str(raised.value).startswith(str(path))
    assert sentence in str(raised.value)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.decimals("0.01", 100, places=2))
def test_a_discount_is_exact(fresh: int, output: int, percent: Decimal) -> None:
    """D percent off is list × (1 - d / 100), to the last digit."""
    usage = {"input_tokens": fresh, "output_tokens": output, "service_tier": "batch", "inference_geo": "us"}
    terms = {"discounts": [{"percent_off": str(percent)}]}
    (found,) = price_all([{"model": "claude-haiku-5-5", "at": "2026-11-10", "usage": usage, "contract": terms}])
    assert found.list_cost is not None
    assert found.contracted_cost == found.list_cost * (1 - percent / 100)


def test_the_contract_of_the_home_rates_what_comes_in(home: Path, spool: Spool) -> None:
    """Ingest rates with `contract.yaml` of the home; reports show what is paid, and in which currency."""
    home.mkdir(exist_ok=True)
    (home / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    spool.append(a_record(model="claude-opus-5-5", usage=MILLION))
    spool.append(a_record(model="claude-opus-5-5", usage=MILLION))
    ledger = Ledger(home)
    ingest(ledger)
    filters = Filters(period=Period.parse("2026-11-10", "2026-11-10", now=a_record().started_at))
    totals, (row,) = reports.totals(ledger, filters), reports.cost_by(ledger, filters, ["model"])
    assert (totals.list_cost, totals.contracted_cost, totals.reporting_cost) == (8, 7, Decimal("6.44"))
    assert (row.contracted_cost, totals.reporting_currency) == (7, "EUR")
    shown = CliRunner().invoke(cli, ["--home", str(home), "report", "--since", "2026-11-10"]).stdout
    assert "By contract" in shown
    assert "6.44" in shown
