from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics import reports
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.reports import Filters, Totals
from dashboard import data, theme
from router.record import UsageRecord
from router.spool import Spool

APP = Path(theme.__file__).with_name("app.py")
HOSTILE = "<script>alert(1)</script> <b>*b*</b> $1 and $2 :red[x] [l](http://x) %{x}"


def run(**query: str | list[str]) -> AppTest:
    """The page as it comes up at an address."""
    page = AppTest.from_file(APP, default_timeout=30)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = (page.title, page.subheader, page.markdown, page.caption, page.info, page.warning, page.error, page.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def shown(page: AppTest) -> dict[str, str]:
    """The cards: label and value."""
    return {metric.label: metric.value.replace("\\", "") for metric in page.metric}


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
        "Fallbacks": f"{totals.fallback_calls:,}",
        "Failed attempts": f"{totals.failed_attempts:,}",
    }


def last_days(now: datetime, number: int) -> Period:
    """The period of a preset."""
    return Period.days(now.date() - timedelta(days=number - 1), now.date())


def test_every_card_shows_the_reports_figure(filled: Path, now: datetime) -> None:
    """What the cards show is what the report says, for the usual thirty days and over the fallback in them."""
    page = run()
    totals = reports.totals(Ledger(filled), Filters(period=last_days(now, 30)))
    assert shown(page) == expected(totals)
    assert totals.fallback_calls == totals.failed_attempts == 1


def test_the_address_filters(filled: Path, now: datetime) -> None:
    """Period, model, task type and tag in the address are applied to every figure."""
    page = run(period="7 days", model="claude-haiku-4-5", task_type="classify", **{"tag:team": "support"})
    filters = Filters(
        period=last_days(now, 7), models=("claude-haiku-4-5",), task_types=("classify",), tags={"team": "support"}
    )
    assert shown(page) == expected(reports.totals(Ledger(filled), filters))


def test_a_bad_address_is_the_usual_view(filled: Path) -> None:
    """What cannot be chosen in the address is left aside."""
    assert shown(run(period="since ever", model="gpt")) == shown(run())


def test_custom_days_come_from_the_address(filled: Path, now: datetime) -> None:
    """Custom days are two dates in the address, both included."""
    first, last = now.date() - timedelta(days=20), now.date() - timedelta(days=11)
    page = run(period="Custom", days=[str(first), str(last)])
    totals = reports.totals(Ledger(filled), Filters(period=Period.days(first, last)))
    assert shown(page) == expected(totals)


def test_the_tables_hold_the_reports_amounts(filled: Path, now: datetime) -> None:
    """Under a chart the same rows stand as a table, with exact decimals."""
    table = run().dataframe[0].value
    rows = reports.cost_by(Ledger(filled), Filters(period=last_days(now, 30)), ("day", "model"))
    assert list(table["Day"]) == [row.group[0] for row in rows]
    assert list(table["Spend"]) == [row.list_cost for row in rows]
    assert all(isinstance(amount, Decimal) for amount in table["Spend"] if amount is not None)


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
    assert "No call matches" in said(page)
    page.button[0].click().run()
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
    assert heading == theme.markdown(f"Spend by {HOSTILE}")


@pytest.mark.parametrize("period", ["Today", "7 days", "30 days", "Month to date", "Last month", "Custom"])
def test_every_period_can_be_shown(filled: Path, period: str) -> None:
    """Each choice of period comes up."""
    assert run(period=period).title[0].value == "Overview"


def _everything(home: Path) -> Filters:
    found = reports.dimensions(Ledger(home))
    assert found.first_at is not None
    assert found.last_at is not None
    return Filters(period=Period.days(found.first_at.date(), found.last_at.date()))
