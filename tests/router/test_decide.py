from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Policy, Task, TaskType, explain, pinned, tagged
from router.decide import Situation, decide
from router.features import Body
from router.policy import TIERS

HAIKU, SONNET, OPUS = (Policy().tiers[name].model for name in TIERS)


def a_body(text: str = "Classify this.", **keys: Any) -> dict[str, Any]:
    return {"model": OPUS, "max_tokens": 100, "messages": [{"role": "user", "content": text}], **keys}


def says(task_type: TaskType | None, confidence: float = 0.9) -> Any:
    return lambda _: Task(type=task_type, confidence=confidence, reason="said so")


@pytest.mark.parametrize(
    ("task_type", "model"), [("classification", HAIKU), ("coding", SONNET), ("hard_math", OPUS), (None, SONNET)]
)
def test_a_task_goes_to_the_model_of_its_tier(task_type: TaskType | None, model: str) -> None:
    """The policy maps task types to tiers and an unknown task to its default."""
    assert decide(a_body(), policy=Policy(), classifier=says(task_type)).model == model


def test_below_the_margin_the_default_is_taken() -> None:
    """A classifier that is not sure has no say."""
    decision = decide(a_body(), policy=Policy(default="opus"), classifier=says("extraction", 0.4))

    assert decision.model == OPUS
    assert "not sure" in decision.reason


@given(
    task_type=st.sampled_from([None, *Policy().tasks]),
    requested=st.sampled_from([name for tier in Policy().tiers.values() for name in (tier.model, *tier.also)]),
    confidence=st.floats(0, 1),
    previous=st.sampled_from([None, HAIKU, SONNET]),
)
def test_no_model_above_the_one_named_is_ever_tried(
    task_type: TaskType | None, requested: str, confidence: float, previous: str | None
) -> None:
    """The model named is a ceiling for the choice and for every fallback."""
    policy = Policy()
    ceiling = policy.tier_of(requested)
    assert ceiling is not None
    if previous is not None and TIERS.index(policy.tier_of(previous) or "opus") > TIERS.index(ceiling):
        previous = None  # what served before was within the same ceiling

    decision = decide(
        a_body(model=requested),
        policy=policy,
        classifier=says(task_type, confidence),
        situation=Situation(previous=previous),
    )

    for model in decision.chain:
        assert TIERS.index(policy.tier_of(model) or "opus") <= TIERS.index(ceiling)
    assert len(set(decision.chain)) == len(decision.chain)


def test_within_its_own_tier_the_named_model_is_kept() -> None:
    """Who names an older model of a tier is not moved to a newer one."""
    assert (
        decide(a_body(model="claude-opus-4-8"), policy=Policy(), classifier=says("hard_math")).model
        == "claude-opus-4-8"
    )


def test_auto_leaves_every_tier_open() -> None:
    """`auto` has no ceiling."""
    assert decide(a_body(model="auto"), policy=Policy(), classifier=says("hard_math")).model == OPUS


@pytest.mark.parametrize("model", ["claude-fable-5-2", "claude-mythos-5-2", "something-else"])
def test_a_model_outside_the_tiers_is_left_alone(model: str) -> None:
    """Models that the policy does not name are neither routed to nor away from, and have no fallback."""
    assert decide(a_body(model=model), policy=Policy(), classifier=says("extraction")).chain == (model,)


def test_explicit_keep_keeps_named_models() -> None:
    """With `explicit: keep` only `auto` is routed."""
    policy = Policy(explicit="keep")

    assert decide(a_body(), policy=policy, classifier=says("extraction")).chain == (OPUS,)
    assert decide(a_body(model="auto"), policy=policy, classifier=says("extraction")).model == HAIKU


@pytest.mark.parametrize(("pin", "model"), [("haiku", HAIKU), ("opus", OPUS), ("claude-fable-5-2", "claude-fable-5-2")])
def test_a_pin_decides_alone(pin: str, model: str) -> None:
    """A pinned tier or model is taken, with no fallback, whatever was named."""
    decision = decide(
        a_body(model=SONNET), policy=Policy(), classifier=says("extraction"), situation=Situation(pin=pin)
    )

    assert decision.chain == (model,)


def test_the_chain_goes_on_with_the_fallbacks_of_the_tier() -> None:
    """What is tried after an overload is the policy's list for the tier chosen."""
    assert decide(a_body(), policy=Policy(), classifier=says("extraction")).chain == (HAIKU, SONNET, OPUS)
    assert decide(a_body(model=SONNET), policy=Policy(), classifier=says("extraction")).chain == (HAIKU, SONNET)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "thinking"),
        ({"temperature": 0.2}, "temperature"),
        ({"speed": "fast"}, "speed"),
        ({"container": "c_1"}, "container"),
        ({"max_tokens": 500_000}, "max_tokens"),
        ({"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]}, "server tools"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]}, "prefilled"),
        (
            {"messages": [{"role": "user", "content": [{"type": "container_upload", "file_id": "f"}]}]},
            "belongs to one model",
        ),
        ({"system": "x" * 2_100_000}, "length"),
    ],
)
def test_where_a_switch_is_not_sure_to_be_accepted_none_is_made(keys: dict[str, Any], why: str) -> None:
    """A request that another model may reject goes where the caller sent it, with the reason, and has no fallback."""
    decision = decide(a_body(**keys), policy=Policy(), classifier=says("extraction"))

    assert decision.chain == (OPUS,)
    assert why in decision.reason


