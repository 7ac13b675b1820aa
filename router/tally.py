"""What an answer says about itself, gathered while its bytes go by: from events, from JSON, from batch results.

A tally is fed decoded bytes in any chunks. It keeps counts and names, never text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from pydantic_core import from_json  # the SDK brings it; a fifth of the time of stdlib json

from . import estimate, faults
from .eventstream import Frames

_TOOL_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


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
    under_way: bool = False
    """A stream that has begun and is not over."""
    first_token_ns: int | None = None
    """When the first content delta was read, on the clock of the tally."""
    counted: int = 0
    """Output tokens that the last `message_delta` counted."""
    tokens: int = 0
    """Estimated for what came by since, by the older tokenizer."""

    @property
    def estimated_output_tokens(self) -> int | None:
        """Of a stream that broke off with output that the API had not counted; None if there is none."""
        if self.complete or not self.tokens:
            return None
        return self.counted + estimate.for_model(self.tokens, self.model)

    def read_message(self, message: Mapping[str, Any]) -> None:
        """Take over a Message object, or the one that opens a stream."""
        self.model = _text(message.get("model"))
        self.message_id = _text(message.get("id"))
        self._read_stop(message)
        content = message.get("content")
        self.content_empty = not content if isinstance(content, list) else None
        usage = message.get("usage")
        self.usage = dict(cast("Mapping[str, Any]", usage)) if isinstance(usage, dict) else None

    def read_block(self, block: Mapping[str, Any]) -> None:
        """Take notice of a content block that begins."""
        self.content_empty = False
        kind = block.get("type")
        if kind in _TOOL_CALLS:
            self.tokens += estimate.TOOL_CALL
        elif kind == "fallback":  # the server hands over to another model; the last one to take over is who serves
            self.model = _text(_object(block.get("to")).get("model")) or self.model

    def read_content(self, delta: Mapping[str, Any]) -> None:
        """Estimate the tokens of some content; of thinking that is not shown the API sends an estimate of its own."""
        text = delta.get("text") or delta.get("thinking") or delta.get("partial_json")
        if isinstance(text, str):
            self.tokens += estimate.count_tokens(text)
        elif isinstance(shown := delta.get("estimated_tokens"), int):
            self.tokens += shown

    def read_delta(self, event: Mapping[str, Any]) -> None:
        """Overlay a `message_delta`: its counts are cumulative, and what it leaves out stays as it was."""
        self._read_stop(_object(event.get("delta")))
        later = {key: value for key, value in _object(event.get("usage")).items() if value is not None}
        self.usage = {**(self.usage or {}), **later}
        if isinstance(counted := later.get("output_tokens"), int):
            self.counted, self.tokens = counted, 0
            self.complete = self.stop_reason is not None  # the final counts; only the good-bye is still to come
        for entry in reversed(_list(later.get("iterations"))):
            if _object(entry).get("type") == "fallback_message":
                self.model = _text(entry.get("model")) or self.model
                break

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
    """The events of a streamed Message, as server-sent events; reports twice, once it has begun and once it is over."""

    def __init__(self, report: Callable[[Seen], None], now: Callable[[], int]) -> None:
        self._report = report
        self._now = now
        self._seen = Seen()
        self._rest = b""
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        *lines, self._rest = (self._rest + data if self._rest else data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self.read(line[5:])

    def end(self) -> None:
        """Report once what was seen."""
        if not self._ended:
            self._ended = True
            self._seen.under_way = False
            self._report(self._seen)

    def read(self, data: bytes) -> None:
        """Take one event. One that is no JSON is passed over: the SDK makes of it what it can."""
        if self._ended:
            return
        try:
            event = _object(from_json(data))
        except ValueError as error:
            faults.note("reading an event", error)
            return
        seen = self._seen
        match event.get("type"):
            case "content_block_delta":
                if seen.first_token_ns is None:
                    seen.first_token_ns = self._now()
                seen.read_content(_object(event.get("delta")))
            case "content_block_start":
                seen.read_block(_object(event.get("content_block")))
            case "message_start":
                seen.read_message(_object(event.get("message")))
                seen.under_way = True
                self._report(seen)
            case "message_delta":
                seen.read_delta(event)
            case "message_stop":
                # Now, not when the body ends: the record is on disk before the caller sees the last event.
                seen.complete = True
                self.end()
            case "error":
                seen.error_type = error_type(event)
                self.end()
            case _:
                pass


class FrameTally:
    """The same events in Amazon's binary frames, as Bedrock sends them."""

    def __init__(self, events: EventTally) -> None:
        self._events = events
        self._frames = Frames()

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        for event in self._frames.feed(data):
            self._events.read(event)

    def end(self) -> None:
        """Report once what was seen."""
        self._events.end()


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
    # Not by `cast`, which is a call: every event passes here.
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
