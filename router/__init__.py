"""Tollgate's router: a drop-in for the Anthropic SDK that chooses the model and records the usage of every attempt.

from router import Anthropic          # was: from anthropic import Anthropic
"""

from __future__ import annotations

from .classify import Classifier, Task, TaskType, classify, warm
from .client import Anthropic, AsyncAnthropic, wrap
from .clouds import (
    AnthropicAWS,
    AnthropicBedrock,
    AnthropicBedrockMantle,
    AnthropicFoundry,
    AnthropicGoogleCloud,
    AnthropicVertex,
    AsyncAnthropicAWS,
    AsyncAnthropicBedrock,
    AsyncAnthropicBedrockMantle,
    AsyncAnthropicFoundry,
    AsyncAnthropicGoogleCloud,
    AsyncAnthropicVertex,
)
from .decide import explain
from .exceptions import BudgetExceeded, PolicyError, RouterError
from .guard import BudgetGuard
from .meter import Meter
from .middleware import Router
from .policy import Decision, Policy, Tier
from .record import UsageRecord
from .scope import pinned, tag_process, tagged
from .second_opinion import LLMClassifier
from .spool import Spool

__all__ = [
    "Anthropic",
    "AnthropicAWS",
    "AnthropicBedrock",
    "AnthropicBedrockMantle",
    "AnthropicFoundry",
    "AnthropicGoogleCloud",
    "AnthropicVertex",
    "AsyncAnthropic",
    "AsyncAnthropicAWS",
    "AsyncAnthropicBedrock",
    "AsyncAnthropicBedrockMantle",
    "AsyncAnthropicFoundry",
    "AsyncAnthropicGoogleCloud",
    "AsyncAnthropicVertex",
    "BudgetExceeded",
    "BudgetGuard",
    "Classifier",
    "Decision",
    "LLMClassifier",
    "Meter",
    "Policy",
    "PolicyError",
    "Router",
    "RouterError",
    "Spool",
    "Task",
    "TaskType",
    "Tier",
    "UsageRecord",
    "classify",
    "explain",
    "pinned",
    "tag_process",
    "tagged",
    "warm",
    "wrap",
]
