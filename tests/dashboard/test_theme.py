from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.period import Period
from dashboard import theme

CONFIG = Path(theme.__file__).parent / ".streamlit" / "config.toml"

# How linear RGB is seen: Machado, Oliveira and Fernandes (2009), severity 1.
SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}
# Linear RGB to Oklab, by way of its cone responses: Ottosson (2020).
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
OKLAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234.565", "$1,234.57"),
        ("0", "$0.00"),
        ("0E-18", "$0.00"),
        ("1", "$1.00"),
        ("0.5", "$0.50"),
        ("0.12345", "$0.123"),
        ("0.9999", "$1.00"),
        ("0.00420", "$0.0042"),
        ("0.000000123456", "$0.000000123"),
        ("-12.3", "−$12.30"),
    ],
)
def test_money_has_as_many_digits_as_a_person_needs(amount: str, shown: str) -> None:
    """From a dollar on money is shown to the cent, below it with three significant digits."""
    assert theme.money(Decimal(amount)) == shown


def test_unknown_money_is_not_zero() -> None:
    """An amount that is not known is shown as a dash."""
    assert theme.money(None) == "—"


@given(st.decimals(min_value=0, max_value=10**15, places=15))
def test_exact_loses_nothing(amount: Decimal) -> None:
    """Every digit of an amount can be read back from its exact form."""
    assert Decimal(theme.exact(amount).replace("$", "").replace(",", "")) == amount


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (999, "999"), (12_345, "12.3k"), (4_560_000, "4.56M"), (1_200_000_000, "1.20B")]
)
def test_tokens_are_short(number: int, shown: str) -> None:
    """A number of tokens is shown with three digits and a unit."""
    assert theme.tokens(number) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(1, 3, "33.3%"), (-1, 3, "-33.3%"), (3, 1, "300%"), (1, 9999, "0.0%"), (1, 0, None)]
)
def test_percent_of_nothing_is_not_said(part: int, whole: int, shown: str | None) -> None:
    """A share has one decimal below a hundred, and there is no share of zero."""
    assert theme.percent(part, whole) == shown


def test_days_name_the_last_day_of_a_half_open_period() -> None:
    """A period is written with the first and the last day that it touches."""
    assert theme.days(Period(datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))) == (
        "23 Oct – 21 Nov 2026"
    )
    assert theme.days(Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 9, tzinfo=UTC))) == "1 Jan 2026"


@given(st.text())
def test_markdown_keeps_every_character(text: str) -> None:
    """Escaping for Markdown only adds backslashes before punctuation."""
    assert theme.markdown(text).replace("\\", "") == text.replace("\\", "")


@given(st.sets(st.text(min_size=1), min_size=1, max_size=10))
def test_looks_tell_ten_names_apart(names: set[str]) -> None:
    """Up to ten names have ten different looks, whatever the order in which they come."""
    looks = theme.looks(sorted(names, reverse=True))
    assert len(set(looks.values())) == len(names)
    assert looks == theme.looks(names)


def test_the_palette_can_be_told_apart() -> None:
    """Any two colours differ with normal, protan and deutan sight by more than in the Okabe-Ito palette (0.076)."""
    for sight in SIGHTS.values():
        seen = [_oklab(_apply(sight, _linear(color))) for color in theme.PALETTE]
        assert min(_distance(one, other) for one, other in combinations(seen, 2)) > 0.08


def test_streamlit_is_given_the_same_palette() -> None:
    """The configuration names the palette's ten colours for light and dark, as with fewer Plotly takes its own."""
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    for mode in ("light", "dark"):
        assert tuple(config["theme"][mode]["chartCategoricalColors"]) == theme.PALETTE
    assert len(theme.PALETTE) == 10


def test_nothing_is_sent_to_anyone() -> None:
    """The configuration turns telemetry off, listens on this machine only and shows no tracebacks in the page."""
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["address"] == "127.0.0.1"
    assert config["client"]["showErrorDetails"] == "none"


Triple = tuple[float, float, float]


def _linear(color: str) -> Triple:
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    one, two, three = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue))
    return one, two, three


def _apply(matrix: tuple[Triple, Triple, Triple], vector: Triple) -> Triple:
    one, two, three = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return one, two, three


def _oklab(color: Triple) -> Triple:
    red, green, blue = (min(max(part, 0), 1) for part in color)
    one, two, three = (max(cone, 0) ** (1 / 3) for cone in _apply(CONES, (red, green, blue)))
    return _apply(OKLAB, (one, two, three))


def _distance(one: Triple, other: Triple) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
