"""How an evaluation looks to people: how right the router is on labelled requests, how fast, and at what price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from .assess import TYPICAL, Assessment, CurvePoint
from .evaluate import TIERS, Bin, Evaluation, Rates, TypeRates
from .present import columns, console, grid, money, plain, saved

_BAR = 20


def show_assessment(assessment: Assessment, groups: Mapping[str, Mapping[str, Rates]]) -> None:
    """Every figure, with what it means; `groups`: what the requests were told apart by -> group -> its rates."""
    out, evaluation, speed = console(), assessment.evaluation, assessment.latency
    out.print(f"{evaluation.rates.cases:,} requests, each decided as if its model were auto", style="bold")
    out.print(grid(_headline(evaluation)))
    out.print(
        f"\nOn this machine a request was classified in {speed.classify_p50:.2f} ms (p50), {speed.classify_p99:.2f} ms "
        f"(p99), and decided in {speed.decide_p50:.2f} ms and {speed.decide_p99:.2f} ms."
    )
    out.print(_type_table(evaluation))
    out.print(_tier_table(evaluation.tiers))
    out.print("What the tier's confidence says, and how often the tier is right:")
    out.print(_reliability_table(evaluation.reliability))
    _show_curve(out, assessment)
    for name, rates in groups.items():
        out.print(_group_table(name, rates))


def share(value: float | None) -> str:
    """From 0 to 1, in three digits; a dash where there is nothing to say."""
    return "–" if value is None else f"{value:.3f}"


def _headline(evaluation: Evaluation) -> Iterator[tuple[str, str, str]]:
    rates = evaluation.rates

    def fitting(value: float) -> str:
        return f"{share(value)} where a second label that fits counts as right" if rates.second_labels else ""

    yield "Tier accuracy", share(rates.tier_accuracy), fitting(rates.tier_accuracy_fitting)
    yield "Task accuracy", share(rates.task_accuracy), fitting(rates.task_accuracy_fitting)
    yield "Macro-F1", share(evaluation.macro_f1), "mean of the task types"
    yield "Under-routing", share(rates.under_routing), fitting(rates.under_routing_fitting)
    yield "Opus work to Haiku", share(rates.opus_to_haiku), f"of {rates.opus_cases:,} requests that need Opus"
    yield "Over-routing", share(rates.over_routing), fitting(rates.over_routing_fitting)
    yield "Calibration error", share(evaluation.calibration_error), "expected, of the tier's confidence, in ten bins"


def _type_table(evaluation: Evaluation) -> Table:
    table = columns("Requests", "Precision", "Recall", "F1", "Else most often", first="Task type", left=(5,))
    for one in evaluation.types:
        found = (share(one.precision), share(one.recall), share(one.f1))
        table.add_row(one.task_type, f"{one.cases:,}", *found, _else(one, evaluation.confusion))
    return table


def _else(one: TypeRates, confusion: Mapping[str, Mapping[str, int]]) -> str:
    """What the type was most often mistaken for."""
    wrong = {found: count for found, count in confusion[one.task_type].items() if found != one.task_type}
    most = max(wrong, key=wrong.__getitem__, default=None)
    return "" if most is None else f"{most} ({wrong[most]:,})"


def _tier_table(tiers: Mapping[str, Mapping[str, int]]) -> Table:
    found = [*TIERS, *(["unknown"] if any("unknown" in row for row in tiers.values()) else [])]
    table = columns(*(f"sent to {tier}" for tier in found), first="Needs")
    for label in TIERS:
        table.add_row(label, *(f"{tiers.get(label, {}).get(tier, 0):,}" for tier in found))
    return table


def _reliability_table(bins: Iterable[Bin]) -> Table:
    table = columns("Requests", "Says", "Is right", "", first="Confidence", left=(4,))
    for one in bins:
        if one.cases:
            cells = (f"{one.cases:,}", share(one.confidence), share(one.accuracy), _bar(one.accuracy))
            table.add_row(f"{one.low:.1f} to {one.high:.1f}", *cells)
    return table


def _show_curve(out: Console, assessment: Assessment) -> None:
    size = f"a thousand calls of {TYPICAL['input_tokens']:,} tokens in and {TYPICAL['output_tokens']:,} out, list price"
    if assessment.curve:
        out.print(f"What a wrong step down is held to cost, and what that does to quality and to the price of {size}:")
        table = columns("Profile", "Tier right", "Under", "Over", "Price", "", first="Step down", left=(1, 6))
        for point in assessment.curve:
            table.add_row(*_curve_row(point, assessment.single_tier[TIERS[-1]]))
        out.print(table)
    else:
        out.print(
            "This classifier tells no probabilities, so nothing depends on what a wrong step down is held to cost.\n"
            f"As decided, {size}: {saved(assessment.price)}."
        )
    prices = ", ".join(f"{money(price)} to {tier}" for tier, price in assessment.single_tier.items())
    out.print(f"All to one tier: {prices}.")


def _curve_row(point: CurvePoint, dearest: Decimal | None) -> Sequence[str]:
    part = float(point.price / dearest) if point.price is not None and dearest else 0.0
    rates = (point.rates.tier_accuracy, point.rates.under_routing, point.rates.over_routing)
    return f"{point.step_down_cost:g}", point.profile or "", *map(share, rates), saved(point.price), _bar(part)


def _group_table(name: str, groups: Mapping[str, Rates]) -> Table:
    first = {"lang": "Language"}.get(name, name.capitalize())
    table = columns("Requests", "Task", "Tier", "Fitting", "Under", "Opus→Haiku", "Over", first=first)
    for group, one in groups.items():
        accuracies = (one.task_accuracy, one.tier_accuracy, one.tier_accuracy_fitting)
        wrong = (one.under_routing, one.opus_to_haiku, one.over_routing)
        table.add_row(plain(group), f"{one.cases:,}", *map(share, (*accuracies, *wrong)))
    return table


def _bar(part: float) -> str:
    return "█" * round(min(part, 1.0) * _BAR)
