"""The models that the stand-in serves: limits, and what each generation accepts.

As of November 2026. Identifiers, lines, end of life: the SDK's `types/model.py`, `types/model_line.py` and
`DEPRECATED_MODELS`; context, output and minimum cacheable length: the models overview and the prompt caching page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model, as far as the stand-in has to know it."""

    id: str
    name: str
    line: str
    released: str
    generation: float
    """Decides what is accepted. 4.6 brought `inference_geo` and adaptive thinking and ended prefill; 4.7 brought a new
    tokenizer and ended sampling parameters and `thinking.budget_tokens`."""
    min_cacheable_tokens: int
    context: int = 1_000_000
    max_output: int = 128_000
    fast: bool = False
    aliases: tuple[str, ...] = ()
    lifecycle: str = "active"
    retires: str | None = None

    @property
    def token_percent(self) -> int:
        """Tokens for the same text, in percent of the older tokenizer: since Opus 4.7 about 30 % more."""
        return 130 if self.generation >= 4.7 else 100


def find(name: object) -> Model | None:
    """The model of this id or alias that answers requests; None if there is none, or not any more."""
    model = _BY_NAME.get(name) if isinstance(name, str) else None
    return None if model is None or model.lifecycle == "retired" else model


def describe(name: str) -> dict[str, Any] | None:
    """The `ModelInfo` of this id or alias, as GET /v1/models answers it; None if unknown."""
    model = _BY_NAME.get(name)
    return None if model is None else _info(model)


def describe_all() -> list[dict[str, Any]]:
    """The `ModelInfo` of every model, newest first."""
    return [_info(model) for model in MODELS]


def _info(model: Model) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": f"{model.released}T00:00:00Z",
        "line": model.line,
        "lifecycle": model.lifecycle,
        "deprecated_at": None,
        "retires_at": f"{model.retires}T00:00:00Z" if model.retires else None,
        "max_input_tokens": model.context,
        "max_tokens": model.max_output,
        "capabilities": _capabilities(model),
    }


def _capabilities(model: Model) -> dict[str, Any]:
    yes, no = {"supported": True}, {"supported": False}
    since_46 = yes if model.generation >= 4.6 else no
    since_47 = yes if model.generation >= 4.7 else no
    return {
        "batch": yes,
        "citations": yes,
        "code_execution": yes,
        "compaction": {**since_46, "summarize": since_46},
        "context_management": {
            "supported": True,
            "clear_thinking_20251015": yes,
            "clear_tool_uses_20250919": yes,
            "compact_20260112": since_46,
        },
        "effort": {**since_46, **dict.fromkeys(("low", "medium", "high", "max"), since_46), "xhigh": since_47},
        "image_input": yes,
        "pdf_input": yes,
        "server_tools": {"supported": True, "code_execution": yes, "web_search": yes},
        "structured_outputs": yes,
        "thinking": {
            "supported": True,
            "types": {
                "adaptive": since_46,
                "between_tools": no,
                "disabled": yes,
                "enabled": no if model.generation >= 4.7 else yes,
            },
        },
    }


MODELS: tuple[Model, ...] = (
    # The minimum of the two 5.2 models is published nowhere yet; 512 is what their predecessors have.
    Model(id="claude-fable-5-2", name="Claude Fable 5.2", line="fable", released="2026-11-09", generation=5.2,
          min_cacheable_tokens=512, fast=True),
    Model(id="claude-mythos-5-2", name="Claude Mythos 5.2", line="mythos", released="2026-11-09", generation=5.2,
          min_cacheable_tokens=512, fast=True),
    Model(id="claude-haiku-5-5", name="Claude Haiku 5.5", line="haiku", released="2026-10-07", generation=5.5,
          min_cacheable_tokens=512),
    Model(id="claude-sonnet-5-5", name="Claude Sonnet 5.5", line="sonnet", released="2026-09-28", generation=5.5,
          min_cacheable_tokens=512),
    Model(id="claude-opus-5-5", name="Claude Opus 5.5", line="opus", released="2026-09-22", generation=5.5,
          min_cacheable_tokens=512, fast=True),
    Model(id="claude-fable-5-1", name="Claude Fable 5.1", line="fable", released="2026-09-01", generation=5.1,
          min_cacheable_tokens=512),
    Model(id="claude-mythos-5-1", name="Claude Mythos 5.1", line="mythos", released="2026-09-01", generation=5.1,
          min_cacheable_tokens=512),
    Model(id="claude-opus-5", name="Claude Opus 5", line="opus", released="2026-07-24", generation=5.0,
          min_cacheable_tokens=512, fast=True),
    Model(id="claude-sonnet-5", name="Claude Sonnet 5", line="sonnet", released="2026-06-30", generation=5.0,
          min_cacheable_tokens=1024),
    Model(id="claude-fable-5", name="Claude Fable 5", line="fable", released="2026-06-09", generation=5.0,
          min_cacheable_tokens=512),
    Model(id="claude-mythos-5", name="Claude Mythos 5", line="mythos", released="2026-06-09", generation=5.0,
          min_cacheable_tokens=512),
    Model(id="claude-opus-4-8", name="Claude Opus 4.8", line="opus", released="2026-05-28", generation=4.8,
          min_cacheable_tokens=1024, fast=True),
    Model(id="claude-opus-4-7", name="Claude Opus 4.7", line="opus", released="2026-04-16", generation=4.7,
          min_cacheable_tokens=2048),
    Model(id="claude-sonnet-4-6", name="Claude Sonnet 4.6", line="sonnet", released="2026-02-17", generation=4.6,
          min_cacheable_tokens=1024),
    Model(id="claude-opus-4-6", name="Claude Opus 4.6", line="opus", released="2026-02-05", generation=4.6,
          min_cacheable_tokens=4096),
    Model(id="claude-opus-4-5-20251101", name="Claude Opus 4.5", line="opus", released="2025-11-24", generation=4.5,
          min_cacheable_tokens=4096, aliases=("claude-opus-4-5",), context=200_000, max_output=64_000),
    Model(id="claude-haiku-4-5-20251001", name="Claude Haiku 4.5", line="haiku", released="2025-10-15", generation=4.5,
          min_cacheable_tokens=4096, aliases=("claude-haiku-4-5",), context=200_000, max_output=64_000),
    Model(id="claude-sonnet-4-5-20250929", name="Claude Sonnet 4.5", line="sonnet", released="2025-09-29",
          generation=4.5, min_cacheable_tokens=1024, aliases=("claude-sonnet-4-5",), lifecycle="deprecated",
          retires="2026-11-30", context=200_000, max_output=64_000),
    Model(id="claude-opus-4-1-20250805", name="Claude Opus 4.1", line="opus", released="2025-08-05", generation=4.1,
          min_cacheable_tokens=1024, aliases=("claude-opus-4-1",), lifecycle="retired", retires="2026-08-05",
          context=200_000, max_output=32_000),
    Model(id="claude-sonnet-4-20250514", name="Claude Sonnet 4", line="sonnet", released="2025-05-22", generation=4.0,
          min_cacheable_tokens=1024, aliases=("claude-sonnet-4-0",), lifecycle="retired", retires="2026-06-15",
          context=200_000, max_output=64_000),
)  # fmt: skip

_BY_NAME = {name: model for model in MODELS for name in (model.id, *model.aliases)}
