"""PolicyCheck: what a policy comes to, and what is doubtful about it beside our prices and what models accept."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from anthropic.resources.messages.messages import DEPRECATED_MODELS

from router.fits import known
from router.policy import TIERS, Policy

from .price_file import Model, Row
from .prices import PriceTable

_TABLED = ("tiers", "tasks", "ids", "when")


@dataclass(frozen=True, slots=True, kw_only=True)
class TierFacts:
    """One tier."""

    model: str
    chain: tuple[str, ...]
    """The models that are tried where this one is overloaded, in order, as far as the policy lets them."""
    also: tuple[str, ...]
    """Further models that belong to it when a caller names them."""
    ids: Mapping[str, str]
    """Of its model, by platform."""
    input: str | None
    """US dollars per million tokens today, for short prompts; None: unknown."""
    output: str | None
    open: bool
    """Whether it may be chosen for `auto`: floor, ceiling, allow and deny leave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One entry of `when`."""

    tags: Mapping[str, str]
    keys: Mapping[str, Any]
    tasks: Mapping[str, str | None]
    """Task types that go to another tier than without it, and to which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something doubtful."""

    key: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCheck:
    """A policy that can be used, laid out."""

    settings: Mapping[str, Any]
    """Every key that is one value."""
    tiers: Mapping[str, TierFacts]
    tasks: Mapping[str, str]
    """As the policy maps them."""
    goes_to: Mapping[str, str | None]
    """The tier that a request for `auto` goes to; None: none is open, and the default's model is sent."""
    overrides: tuple[Override, ...]
    problems: tuple[Finding, ...]
    notes: tuple[Finding, ...]


def check(policy: Policy, prices: PriceTable, *, on: date) -> PolicyCheck:
    """Lay a policy out as it holds on a day."""
    book = _Book(prices, on)
    return PolicyCheck(
        settings=policy.model_dump(mode="json", exclude=set(_TABLED)),
        tiers={name: _facts(policy, name, book) for name in TIERS},
        tasks={name: str(tier) for name, tier in policy.tasks.items()},
        goes_to=_goes_to(policy),
        overrides=tuple(_override(policy, at) for at in range(len(policy.when))),
        problems=tuple(dict.fromkeys(_problems(policy, book))),
        notes=tuple(dict.fromkeys(_notes(policy, book))),
    )


class _Book:
    """The models of pricing.yaml by every spelling, as of a day."""

    def __init__(self, prices: PriceTable, on: date) -> None:
        self.on = on
        self._models: dict[tuple[str, str], Model] = {
            (platform, spelling): model
            for model in prices.file.models.values()
            for platform, spelling, _ in model.ids.spellings()
        }

    def find(self, spelling: str, platform: str = "anthropic") -> Model | None:
        return self._models.get((platform, spelling))

    def named(self) -> set[str]:
        return {spelling for _, spelling in self._models}

    def price(self, model: str) -> Row | None:
        """The row in force, of the usual speed and for short prompts."""
        found = self.find(model)
        rows = [row for row in (found.prices if found else None) or () if row.when.speed == "standard"]
        holding = [row for row in rows if row.from_ <= self.on < row.to]
        return min(holding, key=lambda row: row.over, default=None)


def _facts(policy: Policy, name: Any, book: _Book) -> TierFacts:
    tier, price = policy.tiers[name], book.price(policy.tiers[name].model)
    below_ceiling = TIERS[: TIERS.index(policy.ceiling or TIERS[-1]) + 1]
    reachable = [other for other in below_ceiling if policy.allowed(policy.tiers[other].model)]
    return TierFacts(
        model=tier.model,
        chain=tuple(policy.tiers[other].model for other in tier.fallback if other in reachable),
        also=tier.also,
        ids={str(platform): spelling for platform, spelling in policy.ids.get(tier.model, {}).items()},
        input=None if price is None else f"{price.input:f}",
        output=None if price is None else f"{price.output:f}",
        open=name in policy.open_to(None),
    )


def _goes_to(policy: Policy) -> dict[str, str | None]:
    return {name: policy.nearest(tier, named=None) for name, tier in policy.tasks.items()}


