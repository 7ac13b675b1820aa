"""The corpus: the hand-written templates in prompts/, expanded into distinct production-style requests.

Deterministic: the same seed gives the same requests. All texts are our own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from .templates import Draw, Slots

TEAMS = ("storefront", "platform", "insights")

Ttl = Literal["5m", "1h"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing that a team asks for: a first request, and what the demo says next."""

    team: str
    feature: str
    task_type: str
    language: str
    body: dict[str, Any]
    """A Messages body without `model`."""
    follow_ups: tuple[str, ...] = ()
    """What the user says after each answer."""
    tool_results: tuple[str, ...] = ()
    """What the tools answer, one per round of the loop."""
    batch: bool = False
    """Waits for the nightly Message Batch."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Template(_Strict):
    feature: str
    task: str
    lang: str
    ask: str | list[str]
    max_tokens: int
    variants: int = 6
    system: str | None = None
    tools: list[str] = []
    results: list[str] = []
    batch: bool = False


class _System(_Strict):
    text: str
    ttl: Ttl | None = None


class _Tool(_Strict):
    does: str
    takes: dict[str, str]


def load(seed: int = 7) -> tuple[Scenario, ...]:
    """Every request of the corpus, team by team, feature by feature."""
    slots = TypeAdapter(dict[str, str | list[str]]).validate_python(read_data("slots"))
    systems = {
        name: _system(system, Draw(slots, _random(seed, name)))
        for name, system in TypeAdapter(dict[str, _System]).validate_python(read_data("systems")).items()
    }
    tools = {
        name: _tool(name, tool)
        for name, tool in TypeAdapter(dict[str, _Tool]).validate_python(read_data("tools")).items()
    }
    templates = TypeAdapter(list[_Template])
    return tuple(
        scenario
        for team in TEAMS
        for number, template in enumerate(templates.validate_python(read_data(team)))
        for scenario in _expand(
            template,
            team=team,
            slots=slots,
            frame=_frame(template, systems, tools),
            random=_random(seed, team, number),
        )
    )


def read_data(name: str) -> Any:
    """What stands in prompts/<name>.yaml; the caller validates it."""
    return yaml.safe_load(files("analytics.demo").joinpath("prompts", f"{name}.yaml").read_text(encoding="utf-8"))


def _random(*seed: object) -> Random:
    return Random("/".join(map(str, seed)))  # noqa: S311  # a simulation


def _system(system: _System, draw: Draw) -> str | list[dict[str, Any]]:
    text = draw.fill(system.text)
    if system.ttl is None:
        return text
    return [{"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": system.ttl}}]


def _tool(name: str, tool: _Tool) -> dict[str, Any]:
    properties = {key: {"type": "string", "description": text} for key, text in tool.takes.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"name": name, "description": tool.does, "input_schema": schema}


def _frame(
    template: _Template, systems: dict[str, str | list[dict[str, Any]]], tools: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """What every request of a template has in common."""
    frame: dict[str, Any] = {"max_tokens": template.max_tokens}
    if template.system:
        frame["system"] = systems[template.system]
    if template.tools:
        frame["tools"] = [tools[name] for name in template.tools]
    return frame


def _expand(
    template: _Template, *, team: str, slots: Slots, frame: dict[str, Any], random: Random
) -> Iterator[Scenario]:
    seen = set[str]()
    asks = [template.ask] if isinstance(template.ask, str) else template.ask
    for _ in range(50 * template.variants):
        draw = Draw(slots, random)
        first, *follow_ups = [draw.fill(ask).strip() for ask in asks]
        if first in seen:
            continue
        seen.add(first)
        yield Scenario(
            team=team,
            feature=template.feature,
            task_type=template.task,
            language=template.lang,
            body={**frame, "messages": [{"role": "user", "content": first}]},
            follow_ups=tuple(follow_ups),
            tool_results=tuple(draw.fill(result) for result in template.results),
            batch=template.batch,
        )
        if len(seen) == template.variants:
            return
    raise ValueError(
        f"{team}.yaml, {template.feature} ({template.lang}): found {len(seen)} different requests, "
        f"expected {template.variants}"
    )


def fingerprint(scenario: Scenario) -> str:
    """Equal for equal requests."""
    return json.dumps(scenario.body, sort_keys=True, ensure_ascii=False)
