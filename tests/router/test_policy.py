from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, get_args

import pytest
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from hypothesis import given
from hypothesis import strategies as st

from router import Policy, PolicyError, RouterError, TaskType, Tier
from router.policy import TIERS, TierName


def test_the_default_policy_knows_every_task_type() -> None:
    """Each of the task types goes to a tier."""
    assert set(Policy().tasks) == set(get_args(TaskType))


def test_the_default_policy_sends_nothing_to_a_deprecated_model() -> None:
    """No tier's own model is on the SDK's list of models that end."""
    assert not {tier.model for tier in Policy().tiers.values()} & set(DEPRECATED_MODELS)


def test_no_model_belongs_to_two_tiers() -> None:
    """The tier of a model is unambiguous."""
    models = [model for tier in Policy().tiers.values() for model in (tier.model, *tier.also)]

    assert len(models) == len(set(models))


def test_given_keys_replace_the_default_one_by_one() -> None:
    """A policy that says one thing keeps the rest."""
    policy = Policy(tasks={"coding": "opus"}, tiers={"haiku": Tier(model="claude-haiku-4-5")})

    assert policy.tasks["coding"] == "opus"
    assert policy.tasks["extraction"] == "haiku"
    assert policy.tiers["haiku"].model == "claude-haiku-4-5"
    assert policy.tiers["opus"] == Policy().tiers["opus"]


def test_code_and_yaml_take_the_same_keys(tmp_path: Path) -> None:
    """The same policy, written both ways, is the same policy."""
    path = tmp_path / "policy.yaml"
    path.write_text(
        """
        tiers:
          sonnet: {model: claude-sonnet-5, fallback: [haiku]}
        tasks: {writing: haiku}
        ids:
          claude-sonnet-5: {bedrock: eu.anthropic.claude-sonnet-5, foundry: our-sonnet}
        default: opus
        margin: 0.8
        profile: economy
        step_down_cost: 2
        floor: haiku
        ceiling: opus
        allow: [haiku, claude-sonnet-5, opus]
        deny: [claude-opus-4-1]
        explicit: keep
        max_dearer_percent: 1.5
        fallback_seconds: 20
        rollout: 12.5
        shadow: true
        on_budget: refuse
        when:
          - {tags: {team: search}, floor: sonnet}
        """
    )

    policy = Policy.from_yaml(path)

    assert policy.tiers["sonnet"].model == "claude-sonnet-5"
    assert policy.tiers["sonnet"].fallback == ("haiku",)
    assert (policy.tasks["writing"], policy.default, policy.margin) == ("haiku", "opus", 0.8)
    assert (policy.explicit, policy.shadow) == ("keep", True)
    assert policy == Policy(
        tiers={"sonnet": {"model": "claude-sonnet-5", "fallback": ["haiku"]}},  # pyright: ignore[reportArgumentType]  # as YAML gives it
        tasks={"writing": "haiku"},
        ids={"claude-sonnet-5": {"bedrock": "eu.anthropic.claude-sonnet-5", "foundry": "our-sonnet"}},
        default="opus",
        margin=0.8,
        profile="economy",
        step_down_cost=2,
        floor="haiku",
        ceiling="opus",
        allow=("haiku", "claude-sonnet-5", "opus"),
        deny=("claude-opus-4-1",),
        explicit="keep",
        max_dearer_percent=1.5,
        fallback_seconds=20,
        rollout=12.5,
        shadow=True,
        on_budget="refuse",
        when=({"tags": {"team": "search"}, "floor": "sonnet"},),
    )
    assert policy.model_fields_set == set(Policy.model_fields)


def test_an_empty_policy_file_is_the_default_policy(tmp_path: Path) -> None:
    """Nothing said, nothing changed."""
    (tmp_path / "policy.yaml").write_text("# nothing yet\n")

    assert Policy.from_yaml(tmp_path / "policy.yaml") == Policy()


