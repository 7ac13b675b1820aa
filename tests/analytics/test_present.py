from __future__ import annotations

from decimal import Decimal

import pytest

from analytics.present import money, plain, tokens


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unknown"),
        ("0", "$0.00"),
        ("1234.5678", "$1,234.57"),
        ("-3.5", "-$3.50"),
        ("1", "$1.00"),
        ("0.5", "$0.50"),
        ("0.01234", "$0.012"),
        ("0.000000005", "$0.0000000050"),
        ("0.9999", "$1.00"),
        ("-0.0001", "-$0.00010"),
    ],
)
def test_money(amount: str | None, text: str) -> None:
    """Money has cents, below a dollar two significant digits, and is never zero for unknown."""
    assert money(None if amount is None else Decimal(amount)) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1000, "1.0 k"), (12_345_678, "12.3 M"), (999_999, "1,000.0 k")]
)
def test_tokens(count: int, text: str) -> None:
    """Tokens are whole below a thousand, then rounded to one digit after the point."""
    assert tokens(count) == text


def test_names_are_harmless() -> None:
    """What somebody chose as a name cannot steer the terminal."""
    assert plain("a\x1b[31m\nb") == "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b"
    assert plain(None) == "(none)"
