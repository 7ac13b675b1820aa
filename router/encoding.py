"""Content-encodings: from the bytes on the wire to those that were meant, chunk by chunk.

What the SDK's HTTP client decodes is decoded here, by the same packages where the standard library has none: `br` by
brotli or brotlicffi, `zstd` by compression.zstd (Python 3.14) or backports.zstd. (httpx2/_decoders.py)
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

Decode = Callable[[bytes], bytes]


def decoder(encoding: str) -> Decode:
    """A decoder of this content-encoding.

    Raises ValueError if it is none that we know, ImportError if the package for it is not installed.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return bytes
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
        case "br":
            brotli = _first_of("brotli", "brotlicffi").Decompressor()
            return brotli.process if hasattr(brotli, "process") else brotli.decompress
        case "zstd":
            return _frames(_first_of("compression.zstd", "backports.zstd").ZstdDecompressor)
        case other:
            raise ValueError(f"found content-encoding {other}, expected identity, gzip, deflate, br or zstd")


def _first_of(name: str, other: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return import_module(other)


def _frames(new: Callable[[], Any]) -> Decode:
    """A decoder of one zstd frame after the other."""
    frame = new()

    def decode(chunk: bytes) -> bytes:
        nonlocal frame
        text = b""
        while chunk:
            frame = new() if frame.eof else frame
            text += frame.decompress(chunk)
            chunk = frame.unused_data
        return text

    return decode
