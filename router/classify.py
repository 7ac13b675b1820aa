"""What a request is for: body -> TaskType with a calibrated confidence and a reason. Pure, no network.

`Classifier` is the interface; `classify` asks the trained network of net.py. NumPy and the weights are loaded at the
first request, or by `warm`; where they cannot be, every task is unknown, and the log says so once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from . import faults
from .features import Body, Features, look

if TYPE_CHECKING:
    from .net import Net

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
TASK_TYPES: tuple[TaskType, ...] = get_args(TaskType)


class Task(NamedTuple):
    """What a classifier found. Below the policy's margin of confidence the policy's default tier is taken."""

    type: TaskType | None
    """None: unknown."""
    confidence: float
    """From 0 to 1."""
    reason: str
    """The signals in one phrase, without any text of the request."""
    scores: Mapping[TaskType, float] = MappingProxyType({})
    """The probability of each type, in sum 1; empty where a classifier tells only one."""


Classifier = Callable[[Body], Task]


def classify(body: Body) -> Task:
    """The task type of a Messages request: what it is for, by its words and by its shape."""
    return classify_features(look(body))


def classify_features(features: Features) -> Task:
    """`classify`, for who has looked at the request already."""
    if not (features.pending.strip() or features.system.strip()):
        return Task(type=None, confidence=0.0, reason="no text to go by")
    if (net := _net()) is None:
        return Task(type=None, confidence=0.0, reason="the classifier cannot be loaded")
    try:
        scores = net.probabilities(features)
    except Exception as error:  # noqa: BLE001  # no request is worth a failed call
        faults.note("classifying", error)
        return Task(type=None, confidence=0.0, reason="the classifier failed")
    first, second = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
    reason = f"{scores[first]:.2f}, before {second} {scores[second]:.2f}"
    return Task(type=first, confidence=scores[first], reason=reason, scores=scores)


def signals(features: Features, task: Task) -> Mapping[str, float]:
    """How much each part of a request speaks for the type found: the probability that is lost without looking at it.

    A negative share speaks against it.
    """
    if task.type is None or not task.scores or (net := _net()) is None:
        return {}
    lost = {part: task.scores[task.type] - scores[task.type] for part, scores in net.without(features).items()}
    return {part: round(share, 3) for part, share in lost.items() if abs(share) >= _SAYS_SOMETHING}


_SAYS_SOMETHING = 0.01


def warm() -> bool:
    """Load the classifier now rather than at the first request, about 0.1 s; False if it cannot be."""
    return _net() is not None


@cache
def _net() -> Net | None:
    try:
        from .net import Net  # noqa: PLC0415  # NumPy is loaded when it is needed, not at import

        return Net(Path(str(files("router"))) / "model")
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it, calls go on
        faults.note("loading the classifier", error)
        return None
