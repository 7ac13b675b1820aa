from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.budget_cli import budgets as command
from analytics.budget_file import OWN_KEYS, BudgetEntry, RuleKind, Scope
from analytics.budgets import EACH, Budget, BudgetFile, Rule, Told
from analytics.exceptions import BudgetFileError
from analytics.grouping import DIMENSIONS
from analytics.place import Place
from analytics.threshold import Threshold
from router.periods import Recurrence
from router.policy import TIERS

EXAMPLE = Path(__file__).parents[2] / "examples" / "budgets.yaml"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOLD = Told(recipients=("a@b.c",))


def load(tmp_path: Path, text: str) -> BudgetFile:
    path = tmp_path / "budgets.yaml"
    path.write_text(text, encoding="utf-8")
    return BudgetFile.load(path)


def one_budget(tmp_path: Path, keys: str) -> Budget:
    (budget,) = load(tmp_path, f'recipients: [a@b.c]\nbudgets:\n  - {{name: b, amount: "500", {keys}}}').budgets
    return budget


def one_rule(tmp_path: Path, keys: str) -> Rule:
    (rule,) = load(tmp_path, f"recipients: [a@b.c]\nalerts:\n  - {{name: r, {keys}}}").rules
    return rule


def without_names(rule: Rule) -> Rule:
    return replace(rule, name="", scope={}, told=TOLD)


def check(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["check", *arguments], obj=Place(home, demo=False))


def test_name_and_amount_are_enough(tmp_path: Path) -> None:
    """A budget of a name and an amount is a monthly one over everything, in UTC, that only tells."""
    (budget,) = load(tmp_path, 'recipients: [a@b.c]\nbudgets: [{name: all, amount: "500"}]').budgets

    assert budget == Budget(
        name="all",
        amount=Decimal(500),
        recurrence=Recurrence("month", "UTC"),
        thresholds=budget.thresholds,
        told=TOLD,
    )
    assert [each.text for each in budget.thresholds] == ["80 %", "100 %", "forecast 100 %"]


def test_the_example_says_everything_there_is(tmp_path: Path) -> None:
    """The commented example loads, and shows every key, and every rule with its defaults."""
    text = EXAMPLE.read_text("utf-8")
    keys = {field.alias or name for name, field in (BudgetEntry.model_fields | Scope.model_fields).items()}
    bare = (f"  - {{name: {kind}, rule: {kind}}}\n" for kind in get_args(RuleKind))
    defaults = load(tmp_path, "recipients: [a@b.c]\nalerts:\n" + "".join(bare)).rules

    assert {key for key in keys if not re.search(rf"\b{key}\b", text)} == set()
    assert [without_names(rule) for rule in BudgetFile.load(EXAMPLE).rules] == [
        without_names(rule) for rule in defaults
    ]


def test_the_example_means_what_it_says() -> None:
    """Amounts are exact, days are local and the last one included, the owner is told first, secrets stand elsewhere."""
    file = BudgetFile.load(EXAMPLE)
    search, each_user, research, launch = file.budgets

    assert search == Budget(
        name="search",
        amount=Decimal(500),
        scope={"tag:team": ("search",), "model": ("claude-opus-5-5", "claude-sonnet-5-5")},
        recurrence=Recurrence("month", "America/New_York"),
        thresholds=search.thresholds,
        roll_over=Decimal(100),
        effective_from=datetime(2026, 11, 1, 4, tzinfo=UTC),
        effective_to=datetime(2027, 11, 1, 4, tzinfo=UTC),
        over="refuse",
        told=Told(
            owner="ana@example.com",
            recipients=("ana@example.com", "search-leads@example.com"),
            channels=("team-slack",),
            remind_every=timedelta(hours=4),
            tell_resolved=True,
        ),
    )
    assert [threshold.line(search.amount) for threshold in search.thresholds] == [250, 400, 500, 450, 425, 500]
    assert each_user.each == ("user_id",)
    assert [each.text for each in research.thresholds] == ["80 %", "100 %"]
    assert research.recurrence == Recurrence("rolling", "Europe/Berlin", days=30)
    assert launch.recurrence == Recurrence(
        "fixed",
        "Europe/Berlin",
        start=datetime(2026, 10, 31, 23, tzinfo=UTC),
        end=datetime(2026, 12, 31, 23, tzinfo=UTC),
    )
    assert file.channels == {"team-slack": "env:TOLLGATE_SLACK_URL", "pager": "file:/run/secrets/pager"}
    assert (file.daily_digest, file.weekly_digest, file.digest_hour) == (
        ("ana@example.com",),
        ("finance@example.com",),
        8,
    )


