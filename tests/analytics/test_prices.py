from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import get_args

import pytest
import yaml
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from anthropic.types.model_param import ModelParam

from analytics.exceptions import PriceFileError
from analytics.prices import PriceTable

SMALL = """\
version: "1"
checked: 2026-11-21
unit: USD per million tokens
modifiers:
  batch:
    - {from: 2024-10-08, when: {service_tier: batch}, multiply: "0.5", platforms: [anthropic], source: [page]}
neutral: {service_tier: [standard], inference_geo: [global], scope: [global]}
per_use:
  web_search_requests:
    - {from: 2025-05-07, price: "10", per: 1000, platforms: [anthropic], source: [page]}
models:
  claude-a:
    name: A
    launched: 2026-01-01
    context_window: 1000
    max_output: null
    min_cacheable_tokens: null
    tokenizer: from_4_7
    modifiers: [batch]
    ids: {anthropic: [claude-a, claude-a-latest]}
    source: [page]
    prices:
      - {from: 2026-06-01, input: "2", output: "10", source: [page]}
      - {from: 2026-01-01, to: 2026-06-01, input: "4", output: "20", source: [page]}
      - {from: 2026-01-01, to: 2026-06-01, when: {prompt_over: 200}, input: "8", output: "30", source: [page]}
  claude-b:
    name: B
    launched: null
    context_window: null
    max_output: null
    min_cacheable_tokens: null
    tokenizer: before_4_7
    modifiers: []
    ids: {anthropic: [claude-b]}
    source: [page]
    unpriced: nobody says
sources:
  page: {authority: official, dated: "2026-11-21", what: "a page", where: "somewhere"}
"""


@pytest.fixture(scope="module")
def prices() -> PriceTable:
    return PriceTable.load()


def load(tmp_path: Path, text: str) -> PriceTable:
    path = tmp_path / "pricing.yaml"
    path.write_text(text, encoding="utf-8")
    return PriceTable.load(path)


def mistake(tmp_path: Path, text: str) -> str:
    with pytest.raises(PriceFileError) as caught:
        load(tmp_path, text)
    return str(caught.value).removeprefix(f"{tmp_path / 'pricing.yaml'}")


# The table that comes with the package.


def test_every_model_that_the_sdk_knows_is_in_the_table(prices: PriceTable) -> None:
    """A model id of the installed SDK that pricing.yaml does not know means that the table went stale."""
    literal, _ = get_args(ModelParam)
    known = {row["id"] for row in prices.tables()["model_id"] if row["platform"] == "anthropic"}
    assert {*get_args(literal), *DEPRECATED_MODELS} <= known


def test_the_table_says_when_it_was_checked_and_which_one_it_is(prices: PriceTable) -> None:
    """The version holds a digest of the file, so that an edit is another table."""
    assert prices.checked == date(2026, 11, 21)
    name, digest = prices.version.split("+")
    assert (name, len(digest)) == (prices.file.version, 8)


def test_an_edit_is_another_version(tmp_path: Path) -> None:
    """Changing a single price changes the version, even if nobody changes the version's own name."""
    assert load(tmp_path, SMALL).version != load(tmp_path, SMALL.replace('"2"', '"3"')).version


def test_exactly_one_row_holds_for_any_prompt_on_any_day(prices: PriceTable) -> None:
    """The flat rows of a model and a speed touch and never overlap, in time and in length of prompt."""
    rows = prices.tables()["price"]
    for row in rows:
        for other in rows:
            same = row["model"] == other["model"] and row["speed"] == other["speed"] and row is not other
            in_time = row["valid_from"] < other["valid_to"] and other["valid_from"] < row["valid_to"]
            in_length = row["prompt_over"] < other["prompt_up_to"] and other["prompt_over"] < row["prompt_up_to"]
            assert not (same and in_time and in_length), (row["sku_price_id"], other["sku_price_id"])
    assert len({row["sku_price_id"] for row in rows}) == len(rows)


