"""From end to end: a real server over a demo ledger, and a real browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import duckdb
import pytest
from click.testing import CliRunner
from playwright.sync_api import Locator, Page, expect

from analytics import reports
from analytics.cli import cli
from analytics.ledger import Ledger
from analytics.links import dashboard_query
from analytics.period import Period
from analytics.reports import Filters
from dashboard import theme
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import Visit, settled

pytestmark = pytest.mark.browser

FILL = "mark => getComputedStyle(mark).fill"
HOSTILE = "<img src=x onerror=alert(1)> *b* $1"
DEMO = "?ledger=Demo&zone=UTC"
BACKGROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


@pytest.fixture(scope="module", autouse=True)
def demo(site: tuple[str, Path]) -> Ledger:
    """The ledger of a demo, beside the site's own."""
    _, home = site
    played = CliRunner().invoke(cli, ["--home", str(home), "demo", "--limit", "60", "--processes", "1"])
    assert played.exit_code == 0, played.output
    return Ledger(home / "demo")


def test_a_view_can_be_sent_to_someone(visit: Visit, demo: Ledger, now: datetime) -> None:
    """What is chosen stands in the address, with the zone, and brings it back in a browser of another zone."""
    page = visit("?ledger=Demo", zone="Asia/Tokyo")
    expect(page.get_by_text("Demo data.")).to_be_visible()
    _choose(page, "Period", "90 days")
    _choose(page, "Team", "insights")
    everything = Period(now - timedelta(days=80), now)
    calls = reports.totals(demo, Filters(period=everything, tags={"team": "insights"})).calls
    expect(_card(page, "Calls")).to_contain_text(f"{calls}")
    settled(page)
    cards = page.get_by_test_id("stMetric").all_inner_texts()

    other = visit(page.url, zone="America/Havana")
    expect(other.get_by_role("combobox", name="Period")).to_have_value("90 days")
    expect(other.get_by_role("combobox", name="Time zone")).to_have_value("Asia/Tokyo")
    expect(other.get_by_role("button", name="Team: insights")).to_be_visible()
    expect(other.get_by_test_id("stMetric")).to_have_text(cards, use_inner_text=True)


