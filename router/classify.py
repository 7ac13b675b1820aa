"""What a request is for: body -> TaskType with confidence and reason. Pure, no I/O, no network.

`Classifier` is the interface; `classify` is a small rule-based one that looks at word stems and at the shape of the
request. Its confidences are the rules' own guesses, not calibrated figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from .features import Body, Features, look

TaskType = Literal[
    "classification",
    "extraction",
    "short_summary",
    "simple_qa",
    "transform",
    "coding",
    "analysis",
    "writing",
    "long_summary",
    "conversation",
    "agentic_tools",
    "research",
    "architecture",
    "reasoning",
    "hard_math",
    "refactor",
]


class Task(NamedTuple):
    """What a classifier found. Below the policy's margin of confidence the policy's default tier is taken."""

    type: TaskType | None
    """None: unknown."""
    confidence: float
    """From 0 to 1."""
    reason: str
    """The signals in one phrase, without any text of the request."""


Classifier = Callable[[Body], Task]


def classify(body: Body) -> Task:
    """The task type of a Messages request, by the words of the pending task and of the system prompt, then by shape."""
    return classify_features(look(body))


def classify_features(features: Features) -> Task:
    """`classify`, for who has looked at the request already."""
    if not features.pending.strip():
        return Task(type=None, confidence=0.0, reason="no text to go by")
    if features.tools:
        return Task(type="agentic_tools", confidence=0.8, reason=f"{features.tools} tools")
    for text, confidence, where in ((features.pending, 0.75, "the task"), (features.system, 0.65, "the system prompt")):
        if found := _by_words(text):
            if found == "short_summary" and features.characters > _LONG:
                found = "long_summary"
            return Task(type=found, confidence=confidence, reason=f"the words of {where}")
    return _by_shape(features)


_LONG = 6_000
"""Characters from which a summary is a long one."""


def _by_words(text: str) -> TaskType | None:
    """The first type of the table one of whose stems begins a word of the text, or whose characters stand in it."""
    ask = _ask(text).lower()
    found = {
        task_type
        for word in set(_WORD.findall(ask))
        for stem, task_type in _STEMS.get(word[:_KEY], ())
        if word.startswith(stem)
    }
    found.update(task_type for characters, task_type in _CHARACTERS.items() if characters in ask)
    return next((task_type for task_type in _WORDS if task_type in found), None)


def _ask(text: str) -> str:
    """The first and the last 200 characters: instructions stand before or after the material, seldom inside it."""
    return text if len(text) <= 400 else text[:200] + "\n" + text[-200:]


def _by_shape(features: Features) -> Task:
    if features.code:
        return Task(type="coding", confidence=0.6, reason="code in the request")
    if features.max_tokens is not None and features.max_tokens <= 16:
        return Task(type="classification", confidence=0.7, reason="room for a few words only")
    if features.turns > 2:
        return Task(type="conversation", confidence=0.6, reason="several turns")
    if features.characters < 300 and features.pending.rstrip().endswith(("?", "？")):
        return Task(type="simple_qa", confidence=0.6, reason="a short question")
    return Task(type=None, confidence=0.0, reason="no rule fits")


_WORDS: dict[TaskType, str] = {
    "hard_math": "prove proof theorem lemma integral eigenvalue beweis démontre demuestr 证明 証明",
    "refactor": "refactor codebase 重构 リファクタ",
    "architecture": "architect microservice tradeoff scalab アーキテクチャ 架构",
    "research": "literature evidence citation",
    "reasoning": "puzzle constraint",
    "classification": "classif categor sentiment triage spam label klassifi einordn clasific 分类 分類",
    "extraction": "extract extrahier extrae extrai 提取 抽出",
    "short_summary": "summar zusammenfass résum resum riassum tldr 总结 要約",
    "transform": "translat rephrase paraphras reformat proofread convert übersetz tradu 翻译 翻訳",
    "coding": "function script unittest pytest traceback sql regex compile implement debug",
    "analysis": "analy compar evaluat recommend interpret analysier 分析",
    "writing": "draft compose email essay story speech letter poem blog schreib rédige redact escrib 書いて 撰写",
}
"""The signals, dear work before cheap work: a wrong step up costs money, a wrong step down costs the answer."""

_WORD = re.compile(r"[^\W\d_]+")
_KEY = 4
"""Stems are looked up by their first characters."""
_STEMS: dict[str, list[tuple[str, TaskType]]] = {}
_CHARACTERS: dict[str, TaskType] = {}
for _type, _stems in _WORDS.items():
    for _stem in _stems.split():
        if _stem < "\u3000":
            _STEMS.setdefault(_stem[:_KEY], []).append((_stem, _type))
        else:
            _CHARACTERS[_stem] = _type