def _override(policy: Policy, at: int) -> Override:
    entry, before, after = policy.when[at], _goes_to(policy), _goes_to(policy.overrides.alone(at))
    return Override(
        tags={str(name): str(value) for name, value in entry["tags"].items()},
        keys={name: value for name, value in entry.items() if name != "tags"},
        tasks={name: tier for name, tier in after.items() if tier != before[name]},
    )


def _policies(policy: Policy) -> Iterator[tuple[str, Policy]]:
    """The policy, and what each entry of `when` makes of it; with how their keys begin."""
    yield "", policy
    for at in range(len(policy.when)):
        yield f"when.{at}.", policy.overrides.alone(at)


def _problems(policy: Policy, book: _Book) -> Iterator[Finding]:
    for prefix, each in _policies(policy):
        whole = not prefix
        for name, tier in each.tiers.items():
            key = f"{prefix}tiers.{name}"
            if whole or tier != policy.tiers[name]:
                yield from _of_model(f"{key}.model", tier.model, book)
                yield from (_unknown(f"{key}.also", model, book) for model in tier.also if not book.find(model))
        for key in ("allow", "deny"):
            names: tuple[str, ...] = getattr(each, key)
            if whole or names != getattr(policy, key):
                yield from (_unknown(f"{prefix}{key}", name, book) for name in names if not _names(each, name, book))
        if whole or each.ids != policy.ids:
            yield from _of_ids(f"{prefix}ids", each, book)


def _of_model(key: str, model: str, book: _Book) -> Iterator[Finding]:
    found = book.find(model)
    if found is None:
        yield _unknown(key, model, book)
    elif found.retires is not None and found.retires <= book.on:
        yield Finding(key=key, says=f"{model} was retired on {found.retires}")
    elif book.price(model) is None:
        why = f": {found.unpriced}" if found.unpriced else ""
        yield Finding(key=key, says=f"{model} has no price on {book.on} in pricing.yaml{why}")


def _of_ids(key: str, policy: Policy, book: _Book) -> Iterator[Finding]:
    """Deployments and ARNs are named by whoever made them, so only other ids can be unknown."""
    for model, spellings in policy.ids.items():
        if not policy.tier_of(model) and not book.find(model):
            yield _unknown(key, model, book)
        for platform, spelling in spellings.items():
            if platform != "foundry" and not spelling.startswith("arn:") and not book.find(spelling, platform):
                says = f"{spelling} is no id that pricing.yaml has on {platform}, so calls to it get no price"
                yield Finding(key=f"{key}.{model}.{platform}", says=says)


def _notes(policy: Policy, book: _Book) -> Iterator[Finding]:
    for prefix, each in _policies(policy):
        for name, tier in each.tiers.items():
            if prefix and tier == policy.tiers[name]:
                continue
            key, found = f"{prefix}tiers.{name}.model", book.find(tier.model)
            if end := _end(tier.model, found, book.on):
                yield Finding(key=key, says=f"{tier.model} is deprecated and ends {end}")
            if found and not known(tier.model):
                says = f"what {tier.model} accepts is not in accepts.json, so only plain requests are moved to it"
                yield Finding(key=key, says=says)
        if (nearest := each.nearest(each.default, named=None)) != each.default:
            says = f"{each.default} is not open" + (
                f", so {nearest} is taken" if nearest else ", nor is any other tier"
            )
            yield Finding(key=f"{prefix}default", says=says)
    for earlier, later in policy.overrides.contradictions():
        says = f"contradicts when.{earlier}; for a call with the tags of both it holds alone"
        yield Finding(key=f"when.{later}", says=says)


def _end(model: str, found: Model | None, on: date) -> str | None:
    """When a model ends that still answers, as the SDK says, or the price table."""
    retires = found.retires if found else None
    if retires is not None and retires <= on:
        return None
    return DEPRECATED_MODELS.get(model) or (f"{retires}" if retires else None)


def _names(policy: Policy, name: str, book: _Book) -> bool:
    return name in TIERS or policy.tier_of(name) is not None or name in book.named()


def _unknown(key: str, name: str, book: _Book) -> Finding:
    near = difflib.get_close_matches(name, [*book.named(), *TIERS], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return Finding(key=key, says=f"{name} is not in pricing.yaml{hint}")
