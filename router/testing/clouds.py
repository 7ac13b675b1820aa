"""What the cloud platforms do otherwise than the Claude API, taken off a request and put back onto its answer."""

from __future__ import annotations

import re
from typing import Any

from ..eventstream import encode_frame
from .script import COUNT_TOKENS, MESSAGES
from .wire import Chunk, Reply

_BEDROCK = re.compile(r"/model/(?P<model>.+)/(?P<verb>invoke(?:-with-response-stream)?)$")
_VERTEX = re.compile(r"/publishers/anthropic/models/(?P<model>[^/:]+):(?:r|streamR)awPredict$")
_EVENT_DATA = re.compile(rb"^data: (.*)$", re.MULTILINE)


def translate(path: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and body that the Claude API would have been sent; those of the Claude API as they are."""
    if found := _BEDROCK.search(path):
        streams = found["verb"] != "invoke"
        return MESSAGES, {**body, "model": _plain(found["model"]), "stream": streams}
    if (found := _VERTEX.search(path)) and found["model"] == "count-tokens":
        return COUNT_TOKENS, {**body, "model": _plain(str(body.get("model")))}
    if found:
        return MESSAGES, {**body, "model": _plain(found["model"])}
    if "anthropic." in str(body.get("model")):
        return path, {**body, "model": _plain(body["model"])}
    return path, body


def frame(reply: Reply, path: str) -> None:
    """Put the events of a stream into the frames in which Bedrock sends them, if this is a path of Bedrock's."""
    if path.endswith("/invoke-with-response-stream") and "event-stream" in reply.headers.get("content-type", ""):
        reply.headers["content-type"] = "application/vnd.amazon.eventstream"
        reply.chunks = [Chunk(_frame(chunk.data), chunk.pause) for chunk in reply.chunks]


def _frame(data: bytes) -> bytes:
    found = _EVENT_DATA.search(data)
    return encode_frame(found[1]) if found else b""


def _plain(model: str) -> str:
    """The Claude API's id of `us.anthropic.claude-opus-4-5-20251101-v1:0` or `claude-opus-4-5@20251101`."""
    within = model.rpartition("/")[2].rpartition("anthropic.")[2]
    return re.sub(r"-v\d+(:\d+)?$", "", within).replace("@", "-")