BAD: list[tuple[str, str, str, str]] = [
    ("tasks: {coding: opuss}", "tasks.coding", "'opuss'", "'haiku', 'sonnet' or 'opus'"),
    ("tasks: {codin: opus}", "tasks.codin", "'codin'", "'coding'"),
    ("tiers: {hiku: {model: x}}", "tiers.hiku", "'hiku'", "'haiku', 'sonnet' or 'opus'"),
    ("tiers: {haiku: {modle: x}}", "tiers.haiku.modle", "unknown key", "expected model"),
    ("tiers: {haiku: {zzz: x}}", "tiers.haiku.zzz", "unknown key", "model, also, fallback"),
    ("tiers: {haiku: {model: 5}}", "tiers.haiku.model", "5", "string"),
    ("tiers: {haiku: {max_output: many}}", "tiers.haiku.max_output", "'many'", "integer"),
    ("tiers: {haiku: {fallback: [opuss]}}", "tiers.haiku.fallback.0", "'opuss'", "'haiku', 'sonnet' or 'opus'"),
    ("tiers: [haiku]", "tiers", "['haiku']", "dictionary"),
    (
        "ids: {claude-opus-5-5: {bedrok: x}}",
        "ids.claude-opus-5-5.bedrok",
        "'bedrok'",
        "'bedrock', 'vertex' or 'foundry'",
    ),
    ("ids: {claude-opus-5-5: {vertex: [x]}}", "ids.claude-opus-5-5.vertex", "['x']", "string"),
    ("ids: {claude-opus-5-5: x}", "ids.claude-opus-5-5", "'x'", "dictionary"),
    ("margin: high", "margin", "'high'", "number"),
    ("margin: 1.5", "margin", "1.5", "less than or equal to 1"),
    ("shadow: 'yes'", "shadow", "'yes'", "boolean"),
    ("explicit: maybe", "explicit", "'maybe'", "'ceiling' or 'keep'"),
    ("defualt: opus", "defualt", "unknown key", "default"),
    ("- a list", "policy.yaml", "['a list']", "mapping"),
    ("tasks: {coding: opus", "policy.yaml, line 1", "but got '<stream end>'", "',' or '}'"),
    ("margin: 0.5\nmargin: 0.6", "policy.yaml, line 2", "margin twice", "each key once"),
    ("tasks:\n  coding: opus\n  coding: haiku", "policy.yaml, line 3", "coding twice", "each key once"),
    ("# a remark\nshadow: true\nmargin: 2", "policy.yaml, line 3", "margin: found 2", "less than or equal to 1"),
    ("profile: cheap", "profile", "'cheap'", "'quality', 'balanced' or 'economy'"),
    ("step_down_cost: -1", "step_down_cost", "-1", "greater than or equal to 0"),
    ("step_down_cost: .inf", "step_down_cost", "inf", "finite"),
    ("floor: haikku", "floor", "'haikku'", "'haiku', 'sonnet' or 'opus'"),
    ("ceiling: 3", "ceiling", "3", "'haiku', 'sonnet' or 'opus'"),
    ("{floor: opus, ceiling: haiku}", "floor", "'opus'", "not above the ceiling, haiku"),
    ("allow: haiku", "allow", "'haiku'", "tuple"),
    ("allow: [3]", "allow.0", "3", "string"),
    ("deny: {haiku: true}", "deny", "haiku", "tuple"),
    ("deny: [haiku, sonnet, opus]", "deny", "haiku, sonnet, opus", "one of claude-haiku-5-5"),
    ("allow: [claude-next]", "allow", "claude-next", "one of claude-haiku-5-5"),
    ("max_dearer_percent: -5", "max_dearer_percent", "-5", "greater than or equal to 0"),
    ("fallback_seconds: 0", "fallback_seconds", "0", "greater than 0"),
    ("rollout: 101", "rollout", "101", "less than or equal to 100"),
    ("rollout: all", "rollout", "'all'", "number"),
    ("on_budget: explode", "on_budget", "'explode'", "'step_down', 'refuse' or 'notify'"),
    ("when: {tags: {a: b}}", "when", "tags", "tuple"),
    ("when: [search]", "when.0", "'search'", "valid dictionary"),
    ("when: [{floor: opus}]", "when.0.tags", "nothing", "mapping of tags"),
    ("when: [{tags: {}}]", "when.0.tags", "{}", "mapping of tags"),
    ("when: [{tags: {a: b}, flor: opus}]", "when.0.flor", "unknown key", "expected floor"),
    ("when: [{tags: {a: b}, when: []}]", "when.0.when", "unknown key", "one of"),
    ("margin: 1\nwhen:\n  - tags: {a: b}\n    margin: 2", "line 4: when.0.margin", "2", "less than or equal to 1"),
    ("ceiling: haiku\nwhen: [{tags: {a: b}, floor: opus}]", "when.0.floor", "'opus'", "not above the ceiling"),
]