@pytest.mark.parametrize(
    ("keys", "name", "value"),
    [
        ("period: week", "recurrence", Recurrence("week")),
        ("period: {every: week}", "recurrence", Recurrence("week")),
        ("zone: Asia/Tokyo", "recurrence", Recurrence("month", "Asia/Tokyo")),
        ("roll_over: true", "roll_over", Decimal(500)),
        ("roll_over: false", "roll_over", None),
        ("roll_over: {at_most: 25}", "roll_over", Decimal(25)),
        ("cost: list_cost", "cost", "list_cost"),
        ("scope: {tags: {team: '*', env: [prod, test]}}", "scope", {"tag:team": (EACH,), "tag:env": ("prod", "test")}),
        ("scope: {tier: opus, user_id: ['7']}", "scope", {"tier": ("opus",), "user_id": ("7",)}),
        ("scope: {task_type: [coding, writing]}", "scope", {"task_type": ("coding", "writing")}),
        ("scope: {workspace_id: '*'}", "scope", {"workspace_id": (EACH,)}),
        ("owner: o@p.q", "told", Told(owner="o@p.q", recipients=("o@p.q", "a@b.c"))),
        ("owner: o@p.q, recipients: []", "told", Told(owner="o@p.q", recipients=("o@p.q",))),
        ("recipients: x@y.z", "told", Told(recipients=("x@y.z",))),
        ("recipients: [x@y.z, x@y.z]", "told", Told(recipients=("x@y.z",))),
        ("over: refuse, recipients: []", "told", Told()),
    ],
)
def test_a_budget_is_read_as_written(tmp_path: Path, keys: str, name: str, value: object) -> None:
    """Each key has one meaning, and a short form where there is one."""
    assert getattr(one_budget(tmp_path, keys), name) == value


@pytest.mark.parametrize(
    ("keys", "changed"),
    [
        ("rule: anomaly", {"limit": None, "minimum": 5}),
        ("rule: anomaly, minimum: 20", {"minimum": 20}),
        ("rule: unpriced", {"limit": 0, "window": timedelta(days=1)}),
        ("rule: cache_hit_ratio", {"limit": 70, "fallen_from": 90, "window": timedelta(hours=6), "at_least": 50}),
        ("rule: error_rate", {"limit": 5, "window": timedelta(minutes=15), "at_least": 20}),
        ('rule: error_rate, over_percent: "2.5", at_least: 0', {"limit": Decimal("2.5"), "at_least": 0}),
        ("rule: fallback_rate", {"limit": 10, "window": timedelta(hours=1), "at_least": 20}),
        ("rule: losses", {"limit": 0}),
        ("rule: ingest_lag", {"limit": 300}),
        ("rule: price_age", {"limit": 60 * 86400}),
        ("rule: provider_difference", {"limit": 2, "minimum": 1}),
    ],
)
def test_a_rule_has_sensible_defaults(tmp_path: Path, keys: str, changed: dict[str, object]) -> None:
    """A rule needs its kind alone; what it is measured against is in the unit of its kind."""
    rule = one_rule(tmp_path, keys)

    assert {name: getattr(rule, name) for name in changed} == changed
    assert rule.told == TOLD


