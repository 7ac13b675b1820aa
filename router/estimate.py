"""How many output tokens a text was, about: for what a stream that broke off had produced.

No tokenizer of Claude is public. A word is taken for one token per six letters, in other alphabets than the Latin for
one per three, a number for one per three digits, a sign or a character of a script without spaces for one each.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"[A-Za-z\u00c0-\u024f]{1,6}|[0-9]{1,3}"
    r"|[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"  # kana, CJK, hangul: one each
    r"|[^\W\d_]{1,3}|[^\w\s]|_|\n+"
)
_OLDER_TOKENIZER = re.compile(r"claude-(?:instant|[23]\b|(?:opus|sonnet|haiku)-4(?:-[0-6])?(?!-?\d{1,2}(?!\d)))")
"""Names of the models before Opus 4.7, on every platform."""
_NEWER = 1.3
"""Tokens for the same text since Opus 4.7: about 30 % more (the API's notes on that model)."""

TOOL_CALL = 50
"""What surrounds the input of a tool call: its name, its id and the marks of the call, about."""


def count_tokens(text: str) -> int:
    """The tokens of a text by the older tokenizer, about. Parts of a text add up to a little more than the whole."""
    return len(_TOKEN.findall(text))


def for_model(tokens: int, model: str | None) -> int:
    """What the older tokenizer counts, as this model counts it; an unknown one counts like the newer ones."""
    return tokens if model is not None and _OLDER_TOKENIZER.search(model) else round(tokens * _NEWER)