@pytest.mark.parametrize(("text", "key", "found", "expected"), BAD)
def test_a_bad_policy_file_is_one_sentence(tmp_path: Path, text: str, key: str, found: str, expected: str) -> None:
    """The error names the file, the key, what was found and what was expected."""
    path = tmp_path / "policy.yaml"
    path.write_text(text)

    with pytest.raises(PolicyError) as error:
        Policy.from_yaml(path)

    message = str(error.value)
    assert str(path) in message
    for part in (key, found, expected):
        assert part in message


def test_a_policy_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing file is a policy error too."""
    with pytest.raises(PolicyError, match=r"nowhere\.yaml"):
        Policy.from_yaml(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("keys", [{"default": "opuss"}, {"nope": 1}, {"margin": -1}])
def test_a_bad_policy_in_code_is_the_same_error(keys: dict[str, Any]) -> None:
    """A policy in code is checked by the same rules, and the error is an SDK error and a ValueError as well."""
    with pytest.raises(PolicyError, match=next(iter(keys))) as error:
        Policy(**keys)

    assert isinstance(error.value, (RouterError, ValueError))


def test_two_mistakes_are_two_sentences() -> None:
    """All that is wrong is said at once."""
    with pytest.raises(PolicyError) as error:
        Policy(default="no", explicit="no")  # pyright: ignore[reportArgumentType]  # wrong on purpose

    assert len(str(error.value).splitlines()) == 2


def test_tiers_are_ordered_from_the_least_to_the_most_capable() -> None:
    """The order decides what a ceiling allows."""
    assert TIERS == ("haiku", "sonnet", "opus")


OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"


@pytest.mark.parametrize(
    ("like", "platform", "expected"),
    [
        (OPUS, None, HAIKU),
        (OPUS, "anthropic", HAIKU),
        (OPUS, "claude_platform_aws", HAIKU),
        (OPUS, "vertex", HAIKU),
        ("claude-opus-4-5@20251101", None, HAIKU),
        (f"us.anthropic.{OPUS}", None, f"us.anthropic.{HAIKU}"),
        (f"us-gov.anthropic.{OPUS}", "bedrock", f"us-gov.anthropic.{HAIKU}"),
        (f"anthropic.{OPUS}", "bedrock", f"anthropic.{HAIKU}"),
        (f"us.anthropic.{OPUS}", "anthropic", f"us.anthropic.{HAIKU}"),  # through a gateway that takes Bedrock's ids
        ("auto", None, HAIKU),
        ("auto", "vertex", HAIKU),
        ("auto", "bedrock", f"global.anthropic.{HAIKU}"),
        ("auto", "foundry", None),
        (OPUS, "foundry", None),
    ],
)
def test_a_tiers_model_is_spelt_as_the_model_named(like: str, platform: str | None, expected: str | None) -> None:
    """The id has the platform and the inference profile of the one named; `auto` takes the client's platform."""
    assert Policy().model_for("haiku", like=like, platform=platform) == expected


