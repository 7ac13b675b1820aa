"""Assess: the router's judgement on labelled requests: how right it is, how fast, what another policy would change."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from router.classify import Classifier, Task, classify
from router.decide import decide
from router.policy import AUTO, STEP_DOWN_COST, Policy

from .desk import price_all
from .evaluate import Case, Evaluation, Rates, evaluate, percentile, rates
from .given import Labelled
from .judging import Progress

TYPICAL = {"input_tokens": 1500, "output_tokens": 500}
"""The call that the tiers' prices are compared by."""
_PROFILES = {cost: name for name, cost in STEP_DOWN_COST.items()}
_STEP_DOWN_COSTS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0)


class CurvePoint(NamedTuple):
    """The tiers that would be chosen if a wrong step down were held to cost this much."""

    step_down_cost: float
    profile: str | None
    """Which profile that is."""
    price: Decimal | None
    """The mean list price of a thousand typical calls on those tiers, in US dollars."""
    rates: Rates


class Latency(NamedTuple):
    """Milliseconds on this machine, one request after another."""

    classify_p50: float
    classify_p99: float
    decide_p50: float
    """The whole decision, the classifier included."""
    decide_p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """All that is known of the router on one labelled file."""

    evaluation: Evaluation
    cases: tuple[Case, ...]
    curve: tuple[CurvePoint, ...]
    """Empty where the classifier tells no probabilities: then nothing depends on what a step down costs."""
    price: Decimal | None
    """The mean list price of a thousand typical calls, as decided."""
    single_tier: Mapping[str, Decimal | None]
    """Tier -> the same if all go there."""
    latency: Latency


def assess(
    rows: Sequence[Labelled], policy: Policy, progress: Progress, *, classifier: Classifier = classify
) -> Assessment:
    """Decide one or more rows as if their model were `auto`, by the policy and along the sweep of step_down_cost."""
    tried = {cost: policy.changed({"step_down_cost": cost}) for cost in _STEP_DOWN_COSTS}
    along: dict[float, list[Case]] = {cost: [] for cost in tried}
    classifier(rows[0].body)  # what it loads when it is first asked is no part of a decision
    cases, seconds, graded = list[Case](), list[tuple[float, float]](), False
    for number, row in enumerate(rows, 1):
        body = {**row.body, "model": AUTO}
        begun = time.perf_counter()
        task = classifier(body)
        classified = time.perf_counter()
        case = _case(row, body, task, policy)
        seconds.append((classified - begun, time.perf_counter() - begun))
        cases.append(case)
        graded = graded or bool(task.scores)
        for cost, other in tried.items():
            along[cost].append(_case(row, body, task, other) if task.scores else case)
        if number % 100 == 0:
            progress(number, len(rows))
    prices = _prices(policy)
    curve = (CurvePoint(cost, _PROFILES.get(cost), _price(along[cost], prices), rates(along[cost])) for cost in tried)
    return Assessment(
        evaluation=evaluate(cases),
        cases=tuple(cases),
        curve=tuple(curve) if graded else (),
        price=_price(cases, prices),
        single_tier=prices,
        latency=_latency(seconds),
    )


def _case(row: Labelled, body: Mapping[str, Any], task: Task, policy: Policy) -> Case:
    decision = decide(body, policy=policy, classifier=lambda _: task)
    confidence = decision.confidence or 0.0
    return Case(row.label, row.also, decision.task_type, decision.tier, confidence, row.source, row.lang)


def _price(cases: Sequence[Case], prices: Mapping[str, Decimal | None]) -> Decimal | None:
    """None if one of the tiers has no price."""
    paid = [prices[case.tier] if case.tier else None for case in cases]
    known = [price for price in paid if price is not None]
    return sum(known, Decimal(0)) / len(known) if len(known) == len(paid) else None


def _prices(policy: Policy) -> dict[str, Decimal | None]:
    """What a thousand typical calls cost on each tier today."""
    now = datetime.now(UTC)
    receipts = price_all([{"model": tier.model, "at": now, "usage": TYPICAL} for tier in policy.tiers.values()])
    costs = [None if receipt.list_cost is None else receipt.list_cost * 1000 for receipt in receipts]
    return dict(zip(policy.tiers, costs, strict=True))


def _latency(seconds: Sequence[tuple[float, float]]) -> Latency:
    classified, decided = ([one * 1000 for one in column] for column in zip(*seconds, strict=True))
    return Latency(
        percentile(classified, 0.5), percentile(classified, 0.99), percentile(decided, 0.5), percentile(decided, 0.99)
    )