def test_the_history_of_a_price_is_kept(prices: PriceTable) -> None:
    """Cache reads of Sonnet 5.5 fell from $0.20 to $0.10 on 2026-10-07, and both rows are there."""
    rows = [row for row in prices.tables()["price"] if row["model"] == "claude-sonnet-5-5"]
    assert [(row["valid_from"], row["valid_to"], row["cache_read"]) for row in rows] == [
        ("2026-10-07", "9999-12-31", "0.1"),
        ("2026-09-28", "2026-10-07", "0.2"),
    ]


def test_prompt_tiers_become_bands(tmp_path: Path) -> None:
    """A base row ends where the tier above it begins; a prompt of no tokens is in the first band."""
    rows = load(tmp_path, SMALL).tables()["price"]
    bands = [(row["sku_price_id"], row["prompt_over"], row["prompt_up_to"]) for row in rows]
    assert bands == [
        ("claude-a/standard/2026-06-01", -1, 2**63 - 1),
        ("claude-a/standard/2026-01-01", -1, 200),
        ("claude-a/standard/2026-01-01/over-200", 200, 2**63 - 1),
    ]


def test_a_platform_on_aws_uses_the_ids_of_the_claude_api(tmp_path: Path) -> None:
    """Every first-party spelling is also one of Claude Platform on AWS."""
    rows = load(tmp_path, SMALL).tables()["model_id"]
    assert {row["id"] for row in rows if row["platform"] == "claude_platform_aws"} == {
        "claude-a",
        "claude-a-latest",
        "claude-b",
    }


def test_a_table_survives_being_written_and_read_again(tmp_path: Path, prices: PriceTable) -> None:
    """Parse, dump, parse is the identity: for the package's table and for a small one."""
    for table in (prices, load(tmp_path, SMALL)):
        written = yaml.safe_dump(table.file.dump(), sort_keys=False)
        again = load(tmp_path, written)
        assert (again.file, again.file.dump()) == (table.file, table.file.dump())


# What a person may get wrong.

