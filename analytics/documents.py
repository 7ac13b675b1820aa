"""JSON that somebody hands to a command: one document, an array, or JSON Lines; packed with gzip or not."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from .exceptions import SettingsError

_GZIP = b"\x1f\x8b"


def text_of(file: BinaryIO) -> str:
    """All of a file; bytes that are not UTF-8 are replaced. Raises SettingsError if it is packed and damaged."""
    data = file.read()
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise SettingsError(f"{name_of(file)}: found a damaged gzip file ({error}), expected JSON Lines") from error
    return data.decode("utf-8-sig", "replace")


def name_of(file: BinaryIO) -> str:
    """Its path, for a sentence about it."""
    return str(getattr(file, "name", "<stdin>"))


def documents(text: str) -> Iterator[object]:
    """One JSON document, an array's items, or JSON Lines; what cannot be read is a ValueError among them."""
    whole = _parsed(text)
    if isinstance(whole, ValueError):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield _parsed(line, f"line {number}: ")
    elif isinstance(whole, list):
        yield from whole  # pyright: ignore[reportUnknownVariableType] - JSON
    else:
        yield whole


def _parsed(text: str, where: str = "") -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return ValueError(f"{where}found {text.strip()[:40]!r}, expected JSON ({error})")
