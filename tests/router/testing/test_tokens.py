from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.testing import tokens


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("The cat sat.", 4),
        ("internationalization", 4),
        ("1234567", 3),
        ("x += foo_bar[0]", 9),
        ("東京の天気", 5),
        ("Привет, мир", 3),
    ],
)
def test_estimates(text: str, count: int) -> None:
    """Words, numbers, signs and scripts without spaces each have their cost."""
    assert tokens.count_text(text) == count


@given(text=st.text(), limit=st.integers(0, 50))
def test_cut_text_fits(text: str, limit: int) -> None:
    """A cut text is a beginning of the text, and costs no more than was allowed."""
    cut = tokens.cut_text(text, limit)
    assert text.startswith(cut)
    assert tokens.count_text(cut) <= limit


def test_blocks_cost_by_kind() -> None:
    """Images and documents cost a fixed amount, a text document its text, a tool result what is in it."""
    image = {"type": "image", "source": {"type": "base64", "data": "A" * 90_000}}
    plain = {"type": "document", "source": {"type": "text", "data": "The cat sat."}}
    assert tokens.count_block(image) == tokens.IMAGE_TOKENS
    assert tokens.count_block({"type": "document", "source": {"type": "url"}}) == tokens.DOCUMENT_TOKENS
    assert tokens.count_block(plain) == 4
    inside = tokens.count_block({"type": "tool_result", "content": [image, {"type": "text", "text": "The cat sat."}]})
    assert inside > tokens.IMAGE_TOKENS + 4


def test_what_is_no_block_is_left_out() -> None:
    """A content that is neither text nor list has no blocks."""
    assert tokens.blocks_of(None) == tokens.blocks_of(7) == tokens.blocks_of(["x"]) == []
