from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from analytics.alerts.evaluation import evaluate
from analytics.alerts.events import events
from analytics.alerts.listing import listing
from analytics.alerts.notice import Plot, Point
from analytics.alerts.silences import silences
from analytics.budgets import BudgetFile
from analytics.forecast import Forecast
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from analytics.standing import standings
from dashboard import burn_down, theme
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import run, said

BUDGETS = """\
recipients: [finance@example.com]
budgets:
  - {name: everything, amount: "0.01", thresholds: ["100 %"]}
  - {name: "*a* <b>$5</b> $6", amount: "500", period: {rolling_days: 7}}
  - {name: teams, amount: "100", period: year, scope: {tags: {team: "*"}}, over: refuse}
  - {name: later, amount: "5", from: 2150-01-01}
alerts:
  - {name: odd spend, rule: anomaly}
"""
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> *b* $1 and $2 :red[x] [l](http://x)"


@pytest.fixture
def budgeted(filled: Path) -> Path:
    """A home with budgets, one of which was spent when somebody looked ten minutes ago; nothing was sent since."""
    (filled / "budgets.yaml").write_text(BUDGETS, encoding="utf-8")
    evaluate(filled, now=datetime.now(UTC) - timedelta(minutes=10))
    return filled


def send(page: AppTest, way: str, **given: str) -> AppTest:
    """Fill in the first form whose button says `way`, and send it."""
    for name, value in given.items():
        next(each for each in page.text_input if str(each.key).startswith(f"{name}:{way.lower()}:")).set_value(value)
    button = next(each for each in page.button if each.label == f"{way} it")
    button.click().run()
    assert not page.exception
    return page


def test_budgets_are_shown_as_they_stand(budgeted: Path, now: datetime) -> None:
    """Every budget has the figures of standings, and what is spent, unwatched, not sent or not in effect is said."""
    page = run("budgets", budget="teams (tag:team=support)")
    found = standings(Ledger(budgeted), BudgetFile.of(budgeted).budgets, now=now)
    shown = [table.value for table in page.dataframe if "Spent of limit" in table.value]
    (rows,) = (table for table in shown if len(table) == len(found))
    assert list(rows["Spent"]) == [each.spend.spent for each in found]
    assert list(rows["Left"]) == [each.spend.limit - each.spend.spent for each in found]
    assert next(iter(rows["Course"])) == "! Spent"
    text = said(page)
    assert theme.markdown("*a* <b>$5</b> $6") in [heading.value for heading in page.header]
    assert "Nobody watches" in text
    assert "1 message did not arrive" in text
    assert "later: not yet" in text
    assert "calls are refused" in text
    assert page.selectbox(key="budget").value == "teams (tag:team=support)"


def test_an_alert_is_acknowledged_silenced_and_resolved(budgeted: Path, now: datetime) -> None:
    """What a form does is what `tollgate alerts` would do, under the name of who does it; a silence needs a reason."""
    page = run("budgets")
    (row,) = listing(budgeted, now=now).alerts
    send(page, "Acknowledge", reason=HOSTILE)
    assert "which was firing, is acknowledged" in page.success[0].value.replace("\\", "")
    done = events(budgeted, row.alert_id)[0]
    assert (done.kind, done.note) == ("acknowledged", HOSTILE)
    send(page, "Silence")
    assert any("needs a reason" in error.value for error in page.error)
    send(page, "Silence", reason=HOSTILE)
    (silence,) = silences(budgeted, now=now)
    assert (silence.rule, silence.scope, silence.reason) == ("everything", "*", HOSTILE)
    assert silence.author == done.author
    assert any(theme.markdown(HOSTILE) in text.value for text in page.markdown)
    next(button for button in page.button if button.label == "End it").click().run()
    assert "Nothing is silenced" in said(page)
    send(page, "Resolve")
    assert not listing(budgeted, now=now).alerts
    assert "No alert is open" in said(page)


def test_what_cannot_be_read_is_said(filled: Path) -> None:
    """Without a file there is one to copy, mistakes in it are sentences, and a broken state hides no budget."""
    page = run("budgets")
    assert any("recipients: [you@example.com]" in block.value for block in page.code)
    assert not (filled / "state.sqlite").exists()
    (filled / "budgets.yaml").write_text("budgets: [{name: a, amount: 5.5}]\nmore: {}\n", encoding="utf-8")
    page.run()
    assert page.error[0].value.count("\n- ") == 2
    (filled / "budgets.yaml").write_text(BUDGETS, encoding="utf-8")
    (filled / "state.sqlite").write_text("this is no database" * 99, encoding="utf-8")
    page.run()
    assert not page.exception
    assert "cannot be written to" in said(page)
    assert "The alerts cannot be read" in page.error[-1].value.replace("\\", "")
    assert any("Spent of limit" in table.value for table in page.dataframe)


def test_a_broken_ledger_is_said_here_too(home: Path) -> None:
    """The addresses of budgets and prices say of a ledger that cannot be read what the first page says."""
    home.mkdir(exist_ok=True)
    (home / "ledger.duckdb").write_text("this is no database", encoding="utf-8")
    for address in ("budgets", "prices"):
        assert str(home / "ledger.duckdb") in run(address).error[0].value.replace("\\", "")


def test_the_picture_shows_the_budgets_clock() -> None:
    """A burn-down has spend, expectation, range, even pace and limit, by the clock of the budget's zone."""
    forecast = Forecast(
        expected=Decimal(30), low=Decimal(24), high=Decimal(40), confidence="normal", method="recent level",
        spent=Decimal(20), moments=(FIRST + timedelta(days=20), FIRST + timedelta(days=30)), coming=(0.0, 10.0),
    )  # fmt: skip
    points = (Point(moment=FIRST, spent=Decimal(0)), Point(moment=forecast.moments[0], spent=Decimal("20.000000001")))
    plot = Plot(
        start=FIRST, end=forecast.moments[-1], points=points, limit=Decimal(25), expected=forecast.expected,
        low=forecast.low, high=forecast.high, zone="America/New_York",
    )  # fmt: skip
    drawn: dict[str, Any] = burn_down.figure(plot, forecast).to_plotly_json()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # Plotly ships no types
    lines = {line["name"]: line for line in drawn["data"]}
    assert list(lines) == ["At least", "Four of five cases", "Spent", "Expected", "Even pace", "Limit"]
    assert str(lines["Spent"]["x"][0]) == "2026-10-31 20:00:00"
    assert lines["Spent"]["customdata"][-1] == "$20.000000001"
    assert [lines[name]["y"] for name in ("At least", "Expected", "Four of five cases")] == [
        [20, 24],
        [20, 30],
        [20, 40],
    ]
    assert [lines[name]["y"] for name in ("Even pace", "Limit")] == [[0, 25], [25, 25]]
    bare = burn_down.figure(plot.model_copy(update={"limit": None}), None)
    assert len(bare.to_plotly_json()["data"]) == 1  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # as above


def test_without_history_a_course_is_unknown(
    ledger: Ledger, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """A budget without a forecast is on no course, unless it is spent."""
    file = ledger.home / "budgets.yaml"
    file.write_text(
        'recipients: [a@example.com]\nbudgets: [{name: a, amount: "9"}, {name: b, amount: "0.000001"}]',
        encoding="utf-8",
    )
    assert spool.append(attempt(now))
    ingest(ledger, PriceTable.load())
    found = standings(ledger, BudgetFile.load(file).budgets, now=now, tell_guard=False)
    assert [each.course for each in found] == ["unknown", "spent"]
    assert [each.runs_out_at for each in found] == [None, None]
    assert not (ledger.home / "state.sqlite").exists()