def test_beta_features_keep_the_model() -> None:
    """A beta header is a promise of one model only."""
    assert decide(a_body(), policy=Policy(), classifier=says("extraction"), situation=Situation(betas=["x"])).chain == (
        OPUS,
    )


def test_a_conversation_stays_with_the_model_that_served_it() -> None:
    """A later turn goes where the earlier one went, so that the prompt cache is kept."""
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]

    decision = decide(
        a_body(messages=turns), policy=Policy(), classifier=says("hard_math"), situation=Situation(previous=HAIKU)
    )

    assert decision.model == HAIKU


def test_a_tool_loop_is_not_left() -> None:
    """The result of a tool goes back to the model named where the one that called it is not known."""
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "1"}]},
    ]

    assert decide(a_body(messages=turns), policy=Policy(), classifier=says("extraction")).chain == (OPUS,)


@pytest.mark.parametrize(
    ("model", "platform", "chain"),
    [
        ("us.anthropic.claude-opus-5-5", None, ["us.anthropic.claude-haiku-5-5", "us.anthropic.claude-sonnet-5-5"]),
        ("claude-opus-5-5", "vertex", ["claude-haiku-5-5", "claude-sonnet-5-5"]),
        ("claude-opus-5-5", "foundry", []),
    ],
)
def test_a_chain_is_spelt_for_the_platform(model: str, platform: str | None, chain: list[str]) -> None:
    """Models are sent by the ids of the platform of the one named; where it has none, the call stays as it is."""
    situation = Situation(platform=platform)

    decision = decide(a_body(model=model), policy=Policy(), classifier=says("extraction"), situation=situation)

    assert decision.chain == (*chain, model)


@pytest.mark.parametrize(
    ("platform", "model"), [("bedrock", "global.anthropic.claude-haiku-5-5"), ("foundry", SONNET), (None, HAIKU)]
)
def test_auto_takes_the_id_of_the_platform(platform: str | None, model: str) -> None:
    """Where no model is named the client's platform spells it; where it has none, the default tier's model is sent."""
    situation = Situation(platform=platform)

    assert (
        decide(a_body(model="auto"), policy=Policy(), classifier=says("extraction"), situation=situation).model == model
    )


def test_shadow_decides_and_changes_nothing() -> None:
    """In shadow mode the call goes where it was sent and the decision is kept beside it."""
    decision = decide(a_body(), policy=Policy(shadow=True), classifier=says("extraction"))

    assert decision.chain == (OPUS,)
    assert decision.shadow_model == HAIKU


def scored(**shares: float) -> Any:
    """A classifier that gives each tier a probability, by one task type of it."""
    kinds: dict[str, Any] = {"haiku": "extraction", "sonnet": "coding", "opus": "hard_math"}
    scores = {kinds[tier]: share for tier, share in shares.items()}
    best = max(scores, key=lambda kind: scores[kind])
    return lambda _: Task(type=best, confidence=scores[best], reason="said so", scores=scores)


@pytest.mark.parametrize(
    ("profile", "shares", "tier"),
    [
        ("balanced", {"haiku": 0.9, "sonnet": 0.05, "opus": 0.05}, "haiku"),
        ("balanced", {"haiku": 0.6, "sonnet": 0.4, "opus": 0.0}, "sonnet"),  # 0.4 * 3 against 0.6
        ("economy", {"haiku": 0.6, "sonnet": 0.4, "opus": 0.0}, "haiku"),  # 0.4 * 1 against 0.6
        ("quality", {"haiku": 0.0, "sonnet": 0.8, "opus": 0.2}, "opus"),  # 0.2 * 8 against 0.8
        ("economy", {"haiku": 0.0, "sonnet": 0.8, "opus": 0.2}, "sonnet"),
    ],
)
def test_the_tier_is_the_one_of_least_expected_regret(profile: Any, shares: dict[str, float], tier: str) -> None:
    """A step too low is held to cost what the profile says, a step too high 1; and confidence is that of the tier."""
    decision = decide(a_body(), policy=Policy(profile=profile, margin=0.0), classifier=scored(**shares))

    assert decision.tier == tier
    assert decision.confidence == shares[tier]


