from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from dashboard import theme
from router.record import UsageRecord
from router.spool import Spool

pytestmark = pytest.mark.browser

APP = Path(theme.__file__).with_name("app.py")
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
)
HOSTILE = "<img src=x onerror=alert(1)> *b* $1"

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """An installed Chromium, else the one that Playwright keeps."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=_chromium(playwright), args=QUIET)
        yield found
        found.close()


@pytest.fixture
def server(home: Path) -> Iterator[str]:
    """A dashboard of its own over the home of this test; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    root = str(APP.parent.parent)
    log = home.with_suffix(".log")
    with (
        log.open("wb") as out,
        subprocess.Popen(  # noqa: S603  # our own command
            command, stdout=out, stderr=out, env=os.environ | {"PYTHONPATH": root}, start_new_session=True
        ) as process,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Visit]:
    """Open an address in a browser that has never been here; at the end, nothing was asked of any other host."""
    hosts: set[str] = set()
    contexts = []

    def open_page(address: str = server, *, width: int = 1400, zone: str = "UTC") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 1000}, timezone_id=zone)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or "within the page"))
        page.goto(address)
        expect(page.get_by_role("heading", name="Data quality")).to_be_visible(timeout=20_000)
        expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert hosts <= {"127.0.0.1", "within the page"}


def test_a_view_can_be_sent_to_someone(filled: Path, visit: Visit) -> None:
    """What is chosen stands in the address, with the zone, and brings it back in a browser of another zone."""
    page = visit(zone="Asia/Tokyo")
    _choose(page, "Period", "7 days")
    team = page.get_by_role("combobox", name="Team")
    team.fill("support")
    team.press("Enter")
    page.wait_for_url(re.compile("team=support"))
    expect(page.get_by_test_id("stMetric").filter(has_text="Calls")).to_contain_text("7")
    cards = page.get_by_test_id("stMetric").all_inner_texts()

    other = visit(page.url, zone="America/Havana")
    expect(other.get_by_role("combobox", name="Period")).to_have_value("7 days")
    expect(other.get_by_role("combobox", name="Time zone")).to_have_value("Asia/Tokyo")
    expect(other.get_by_role("button", name="Team: support")).to_be_visible()
    expect(other.get_by_test_id("stMetric")).to_have_text(cards, use_inner_text=True)


def test_a_click_narrows_and_the_rows_can_be_taken_away(filled: Path, visit: Visit, now: datetime) -> None:
    """A click on a bar narrows to its day and model, also in the address; the table's rows come as a file."""
    page = visit()
    bar = page.locator(".barlayer").first.locator("path").first
    bar.evaluate("bar => bar.scrollIntoView({block: 'center'})")  # the header would lie over it
    place = bar.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_url(re.compile(r"period=Custom&days=[-0-9]+&days=[-0-9]+.*model=claude-"))
    expect(page.get_by_role("button", name=re.compile("Model: claude-"))).to_be_visible()

    page.get_by_text("Table", exact=True).first.click()
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(r"spend-by-hour-and-model\.csv")).click()
    heading, *rows = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert heading.startswith("Hour,Model,Spend,")
    assert len(rows) == 1


def test_markup_in_names_is_shown_as_it_is(
    home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime, visit: Visit
) -> None:
    """A tag, a task type and a model that are written as HTML appear as text, and nothing in them runs."""
    assert spool.append(attempt(now, tags={"team": HOSTILE}, task_type=HOSTILE, model=HOSTILE))
    assert spool.append(attempt(now, tags={"team": HOSTILE}, task_type=HOSTILE))
    page = visit()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    expect(page.locator("svg text", has_text="<img src=x").first).to_be_visible()
    page.get_by_role("combobox", name="Team").press("ArrowDown")
    expect(page.get_by_role("option", name=HOSTILE)).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert not alerts


def test_everything_fits_on_a_phone(filled: Path, visit: Visit) -> None:
    """At 400 pixels the page needs no sideways scrolling, and the charts say in words what they show."""
    page = visit(width=400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    figures = page.get_by_role("figure")
    expect(figures).to_have_count(5)
    for place in range(5):
        expect(figures.nth(place)).to_have_accessible_name(re.compile(r"^(Stacked bars|Two bars|Two lines|Bars): "))


def _choose(page: Page, control: str, option: str) -> None:
    page.get_by_role("combobox", name=control).click()
    page.get_by_role("option", name=option, exact=True).click()


def _chromium(playwright: Playwright) -> str:
    for name in CHROMIUMS:
        if path := shutil.which(name):
            return path
    if Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    pytest.fail(
        "no Chromium was found, and the dashboard is tested in one: install Debian's package `chromium`, "
        "or run `python -m playwright install --with-deps chromium`"
    )


def _wait(address: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310  # our own server
                if answer.status == 200:
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    pytest.fail(f"the dashboard did not come up:\n{log.read_text(encoding='utf-8')}")
