"""Token counts: a deterministic estimate, not the model's tokenizer.

A word costs one token per six letters, a number one per three digits, a sign or a character of a script without
spaces one each. What matters here is that equal text costs the same everywhere: in a prompt, in the prompt cache
and in count_tokens.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import islice
from typing import Any, cast

IMAGE_TOKENS = 1_600
DOCUMENT_TOKENS = 3_000
TOOL_USE_TOKENS = 300
"""What the API adds to explain tool use to the model, once per request that has tools."""
MESSAGE_TOKENS = 4

_TOKEN = re.compile(
    r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"  # kana, CJK, hangul: one each
    r"|[0-9]{1,3}|[^\W\d_]{1,6}|[^\w\s]|_|\n+"
)


@lru_cache(maxsize=4096)
def count_text(text: str) -> int:
    """The tokens of a text, by the older tokenizer."""
    return sum(1 for _ in _TOKEN.finditer(text))


def cut_text(text: str, tokens: int) -> str:
    """The beginning of a text, at most so many tokens of it."""
    end = 0
    for match in islice(_TOKEN.finditer(text), tokens):
        end = match.end()
    return text[:end]


def count_block(block: dict[str, Any]) -> int:
    """The tokens of one content block, system block or tool definition, by the older tokenizer."""
    match block.get("type"):
        case "text":
            return count_text(str(block.get("text", "")))
        case "thinking":
            return count_text(str(block.get("thinking", "")))
        case "image":
            return IMAGE_TOKENS
        case "document":
            return _count_document(block.get("source"))
        case "tool_result":
            return 8 + sum(count_block(inner) for inner in blocks_of(block.get("content")))
        case _:
            return 8 + count_text(canonical(block))


def blocks_of(content: object) -> list[dict[str, Any]]:
    """A `content` or `system` as a list of blocks: a text is one text block, and what is no block is left out."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if isinstance(content, list):
        return [block for block in cast("list[Any]", content) if isinstance(block, dict)]
    return []


def scale(tokens: int, percent: int) -> int:
    """Tokens of the older tokenizer as tokens of another."""
    return tokens * percent // 100


def canonical(value: object) -> str:
    """JSON that is the same for equal values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _count_document(source: Any) -> int:
    if isinstance(source, dict) and cast("dict[str, Any]", source).get("type") == "text":
        return count_text(str(cast("dict[str, Any]", source).get("data", "")))
    return DOCUMENT_TOKENS
