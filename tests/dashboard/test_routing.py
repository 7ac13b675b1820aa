from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.decisions import dearer, decide, decisions
from analytics.judging import policy_of
from analytics.ledger import Ledger
from analytics.reports import Filters, cost_by
from analytics.routing_report import COUNTED, routing
from dashboard import theme
from dashboard.views.sandbox import request_of
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import HAIKU, OPUS, SONNET, run, said
from tests.dashboard.folds import opened
from tests.dashboard.test_app import last_days

SECRET = "sort the zanzibar-4711 list in Python"  # noqa: S105  # what nobody may find again


def test_every_figure_is_the_reports(
    filled: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Decisions, reasons, budgets, shadow, routes and savings on the page are those of the reports, dear groups too."""
    for told in (
        {"reason": "pinned", "task_type": "dear", "requested_model": HAIKU, "model": OPUS},
        {"reason": "shadow: coding (0.5, before chat 0.4)", "shadow_model": HAIKU, "model": OPUS, "confidence": 0.55},
        {"reason": "budget team: x is spent: coding (0.8, before chat 0.1)", "model": SONNET, "sent_model": SONNET},
    ):
        assert spool.append(attempt(now, **told))
    page = opened(run("routing", savings="true", task_type=["code", "dear", "classify"]))
    filters = Filters(period=last_days(now, 30), task_types=("code", "dear", "classify"))
    asked = [("decision",), ("reason",), ("confidence",), ("budget", "model"), ("requested_model", "shadow_model")]
    found = decisions(Ledger(filled), filters, asked).tables
    assert [*_table(page, "Meaning")["Calls"]] == [row.calls for row in found[("decision",)]]
    assert {*_table(page, "Meaning")["Decision"]} >= {"Pinned", "In shadow", "By a budget"}
    assert [*_table(page, "Confidence")["Calls"]] == [row.calls for row in found[("confidence",)]]
    assert [*_table(page, "Reason")["Spent"]][: len(found[("reason",)])] == [
        row.list_cost for row in found[("reason",)]
    ]
    assert [*_table(page, "Budget")["Budget"]] == ["team: x"]
    assert [*_table(page, "Would differ")["Would differ"]] == [1]
    routes = cost_by(Ledger(filled), filters, ("requested_model", "model"))
    assert [*_table(page, "Served by")["Saved"]] == [row.routing_saved for row in routes]
    assert [*_table(page, "Fell back")["Fell back"]] == [1]
    report = routing(Ledger(filled), filters, opus=policy_of(None).tiers["opus"].model)
    rows = report.tables[("task_type",)]
    dear, savings = (table.value for table in page.dataframe if "All on Opus" in table.value)
    assert [*savings["Saved"]] == [row.saved for row in rows]
    assert [*dear["Task type"]] == [row.group[0] for row in dearer(rows)]
    assert "dear" in [*dear["Task type"]]
    assert report.total
    cards = {metric.label: metric.value.replace("\\", "") for metric in page.metric}
    assert cards["Against always Opus"] == theme.money(report.total.saved_against_opus)
    assert COUNTED in said(page)


def test_a_pasted_request_is_judged_and_forgotten(
    filled: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What is pasted is decided on with its costs, or told what is wrong with it, and is found nowhere afterwards."""
    page = run("routing")
    assert "no budget that steps calls down was spent" in said(page)
    assert not any("All on Opus" in table.value for table in page.dataframe)
    page.text_area(key="pasted").set_value(SECRET)
    _decide(page)
    judgement = decide(request_of(SECRET))
    assert [*_table(page, "Expected cost")["Expected cost"]] == [*judgement.alternatives.values()]
    assert judgement.reason in said(page)
    assert f"By the default policy, as there is no {filled / 'policy.yaml'}." in said(page)
    for wrong, complaint in (('{"messages": []}', "messages: found an empty list"), (f'{{"{SECRET}', "found no JSON")):
        page.text_area(key="pasted").set_value(wrong)
        _decide(page)
        assert complaint in said(page)
    out, err = capfd.readouterr()
    kept = b"".join(path.read_bytes() for path in filled.rglob("*") if path.is_file())
    assert "zanzibar" not in f"{said(page)}{out}{err}{caplog.text}"
    assert b"zanzibar" not in kept


def test_a_request_is_judged_by_the_policy_of_the_home(filled: Path) -> None:
    """The page names the policy file that judged; one that cannot be read is a sentence instead of a decision."""
    file = filled / "policy.yaml"
    file.write_text(
        "tiers: {haiku: {model: claude-haiku-4-5}}\nrules: {classify: haiku}\nunheard: of\n", encoding="utf-8"
    )
    page = run("routing")
    assert "The policy cannot be read: " in said(page)
    assert not any(button.label == "Decide" for button in page.button)
    file.write_text("shadow: true\n", encoding="utf-8")
    page.run()
    assert f"By the policy in {file}." in said(page)
    body = {"model": OPUS, "messages": [{"role": "user", "content": "hello"}]}
    page.text_area(key="pasted").set_value(json.dumps(body))
    _decide(page)
    assert "In shadow, " in said(page)


@given(st.text())
def test_any_text_is_a_request(text: str) -> None:
    """Text that is not JSON of a request becomes its one message, letter by letter, and the model is left open."""
    request = request_of(text)
    if request != text:
        assert json.loads(request) == {"model": "auto", "messages": [{"role": "user", "content": text}]}
    else:
        assert text.lstrip()[:1] in ("{", "[")


def _decide(page: Any) -> None:
    next(button for button in page.button if button.label == "Decide").click().run()
    assert not page.exception


def _table(page: Any, column: str) -> Any:
    return next(table.value for table in page.dataframe if column in table.value)
