from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.exceptions import SettingsError
from analytics.price_diff import Comparison, Difference, compare
from analytics.prices import PriceTable

TODAY = date(2026, 11, 21)
PRICES = PriceTable.load()
OPUS = {
    "input_cost_per_token": 4e-06,
    "output_cost_per_token": 2e-05,
    "cache_creation_input_token_cost": 5e-06,
    "cache_creation_input_token_cost_above_1hr": 8e-06,
    "cache_read_input_token_cost": 2e-07,
    "provider_specific_entry": {"us": 1.1, "fast": 2},
    "litellm_provider": "anthropic",
}
HAIKU = {
    "input_cost_per_token": 1e-07,
    "output_cost_per_token": 5e-07,
    "cache_creation_input_token_cost": 1.25e-07,
    "cache_creation_input_token_cost_above_1hr": 2e-07,
    "cache_read_input_token_cost": 1e-08,
    "input_cost_per_token_above_100k_tokens": 5e-07,
    "output_cost_per_token_above_100k_tokens": 2.5e-06,
    "cache_creation_input_token_cost_above_100k_tokens": 6.25e-07,
    "cache_creation_input_token_cost_above_1hr_above_100k_tokens": 1e-06,
    "cache_read_input_token_cost_above_100k_tokens": 5e-08,
}
GENAI = """
import datetime
from decimal import Decimal
from types import SimpleNamespace as Is

BUCKETS = ("input_mtok", "output_mtok", "cache_write_mtok", "cache_write_1h_mtok", "cache_read_mtok")

def row(*amounts):
    return Is(**{name: amount and Decimal(amount) for name, amount in zip(BUCKETS, amounts)})

class Sonnet:
    price_variants = None
    def get_prices(self, moment, context=None):
        return row("2", "10", "2.5", "4", "0.1" if moment.date() >= datetime.date(2026, 10, 7) else "0.2")

class Opus:
    price_variants = [Is(when={"speed": "fast"}), Is(when={"processing": "batch"})]
    def get_prices(self, moment, context=None):
        return row("8", "40", "10", "16", None) if context else row("4", "20", "5", "8", "0.2")

class Haiku:
    price_variants = []
    def get_prices(self, moment, context=None):
        prices = row("0.1", "0.5", "0.125", "0.2", "0.01")
        prices.input_mtok = Is(base=Decimal("0.1"), tiers=[Is(start=100_000, price=Decimal("0.6"))])
        return prices

MODELS = {"claude-sonnet-5-5": Sonnet(), "claude-opus-5-5": Opus(), "claude-haiku-5-5": Haiku()}
providers = [Is(id="openai"), Is(id="anthropic", find_model=MODELS.get)]
"""


@pytest.fixture(autouse=True)
def _forget_what_was_imported() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]  # autouse
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in {"litellm", "genai_prices"}]:
        del sys.modules[name]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A package in a directory of its own on `sys.path`, as pip would leave it."""

    def install(package: str, files: dict[str, str]) -> None:
        folder = tmp_path / package.replace("-", "_")
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        info = tmp_path / f"{folder.name}-9.9.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 9.9\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)

    return install


@pytest.fixture
def litellm(installed: Callable[..., None]) -> Callable[[dict[str, Any]], Comparison]:
    """Ours beside a LiteLLM that would fail if it were imported."""

    def beside(entries: dict[str, Any]) -> Comparison:
        table = json.dumps(entries)
        files = {"__init__.py": "raise RuntimeError", "model_prices_and_context_window_backup.json": table}
        installed("litellm", files)
        return compare(PRICES, on=TODAY)[0]

    return beside


def brief(differences: tuple[Difference, ...]) -> list[tuple[Any, ...]]:
    return [(each.model, each.speed, each.prompt_over, each.bucket, each.ours, each.theirs) for each in differences]


def test_what_is_not_installed_is_named_and_not_compared() -> None:
    """Without the packages there is nothing to compare, and that is said."""
    for comparison in compare(PRICES, on=TODAY):
        assert (comparison.version, comparison.compared, comparison.differences) == (None, 0, ())


def test_equal_tables_have_no_differences(litellm: Callable[..., Comparison]) -> None:
    """Every bucket, prompt tiers and fast mode are compared, exactly; floats in their file are read as decimals."""
    comparison = litellm({"claude-opus-5-5": OPUS, "claude-haiku-5-5": HAIKU})
    assert (comparison.version, comparison.compared, comparison.differences) == ("9.9", 2, ())
    assert "claude-sonnet-5-5" in comparison.not_listed


@pytest.mark.parametrize(
    ("model", "change", "difference"),
    [
        ("opus", {"input_cost_per_token": 5e-06}, ("standard", None, "input", "4", "5")),
        ("opus", {"cache_read_input_token_cost": None}, ("standard", None, "cache_read", "0.2", None)),
        ("haiku", {"output_cost_per_token_above_100k_tokens": 3e-06}, ("standard", 100_000, "output", "2.5", "3")),
        ("haiku", {"input_cost_per_token_above_200k_tokens": 9e-06}, ("standard", 200_000, "input", None, "9")),
    ],
)
def test_a_difference_is_named_with_our_source(
    litellm: Callable[..., Comparison], model: str, change: dict[str, Any], difference: tuple[Any, ...]
) -> None:
    """Model, condition, bucket, both prices, and who says ours."""
    key, entry = {"opus": ("claude-opus-5-5", OPUS), "haiku": ("claude-haiku-5-5", HAIKU)}[model]
    entry = {name: value for name, value in entry.items() if name != "provider_specific_entry"} | change
    speed, over, bucket, ours, theirs = difference
    found = [each for each in litellm({key: entry}).differences if each.speed == "standard"]
    assert brief(tuple(found)) == [(key, speed, over, bucket, ours and Decimal(ours), theirs and Decimal(theirs))]
    assert [bool(each.sources) for each in found] == [ours is not None]


def test_a_missing_fast_mode_is_a_difference(litellm: Callable[..., Comparison]) -> None:
    """A condition that only one side prices differs in every bucket."""
    entry = {name: value for name, value in OPUS.items() if name != "provider_specific_entry"}
    found = litellm({"claude-opus-5-5": entry}).differences
    assert [(each.speed, each.theirs) for each in found] == [("fast", None)] * 5


def test_a_table_of_another_form_is_one_sentence(litellm: Callable[..., Comparison]) -> None:
    """A package whose table cannot be read is named, with its version."""
    with pytest.raises(SettingsError, match=r"^litellm 9\.9: its price table cannot be read"):
        litellm({"claude-opus-5-5": 3})


def test_genai_prices_is_read_at_the_date_and_by_condition(installed: Callable[..., None]) -> None:
    """Dated prices, prompt tiers and the variant for fast mode are those of its own table."""
    installed("genai-prices", {"__init__.py": "", "data.py": GENAI})
    _, now = compare(PRICES, on=TODAY)
    assert now.compared == 3
    assert ("claude-opus-5-5", "fast", None, "cache_read", Decimal("0.4"), None) in brief(now.differences)
    assert ("claude-haiku-5-5", "standard", 100_000, "input", Decimal("0.5"), Decimal("0.6")) in brief(now.differences)
    assert "claude-sonnet-5-5" not in {each.model for each in now.differences}
    _, before = compare(PRICES, on=date(2026, 10, 1))
    assert [each for each in before.differences if each.model == "claude-sonnet-5-5"] == []
