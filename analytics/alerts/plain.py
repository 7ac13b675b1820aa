"""Plain text: strings that others wrote, made harmless for one line of a header, a page, or a terminal."""

from __future__ import annotations

import unicodedata

_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format (such as right-to-left overrides), surrogates, line ends


def plain(text: str, limit: int = 500) -> str:
    """One line without control characters, at most `limit` characters long."""
    shown = "".join(" " if unicodedata.category(letter) in _INVISIBLE else letter for letter in text)
    line = " ".join(shown.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
