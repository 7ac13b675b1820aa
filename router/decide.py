"""The decision for one request: pure, from the body, the policy and what the conversation was served by so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from .cache import Outlook
from .classify import Classifier, Task, classify_features, signals
from .features import Body, Features, look, mappings
from .fits import Needs, known, needs, obstacle
from .layout import Layout, digest_of, lay_out
from .policy import AUTO, TIERS, Decision, Policy, TierName
from .prices import price_of
from .scope import current_pin, current_tags
from .tiers import confidence_in, shares, worth

_DOUBTS = 2
"""Turns in a row that have to ask for less before a conversation is moved down."""


class Situation(NamedTuple):
    """What bears on a decision besides the body."""

    pin: str | None = None
    """A tier or a model id."""
    previous: str | None = None
    """The model that served the conversation so far."""
    betas: Collection[str] = ()
    """The beta features that the request's headers ask for."""
    platform: str | None = None
    """Where the client sends to, if it knows."""
    against: Callable[[str], str | None] = lambda _: None
    """What was learnt against sending this request to a model, in one phrase."""
    outlook: Outlook | None = None
    """What the turn would cost on each model; None where nobody knows: then a conversation stays where it is."""


_NOTHING_ELSE = Situation()
_MALFORMED = Task(type=None, confidence=0.0, reason="no well-formed request")


class _Case(NamedTuple):
    """All that a decision is made from."""

    requested: str
    policy: Policy
    situation: Situation
    features: Features
    task: Task
    needed: Needs

    @property
    def named(self) -> TierName | None:
        """The tier of the model named."""
        return self.policy.tier_of(self.requested)

    @property
    def home(self) -> str:
        """The model that a conversation has if it is never switched, as it is sent."""
        return home_of(self.requested, self.policy, self.situation.platform)

    def model(self, tier: TierName) -> str | None:
        """The model of a tier, as it is sent; of its own tier, the one named."""
        if tier == self.named and self.policy.allowed(self.requested):
            return self.requested
        return self.policy.model_for(tier, like=self.requested, platform=self.situation.platform)

    def obstacle(self, model: str) -> str | None:
        """What speaks against sending the request to a model, in one phrase."""
        policy, situation, plainly = self.policy, self.situation, plain(model, self.policy)
        tier = policy.tier_of(model)
        limits = policy.tiers[tier] if tier and policy.tiers[tier].model == plainly else None
        served = model == situation.previous
        return situation.against(model) or obstacle(self.needed, plainly, limits=limits, served=served)

    def affordable(self, model: str, *, way_back: bool = False) -> bool:
        """Whether the turn may be taken to a model, for all that it costs the conversation."""
        outlook, plainly = self.situation.outlook, plain(model, self.policy)
        if outlook is None or price_of(plainly) is None:
            return self.situation.previous is None  # without prices the policy has its say once, at the beginning
        return outlook.affordable(plainly, percent=self.policy.max_dearer_percent, way_back=way_back)


def decide(
    body: Body, *, policy: Policy, classifier: Classifier | None = None, situation: Situation = _NOTHING_ELSE
) -> Decision:
    """The models to try for a request, and why. `policy`: the one in force for its tags.

    The model named is a ceiling: what is chosen is of its tier or a cheaper one. Where a switch is not sure to be
    accepted, none is made. A message thread keeps one model, for its state is held for that model.
    """
    return _decide(body, _case(body, policy, classifier, situation))


def explain(body: Body, *, policy: Policy | None = None, tags: Mapping[str, str] | None = None) -> Decision:
    """The decision for a request body, with what it went by and what the alternatives would cost; no call is made.

    It is that of a conversation's first turn in this process: nothing is known to be warm. `policy`: the default one
    where none is given; `tags`: those in force here.
    """
    policy = (policy or Policy()).for_tags(current_tags() if tags is None else tags)
    requested = str(body.get("model"))
    home, layout = plain(home_of(requested, policy, None), policy), lay_out(body)
    outlook = None
    if price_of(home) is not None:
        outlook = Outlook(home, layout, time.monotonic(), begun=len(mappings(body.get("messages"))) > 1)
    case = _case(body, policy, None, Situation(pin=current_pin(), outlook=outlook))
    alternatives = dict(_alternatives(case, outlook)) if outlook else {}
    return _decide(body, case)._replace(signals=dict(_signals(case, layout)), alternatives=alternatives)