def test_ids_given_are_sent_and_known() -> None:
    """Listed deployments and ARNs belong to the tier of their model, and lead to others of their platform."""
    arn = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc"
    policy = Policy(ids={HAIKU: {"foundry": "our-haiku", "bedrock": arn}, OPUS: {"foundry": "our-opus"}})

    assert (policy.tier_of("our-haiku"), policy.tier_of(arn), policy.tier_of("our-opus")) == ("haiku", "haiku", "opus")
    assert policy.model_for("haiku", like="our-opus") == "our-haiku"
    assert policy.model_for("haiku", like=f"us.anthropic.{OPUS}") == arn
    assert policy.model_for("opus", like=arn) == f"global.anthropic.{OPUS}"
    assert policy.model_for("haiku", like="auto", platform="vertex") == HAIKU  # the default, which was not replaced


def test_a_model_of_ones_own_is_sent_only_where_it_has_an_id() -> None:
    """A tier's model without an id on a platform is not sent there, whatever the default was."""
    policy = Policy(tiers={"haiku": Tier(model="claude-next")})

    assert policy.model_for("haiku", like=OPUS) == "claude-next"
    assert policy.model_for("haiku", like=OPUS, platform="vertex") is None
    assert policy.model_for("haiku", like=f"us.anthropic.{OPUS}") is None


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-4-5",
        "claude-opus-4-5@20251101",
        "anthropic.claude-opus-4-5-20251101-v1:0",
        "eu.anthropic.claude-opus-4-5-20251101-v1:0",
    ],
)
def test_the_tier_of_a_model_is_known_by_every_id(model: str) -> None:
    """A model has one tier, however the platform that it is called on spells it."""
    assert Policy().tier_of(model) == "opus"


@pytest.mark.parametrize(
    "model", [f"arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.{OPUS}", "our-opus", "anthropic.", ""]
)
def test_what_is_not_listed_has_no_tier(model: str) -> None:
    """ARNs and deployments are not guessed at."""
    assert Policy().tier_of(model) is None


def test_a_tier_that_ends_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """A policy that sends to a deprecated model says so when it is made: the SDK warns of no model that we choose."""
    with caplog.at_level(logging.WARNING, "tollgate"):
        Policy()
        assert caplog.messages == []
        Policy(tiers={"sonnet": Tier(model="claude-sonnet-4-5")})

    (message,) = caplog.messages
    ends = DEPRECATED_MODELS["claude-sonnet-4-5"]
    assert message == f"policy: tiers.sonnet.model: claude-sonnet-4-5 is deprecated and ends {ends}"


@pytest.mark.parametrize(("profile", "cost"), [("economy", 1), ("balanced", 2), ("quality", 5)])
def test_profiles_differ_in_one_number(profile: Any, cost: float) -> None:
    """A profile says what a step down that was wrong is held to cost; the number itself goes before it."""
    assert Policy(profile=profile).step_down_cost == cost
    assert Policy(profile=profile, step_down_cost=0.5).step_down_cost == 0.5
    assert Policy().step_down_cost == Policy(profile="balanced").step_down_cost
    others = Policy(profile=profile).model_dump(exclude={"profile", "step_down_cost"})
    assert others == Policy().model_dump(exclude={"profile", "step_down_cost"})


@pytest.mark.parametrize(
    ("keys", "named", "expected"),
    [
        ({}, None, ("haiku", "sonnet", "opus")),
        ({}, "sonnet", ("haiku", "sonnet")),
        ({"floor": "sonnet"}, None, ("sonnet", "opus")),
        ({"floor": "sonnet"}, "haiku", ()),
        ({"ceiling": "sonnet"}, "opus", ("haiku", "sonnet")),
        ({"floor": "sonnet", "ceiling": "sonnet"}, None, ("sonnet",)),
        ({"deny": ("sonnet",)}, None, ("haiku", "opus")),
        ({"deny": ("claude-sonnet-5-5",)}, "opus", ("haiku", "opus")),
        ({"allow": ("sonnet",), "deny": ("claude-sonnet-5",)}, None, ("sonnet",)),
        ({"allow": ("haiku", "claude-opus-5-5"), "deny": ("haiku",), "floor": "sonnet"}, None, ("opus",)),
    ],
)
def test_floor_ceiling_allow_and_deny_leave_these_tiers(
    keys: dict[str, Any], named: TierName | None, expected: tuple[TierName, ...]
) -> None:
    """What may be chosen lies between floor and ceiling, not above the model named, and is allowed."""
    assert Policy(**keys).open_to(named) == expected


