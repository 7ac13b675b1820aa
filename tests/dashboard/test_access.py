from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from streamlit.testing.v1 import AppTest

from analytics import reports
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.reports import Filters
from dashboard import theme
from dashboard.pages import PAGES
from tests.dashboard.conftest import APP, OPUS, run, said, serving, settled
from tests.dashboard.folds import opened
from tests.dashboard.oidc import provider

WRITTEN = """\
allow: [example.com]
viewers:
  - {email: ana@example.com, everything: true}
  - {domain: example.com, tags: {team: [support]}}
"""
ANA, BOB, EVE = "ana@example.com", "bob@example.com", "eve@evil.com"
SUPPORT = {"team": "support"}


@pytest.fixture
def shared(filled: Path) -> Path:
    """A home with two months of two teams, of which Ana may see both, and Bob one."""
    (filled / "dashboard.yaml").write_text(WRITTEN, encoding="utf-8")
    return filled


def seen_by(email: str | None, address: str = "", /, **query: str | list[str]) -> AppTest:
    """A page as somebody sees it, whom the provider has verified; None has not logged in."""
    claims: dict[str, Any] = {"email": email, "email_verified": True} if email else {}
    return run(address, {"is_logged_in": email is not None} | claims, **query)


def everything(page: AppTest) -> str:
    """All that came to the browser: every widget with its options, every chart and every table, unfolded."""
    opened(page)
    protos = [str(element.proto) for element in page.main] + [str(element.proto) for element in page.sidebar]
    tables = [table.value.to_string() for table in page.dataframe]
    return "\n".join([*protos, *tables, said(page)])


def test_who_is_not_logged_in_sees_no_figure(shared: Path) -> None:
    """Before a log-in there is a button; somebody who is not let in is told so; neither sees anything else."""
    page = seen_by(None, "explore")
    assert [button.label for button in page.button] == ["Log in"]
    assert not page.sidebar.selectbox
    page = seen_by(EVE)
    assert "eve@evil.com is not let in" in said(page)
    assert [button.label for button in page.button] == ["Log out"]
    assert not page.metric
    assert not page.sidebar.selectbox


def test_who_asks_nobody_may_not_be_choosy(shared: Path) -> None:
    """A file that says who is let in, without a log-in that could tell, lets nobody in."""
    page = run()
    assert "has no [auth]" in said(page)
    assert not page.metric


def test_everybody_sees_their_part(shared: Path) -> None:
    """The figures of a scope are those of the report filtered by it, also beside those that were kept for another."""
    ledger = Ledger(shared)
    for email, tags in ((ANA, {}), (BOB, SUPPORT), (ANA, {})):
        page = seen_by(email, period="90 days", zone="UTC")
        found = reports.dimensions(ledger)
        assert found.first_at
        assert found.last_at
        period = Period.days(found.first_at.date(), found.last_at.date())
        totals = reports.totals(ledger, Filters(period=period, tags=tags))
        figures = {metric.label: metric.value.replace("\\", "") for metric in page.metric}
        assert figures["Spend"] == theme.money(totals.list_cost)
        assert figures["Calls"] == f"{totals.calls:,}"
        assert f"Logged in as {email}" in said(page)
        assert ("you see team support" in said(page)) == bool(tags)
        assert any(heading.value == "Data quality" for heading in page.header) == (not tags)


@pytest.mark.parametrize("address", [page.address for page in PAGES])
def test_no_page_has_anything_of_another_team(shared: Path, address: str) -> None:
    """On no page, whatever the address asks for, is there a name, an id or a figure of a call outside of the scope."""
    query = {"by": "tag:team", "and": "model", "shown-by": "tag:team", "move": f"code:{OPUS}", "call": "fallen-back"}
    page = seen_by(BOB, address, period="90 days", **query)
    found = everything(page)
    assert "support" in found
    assert "summarize" not in found
    assert "overloaded" not in found
    assert "fallen-back" not in found.replace("no call fallen-back", "")
    assert "No call matches" in said(seen_by(BOB, address, **{"tag:team": "search"})) or address in (
        "prices",
        "budgets",
    )


def test_only_one_place_opens_the_ledger() -> None:
    """No page makes a ledger of its own, which would have the calls of everybody."""
    package = APP.parent
    found = {path.name for path in package.rglob("*.py") if "ledger_at(" in path.read_text(encoding="utf-8")}
    assert found == {"data.py"}


@pytest.mark.browser
def test_a_log_in_leads_back_to_where_one_was(
    shared: Path, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a log-in at a provider one is at the view that was asked for, with one's part of it, and can log out."""
    with provider() as who:
        (tmp_path / ".streamlit").mkdir()
        (tmp_path / ".streamlit" / "secrets.toml").write_text(who.secrets(), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        with serving(shared) as address:
            page = browser.new_page()
            who.claims = {"email": BOB, "email_verified": True}
            page.goto(f"{address}explore?period=7+days&measure=Calls")
            page.get_by_role("button", name="Log in").click()
            settled(page, "Explore")
            assert "period=7+days&measure=Calls" in page.url
            expect(page.get_by_text("you see team support")).to_be_visible()
            page.get_by_role("button", name="Log out").click()
            expect(page.get_by_role("button", name="Log in")).to_be_visible()
            page.close()
