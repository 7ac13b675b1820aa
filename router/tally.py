"""What an answer says about itself, gathered while its bytes go by: from SSE, from JSON, from batch results.

A tally is fed decoded bytes in any chunks. It keeps counts and names, never text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from pydantic_core import from_json  # the SDK brings it; half the time of stdlib json

_DELTA_FRAME = 95
"""Bytes of a `data:` line of a content delta around its text, about."""
_BYTES_PER_TOKEN = 3.5
"""For estimating what a broken-off stream had produced; a round figure for English text, marked as an estimate."""


@dataclass
class Seen:
    """What was seen of one answer. Unknown is None."""

    model: str | None = None
    message_id: str | None = None
    stop_reason: str | None = None
    stop_category: str | None = None
    content_empty: bool | None = None
    error_type: str | None = None
    usage: dict[str, Any] | None = None
    complete: bool = False
    delta_bytes: int = 0
    deltas: int = 0

    @property
    def estimated_output_tokens(self) -> int | None:
        """For a stream that broke off after its first delta."""
        if self.complete or not self.deltas:
            return None
        return max(1, round((self.delta_bytes - self.deltas * _DELTA_FRAME) / _BYTES_PER_TOKEN))

    def read_message(self, message: Mapping[str, Any]) -> None:
        """Take over a Message object, or the one that opens a stream."""
        self.model = _text(message.get("model"))
        self.message_id = _text(message.get("id"))
        self._read_stop(message)
        content = message.get("content")
        self.content_empty = not content if isinstance(content, list) else None
        usage = message.get("usage")
        self.usage = dict(cast("Mapping[str, Any]", usage)) if isinstance(usage, dict) else None

    def read_delta(self, event: Mapping[str, Any]) -> None:
        """Overlay a `message_delta`: its counts are cumulative, and what it leaves out stays as it was."""
        self._read_stop(_object(event.get("delta")))
        later = _object(event.get("usage"))
        self.usage = {**(self.usage or {}), **{key: value for key, value in later.items() if value is not None}}

    def _read_stop(self, holder: Mapping[str, Any]) -> None:
        self.stop_reason = _text(holder.get("stop_reason")) or self.stop_reason
        self.stop_category = _text(_object(holder.get("stop_details")).get("category")) or self.stop_category


class Tally(Protocol):
    """Fed the decoded body of an answer; calls back when it has seen its end."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        ...

    def end(self) -> None:
        """The body is over, however it ended."""
        ...


class EventTally:
    """Server-sent events of a streamed Message."""

    def __init__(self, on_first_token: Callable[[], None], on_end: Callable[[Seen], None]) -> None:
        self._on_first_token = on_first_token
        self._on_end = on_end
        self._seen = Seen()
        self._rest = self._kind = b""
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        *lines, self._rest = (self._rest + data if self._rest else data).split(b"\n")
        for line in lines:
            if line.startswith(b"event:"):
                self._kind = line[6:].strip()
            elif line.startswith(b"data:"):
                self._event(self._kind, line)

    def end(self) -> None:
        """Report once what was seen."""
        if not self._ended:
            self._ended = True
            self._on_end(self._seen)

    def _event(self, kind: bytes, line: bytes) -> None:
        seen = self._seen
        if kind == b"content_block_delta":
            if not seen.deltas:
                self._on_first_token()
            seen.deltas += 1
            seen.delta_bytes += len(line)
        elif kind == b"content_block_start":
            seen.content_empty = False
        elif kind == b"message_start":
            seen.read_message(_object(from_json(line[5:]).get("message")))
        elif kind == b"message_delta":
            seen.read_delta(from_json(line[5:]))
        elif kind == b"message_stop":
            # Now, not when the body ends: the record is on disk before the caller sees the last event.
            seen.complete = True
            self.end()
        elif kind == b"error":
            seen.error_type = error_type(from_json(line[5:]))
            self.end()


class JsonTally:
    """A Message as one JSON document."""

    def __init__(self, on_end: Callable[[Seen], None]) -> None:
        self._on_end = on_end
        self._body = bytearray()
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._body += data

    def end(self) -> None:
        """Read the document, if it came whole, and report once."""
        if self._ended:
            return
        self._ended = True
        seen = Seen()
        try:
            document = _object(from_json(bytes(self._body)))
        except ValueError:
            document = _object(None)
        if document:
            seen.complete = True
            seen.read_message(document)
            seen.error_type = error_type(document)
        self._on_end(seen)


class LineTally:
    """Results of a Message Batch: one JSON object a line."""

    def __init__(self, on_line: Callable[[Mapping[str, Any]], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._read(line)

    def end(self) -> None:
        """The last line may lack its newline."""
        rest, self._rest = self._rest, b""
        self._read(rest)

    def _read(self, line: bytes) -> None:
        try:
            row = from_json(line) if line.strip() else None
        except ValueError:
            return  # a line cut off in the middle: whoever reads the results again sees it whole
        if isinstance(row, dict):
            self._on_line(cast("Mapping[str, Any]", row))


def error_type(document: object) -> str | None:
    """The type inside the API's error object, wherever it was sent; None if it is no error."""
    return _text(_object(_object(document).get("error")).get("type"))


def _object(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
