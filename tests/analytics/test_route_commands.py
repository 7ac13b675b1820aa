from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.assess import Assessment, assess
from analytics.cli import cli
from analytics.evaluate import evaluate
from analytics.given import read_labelled
from analytics.judging import judge
from analytics.present_eval import show_assessment
from router import Policy, Task, classify, explain
from router.features import Body
from tests.conftest import Tollgate

OPUS = "claude-opus-5-5"
PROMPTS = {
    "classification": "Classify the sentiment of this review: the parcel was late.",
    "transform": "Translate into German: good morning, everybody.",
    "coding": "Write a Python function that parses an ISO date.",
    "hard_math": "Prove that the square root of two is irrational.",
}


def body(content: str = PROMPTS["transform"], **more: Any) -> dict[str, Any]:
    return {"model": OPUS, "max_tokens": 200, "messages": [{"role": "user", "content": content}], **more}


LABELLED = [
    {"task_type": name, "request": body(text), "source": "first" if number % 2 else "second", "lang": "en"}
    for number, (name, text) in enumerate(PROMPTS.items())
]


def written(path: Path, *rows: object) -> str:
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
    return str(path)


def typed(text: str, *arguments: str) -> Result:
    """`tollgate ARGUMENTS` with something on standard input."""
    result = CliRunner().invoke(cli, arguments, input=text)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_one_request_in_full() -> None:
    """A single request shows where it would go, why, on which signals, and what that would cost elsewhere."""
    decision = explain(body(), tags={})

    shown = typed(json.dumps(body()), "route")

    assert shown.exit_code == 0
    for part in (decision.task_type or "unknown", decision.model, decision.reason, "confidence", "Expected cost"):
        assert part in shown.stdout
    assert PROMPTS["transform"] not in shown.stdout


def test_lines_of_requests(tmp_path: Path, tollgate: Tollgate) -> None:
    """Each line, a body or an object with one under `request`, gives a line of JSON, in order, with its id."""
    file = written(tmp_path / "x.jsonl", body(PROMPTS["hard_math"]), "\n", {"id": 7, "request": body()})

    first, second = map(json.loads, tollgate("route", file, "--json").stdout.splitlines())

    decision = explain(body(), tags={})
    assert "id" not in first
    assert list(second)[:7] == ["id", "task_type", "tier", "model", "confidence", "reason", "requested_model"]
    assert (second["id"], second["task_type"], second["tier"]) == (7, decision.task_type, decision.tier)
    assert (second["model"], second["reason"]) == (decision.model, decision.reason)
    assert second["fallbacks"] == list(decision.chain[1:])
    assert second["signals"].keys() == decision.signals.keys()
    assert {name: Decimal(cost) for name, cost in second["alternatives"].items()} == decision.alternatives
    assert tollgate("route", file).stdout.count("claude-") == 2


def test_an_array_and_a_gzip_file(tmp_path: Path, tollgate: Tollgate) -> None:
    """Requests may also be one array, or packed."""
    (tmp_path / "x.gz").write_bytes(gzip.compress(json.dumps([body(), body()]).encode()))

    assert len(tollgate("route", str(tmp_path / "x.gz"), "--json").stdout.splitlines()) == 2


def test_a_request_without_a_model_leaves_it_open() -> None:
    """Where no model is named, the policy chooses."""
    request = body()
    del request["model"]

    assert json.loads(typed(json.dumps(request), "route", "--json").stdout)["requested_model"] == "auto"


NO_REQUESTS = [
    ("{broken", None, "line 3: found '{broken', expected JSON"),
    ('"a prompt"', None, "found a string, expected an object"),
    (json.dumps({"model": OPUS}), OPUS, "messages: found nothing, expected a list"),
    (
        json.dumps({"request": {"model": OPUS, "messages": [5]}}),
        OPUS,
        "messages[0]: found a number, expected an object",
    ),
    (json.dumps({"model": 5, "messages": []}), None, "messages: found an empty list"),
]