@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=3), st.floats(0, 20), st.sampled_from(["opus", "sonnet", "haiku"])
)
def test_no_other_tier_would_be_regretted_less(weights: list[float], cost: float, named: str) -> None:
    """Of all tiers, the one chosen has the least expected regret, as far as the model named lets it."""
    total = sum(weights) or 1.0
    shares = [weight / total for weight in weights]
    policy = Policy(step_down_cost=cost, margin=0.0)

    decision = decide(a_body(model="auto"), policy=policy, classifier=scored(**dict(zip(TIERS, shares, strict=True))))

    regrets = [
        sum(share * ((rank - choice) * cost if rank > choice else choice - rank) for rank, share in enumerate(shares))
        for choice in range(3)
    ]
    assert regrets[TIERS.index(decision.tier or "opus")] <= min(regrets) + 1e-9


def test_a_classifier_that_is_not_sure_of_a_tier_leaves_it_to_the_default() -> None:
    """Below the margin the default is taken, and the confidence said is the one in the default."""
    shares = {"haiku": 0.45, "sonnet": 0.2, "opus": 0.35}

    decision = decide(a_body(), policy=Policy(default="opus", margin=0.5), classifier=scored(**shares))

    assert (decision.tier, decision.confidence) == ("opus", 0.35)
    assert "not sure" in decision.reason


@pytest.mark.parametrize(
    ("keys", "task_type", "model"),
    [
        ({"floor": "sonnet"}, "extraction", SONNET),
        ({"ceiling": "sonnet"}, "hard_math", SONNET),
        ({"deny": [HAIKU]}, "extraction", SONNET),
        ({"allow": ["haiku"]}, "hard_math", HAIKU),
    ],
)
def test_what_the_policy_closes_is_not_chosen(keys: dict[str, Any], task_type: TaskType, model: str) -> None:
    """Floor and ceiling, allow and deny: the nearest tier that is open is taken, and the reason says so."""
    decision = decide(a_body(), policy=Policy(**keys), classifier=says(task_type))

    assert decision.model == model
    assert "is not open" in decision.reason
    assert all(Policy(**keys).allowed(tried) for tried in decision.chain)


@given(st.text(), st.sampled_from([1, 20, 99]))
def test_the_rollout_sticks_to_the_conversation(text: str, percent: int) -> None:
    """Every turn of a conversation is on the same side; who is not routed keeps the model, with the decision beside."""
    first = {"role": "user", "content": text or "a"}
    later = [first, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    bodies: list[Body] = [a_body(messages=[first]), a_body(messages=later)]

    routed = {decide(body, policy=Policy(rollout=percent), classifier=says("extraction")).model for body in bodies}

    assert len(routed) == 1
    whole = decide(bodies[0], policy=Policy(rollout=0), classifier=says("extraction"))
    assert (whole.model, whole.shadow_model) == (OPUS, HAIKU)


@pytest.mark.parametrize("messages", [None, [], "hello", {}, [1], [{"role": "user", "content": "a"}, None]])
def test_what_is_no_request_goes_where_it_was_sent(messages: Any) -> None:
    """It is of no known type, says why, and keeps the model named."""
    decision = decide(a_body(messages=messages), policy=Policy())

    assert (decision.chain, decision.task_type) == ((OPUS,), None)
    assert decision.reason == "no well-formed request"


def test_explain_shows_what_each_model_would_cost() -> None:
    """By model, the expected cost of the turn in US dollars, exact; and the signals, without any text."""
    decision = explain(a_body("Translate into German: good morning, dear colleagues", system="Be brief. " * 400))

    assert list(decision.alternatives) == [HAIKU, SONNET, OPUS]
    haiku, sonnet, opus = decision.alternatives.values()
    assert haiku < sonnet < opus == 2 * sonnet
    assert decision.signals["messages"] == 1
    assert "colleagues" not in repr(decision)


def test_explain_goes_by_the_tags() -> None:
    """The policy's overrides for the tags given hold, as they would for a call that carries them."""
    policy = Policy(when=({"tags": {"team": "search"}, "floor": "opus"},))

    assert explain(a_body(), policy=policy, tags={"team": "search"}).tier == "opus"
    with tagged(team="search"):
        assert explain(a_body(), policy=policy).tier == "opus"
    assert "not open" not in explain(a_body(), policy=policy, tags={}).reason


def test_explain_says_what_would_be_done() -> None:
    """`explain` gives the decision and its reason without a call, pins included."""
    assert explain(a_body("Translate this into German: good morning")).task_type == "transform"
    with pinned("opus"):
        assert explain(a_body("Translate this into German: good morning")).model == OPUS


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "role", "content", "text", "x"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["model", "messages", "system", "tools", "max_tokens", "stream"]), JSON))
def test_any_json_gets_a_decision(body: dict[str, Any]) -> None:
    """A malformed request is decided like any other, and the API may judge it."""
    assert decide(body, policy=Policy()).chain
