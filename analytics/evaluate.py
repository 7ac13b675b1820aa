"""Evaluation: how right the router's judgement is on labelled requests. Pure: cases in, figures out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

TIERS = ("haiku", "sonnet", "opus")
"""From the least to the most capable."""
_BINS = 10


class Label(NamedTuple):
    """What a request is for, and the tier that it needs."""

    task_type: str
    tier: str


class Case(NamedTuple):
    """One labelled request, and what the router made of it."""

    label: Label
    also: tuple[Label, ...]
    """Second labels that fit as well."""
    task_type: str | None
    """Found."""
    tier: str | None
    confidence: float
    """Of the tier."""
    source: str = "unknown"
    lang: str = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares of the cases, from 0 to 1. `fitting`: one of the second labels counts as right, too."""

    cases: int
    second_labels: int
    """Cases that have one."""
    task_accuracy: float
    task_accuracy_fitting: float
    tier_accuracy: float
    tier_accuracy_fitting: float
    under_routing: float
    """Sent to a tier below the label's."""
    under_routing_fitting: float
    over_routing: float
    over_routing_fitting: float
    opus_cases: int
    opus_to_haiku: float | None
    """Of the cases that need Opus; None without any."""


class TypeRates(NamedTuple):
    """One task type against all others, by the strict label."""

    task_type: str
    cases: int
    precision: float | None
    """None: it was never found."""
    recall: float
    f1: float


class Bin(NamedTuple):
    """The cases whose confidence lies from `low` up to `high`."""

    low: float
    high: float
    cases: int
    confidence: float
    """On average; so is the accuracy: both 0 for an empty bin."""
    accuracy: float
    """Of the tier, by the strict label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that the cases alone say."""

    rates: Rates
    macro_f1: float
    """The mean F1 of the task types that have cases."""
    types: tuple[TypeRates, ...]
    confusion: Mapping[str, Mapping[str, int]]
    """Task type of the label -> found (or `unknown`) -> cases."""
    tiers: Mapping[str, Mapping[str, int]]
    """The same for tiers."""
    calibration_error: float
    """Expected calibration error of the tier's confidence: the gap of each bin, weighed by its cases."""
    reliability: tuple[Bin, ...]


def evaluate(cases: Sequence[Case]) -> Evaluation:
    """The figures of one or more cases."""
    types = _types(cases)
    bins = reliability(cases)
    return Evaluation(
        rates=rates(cases),
        macro_f1=sum(one.f1 for one in types) / len(types),
        types=types,
        confusion=_confusion((case.label.task_type, case.task_type) for case in cases),
        tiers=_confusion((case.label.tier, case.tier) for case in cases),
        calibration_error=sum(one.cases * abs(one.accuracy - one.confidence) for one in bins) / len(cases),
        reliability=bins,
    )


def rates(cases: Sequence[Case]) -> Rates:
    """Accuracies and wrong turns of one or more cases."""
    opus = [case for case in cases if case.label.tier == TIERS[-1]]
    return Rates(
        cases=len(cases),
        second_labels=sum(bool(case.also) for case in cases),
        task_accuracy=_share(cases, lambda case: case.task_type == case.label.task_type),
        task_accuracy_fitting=_share(cases, lambda case: case.task_type in _types_of(case)),
        tier_accuracy=_share(cases, lambda case: case.tier == case.label.tier),
        tier_accuracy_fitting=_share(cases, _tier_fits),
        under_routing=_share(cases, lambda case: _steps(case) < 0),
        under_routing_fitting=_share(cases, lambda case: _steps(case) < 0 and not _tier_fits(case)),
        over_routing=_share(cases, lambda case: _steps(case) > 0),
        over_routing_fitting=_share(cases, lambda case: _steps(case) > 0 and not _tier_fits(case)),
        opus_cases=len(opus),
        opus_to_haiku=_share(opus, lambda case: case.tier == TIERS[0]) if opus else None,
    )


def by(cases: Iterable[Case], key: Callable[[Case], str]) -> dict[str, Rates]:
    """The rates of each group, the largest first."""
    groups: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[key(case)].append(case)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {name: rates(group) for name, group in ordered}


def reliability(cases: Iterable[Case]) -> tuple[Bin, ...]:
    """Ten bins of equal width."""
    bins: list[list[Case]] = [[] for _ in range(_BINS)]
    for case in cases:
        bins[min(int(case.confidence * _BINS), _BINS - 1)].append(case)
    return tuple(
        Bin(
            low=number / _BINS,
            high=(number + 1) / _BINS,
            cases=len(held),
            confidence=sum(case.confidence for case in held) / len(held) if held else 0.0,
            accuracy=_share(held, lambda case: case.tier == case.label.tier) if held else 0.0,
        )
        for number, held in enumerate(bins)
    )


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest of one or more values that is not below this share of them."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def _share(cases: Sequence[Case], holds: Callable[[Case], bool]) -> float:
    return sum(map(holds, cases)) / len(cases)


def _types_of(case: Case) -> set[str]:
    return {case.label.task_type, *(label.task_type for label in case.also)}


def _tier_fits(case: Case) -> bool:
    return case.tier in {case.label.tier, *(label.tier for label in case.also)}


def _steps(case: Case) -> int:
    """How many tiers above the label's; 0 where no tier was found."""
    return 0 if case.tier is None else TIERS.index(case.tier) - TIERS.index(case.label.tier)


def _types(cases: Sequence[Case]) -> tuple[TypeRates, ...]:
    labelled = Counter(case.label.task_type for case in cases)
    found = Counter(case.task_type for case in cases)
    right = Counter(case.task_type for case in cases if case.task_type == case.label.task_type)
    return tuple(
        TypeRates(
            task_type=name,
            cases=count,
            precision=right[name] / found[name] if found[name] else None,
            recall=right[name] / count,
            f1=2 * right[name] / (count + found[name]),
        )
        for name, count in sorted(labelled.items())
    )


def _confusion(pairs: Iterable[tuple[str, str | None]]) -> dict[str, dict[str, int]]:
    counts = Counter((label, found or "unknown") for label, found in pairs)
    table: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (label, found), count in sorted(counts.items()):
        table[label][found] = count
    return dict(table)
