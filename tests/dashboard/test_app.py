from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from analytics import reports
from analytics.ledger import Ledger
from analytics.links import dashboard_query
from analytics.period import Period
from analytics.reports import Filters, Totals
from dashboard import theme
from router.periods import midnight
from tests.conftest import Tollgate
from tests.dashboard.conftest import HAIKU, SONNET, run, said
from tests.dashboard.folds import opened


@pytest.fixture
def home(two_months: Path) -> Path:
    """One for all: the tests of this module only read it, and what the dashboard keeps of it serves them all."""
    return two_months


def shown(page: AppTest) -> dict[str, str]:
    """The cards: label and value, but for the forecast."""
    found = {metric.label: metric.value.replace("\\", "") for metric in page.metric}
    return {label: value for label, value in found.items() if not label.startswith("Forecast")}


def expected(totals: Totals) -> dict[str, str]:
    """What the cards have to show."""
    assert totals.list_cost is not None
    tokens = (totals.input_tokens, totals.output_tokens, totals.cache_read_tokens, totals.cache_write_tokens)
    return {
        "Spend": theme.money(totals.list_cost),
        "Saved by routing": theme.money(totals.routing_saved),
        "Saved by caching": theme.money(totals.cache_saved),
        "Cost per call": theme.money(totals.list_cost / totals.calls),
        "Calls": f"{totals.calls:,}",
        "Tokens": theme.tokens(sum(tokens)),
        "Failed attempts": f"{totals.failed_attempts:,}",
    }


def asked(home: Path, period: Period, **narrowed: Any) -> dict[str, str]:
    """What the cards have to show for these filters."""
    return expected(reports.totals(Ledger(home), Filters(period=period, **narrowed)))


def last_days(now: datetime, number: int) -> Period:
    """The period of a preset."""
    return Period.days(now.date() - timedelta(days=number - 1), now.date())


def test_every_card_shows_the_reports_figure(home: Path, now: datetime, tollgate: Tollgate) -> None:
    """What the cards and tables show is what `tollgate report --json` says, for the usual thirty days."""
    page = run()
    assert [next(iter(table.value)) for table in page.dataframe] == ["Model"]  # the others are folded, and not sent
    period = last_days(now, 30)
    span = ("--since", str(period.start.date()), "--until", str(now.date()))
    told = json.loads(tollgate("report", "--json", "--by", "day,model", "--by", "task_type", *span).stdout)
    money = {field.name for field in fields(Totals) if "Decimal" in str(field.type)}
    figures: dict[str, Any] = told["totals"]
    amounts: dict[str, Any] = {name: Decimal(figures[name]) for name in money if figures[name] is not None}
    totals = Totals(**figures | amounts)
    assert shown(page) == expected(totals)
    assert totals.fallback_calls == totals.failed_attempts == 1
    opened(page)
    for table, breakdown in zip((0, 3), told["breakdowns"], strict=True):
        spend = page.dataframe[table].value["Spend"]
        assert list(spend) == [row["list_cost"] and Decimal(row["list_cost"]) for row in breakdown["rows"]]


def test_the_saving_is_explained(home: Path, now: datetime) -> None:
    """What routing saved stands with the attempts that it was counted over, and how."""
    page = run()
    totals = reports.totals(Ledger(home), Filters(period=last_days(now, 30)))
    assert f"{totals.routing_compared_attempts:,} of {totals.attempts:,} attempts" in said(page)
    assert "priced twice with the same tokens" in said(page)
    assert "Demo data" not in said(page)


def test_the_address_filters(home: Path, now: datetime) -> None:
    """Period, model, task type and tag in the address are applied to every figure."""
    page = run(period="7 days", model=HAIKU, task_type="classify", **{"tag:team": "support"})
    narrowed = {"models": (HAIKU,), "task_types": ("classify",), "tags": {"team": "support"}}
    assert shown(page) == asked(home, last_days(now, 7), **narrowed)


def test_a_bad_address_is_never_a_wider_view(home: Path, now: datetime) -> None:
    """A period that cannot be chosen is left aside; a value that the ledger does not have finds nothing, by name."""
    assert shown(run(period="since ever", zone="Nowhere")) == asked(home, last_days(now, 30))
    for name, words in (("model", "model"), ("user_id", "user"), ("tag:unheard", "unheard")):
        page = run(**{name: "nobody"})
        assert not page.metric
        assert f"No call matches {words} nobody" in said(page)


def test_a_link_of_an_email_is_the_view_it_means(home: Path, now: datetime) -> None:
    """What links.dashboard_query writes is read back as that period, zone and scope, by page."""
    day = now.date() - timedelta(days=9)
    period = Period(*(midnight(each, ZoneInfo("Asia/Kolkata")) for each in (day, day + timedelta(days=3))))
    query = dashboard_query(period, zone="Asia/Kolkata", scope={"model": (HAIKU, SONNET), "tag:team": ("support",)})
    page = run(**parse_qs(query.removeprefix("?")))
    assert shown(page) == asked(home, period, models=(HAIKU, SONNET), tags={"team": "support"})


def test_custom_days_come_from_the_address(home: Path, now: datetime) -> None:
    """Custom days are two dates in the address, both included."""
    first, last = now.date() - timedelta(days=20), now.date() - timedelta(days=11)
    page = run(period="Custom", days=[str(first), str(last)])
    assert shown(page) == asked(home, Period.days(first, last))


def test_filters_without_a_call_say_so(home: Path) -> None:
    """An empty period says from when to when there are calls, and one click shows them all."""
    page = run(period="Custom", days=["2020-01-01", "2020-01-31"])
    assert "The period holds no call" in said(page)
    page.button[-1].click().run()
    found = reports.dimensions(Ledger(home))
    assert found.first_at is not None
    assert found.last_at is not None
    assert shown(page) == asked(home, Period.days(found.first_at.date(), found.last_at.date()))


def test_every_control_is_heeded(home: Path, now: datetime) -> None:
    """Grain and comparison change what is drawn and compared with; a filter is taken back with a click."""
    page = run(period="Today", compare="A year before", grain="By month", **{"tag:team": "support"})
    assert page.header[0].value == theme.markdown("Spend by month and model")
    assert not any(metric.delta for metric in page.metric)
    page.button(key="clear:tag:team").click().run()
    assert shown(page) == asked(home, last_days(now, 1))


def test_explore_answers_by_any_two_dimensions(home: Path, now: datetime) -> None:
    """A measure by two dimensions, in total or over time, has its table beside it, with the report's figures."""
    page = run("explore")
    page.selectbox(key="and").set_value("tag:team")
    page.selectbox(key="way").set_value("In total").run()
    rows = reports.cost_by(Ledger(home), Filters(period=last_days(now, 30)), ("model", "tag:team"))
    assert sorted(page.dataframe[0].value["Calls"]) == sorted(row.calls for row in rows)
    page.selectbox(key="measure").set_value("Error rate")
    page.selectbox(key="way").set_value("Over time").run()
    assert not page.exception
    assert page.header[0].value == "Error rate by model and team"
    assert "Error rate" in page.dataframe[0].value
    page.selectbox(key="measure").set_value("Answer p95").run()
    assert not page.exception
    assert {"First token p50", "Answers"} <= {*page.dataframe[0].value}