@pytest.mark.parametrize(
    ("keys", "model", "expected"),
    [
        ({}, "anything", True),
        ({"deny": ("opus",)}, OPUS, False),
        ({"deny": ("opus",)}, "claude-opus-4-1", False),
        ({"deny": (OPUS,)}, f"us.anthropic.{OPUS}", False),
        ({"deny": ("claude-opus-4-5",)}, "claude-opus-4-5@20251101", False),
        ({"deny": (OPUS,)}, "claude-opus-4-1", True),
        ({"allow": ("haiku",)}, OPUS, False),
        ({"allow": ("haiku",)}, HAIKU, True),
        ({"allow": (HAIKU,)}, f"eu.anthropic.{HAIKU}", True),
        ({"allow": ("haiku", "sonnet", "opus", "claude-fable-5-2")}, "claude-fable-5-2", True),
        ({"deny": ("claude-fable-5-2",)}, "claude-fable-5-2", False),
        ({"allow": ("haiku", "sonnet", "opus"), "deny": ("opus",), "ceiling": "sonnet"}, OPUS, False),
    ],
)
def test_a_model_is_allowed_by_any_of_its_names(keys: dict[str, Any], model: str, expected: bool) -> None:
    """A list may hold models and tiers; an id of any platform is the model; what is denied no list allows."""
    assert Policy(**keys).allowed(model) is expected


tiers = st.sampled_from(TIERS)


@given(floor=tiers | st.none(), ceiling=tiers | st.none(), deny=st.sets(tiers), named=tiers | st.none(), wanted=tiers)
def test_the_nearest_tier_is_open_and_there_is_none_between(
    floor: TierName | None, ceiling: TierName | None, deny: set[TierName], named: TierName | None, wanted: TierName
) -> None:
    """What is chosen for a wanted tier is that tier if it is open, else the next below, else the next above."""
    try:
        policy = Policy(floor=floor, ceiling=ceiling, deny=tuple(sorted(deny)))
    except PolicyError:
        return
    choices, nearest = policy.open_to(named), policy.nearest(wanted, named=named)
    ranks = sorted(map(TIERS.index, choices))
    below = [rank for rank in ranks if rank <= TIERS.index(wanted)]

    assert list(map(TIERS.index, choices)) == ranks
    assert not deny & set(choices)
    assert nearest == (TIERS[(below[-1:] or ranks[:1])[0]] if ranks else None)


percent = st.floats(0, 100)


@given(conversation=st.binary(max_size=40), less=percent, more=percent)
def test_a_higher_rollout_takes_in_more(conversation: bytes, less: float, more: float) -> None:
    """A conversation that is routed stays routed when the percentage rises; 0 routes none, 100 all."""
    less, more = sorted((less, more))

    assert Policy(rollout=less).takes_in(conversation) <= Policy(rollout=more).takes_in(conversation)
    assert Policy(rollout=100).takes_in(conversation)
    assert not Policy(rollout=0).takes_in(conversation)


def test_a_rollout_takes_in_its_share() -> None:
    """Of many conversations about the percentage is routed, and each the same whoever asks, in whatever process."""
    many = [str(number).encode() for number in range(4_000)]
    taken = [Policy(rollout=10).takes_in(each) for each in many]

    assert 320 <= sum(taken) <= 480
    assert taken == [Policy(rollout=10, profile="economy").takes_in(each) for each in many]
    assert [number for number, each in enumerate(taken) if each][:3] == [34, 70, 73]
