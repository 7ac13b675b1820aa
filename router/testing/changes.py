"""Answers that are out of the ordinary: each is called with a finished message and changes it in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from . import catalogue, messages, tokens

Category = Literal["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"]
_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation", "output_tokens")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer says this: a text, or content blocks."""

    content: str | Sequence[Mapping[str, Any]]

    def __call__(self, message: dict[str, Any]) -> None:
        """Replace the content and recount the output."""
        content = deepcopy(self.content if isinstance(self.content, str) else [dict(block) for block in self.content])
        _replace(message, tokens.blocks_of(content))
        calls = any(block["type"] == "tool_use" for block in message["content"])
        message["stop_reason"] = "tool_use" if calls else "end_turn"


@dataclass(frozen=True, slots=True)
class Usage:
    """The answer's usage object is exactly this one: unknown fields, nulls and missing parts included."""

    fields: Mapping[str, Any]

    def __call__(self, message: dict[str, Any]) -> None:
        """Replace the usage."""
        message["usage"] = deepcopy(dict(self.fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What served differs from what was asked: a workspace's geo, a speed or tier that was not to be had."""

    inference_geo: str | None = None
    speed: Literal["standard", "fast"] | None = None
    service_tier: Literal["standard", "priority", "batch"] | None = None

    def __call__(self, message: dict[str, Any]) -> None:
        """Set the fields that are given."""
        for name in ("inference_geo", "speed", "service_tier"):
            if getattr(self, name) is not None:
                message["usage"][name] = getattr(self, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The model refuses: before its first word, or after half of its answer."""

    category: Category | None = "cyber"
    after_output: bool = False

    def __call__(self, message: dict[str, Any]) -> None:
        """Drop or halve the content, and say why."""
        texts = [block for block in message["content"] if block["type"] == "text"] if self.after_output else []
        _replace(message, [{**block, "text": block["text"][: (len(block["text"]) + 1) // 2]} for block in texts[:1]])
        message["stop_reason"] = "refusal"
        message["stop_details"] = {"type": "refusal", "category": self.category, "explanation": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSearches:
    """The answer made so many web searches, which are counted in usage.server_tool_use."""

    requests: int = 1

    def __call__(self, message: dict[str, Any]) -> None:
        """Put the searches and their results before the answer."""
        found: list[dict[str, Any]] = []
        for number in range(self.requests):
            use_id = f"srvtoolu_{message['id'].removeprefix('msg_')}{number:02d}"
            page = {
                "type": "web_search_result",
                "title": "Example Domain",
                "url": f"https://example.com/{number}",
                "encrypted_content": "c3RhbmQtaW4=",
                "page_age": None,
            }
            query = {"query": f"example {number}"}
            found.append({"type": "server_tool_use", "id": use_id, "name": "web_search", "input": query})
            found.append({"type": "web_search_tool_result", "tool_use_id": use_id, "content": [page]})
        message["content"] = [*found, *message["content"]]
        message["usage"]["server_tool_use"] = {"web_search_requests": self.requests, "web_fetch_requests": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """The server compacts the conversation first; `iterations` tells, the top-level counts leave it out. Beta."""

    input_tokens: int = 150_000
    output_tokens: int = 2_500

    def __call__(self, message: dict[str, Any]) -> None:
        """Put a compaction block first and report two iterations."""
        block = {"type": "compaction", "content": "Summary of the conversation so far.", "encrypted_content": None}
        message["content"] = [block, *message["content"]]
        usage = message["usage"]
        usage["iterations"] = [
            _iteration("compaction", input_tokens=self.input_tokens, output_tokens=self.output_tokens),
            {**{name: usage[name] for name in _COUNTS}, "type": "message"},
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisor:
    """The model asks a stronger one half-way; `iterations` alone has the advisor's tokens, at its own model. Beta."""

    model: str = "claude-opus-5-5"
    input_tokens: int = 1_200
    output_tokens: int = 350

    def __call__(self, message: dict[str, Any]) -> None:
        """Put the advice first; report three iterations, of which the top level counts the first one's input."""
        use_id = f"srvtoolu_{message['id'].removeprefix('msg_')}99"
        advice = {"type": "advisor_result", "text": "Check the boundary case first.", "stop_reason": "end_turn"}
        message["content"] = [
            {"type": "server_tool_use", "id": use_id, "name": "advisor", "input": {}},
            {"type": "advisor_tool_result", "tool_use_id": use_id, "content": advice},
            *message["content"],
        ]
        usage = message["usage"]
        asked, answered = 40, usage["output_tokens"]
        prompt = usage["input_tokens"] + usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"]
        usage["output_tokens"] = asked + answered
        usage["iterations"] = [
            {**{name: usage[name] for name in _COUNTS}, "type": "message", "output_tokens": asked},
            _iteration("advisor_message", input_tokens=self.input_tokens, output_tokens=self.output_tokens)
            | {"model": self.model},
            _iteration("message", input_tokens=prompt + asked + self.output_tokens, output_tokens=answered),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFallback:
    """The model declines and the server lets another one answer (`fallbacks` of the beta API).

    The top level counts the attempt that served; the declined hop is a `message` entry of `iterations`.
    """

    model: str = "claude-opus-5-5"
    category: Category | None = "cyber"
    after_output: bool = False
    """Whether the first model had begun to answer, so that its output is in the content and is billed."""

    def __call__(self, message: dict[str, Any]) -> None:
        """Hand the message over to the other model."""
        usage, declined = message["usage"], message["model"]
        begun = [{"type": "text", "text": "I can begin with the general part."}] if self.after_output else []
        spent = sum(tokens.count_block(block) for block in begun)
        hop = {**{name: usage[name] for name in _COUNTS}, "type": "message", "model": declined, "output_tokens": spent}
        prompt = usage["input_tokens"] + usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"]
        served = _iteration("fallback_message", input_tokens=prompt, output_tokens=usage["output_tokens"])
        usage |= {name: served[name] for name in _COUNTS}
        usage["iterations"] = [hop, {**served, "model": self.model}]
        boundary = {
            "type": "fallback",
            "from": {"model": declined},
            "to": {"model": self.model},
            "trigger": {"type": "refusal", "category": self.category},
        }
        message["content"] = [*begun, boundary, *message["content"]]
        message["model"] = self.model


def _replace(message: dict[str, Any], content: list[dict[str, Any]]) -> None:
    model = catalogue.find(message["model"]) or catalogue.MODELS[0]
    message["content"] = content
    message["usage"]["output_tokens"] = messages.output_tokens(content, model)
    message["usage"]["output_tokens_details"] = None


def _iteration(kind: str, *, input_tokens: int, output_tokens: int) -> dict[str, Any]:
    """An entry of `iterations` that neither read nor wrote the prompt cache."""
    return {
        "type": kind,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
    }