@pytest.mark.parametrize(("line", "model", "sentence"), NO_REQUESTS, ids=[case[2][:25] for case in NO_REQUESTS])
def test_a_line_that_is_no_request(line: str, model: str | None, sentence: str) -> None:
    """It is unknown, goes where the caller sent it, says why in one sentence, and spoils only the exit code."""
    text = "\n".join([json.dumps(body()), json.dumps({"id": "b", **body()}), line, json.dumps(body())])

    result, shown = typed(text, "route", "--json"), typed(text, "route")

    before, _, wrong, after = map(json.loads, result.stdout.splitlines())
    assert (result.exit_code, shown.exit_code) == (1, 1)
    assert (wrong["task_type"], wrong["tier"], wrong["confidence"]) == (None, None, None)
    assert (wrong["model"], wrong["requested_model"]) == (model, model)
    assert wrong["reason"].startswith(sentence)
    assert before == after
    assert f"! 3: {sentence}" in shown.stdout


def test_only_what_is_no_request() -> None:
    """A single thing that is no request is its sentence, without a table around it."""
    shown = typed("5", "route")

    assert (shown.exit_code, shown.stdout) == (1, "found a number, expected an object\n")


def test_nothing_to_route(tmp_path: Path, tollgate: Tollgate) -> None:
    """Nothing, a file that is not there, and a damaged gzip file are one sentence each."""
    (tmp_path / "damaged.gz").write_bytes(gzip.compress(b"{}" * 99)[:-9])

    nothing, missing = typed("\n \n", "route"), tollgate("route", str(tmp_path / "nowhere.jsonl"))
    damaged = tollgate("route", str(tmp_path / "damaged.gz"))

    assert nothing.stderr.startswith("Error: <stdin>: found nothing, expected a request such as")
    assert (nothing.exit_code, missing.exit_code, damaged.exit_code) == (1, 2, 1)
    assert "damaged.gz: found a damaged gzip file" in damaged.stderr


def test_a_policy_of_ones_own(tmp_path: Path, tollgate: Tollgate) -> None:
    """`--policy` decides by a file, `tags` beside a request choose among its overrides, and mistakes are told."""
    policy = written(
        tmp_path / "p.yaml", "ceiling: haiku\nwhen: [{tags: {team: search}, ceiling: null, floor: opus}]\n"
    )
    mistaken = written(tmp_path / "q.yaml", "profil: economy\n")
    rows = [{"request": body()}, {"request": body(), "tags": {"team": "search"}}]
    file = written(tmp_path / "x.jsonl", *rows)

    lines = tollgate("route", file, "--policy", policy, "--json").stdout.splitlines()
    wrong = tollgate("route", file, "--policy", mistaken)

    assert [json.loads(line)["tier"] for line in lines] == ["haiku", "opus"]
    assert wrong.exit_code == 1
    assert "q.yaml, line 1: profil: found an unknown key, expected profile" in wrong.stderr


def test_names_cannot_harm_a_terminal(tmp_path: Path, tollgate: Tollgate) -> None:
    """Control characters in what a file holds do not reach the terminal."""
    evil = "\x1b[31mred"
    file = written(tmp_path / "x.jsonl", {"id": evil, "request": body(model=evil)}, {"id": evil}, f"{evil}\n")

    assert "\x1b" not in tollgate("route", file).stdout


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_body_is_too_odd(data: st.DataObject) -> None:
    """Whatever else stands in a body, there is a decision or a sentence, and it goes where the caller sent it."""
    odd = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.none() | st.just({}), max_size=2) | st.just({})
    content = st.text() | st.lists(st.fixed_dictionaries({"type": st.sampled_from(["text", "image", "tool_result"])}))
    keys = st.sampled_from(["system", "tools", "tool_choice", "max_tokens", "thinking", "output_config", "thread"])
    request = body(data.draw(content), **data.draw(st.dictionaries(keys, odd)))  # pyright: ignore[reportArgumentType]  # any

    found = judge(request, Policy())

    assert found.model is not None
    assert found.requested_model == OPUS
    assert found.reason


