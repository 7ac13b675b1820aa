"""What the stand-in says when nobody tells it what to say: plausible, and the same for the same request."""

from __future__ import annotations

import json
from hashlib import blake2b
from random import Random
from typing import Any, cast

from . import schema, tokens

SHORT = 16
"""With so few `max_tokens` or fewer the caller wants a label, not a text."""
MAX_TOOL_ROUNDS = 3

_LABELS = ("billing", "shipping", "refund", "technical", "account", "positive", "negative", "neutral", "other")
_SENTENCES = (
    "The short answer is yes, with one condition that is easy to check.",
    "Start with the most recent change, because that is where the difference first shows.",
    "The figures for the last two quarters agree to within one percent.",
    "Two of the three orders were delivered on time; the third was returned by the carrier.",
    "I would keep the current interface and move the validation one level down.",
    "Please confirm the account number, and the refund can be issued today.",
    "The function returns early when the list is empty, so the later branch is never reached.",
    "Costs rose mainly in storage, while compute stayed flat.",
    "A customer who writes twice within a day should reach the same person.",
    "The clause applies only to contracts signed after the first of January.",
    "In summary, the risk is small and the remedy is cheap.",
    "Add a test for the boundary first; it fails on the present version.",
    "The index is not used, since the query compares a text with a number.",
    "Most of the feedback mentions speed, and almost none mentions price.",
    "If the second step fails, nothing has to be undone.",
    "The report leaves out weekends, which explains the gap on the chart.",
    "Write the new rows beside the old ones, compare them for a week, then switch.",
    "None of the suppliers offers both the shorter delivery time and the lower price.",
)


def answer(body: dict[str, Any], seed: int | None = None) -> list[dict[str, Any]]:
    """The content blocks for a request.

    A request with tools gets up to three rounds of tool calls for each plain user message, then a text; one with a
    JSON schema gets JSON; one with hardly any `max_tokens` a label; every other one some sentences.
    """
    dice = Random(_digest(body, seed))  # noqa: S311 - variety, not secrecy
    thoughts = _thinking(body, dice)
    call = _tool_call(body, dice)
    return [*thoughts, call if call is not None else {"type": "text", "text": _text(body, dice)}]


def _digest(body: dict[str, Any], seed: int | None) -> int:
    messages = tokens.blocks_of(body.get("messages"))
    told = tokens.canonical([seed, body.get("model"), len(messages), messages[-1:]])
    return int.from_bytes(blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _text(body: dict[str, Any], dice: Random) -> str:
    wanted = _output_schema(body)
    if wanted is not None:
        return json.dumps(schema.fill(wanted, dice))
    if int(body.get("max_tokens", 0)) <= SHORT:
        return dice.choice(_LABELS)
    return _prose(min(200, max(1, round(dice.lognormvariate(2.1, 0.8)))), dice)


def _prose(sentences: int, dice: Random) -> str:
    """So many sentences, none of them twice before every other had its turn."""
    deck = dice.sample(_SENTENCES, len(_SENTENCES))
    return " ".join(deck[number % len(deck)] for number in range(sentences))


def _thinking(body: dict[str, Any], dice: Random) -> list[dict[str, Any]]:
    thinking: dict[str, Any] = body.get("thinking") or {}
    if thinking.get("type") not in {"enabled", "adaptive"}:
        return []
    text = _prose(dice.randint(2, 8), dice)
    return [{"type": "thinking", "thinking": text, "signature": f"sig{dice.getrandbits(256):064x}"}]


def _tool_call(body: dict[str, Any], dice: Random) -> dict[str, Any] | None:
    """A call of one of the request's own tools, or None if it is time for a text."""
    tools = [tool for tool in tokens.blocks_of(body.get("tools")) if "input_schema" in tool]
    choice: dict[str, Any] = body.get("tool_choice") or {"type": "auto"}
    forced = choice.get("type") in {"any", "tool"}
    if choice.get("type") == "tool":
        tools = [tool for tool in tools if tool.get("name") == choice.get("name")]
    if not tools or choice.get("type") == "none" or not (forced or _rounds_left(body)):
        return None
    tool = dice.choice(tools)
    return {"type": "tool_use", "name": tool["name"], "input": schema.fill(tool["input_schema"], dice)}


def _rounds_left(body: dict[str, Any]) -> bool:
    """Whether the last plain user message deserves another tool call; it decides itself how many, one to three."""
    done = 0
    for message in reversed(tokens.blocks_of(body.get("messages"))):
        blocks = tokens.blocks_of(message.get("content"))
        if message.get("role") == "user":
            if not any(block.get("type") == "tool_result" for block in blocks):
                return done < 1 + sum(map(tokens.count_block, blocks)) % MAX_TOOL_ROUNDS
            done += 1
    return False


def _output_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    config: Any = body.get("output_config")
    wanted = cast("dict[str, Any]", config).get("format") if isinstance(config, dict) else body.get("output_format")
    return cast("dict[str, Any]", wanted).get("schema") if isinstance(wanted, dict) else None