def test_a_click_narrows_and_the_rows_can_be_taken_away(visit: Visit, tmp_path: Path) -> None:
    """A click on a bar or a row narrows to its day and model, also in the address; the rows come as CSV and Parquet."""
    page = visit(DEMO)
    bar = page.locator(".barlayer").first.locator("path").first
    bar.evaluate("bar => bar.scrollIntoView({block: 'center'})")  # the header would lie over it
    place = bar.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_url(re.compile(r"period=Custom&days=[-0-9]+&days=[-0-9]+.*model=claude-"))
    expect(page.get_by_role("button", name=re.compile("Model: claude-"))).to_be_visible()
    settled(page)

    page.get_by_text("Table", exact=True).first.click()
    page.get_by_role("button", name="Export").first.click()
    text = _taken(page, "spend-by-hour-and-model.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows
    assert {row["Model"] for row in rows} == set(dict(parse_qsl(urlsplit(page.url).query))["model"].split())
    file = tmp_path / "rows.parquet"
    file.write_bytes(_taken(page, "spend-by-hour-and-model.parquet").read_bytes())
    with duckdb.connect() as con:
        found = con.execute('SELECT "Hour", "Spend", "Calls" FROM read_parquet($file)', {"file": str(file)}).fetchall()
    assert found == [(row["Hour"], Decimal(row["Spend"]), int(row["Calls"])) for row in rows]

    page.keyboard.press("Escape")
    fold = page.locator("details[open]")
    fold.get_by_test_id("stDataFrame").click(position={"x": 16, "y": 52}, force=True)
    expect(fold.get_by_role("link", name=re.compile("See the calls"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("See the calls"))).to_have_count(1)  # that of the bar has gone


def test_a_cell_leads_to_a_receipt(visit: Visit) -> None:
    """A click on a cell narrows to both its names; a link under the chart leads to its calls, a row to a receipt."""
    page = visit(f"explore{DEMO}&by=Task+type&and=Team&way=In+total")
    page.get_by_role("figure").locator(".scatterlayer path.point").first.click(force=True)
    page.wait_for_url(re.compile("task_type=.*tag%3Ateam="))
    settled(page, "Explore")
    chosen = dict(parse_qsl(urlsplit(page.url).query))
    page.get_by_role("link", name=f"See the calls: {chosen['task_type']}, {chosen['tag:team']}").click()
    settled(page, "Calls")
    assert dict(parse_qsl(urlsplit(page.url).query)) == {
        name: chosen[name] for name in ("ledger", "zone", "task_type", "tag:team")
    }
    page.get_by_test_id("stDataFrame").click(position={"x": 16, "y": 52}, force=True)  # it is painted, row by row
    page.wait_for_url(re.compile("call="))
    expect(page.get_by_role("heading", level=2, name="Receipt")).to_be_visible()


def test_the_link_of_an_alert_is_the_view_it_means(visit: Visit, demo: Ledger, now: datetime) -> None:
    """A link of links.dashboard_query shows that scope's figures, and the page leaves its address as it is."""
    last = now.date() - timedelta(days=1)
    period = Period.days(last - timedelta(days=20), last)
    link = dashboard_query(period, zone="UTC", scope={"tag:team": ("insights", "platform")})
    page = visit(f"{link}&ledger=Demo")
    totals = reports.totals(demo, Filters(period=period, within={"tag:team": ("insights", "platform")}))
    expect(_card(page, "Calls")).to_contain_text(f"{totals.calls}")
    assert totals.list_cost
    expect(_card(page, "Spend").first).to_contain_text(theme.money(totals.list_cost))
    assert sorted(parse_qsl(urlsplit(page.url).query)) == sorted(parse_qsl(f"{link[1:]}&ledger=Demo"))


def test_markup_in_names_is_shown_as_it_is(
    visit: Visit, site: tuple[str, Path], attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """A tag, a task type and a model that are written as HTML appear as text, and nothing in them runs."""
    spool = Spool(site[1])
    assert spool.append(attempt(now, tags={"team": HOSTILE}, task_type=HOSTILE, model=HOSTILE))
    assert spool.append(attempt(now, tags={"team": HOSTILE}, task_type=HOSTILE))
    spool.close()
    alerts: list[str] = []
    page = visit()
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    expect(page.locator("svg text", has_text="<img src=x").first).to_be_visible()
    settled(page, "Overview")
    team = page.get_by_role("combobox", name="Team")
    team.click()
    team.fill("<img")
    expect(page.get_by_role("option", name=HOSTILE)).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert not alerts


def test_keys_suffice(visit: Visit) -> None:
    """Without a mouse: Tab comes to a control, the arrows change it, and the view follows."""
    page = visit(f"explore{DEMO}")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')||''").endswith("Period"):
            break
    expect(page.get_by_role("combobox", name="Period")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("period="))
    settled(page, "Explore")


def test_the_theme_follows_the_reader(visit: Visit) -> None:
    """Dark is for whoever's system is, or who says so in the menu; charts follow, and the colours of names stay."""
    page = visit(DEMO)
    bar, label = page.locator(".barlayer path").first, page.locator(".xtick text").first
    colour, written = bar.evaluate(FILL), label.evaluate(FILL)
    page.emulate_media(color_scheme="dark")
    _is_dark(page, dark=True)
    page.emulate_media(color_scheme="light")
    _is_dark(page, dark=False)
    for choice, dark in (("Dark", True), ("Light", False)):
        page.get_by_role("button", name="Main menu").click()
        page.get_by_role("menuitemradio", name=choice).click()
        page.keyboard.press("Escape")
        _is_dark(page, dark=dark)
        settled(page, "Overview")
        assert bar.evaluate(FILL) == colour
        assert (label.evaluate(FILL) != written) == dark


def test_everything_fits_on_a_phone(visit: Visit) -> None:
    """At 400 pixels the page needs no sideways scrolling, and the charts say in words what they show."""
    page = visit(DEMO, width=400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    figures = page.get_by_role("figure")
    expect(figures).to_have_count(5)
    for place in range(5):
        expect(figures.nth(place)).to_have_accessible_name(re.compile(r"^(Stacked bars|Two bars|Two lines|Bars): "))


def _is_dark(page: Page, *, dark: bool) -> None:
    page.wait_for_function(f"{BACKGROUND} === '{'rgb(15, 19, 24)' if dark else 'rgb(255, 255, 255)'}'")


def _choose(page: Page, control: str, option: str) -> None:
    page.get_by_role("combobox", name=control).click()
    page.keyboard.type(option)
    page.get_by_role("option", name=option, exact=True).click()
    page.wait_for_url(lambda url: option in dict(parse_qsl(urlsplit(url).query)).values())
    if page.get_by_role("listbox").count():
        page.keyboard.press("Escape")  # a list of several stays open, and hides the page from readers
    settled(page)


def _card(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=re.compile(rf"^\s*{label}"))


def _taken(page: Page, name: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return download.value.path()