B, A = (
    'recipients: [a@b.c]\nbudgets:\n  - {name: b, amount: "500", %s}',
    "recipients: [a@b.c]\nalerts:\n  - {name: r, %s}",
)
HARD = "expected over: notify, or a scope that is known before a call: only the answer tells its "
MISTAKES = [
    # What the schema says.
    ("budget: []", "line 1: budget: found an unknown key, expected budgets"),
    (B % "treshold: []", "line 3: budgets[0].treshold: found an unknown key, expected thresholds"),
    ("budgets: [{amount: 5}]", "line 1: budgets[0].name: found nothing, expected this key"),
    ("budgets: [{name: b}]", "line 1: budgets[0].amount: found nothing, expected this key"),
    ("budgets: [{name: b, amount: 5.5}]", "budgets[0].amount: found 5.5 without quotes, expected US dollars over 0"),
    ('budgets: [{name: b, amount: "0"}]', 'budgets[0].amount: found "0", expected US dollars over 0'),
    ('budgets: [{name: b, amount: "-5"}]', 'budgets[0].amount: found "-5", expected US dollars over 0'),
    ('budgets: [{name: b, amount: "1e3"}]', 'budgets[0].amount: found "1e3", expected US dollars over 0'),
    ("budgets: [{name: b, amount: true}]", "budgets[0].amount: found True without quotes, expected US dollars over 0"),
    ("budgets: [{name: 7, amount: 5}]", "budgets[0].name: found 7 without quotes, expected a name of 1 to 80"),
    (
        'budgets: [{name: "a\\r\\nBcc: x", amount: 5}]',
        'budgets[0].name: found "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}Bcc: x", expected a name',
    ),
    (f"budgets: [{{name: {'x' * 81}, amount: 5}}]", "expected a name of 1 to 80 characters on one line"),
    (B % "name: c", "line 3: found the key name twice, expected each key once"),
    ("zone: Mars/Olympus", 'line 1: zone: found "Mars/Olympus", expected an IANA time zone, such as Europe/Berlin'),
    (B % "zone: CET+1", 'line 3: budgets[0].zone: found "CET+1", expected an IANA time zone'),
    ("recipients: [ana]", 'line 1: recipients[0]: found "ana", expected an e-mail address'),
    ('recipients: ["a@b.c\\nBcc: d@e.f"]', 'recipients[0]: found "a@b.c\N{REPLACEMENT CHARACTER}Bcc: d@e.f", expected'),
    ("recipients: ['a b@c.d']", 'recipients[0]: found "a b@c.d", expected an e-mail address'),
    ("recipients: [a@b@c]", 'recipients[0]: found "a@b@c", expected an e-mail address'),
    (B % "owner: ana", 'line 3: budgets[0].owner: found "ana", expected an e-mail address'),
    ("digest: {hour: 24}", "line 1: digest.hour: found 24 without quotes, expected less than or equal to 23"),
    ("dashboard: 'javascript:x'", 'line 1: dashboard: found "javascript:x", expected an address such as https://'),
    ("budgets: {name: b}", "line 1: budgets: found a mapping, expected a list"),
    ("budgets: [b]", 'line 1: budgets[0]: found "b", expected a mapping'),
    ("- budgets", "line 1: the file: found a list, expected a mapping"),
    (B % "period: fortnight", "line 3: budgets[0].period.every: found \"fortnight\", expected 'hour', 'day'"),
    (B % "period: {rolling_days: 0}", "line 3: budgets[0].period.rolling_days: found 0 without quotes"),
    (B % "from: 2026-02-30", 'line 3: budgets[0].from: found "2026-02-30", expected a day such as 2026-11-21'),
    (B % "thresholds: [80]", "line 3: budgets[0].thresholds[0]: found 80 without quotes, expected such as"),
    (B % "thresholds: ['80 percent']", 'thresholds[0]: found "80 percent", expected such as "80 %"'),
    (B % "thresholds: ['0 %']", 'thresholds[0]: found "0 %", expected such as "80 %"'),
    (B % "thresholds: []", "line 3: budgets[0].thresholds: found a list"),
    (B % "remind_every: 4", "line 3: budgets[0].remind_every: found 4 without quotes, expected minutes, hours or days"),
    (
        B % "over: refuse_all",
        "line 3: budgets[0].over: found \"refuse_all\", expected 'notify', 'step_down' or 'refuse'",
    ),
    (
        B % "scope: {tier: large}",
        "line 3: budgets[0].scope.tier[0]: found \"large\", expected 'haiku', 'sonnet', 'opus'",
    ),
    (B % "scope: {platform: azure}", "budgets[0].scope.platform[0]: found \"azure\", expected 'anthropic'"),
    (B % "scope: {task_type: [code]}", "budgets[0].scope.task_type[0]: found \"code\", expected 'classification'"),
    (B % "scope: {user_id: 7}", "line 3: budgets[0].scope.user_id: found 7 without quotes, expected a value, a list"),
    (B % "scope: {user_id: []}", "budgets[0].scope.user_id: found a list, expected a value, a list of values"),
    (B % "scope: {user_id: ['*', ana]}", "budgets[0].scope.user_id: found a list, expected each value once"),
    (B % "scope: {users: ana}", "line 3: budgets[0].scope.users: found an unknown key, expected user_id"),
    (A % "rule: anomalies", "line 3: alerts[0].rule: found \"anomalies\", expected 'anomaly'"),
    (A % "rule: error_rate, over_percent: 101", "over_percent: found 101 without quotes, expected a percentage"),
    (A % "rule: price_age, over: 2 weeks", 'line 3: alerts[0].over: found "2 weeks", expected minutes, hours or days'),
    # What it cannot say.
    (
        "recipients: [a@b.c]\nbudgets:\n  - {name: b, amount: 5}\nalerts:\n  - {name: b, rule: losses}",
        'line 5: alerts[0].name: found "b", the name of budgets[0], expected a name of its own',
    ),
    ("budgets:\n  - {name: b, amount: 5}", "line 2: budgets[0]: found nobody to tell, expected owner, recipients or"),
    ("alerts:\n  - {name: r, rule: losses}", "line 2: alerts[0]: found nobody to tell, expected owner, recipients or"),
    (B % "channels: [pager]", 'line 3: budgets[0].channels[0]: found "pager", expected the name of an entry under'),
    (B % "thresholds: ['80 %', '80.0%']", 'thresholds[1]: found "80 %", which is "80 %" again, expected each'),
    (B % "thresholds: ['80 %', $100 left]", 'thresholds[1]: found "$100 left", which is "80 %" again, expected each'),
    (
        B % "thresholds: [$600 left]",
        'line 3: budgets[0].thresholds[0]: found "$600 left", expected less than the amount',
    ),
    (B % "over: refuse, thresholds: ['110 %']", '"110 %" of a budget with over: refuse, expected at most the amount'),
    (
        B % "period: {rolling_days: 7}, thresholds: ['forecast 90 %']",
        'thresholds[0]: found "forecast 90 %" of rolling days, expected one on what is spent: rolling days never end',
    ),
    (
        B % "over: refuse, scope: {workspace_id: w}",
        f"budgets[0].scope.workspace_id: found a scope of a budget with over: refuse, {HARD}",
    ),
    (
        B % "over: step_down, scope: {region: '*'}",
        f"budgets[0].scope.region: found a scope of a budget with over: step_down, {HARD}",
    ),
    (
        B % "scope: {tags: {a: x, b: x, c: x}, model: m, tier: opus}",
        "line 3: budgets[0].scope: found 5 dimensions, expected at most 4, as reports have them",
    ),
    (B % "scope: {tags: {'': x}}", "line 3: budgets[0].scope.tags: found the tag '', expected the name of a tag"),
    (B % "period: {}", "line 3: budgets[0].period: found no period, expected a word such as month"),
    (B % "period: {every: day, rolling_days: 3}", "budgets[0].period: found several kinds of period, expected a word"),
    (B % "period: {from: 2026-11-01}", "line 3: budgets[0].period: found from without until, expected both"),
    (
        B % "period: {from: 2026-11-02, until: 2026-11-01}",
        "line 3: budgets[0].period.until: found 2026-11-01, expected 2026-11-02 or a later day; it is included",
    ),
    (B % "from: 2026-11-02, until: 2026-11-01", "line 3: budgets[0].until: found 2026-11-01, expected 2026-11-02 or"),
    (
        B % "until: 2027-01-01, period: {from: 2026-11-02, until: 2026-11-03}",
        "line 3: budgets[0].until: found days beside those of the period, expected one of the two",
    ),
    (
        B % "period: {rolling_days: 3}, roll_over: true",
        "line 3: budgets[0].roll_over: found a roll-over, expected none",
    ),
    (
        A % "rule: losses, window: 1h",
        "line 3: alerts[0].window: found a key that rule: losses does not have, expected only",
    ),
    (
        A % "rule: error_rate, minimum: 5",
        "alerts[0].minimum: found a key that rule: error_rate does not have, expected one of scope, over_percent",
    ),
    (
        A % "rule: price_age, scope: {model: m}",
        "line 3: alerts[0].scope: found a key that rule: price_age does not have",
    ),
    (
        A % "rule: cache_hit_ratio, to_percent: 95",
        "alerts[0].to_percent: found 95, expected less than from_percent, 90",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    """Each mistake names file, line, key, what was found and what was expected, and is the only one said."""
    with pytest.raises(BudgetFileError) as raised:
        load(tmp_path, text)

    (said,) = str(raised.value).splitlines()
    assert said.startswith(f"{tmp_path / 'budgets.yaml'}, line ")
    assert sentence in said


@pytest.mark.parametrize(
    "channel",
    [
        "https://hooks.example.com/T0P",
        "{env: 'https://hooks.example.com/T0P'}",
        "{file: 'https://hooks.example.com/T0P'}",
        "{url: 'https://hooks.example.com/T0P'}",
        "[https://hooks.example.com/T0P]",
        "{env: A, file: /T0P}",
        "{}",
    ],
)
def test_a_secret_in_the_file_is_a_mistake_that_does_not_show_it(tmp_path: Path, channel: str) -> None:
    """The address of a channel stands in the environment or in a file; written here, no message repeats it."""
    with pytest.raises(BudgetFileError, match=r"line 2: channels\.slack") as raised:
        load(tmp_path, f"channels:\n  slack: {channel}")
    assert "T0P" not in str(raised.value)


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    """Who mends a file reads all that is wrong with it."""
    with pytest.raises(BudgetFileError) as raised:
        load(tmp_path, "budgets:\n  - {name: b, amount: 0}\n  - {name: c, amount: 5.0}\nzone: X")
    assert len(str(raised.value).splitlines()) == 3


def test_the_file_in_use(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TOLLGATE_BUDGETS goes before the home's budgets.yaml and has to be there; without either there are no budgets."""
    assert BudgetFile.of(home) == BudgetFile()
    home.mkdir()
    (home / "budgets.yaml").write_text("zone: Asia/Tokyo")
    assert BudgetFile.of(home).zone == "Asia/Tokyo"
    (tmp_path / "other.yaml").write_text("# nothing yet\n")
    monkeypatch.setenv("TOLLGATE_BUDGETS", str(tmp_path / "other.yaml"))
    assert BudgetFile.of(home) == BudgetFile()
    monkeypatch.setenv("TOLLGATE_BUDGETS", str(tmp_path / "gone.yaml"))
    with pytest.raises(BudgetFileError, match="cannot be read"):
        BudgetFile.of(home)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["", "forecast "]),
    st.decimals("0.01", "9999", places=2),
    st.sampled_from([("{} %", "percent"), ("{}%", "percent"), ("${}", "amount")]),
    st.sampled_from(["", " left"]),
    st.decimals("0.01", 10**6, places=2),
)
def test_a_threshold_has_one_spelling(
    forecast: str, number: Decimal, unit: tuple[str, str], left: str, limit: Decimal
) -> None:
    """However it is written, it is read exactly, and its own text is read as the same."""
    words, field = unit
    threshold = Threshold.parse(f" {forecast} {words.format(number)}{left}")

    assert threshold is not None
    assert (threshold.basis, threshold.left) == ("forecast" if forecast else "actual", bool(left))
    assert getattr(threshold, field) == number
    again = Threshold.parse(threshold.text)
    assert again == threshold
    part = limit * number / 100 if field == "percent" else number
    assert threshold.line(limit) == (limit - part if left else part)


def test_the_schema_knows_what_the_rest_knows() -> None:
    """Tiers, the dimensions, and the rules are those of the modules that own them."""
    assert set(Scope.model_fields) - {"tags"} == {*DIMENSIONS} - {"day", "hour", "status"}
    assert tuple(OWN_KEYS) == get_args(RuleKind)
    assert Scope(tier=[*TIERS]).dimensions() == {"tier": TIERS}


def test_check_says_what_a_file_means(home: Path) -> None:
    """One line a budget and a rule, in words that a person checks, and the present period in local time."""
    done = check(home, str(EXAMPLE))

    assert done.exit_code == 0
    assert (
        "search: $500.00 a month, and up to $100.00 left over from before (America/New_York) for team search, "
        "model claude-opus-5-5 or claude-sonnet-5-5; holds from 2026-11-01 to the end of 2027-10-31; "
        "tells ana@example.com, search-leads@example.com and the channel team-slack "
        "at 50 %, 80 %, 100 %, $50 left, 15 % left, forecast 100 %, again every 4 hours until it is acknowledged, "
        "and when that is over; when it is spent, calls are refused"
    ) in done.output
    assert "each user: $5.00 a day (Europe/Berlin) for each user_id; tells finance@example.com" in done.output
    assert "when more than 5 % of attempts fail in 15 minutes (of at least 20 attempts)" in done.output
    assert re.search(r"now from \d{4}-\d\d-\d\d 00:00 CES?T; resets on ", done.output)
    assert "!" not in done.output


def test_check_says_what_is_doubtful(tmp_path: Path, home: Path) -> None:
    """A model that the price table does not know and a hard budget without a recipient are notes, not mistakes."""
    path = tmp_path / "budgets.yaml"
    path.write_text("budgets:\n  - {name: b, amount: 5, over: refuse, scope: {model: claude-opsu}}")
    done = check(home, str(path))

    assert done.exit_code == 0
    assert "! b: found model claude-opsu, expected a model of the price table" in done.output
    assert "! b: found nobody to tell" in done.output


def test_check_fails_with_a_sentence_per_mistake(tmp_path: Path, home: Path) -> None:
    """A file that cannot be used is exit code 1, in words and as JSON."""
    path = tmp_path / "budgets.yaml"
    path.write_text('budgets:\n  - {name: b, amount: "x"}\n  - {name: c, amount: "y"}')
    done, as_json = check(home, str(path)), check(home, str(path), "--json")

    assert (done.exit_code, as_json.exit_code) == (1, 1)
    assert len(done.output.splitlines()) == 2
    answer = json.loads(as_json.output)
    assert answer["sound"] is False
    assert answer["mistakes"] == done.output.splitlines()


def test_check_as_json_has_exact_amounts_and_utc(home: Path) -> None:
    """A script reads amounts as decimal strings and periods as UTC."""
    answer = json.loads(check(home, str(EXAMPLE), "--json").output)
    search = answer["budgets"][0]

    assert (search["amount"], search["over"], search["scope"]["tag:team"]) == ("500", "refuse", ["search"])
    start = datetime.fromisoformat(search["period_start"])
    assert (start.utcoffset(), start.day) == (timedelta(0), 1)
    assert [rule["rule"] for rule in answer["alerts"]] == list(get_args(RuleKind))


def test_check_without_a_file_shows_a_first_one(home: Path, tmp_path: Path) -> None:
    """Where there are no budgets, it is said how to begin; that beginning is a file that can be used."""
    done = check(home)

    assert done.exit_code == 0
    first = done.output.partition("\n\n")[2].partition("\n\n")[0]
    assert load(tmp_path, first).budgets[0].amount == 500
    assert json.loads(check(home, "--json").output) == {"file": None, "sound": True}


def test_check_knows_budgets_that_are_not_in_force(tmp_path: Path, home: Path) -> None:
    """What begins later or is over says so instead of a period."""
    path = tmp_path / "budgets.yaml"
    path.write_text(
        "recipients: [a@b.c]\nbudgets:\n"
        "  - {name: later, amount: 5, from: 2190-01-01}\n"
        "  - {name: past, amount: 5, until: 2020-01-01}\n"
        "  - {name: gone, amount: 5, period: {from: 2020-01-01, until: 2020-01-31}}\n"
        "  - {name: coming, amount: 5, period: {from: 2190-01-01, until: 2190-01-31}}\n"
    )
    lines = check(home, str(path)).output.splitlines()

    assert [line.strip() for line in lines if line.startswith("    ")] == [
        "not yet: it begins later",
        "no more: it is over",
        "no more: it is over",
        "not yet: it begins later",
    ]