def named(requested: str, policy: Policy, platform: str | None) -> str:
    """The model the caller named; for `auto`, the policy's default, or the tier nearest to it that is open."""
    if requested != AUTO:
        return requested
    tier = policy.nearest(policy.default, named=None) or policy.default
    return policy.model_for(tier, like=AUTO, platform=platform) or policy.tiers[tier].model


def home_of(requested: str, policy: Policy, platform: str | None) -> str:
    """The model that a conversation is weighed against: the one named; for `auto`, the most capable that is open."""
    if requested != AUTO:
        return requested
    tier = (policy.open_to(None) or (policy.default,))[-1]
    return policy.model_for(tier, like=AUTO, platform=platform) or policy.tiers[tier].model


def plain(model: str, policy: Policy) -> str:
    """A model as the Claude API spells it, where it is the model of a tier; others as they stand."""
    tier = None if known(model) else policy.tier_of(model)
    return policy.tiers[tier].model if tier and policy.model_for(tier, like=model) == model else model


def _case(body: Body, policy: Policy, classifier: Classifier | None, situation: Situation) -> _Case:
    requested, features = str(body.get("model")), look(body)
    if features.turns == 0 or len(body["messages"]) != features.turns:
        task = _MALFORMED
    else:
        task = classifier(body) if classifier else classify_features(features)
    needed = needs(body, features, situation.betas, named=None if requested == AUTO else plain(requested, policy))
    return _Case(requested, policy, situation, features, task, needed)


def _decide(body: Body, case: _Case) -> Decision:
    requested, policy, situation = case.requested, case.policy, case.situation
    if situation.pin is not None:
        return _decision(case, [_pinned(situation.pin, case)], "pinned")
    if body.get("thread") is not None:
        return _decision(case, [named(requested, policy, situation.platform)], "a message thread keeps one model")
    if requested != AUTO and case.named is None:
        return _decision(case, [requested], "a model the policy does not name")
    if requested != AUTO and policy.explicit == "keep":
        return _decision(case, [requested], "named models are kept")
    if requested != AUTO and case.task is _MALFORMED:
        return _decision(case, [requested], case.task.reason)
    wanted, reason = _within_conversation(case, *_fitting(case, *_wanted(case)))
    chain = [model for model in wanted if model in (wanted[0], requested) or case.obstacle(model) is None]
    decision = _decision(case, chain, reason)
    return _in_shadow(decision, body, case)


def _pinned(pin: str, case: _Case) -> str:
    policy = case.policy
    tier: TierName | None = next((name for name in policy.tiers if name == pin), None)
    if tier is None:
        return pin
    return policy.model_for(tier, like=case.requested, platform=case.situation.platform) or policy.tiers[tier].model


def _wanted(case: _Case) -> tuple[list[str], str]:
    """What the policy says: the tier that the task is worth, as near as it is open, then that tier's fallbacks."""
    policy = case.policy
    tier, reason = worth(case.task, policy)
    nearest = policy.nearest(tier, named=case.named)
    if nearest is None:
        return [named(case.requested, policy, case.situation.platform)], f"{reason}, but no tier is open"
    if nearest != tier:
        reason = (
            f"{reason}, not above the model named"
            if case.named and _above(tier, case.named)
            else f"{reason}; {tier} is not open"
        )
    names: list[TierName] = [
        nearest,
        *(name for name in policy.tiers[nearest].fallback if name in policy.open_to(case.named)),
    ]
    spelt = list(map(case.model, names))
    chain = [model for model in spelt if model is not None]
    if spelt[0] is None:
        reason = f"{reason}, which the platform has no model for"
        if case.requested != AUTO or not chain:
            chain = [named(case.requested, policy, case.situation.platform)]
    return chain, reason


def _fitting(case: _Case, chain: list[str], reason: str) -> tuple[list[str], str]:
    """The chain, if its first model is sure to accept the request; what was named is always accepted as named."""
    against = None if chain[0] == case.requested else case.obstacle(chain[0])
    if against is None:
        return chain, reason
    if case.requested != AUTO:
        return [case.requested], f"kept as named: {against}"
    fitting = [model for model in chain if case.obstacle(model) is None]
    return fitting or chain[:1], reason  # something has to be sent; where nothing is sure, nothing else is surer


