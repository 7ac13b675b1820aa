from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from streamlit.testing.v1 import AppTest

from analytics import reports
from analytics.ledger import Ledger
from analytics.links import dashboard_query
from analytics.period import Period
from analytics.reports import Filters, Totals
from dashboard import data, filters, theme
from router.periods import midnight
from router.record import UsageRecord
from router.spool import Spool
from tests.conftest import Tollgate
from tests.dashboard.conftest import HAIKU, SONNET, run

HOSTILE = "<script>alert(1)</script> <b>*b*</b> $1 and $2 :red[x] [l](http://x) %{x}"


def said(page: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = (page.title, page.subheader, page.markdown, page.caption, page.info, page.warning, page.error, page.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


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


def last_days(now: datetime, number: int) -> Period:
    """The period of a preset."""
    return Period.days(now.date() - timedelta(days=number - 1), now.date())


def test_every_card_shows_the_reports_figure(filled: Path, now: datetime, tollgate: Tollgate) -> None:
    """What the cards and tables show is what `tollgate report --json` says, for the usual thirty days."""
    page = run()
    period = last_days(now, 30)
    span = ("--since", str(period.start.date()), "--until", str(now.date()))
    told = json.loads(tollgate("report", "--json", "--by", "day,model", "--by", "task_type", *span).stdout)
    money = {field.name for field in fields(Totals) if "Decimal" in str(field.type)}
    figures: dict[str, Any] = told["totals"]
    amounts: dict[str, Any] = {name: Decimal(figures[name]) for name in money if figures[name] is not None}
    totals = Totals(**figures | amounts)
    assert shown(page) == expected(totals)
    assert totals.fallback_calls == totals.failed_attempts == 1
    for table, breakdown in zip((0, 3), told["breakdowns"], strict=True):
        spend = page.dataframe[table].value["Spend"]
        assert list(spend) == [row["list_cost"] and Decimal(row["list_cost"]) for row in breakdown["rows"]]


def test_the_address_filters(filled: Path, now: datetime) -> None:
    """Period, model, task type and tag in the address are applied to every figure."""
    page = run(period="7 days", model="claude-haiku-4-5", task_type="classify", **{"tag:team": "support"})
    filters = Filters(
        period=last_days(now, 7), models=("claude-haiku-4-5",), task_types=("classify",), tags={"team": "support"}
    )
    assert shown(page) == expected(reports.totals(Ledger(filled), filters))


def test_a_bad_address_is_never_a_wider_view(filled: Path) -> None:
    """A period that cannot be chosen is left aside; a value that the ledger does not have finds nothing, by name."""
    assert shown(run(period="since ever", zone="Nowhere")) == shown(run())
    for name, value in (("model", "gpt"), ("user_id", "ana"), ("tag:unheard", "x")):
        page = run(**{name: value})
        assert not page.metric
        assert f"No call matches {filters.label(name).lower()} {value}" in said(page).replace("\\", "")


def test_a_link_of_an_email_is_the_view_it_means(filled: Path, now: datetime) -> None:
    """What links.dashboard_query writes is read back as that period, zone and scope, by page."""
    day = now.date() - timedelta(days=9)
    period = Period(*(midnight(each, ZoneInfo("Asia/Kolkata")) for each in (day, day + timedelta(days=3))))
    query = dashboard_query(period, zone="Asia/Kolkata", scope={"model": (HAIKU, SONNET), "tag:team": ("support",)})
    page = run(**parse_qs(query.removeprefix("?")))
    asked = Filters(period=period, models=(HAIKU, SONNET), tags={"team": "support"})
    assert shown(page) == expected(reports.totals(Ledger(filled), asked))


def test_custom_days_come_from_the_address(filled: Path, now: datetime) -> None:
    """Custom days are two dates in the address, both included."""
    first, last = now.date() - timedelta(days=20), now.date() - timedelta(days=11)
    page = run(period="Custom", days=[str(first), str(last)])
    totals = reports.totals(Ledger(filled), Filters(period=Period.days(first, last)))
    assert shown(page) == expected(totals)


def test_an_empty_ledger_says_what_to_do(home: Path) -> None:
    """Before the first call the page names the line to change and the command that shows an example."""
    page = run()
    assert "from router import Anthropic" in said(page)
    assert "tollgate demo" in said(page)
    assert not page.metric
    assert not page.selectbox


def test_a_broken_ledger_is_one_sentence(home: Path) -> None:
    """A ledger that cannot be read is told in the words of the error, without a traceback."""
    home.mkdir(exist_ok=True)
    (home / "ledger.duckdb").write_text("this is no database", encoding="utf-8")
    page = run()
    assert len(page.error) == 1
    assert str(home / "ledger.duckdb") in page.error[0].value.replace("\\", "")
    assert "tollgate doctor" in said(page)


def test_filters_without_a_call_say_so(filled: Path) -> None:
    """An empty period says from when to when there are calls, and one click shows them all."""
    page = run(period="Custom", days=["2020-01-01", "2020-01-31"])
    assert "The period holds no call" in said(page)
    page.button[-1].click().run()
    assert shown(page)["Calls"] == f"{reports.totals(Ledger(filled), _everything(filled)).calls:,}"


def test_demo_data_is_called_so(filled: Path) -> None:
    """A demo home has a banner; a real one has none."""
    assert "Demo data" not in said(run())
    (filled / "DEMO").touch()
    data.refresh.clear()  # rather than to wait until it looks again
    assert "Demo data" in said(run())


def test_what_has_no_price_is_said_above_the_figures(
    filled: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Attempts on a model without a price are counted in a banner, explained at the foot, and spoil the average."""
    assert spool.append(attempt(now, model="claude-unheard-of"))
    page = run()
    assert "leave out 1 attempt" in said(page)
    assert "1 attempt without a price" in said(page).replace("\\", "")
    assert any("claude-unheard-of" in str(table.value.iloc[0, 0]) for table in page.dataframe)
    assert shown(page)["Cost per call"] == "—"


def test_the_saving_is_explained(filled: Path, now: datetime) -> None:
    """What routing saved stands with the attempts that it was counted over, and how."""
    page = run()
    totals = reports.totals(Ledger(filled), Filters(period=last_days(now, 30)))
    assert f"{totals.routing_compared_attempts:,} of {totals.attempts:,} attempts" in said(page)
    assert "priced twice with the same tokens" in said(page)


def test_calls_without_tags_are_told_how_to_tag(
    home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Where no call carries a tag, the place of the teams shows how to tag."""
    assert spool.append(attempt(now, tags={}))
    assert "router.tagged(" in said(run())


def test_names_of_callers_are_never_markup(
    home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """A tag, a task type and a key that carry markup come to the page escaped."""
    assert spool.append(attempt(now, tags={HOSTILE: HOSTILE}, task_type=HOSTILE))
    page = run()
    heading = page.subheader[-2].value
    assert heading == theme.markdown(f"Spend by {filters.label(f'tag:{HOSTILE}').lower()}")


def test_every_control_is_heeded(filled: Path, now: datetime) -> None:
    """Grain and comparison change what is drawn and compared with; a filter is taken back with a click."""
    page = run(period="Today", compare="A year before", grain="By month", **{"tag:team": "support"})
    assert page.subheader[0].value == theme.markdown("Spend by month and model")
    assert not any(metric.delta for metric in page.metric)
    page.button(key="clear:tag:team").click().run()
    today = Filters(period=last_days(now, 1))
    assert shown(page) == expected(reports.totals(Ledger(filled), today))


def test_explore_answers_by_any_two_dimensions(filled: Path, now: datetime) -> None:
    """A measure by two dimensions, in total or over time, has its table beside it, with the report's figures."""
    page = run("explore")
    period = last_days(now, 30)
    page.selectbox(key="and").set_value("tag:team")
    page.selectbox(key="way").set_value("In total").run()
    rows = reports.cost_by(Ledger(filled), Filters(period=period), ("model", "tag:team"))
    assert sorted(page.dataframe[0].value["Calls"]) == sorted(row.calls for row in rows)
    page.selectbox(key="measure").set_value("Error rate")
    page.selectbox(key="way").set_value("Over time").run()
    assert not page.exception
    assert page.subheader[0].value == "Error rate by model and team"
    assert "Error rate" in page.dataframe[0].value


def _everything(home: Path) -> Filters:
    found = reports.dimensions(Ledger(home))
    assert found.first_at is not None
    assert found.last_at is not None
    return Filters(period=Period.days(found.first_at.date(), found.last_at.date()))
