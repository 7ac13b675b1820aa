"""Amazon's event stream, `application/vnd.amazon.eventstream`, as Bedrock sends it: the events inside binary frames.

A frame is: its length and that of its headers (4 bytes each, big-endian), a CRC-32 of those two, the headers, the
payload, and a CRC-32 of everything before. An event's payload is `{"bytes": <the event's JSON in base64>}`; that of an
exception is its message, and the header `:exception-type` names it. (The Smithy specification, "Event stream".)
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator, Mapping

from pydantic_core import from_json, to_json

_PRELUDE = struct.Struct(">III")
_TEXT = 7
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; a text (7) and bytes (6) carry their length."""


class Frames:
    """Frames out of bytes in any chunks."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The JSON of each event that is whole by now. Raises ValueError where the bytes are no frames."""
        data = self._rest + data
        at = 0
        try:
            while len(data) - at >= _PRELUDE.size:
                length, headers, checksum = _PRELUDE.unpack_from(data, at)
                if zlib.crc32(data[at : at + 8]) != checksum or length < headers + 16:
                    raise ValueError("found a broken prelude, expected a frame of an event stream")
                if len(data) - at < length:
                    break
                begin, end = at + _PRELUDE.size, at + length
                at = end
                if event := _event(_read_headers(data[begin : begin + headers]), data[begin + headers : end - 4]):
                    yield event
        finally:
            self._rest = data[at:]


def _event(headers: Mapping[str, str], payload: bytes) -> bytes | None:
    """The Messages event of a frame; an exception becomes an `error` event, as in the SDK's own decoder."""
    if headers.get(":message-type", "event") != "event":
        kind = headers.get(":exception-type") or headers.get(":error-code")
        return to_json({"type": "error", "error": {"type": kind}})
    if headers.get(":event-type") != "chunk":
        return None
    return base64.b64decode(from_json(payload)["bytes"])


def _read_headers(data: bytes) -> Mapping[str, str]:
    """The headers whose values are texts."""
    texts: dict[str, str] = {}
    at = 0
    while at < len(data):
        end = at + 1 + data[at]
        name, kind = data[at + 1 : end], data[end]
        start = end + 1
        size = _SIZES.get(kind)
        if size is None:
            start += 2
            size = int.from_bytes(data[start - 2 : start])
        at = start + size
        if kind == _TEXT:
            texts[name.decode()] = data[start:at].decode()
    return texts


def encode_frame(event: bytes, *, exception: str | None = None) -> bytes:
    """One event as a frame, for stand-ins; `exception` names one, and then `event` is its payload."""
    kind = {":event-type": "chunk"} if exception is None else {":exception-type": exception}
    kind[":message-type"] = "event" if exception is None else "exception"
    headers = b"".join(
        bytes([len(name)]) + name.encode() + bytes([_TEXT]) + len(value).to_bytes(2) + value.encode()
        for name, value in kind.items()
    )
    payload = to_json({"bytes": base64.b64encode(event).decode()}) if exception is None else event
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    frame = lengths + zlib.crc32(lengths).to_bytes(4) + headers + payload
    return frame + zlib.crc32(frame).to_bytes(4)