def _within_conversation(case: _Case, wanted: list[str], reason: str) -> tuple[list[str], str]:
    """Weigh what is wanted against what is warm: up at once if it can be paid for, down slowly, never in a tool loop.

    Who handed back thinking blocks cannot go anywhere else at all: others may reject the signature.
    """
    previous, home = case.situation.previous, case.home
    dearer = f"would make the conversation more than {case.policy.max_dearer_percent:g} % dearer"
    if previous is None or case.features.turns <= 1 or (previous != case.requested and case.obstacle(previous)):
        if case.features.in_tool_loop and case.requested != AUTO:
            return [case.requested], "inside a tool loop"
        if wanted[0] == home or case.affordable(wanted[0]):
            return wanted, reason
        return [home, *(model for model in wanted if model != home)], f"{reason}; a switch {dearer}"
    if case.needed.own_thinking:
        return [previous], "stays within the conversation: its thinking belongs to one model"
    stay = [previous, *(model for model in wanted if model != previous)]
    if previous != home and not case.affordable(previous) and case.affordable(home) and not case.obstacle(home):
        return [home, *(model for model in stay if model != home)], f"returns to the model named: staying {dearer}"
    if case.features.in_tool_loop:
        _doubt(case, more=0)
        return stay, "inside a tool loop"
    tier, now = case.policy.tier_of(wanted[0]), case.policy.tier_of(previous)
    if wanted[0] == previous or tier is None or now is None or tier == now:
        return stay, f"{reason}; stays within the conversation"
    if _above(tier, now):
        if case.affordable(wanted[0]):
            return wanted, f"{reason}; up from {now}"
        return stay, f"{reason}; stays within the conversation: a switch {dearer}"
    if _doubt(case, more=1) >= _DOUBTS and _pays(case, wanted[0], previous):
        return wanted, f"{reason}; down from {now}, which pays over the turns still to come"
    return stay, f"{reason}; stays within the conversation"


def _doubt(case: _Case, *, more: int) -> int:
    outlook = case.situation.outlook
    if outlook is None:
        return 0
    outlook.doubts = more + (outlook.account.doubts if outlook.account else 0)
    return outlook.doubts


def _pays(case: _Case, model: str, previous: str) -> bool:
    outlook, policy = case.situation.outlook, case.policy
    if outlook is None or not case.affordable(model, way_back=True) or price_of(plain(previous, policy)) is None:
        return False
    return outlook.pays(plain(model, policy), plain(previous, policy))


def _above(tier: TierName, other: TierName) -> bool:
    return TIERS.index(tier) > TIERS.index(other)


def _decision(case: _Case, chain: list[str], reason: str) -> Decision:
    tier = case.policy.tier_of(chain[0])
    return Decision(
        requested_model=case.requested,
        chain=tuple(chain),
        reason=reason,
        task_type=case.task.type,
        tier=tier,
        confidence=confidence_in(tier, case.task, case.policy),
    )


def _in_shadow(decision: Decision, body: Body, case: _Case) -> Decision:
    """The decision, or where it is only to be written down, that of the caller with ours beside it."""
    policy = case.policy
    if case.requested == AUTO or not (policy.shadow or (policy.rollout < 100 and not policy.takes_in(digest_of(body)))):
        return decision
    reason = f"shadow: {decision.reason}"
    return decision._replace(chain=(case.requested,), reason=reason, shadow_model=decision.model)


def _signals(case: _Case, layout: Layout) -> Iterator[tuple[str, object]]:
    """What the decision went by; no text of the request."""
    task, features = case.task, case.features
    yield "task", task.reason
    if task.scores:
        likely = sorted(task.scores.items(), key=lambda entry: -entry[1])[:3]
        yield "task_types", {name: round(score, 3) for name, score in likely}
        yield "tiers", {name: round(share, 3) for name, share in shares(task, case.policy).items()}
    if speaks := signals(features, task):
        yield "speaks_for_it", dict(speaks)
    yield "messages", features.turns
    yield "characters", features.characters
    for name in ("tools", "documents", "in_tool_loop", "max_tokens"):
        if value := getattr(features, name):
            yield name, value
    if layout.cached:
        yield "cached_characters", layout.cached
    against = {tier: case.obstacle(model) for tier in TIERS if (model := case.model(tier)) and model != case.requested}
    if said := {tier: phrase for tier, phrase in against.items() if phrase}:
        yield "not_sure_to_accept", said


def _alternatives(case: _Case, outlook: Outlook) -> Iterator[tuple[str, Decimal]]:
    """By model, the expected cost of this turn in US dollars: of the one named, and of each tier that is open."""
    models: list[str] = [model for tier in case.policy.open_to(case.named) if (model := case.model(tier))]
    for model in (*models, *([case.requested] if case.named and case.requested not in models else [])):
        plainly = plain(model, case.policy)
        if price_of(plainly) is not None:
            yield model, Decimal(outlook.expected_cost(plainly)).scaleb(-9)
