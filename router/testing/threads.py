"""Message threads (beta): the server keeps the conversation, so that a turn sends only what is new.

The SDK's `tool_runner` works this way by default.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, cast

from . import tokens
from .failures import Failure

KEPT = 1_000


class Threads:
    """The conversations so far, by the id of their last message. Thread-safe."""

    def __init__(self) -> None:
        """Begin with none."""
        self._bodies: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def whole(self, body: dict[str, Any]) -> dict[str, Any] | Failure:
        """The body with the conversation, and the settings, that it continues, if it continues any."""
        thread: Any = body.get("thread")
        if not isinstance(thread, dict):
            return body
        previous = cast("dict[str, Any]", thread).get("previous_message_id")
        if previous is None:
            return body
        with self._lock:
            earlier = self._bodies.get(previous)
        if earlier is None:
            message = f"thread.previous_message_id: {previous} not found"
            return Failure(status=404, error_type="not_found_error", message=message, error_code="thread_not_found")
        messages = [*earlier["messages"], *tokens.blocks_of(body.get("messages"))]
        return {**earlier, "stream": False, **body, "messages": messages}

    def keep(self, body: dict[str, Any], message: dict[str, Any]) -> None:
        """Remember the conversation up to this answer, if the request belongs to a thread."""
        if not isinstance(body.get("thread"), dict):
            return
        answer = {"role": "assistant", "content": message["content"]}
        with self._lock:
            self._bodies[message["id"]] = {**body, "messages": [*tokens.blocks_of(body.get("messages")), answer]}
            if len(self._bodies) > KEPT:
                self._bodies.popitem(last=False)
