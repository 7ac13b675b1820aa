"""Two months of calls for the dashboard to show, and a browser to look at them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from analytics.ingest import ingest
from dashboard import theme
from router.record import UsageRecord, new_record_id
from router.spool import Spool
from tests.conftest import a_record, empty_ledger

APP = Path(theme.__file__).with_name("app.py")
OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5", "claude-haiku-4-5"
USAGE = {
    "input_tokens": 1200,
    "output_tokens": 340,
    "cache_read_input_tokens": 4000,
    "cache_creation_input_tokens": 500,
    "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 0},
    "service_tier": "standard",
}
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
)
PATIENCE_SECONDS = 30
Visit = Callable[..., Page]


def run(address: str = "", user: Mapping[str, Any] | None = None, /, **query: str | list[str]) -> AppTest:
    """A page as it comes up at an address, for `user` if somebody is told apart."""
    page = AppTest.from_file(APP, default_timeout=30)
    page._bidi_component_manager = _components()  # pyright: ignore[reportPrivateUsage]  # or each page would look for them
    if user is not None:
        page.user = dict(user)
    for key, value in query.items():
        page.query_params[key] = value
    if address:
        page._page_hash = calc_hash(address)  # pyright: ignore[reportPrivateUsage]  # switch_page knows files only
    page.run()
    assert not page.exception
    return page


@cache
def _components() -> BidiComponentManager:
    """The components that installed packages bring: to find them takes as long as to run a page."""
    found = BidiComponentManager()
    found.discover_and_register_components(start_file_watching=False)
    return found


def said(page: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = (page.title, page.subheader, page.markdown, page.caption, page.info, page.warning, page.error, page.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")


def an_attempt(started_at: datetime, **changes: Any) -> UsageRecord:
    """An attempt that went well at a time, with `changes`."""
    told: dict[str, Any] = {"model": SONNET, "task_type": "code", "requested_model": OPUS, "usage": USAGE}
    record_id = new_record_id(int(started_at.timestamp()) * 10**9)
    return a_record(**told | changes, record_id=record_id, started_at=started_at)


def attempts(now: datetime) -> Iterator[UsageRecord]:
    """Two months up to `now`, of three models and two teams, with one call that fell back."""
    for days in range(60):
        at = now - timedelta(days=days)
        yield an_attempt(at)
        yield an_attempt(at, model=HAIKU, task_type="classify", tags={"team": "support", "feature": "triage"})
        if days % 3:
            yield an_attempt(at, model=OPUS, task_type="summarize")
    busy: dict[str, Any] = {"model": None, "status": 529, "error_type": "overloaded_error", "usage": None}
    yield an_attempt(now - timedelta(days=2), call_id="fallen-back", **busy)
    yield an_attempt(now - timedelta(days=2), call_id="fallen-back", attempt=2, model=HAIKU, sent_model=HAIKU)


@pytest.fixture
def now() -> datetime:
    """The real minute, for the page under test asks the real clock."""
    return _now()


def _now() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def attempt() -> Callable[..., UsageRecord]:
    """Make an attempt that went well at a time, with `changes`."""
    return an_attempt


@pytest.fixture(scope="session")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ledger has two months; only to be read."""
    home = tmp_path_factory.mktemp("two-months") / "tollgate"
    spool = Spool(home)
    for record in attempts(_now()):
        assert spool.append(record)
    spool.close()
    ingest(empty_ledger(home))
    return home


@pytest.fixture
def filled(two_months: Path, home: Path) -> Path:
    """The home of this test, with two months of calls."""
    if home != two_months:
        shutil.copytree(two_months, home, dirs_exist_ok=True)
    return home


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # autouse
    """Streamlit makes the page the main module, which processes that later tests spawn would then run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def site(two_months: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A dashboard that is served over two months of calls: its address, and its home."""
    home = tmp_path_factory.mktemp("site") / "tollgate"
    shutil.copytree(two_months, home)
    with serving(home) as address:
        yield address, home


@contextmanager
def serving(home: Path) -> Generator[str]:
    """The dashboard of a home, by `streamlit run`; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP.with_name("server.py")), "--server.port", str(port)]
    environment = {"PYTHONPATH": str(APP.parent.parent), "TOLLGATE_HOME": str(home)}
    log = home.with_suffix(".log")
    with (
        log.open("wb") as out,
        subprocess.Popen(  # noqa: S603  # our own command
            command, stdout=out, stderr=out, env=os.environ | environment, start_new_session=True
        ) as process,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # it would wait for the browser to hang up


def _wait(address: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310  # our own server
                if answer.status == 200:
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    pytest.fail(f"the dashboard did not come up:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="module")  # while it is there, no test can have an event loop of its own
def browser() -> Iterator[Browser]:
    """An installed Chromium, else the one that Playwright keeps."""
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=_chromium(playwright), args=QUIET)
        yield found
        found.close()


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


@pytest.fixture(scope="module")
def people(browser: Browser) -> Iterator[Callable[[str], BrowserContext]]:
    """A browser profile per time zone: what one has loaded, another has not, and none loads it twice.

    They all ask for less motion, as some readers do: to draw what moves takes as long as all the rest.
    """
    found: dict[str, BrowserContext] = {}

    def somebody(zone: str) -> BrowserContext:
        if zone not in found:
            found[zone] = browser.new_context(timezone_id=zone, reduced_motion="reduce")
            found[zone].set_default_timeout(PATIENCE_SECONDS * 1000)
        return found[zone]

    yield somebody
    for context in found.values():
        context.close()


@pytest.fixture
def visit(people: Callable[[str], BrowserContext], site: tuple[str, Path]) -> Iterator[Visit]:
    """Open an address of the site in a new window; at the end, nothing was asked of any other host."""
    hosts: set[str] = set()
    windows: list[Page] = []

    def open_page(address: str = "", *, width: int = 1400, zone: str = "UTC") -> Page:
        page = people(zone).new_page()
        windows.append(page)
        page.set_viewport_size({"width": width, "height": 1000})
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or "within the page"))
        page.goto(site[0] + address.removeprefix(site[0]))
        settled(page)
        return page

    yield open_page
    for page in windows:
        page.close()
    assert hosts <= {"127.0.0.1", "within the page"}


def settled(page: Page, title: str = "") -> None:
    """Wait until a page is there, under its title, and nothing is being computed any more."""
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    expect(page.locator("[data-stale=true], .st-key-seen")).to_have_count(0)