def test_an_evaluation(tmp_path: Path, tollgate: Tollgate) -> None:
    """`tollgate eval` says how right the router is, apart by source and language if asked, and what it would cost."""
    file = written(tmp_path / "x.jsonl", *LABELLED)

    shown = tollgate("eval", file, "--by", "source", "--by", "lang")
    found = json.loads(tollgate("eval", file, "--by", "source", "--json").stdout)

    rows = [read_labelled(row, Policy().tasks) for row in LABELLED]
    expected = evaluate(assess(rows, Policy(), lambda *_: None).cases)
    assert shown.exit_code == 0
    for word in ("4 requests", "Tier accuracy", "Under-routing", "Opus work to Haiku", "p99", "Source", "Language"):
        assert word in shown.stdout
    assert found["rates"]["tier_accuracy"] == expected.rates.tier_accuracy
    assert found["macro_f1"] == expected.macro_f1
    assert found["confusion"] == expected.confusion
    assert {name: rates["cases"] for name, rates in found["groups"]["source"].items()} == {"first": 2, "second": 2}
    assert found["latency_ms"].keys() == {"classify_p50", "classify_p99", "decide_p50", "decide_p99"}
    assert {tier: Decimal(price) for tier, price in found["single_tier"].items()} == {
        "haiku": Decimal("0.40"),
        "sonnet": Decimal("8.00"),
        "opus": Decimal("16.00"),
    }


def test_rows_without_a_label(tmp_path: Path, tollgate: Tollgate) -> None:
    """Rows that cannot be read are left out and told, with their number; the exit code says that there were some."""
    wrong = [{"request": body()}, "{broken\n", {"task_type": "coding", "request": 5}]
    file = written(tmp_path / "x.jsonl", *LABELLED, *wrong)

    shown, found = tollgate("eval", file), tollgate("eval", file, "--json")

    assert (shown.exit_code, found.exit_code) == (1, 1)
    assert "4 requests" in shown.stdout
    assert "! row 5: task_type: found None, expected one of classification" in shown.stderr
    assert "! line 6: found '{broken', expected JSON" in shown.stderr
    assert "! row 7: request: found a number, expected an object" in shown.stderr
    assert len(json.loads(found.stdout)["unreadable"]) == 3


def test_a_file_without_labels(tmp_path: Path, tollgate: Tollgate) -> None:
    """Where no row can be read, the first sentence says why."""
    none = tollgate("eval", written(tmp_path / "x.jsonl", body(), body()))

    assert none.exit_code == 1
    assert "x.jsonl: found no labelled request: row 1: task_type: found None" in none.stderr


def test_many_wrong_rows_are_counted(tmp_path: Path, tollgate: Tollgate) -> None:
    """The first five are told, of the others how many."""
    shown = tollgate("eval", written(tmp_path / "x.jsonl", *LABELLED, *({"request": 5},) * 8))

    assert shown.stderr.count("! row ") == 5
    assert "! and 3 more rows could not be read" in shown.stderr


def unsure(request: Body) -> Task:
    """A classifier that holds Haiku's and Opus's work for about as likely, whatever it is asked."""
    del request
    return Task(type="simple_qa", confidence=0.6, reason="a coin", scores={"simple_qa": 0.6, "hard_math": 0.4})


def told(line: Body) -> Task:
    return classify(line)._replace(scores={})


def tried(classifier: Any) -> Assessment:
    rows = [read_labelled(row, Policy().tasks) for row in LABELLED]
    return assess(rows, Policy(margin=0), lambda *_: None, classifier=classifier)


def test_the_curve(capsys: pytest.CaptureFixture[str]) -> None:
    """The dearer a wrong step down is held to be, the dearer the tiers, and the less is sent too low."""
    found = tried(unsure)

    costs = [point.step_down_cost for point in found.curve]
    prices = [point.price for point in found.curve if point.price is not None]
    under = [point.rates.under_routing for point in found.curve]
    assert costs == sorted(costs)
    assert len(prices) == len(costs)
    assert prices == sorted(prices)
    assert prices[0] == found.single_tier["haiku"]
    assert prices[-1] == found.single_tier["opus"]
    assert under == sorted(under, reverse=True)
    assert {point.profile for point in found.curve} == {None, "economy", "balanced", "quality"}

    show_assessment(found, {})
    assert "What a wrong step down is held to cost" in capsys.readouterr().out


def test_a_classifier_without_probabilities_has_no_curve(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing depends on what a step down costs, one price is all there is to say."""
    found = tried(told)

    assert found.curve == ()
    assert found.price is not None

    show_assessment(found, {})
    assert "This classifier tells no probabilities" in capsys.readouterr().out


def test_progress_is_told() -> None:
    """Long files say how far they are."""
    rows = [read_labelled(row, Policy().tasks) for row in LABELLED * 50]
    heard: list[tuple[int, int]] = []

    assess(rows, Policy(), lambda done, total: heard.append((done, total)), classifier=unsure)

    assert heard == [(100, 200), (200, 200)]