ROW = 'from: 2026-06-01, input: "2", output: "10", source: [page]'


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'input: "2"',
            "input: 2",
            (
                ", line 23: models.claude-a.prices[0].input: found 2 without quotes, "
                'expected a decimal in quotes, zero or more, such as "0.25"'
            ),
        ),
        (
            'input: "2"',
            'input: "-2"',
            (
                ', line 23: models.claude-a.prices[0].input: found "-2", '
                'expected a decimal in quotes, zero or more, such as "0.25"'
            ),
        ),
        (
            'input: "2"',
            "input: 2.5",
            (
                ", line 23: models.claude-a.prices[0].input: found 2.5 without quotes, "
                'expected a decimal in quotes, zero or more, such as "0.25"'
            ),
        ),
        (
            'input: "2"',
            'input: "0.0000001"',
            ', line 23: models.claude-a.prices[0].input: found "0.0000001", expected at most six decimals',
        ),
        (
            'input: "2"',
            'imput: "2", input: "2"',
            ", line 23: models.claude-a.prices[0].imput: found an unknown key, expected input",
        ),
        (
            'input: "2", ',
            "",
            ", line 23: models.claude-a.prices[0].input: found nothing, expected this key",
        ),
        (
            'input: "2"',
            'input: "0.002"',
            (
                ', line 23: models.claude-a.prices[0].input: found "0.002", '
                "expected US dollars per million tokens, between 0.01 and 200"
            ),
        ),
        (
            'output: "10"',
            'output: "10000"',
            (
                ', line 23: models.claude-a.prices[0].output: found "10000", '
                "expected US dollars per million tokens, between 0.05 and 1000"
            ),
        ),
        (
            ROW,
            'from: 2026-06-01, input: "2", output: "10"',
            ", line 23: models.claude-a.prices[0].source: found nothing, expected this key",
        ),
        (
            ROW,
            'from: 2026-06-01, input: "2", output: "10", source: [pag]',
            ', line 23: models.claude-a.prices[0].source[0]: found "pag", expected the name of an entry under sources',
        ),
        (
            ROW,
            'from: 2026-05-31, input: "2", output: "10", source: [page]',
            (
                ", line 23: models.claude-a.prices[0].from: found 2026-05-31, while the row from 2026-01-01 holds "
                "until 2026-06-01, expected rows that do not overlap"
            ),
        ),
        (
            ROW,
            'from: 2026-06-01, to: 2026-06-01, input: "2", output: "10", source: [page]',
            ", line 23: models.claude-a.prices[0].to: found 2026-06-01, expected a day after 2026-06-01",
        ),
        (
            ROW,
            'from: 2026-13-01, input: "2", output: "10", source: [page]',
            ', line 23: models.claude-a.prices[0].from: found "2026-13-01", expected a day such as 2026-11-21',
        ),
        (
            "modifiers: [batch]",
            "modifiers: [batsh]",
            ', line 19: models.claude-a.modifiers[0]: found "batsh", expected one of batch',
        ),
        (
            "anthropic: [claude-b]",
            "anthropic: [claude-b, claude-a-latest]",
            (
                ", line 34: models.claude-b.ids.anthropic: found claude-a-latest, which is an id of claude-a, "
                "expected an id of one model only"
            ),
        ),
        (
            "    unpriced: nobody says\n",
            "",
            ", line 26: models.claude-b: found neither prices nor unpriced, expected one of the two",
        ),
        (
            "when: {prompt_over: 200}",
            "when: {prompt_over: 200, speed: fast}",
            (
                ", line 25: models.claude-a.prices[2].when: found prompts over 200 from 2026-01-01 on, "
                "expected a row with the same days and without prompt_over beside it"
            ),
        ),
        (
            "when: {prompt_over: 200}",
            "when: {promt_over: 200}",
            ", line 25: models.claude-a.prices[2].when.promt_over: found an unknown key, expected prompt_over",
        ),
        (
            "service_tier: batch}",
            "service_tier: standard}",
            (
                ', line 6: modifiers.batch[0].when.service_tier: found "standard", which is neutral, '
                "expected a value that is not listed under neutral"
            ),
        ),
        (
            "authority: official",
            "authority: hearsay",
            ", line 38: sources.page.authority: found \"hearsay\", expected 'official', 'cloud', 'aggregator' or ",
        ),
        ("checked: 2026-11-21\n", "", ", line 1: checked: found nothing, expected this key"),
        (
            "USD per million tokens",
            "USD per token",
            ", line 3: unit: found \"USD per token\", expected 'USD per million tokens'",
        ),
        ("  claude-b:\n", "  claude-a:\n", ", line 26: found the key claude-a twice, expected each key once"),
        ("modifiers: [batch]", "modifiers: [batch", ", line 20: found a syntax error"),
        (
            "per: 1000",
            "per: 7",
            ", line 10: per_use.web_search_requests[0].per: found 7 without quotes, expected 1 or 1000",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_line_key_found_and_expected(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    """Whatever is wrong with the file, the error says where, what was found and what was expected."""
    assert SMALL.count(old) >= 1
    assert mistake(tmp_path, SMALL.replace(old, new, 1)).startswith(sentence)


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    """Two mistakes are two lines."""
    text = SMALL.replace('input: "2"', "input: 2").replace("authority: official", "authority: hearsay")
    assert len(mistake(tmp_path, text).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "[]", "just words", "\x00"])
def test_a_file_that_is_no_price_table_is_an_error_and_no_crash(tmp_path: Path, text: str) -> None:
    """Anything but a mapping is refused in a sentence."""
    assert "expected" in mistake(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file is an error of the same kind."""
    with pytest.raises(PriceFileError, match=r"nowhere\.yaml: cannot be read \(No such file or directory\)"):
        PriceTable.load(tmp_path / "nowhere.yaml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused in a sentence."""
    (tmp_path / "pricing.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(PriceFileError, match="not UTF-8"):
        PriceTable.load(tmp_path / "pricing.yaml")
