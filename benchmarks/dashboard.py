"""How fast the dashboard is: in a browser, over a large ledger, beside the naive way.

    python benchmarks/dashboard.py [--attempts 10000000] [--home FOLDER] [--interactions 300] [--users 10]

FOLDER has the ledger; where it has none, one of so many attempts is made. Figures are seconds, or MB, beside their goal
and the ratio to it. "First figure" is the Spend card, "settled" is when nothing is computed any more and every chart is
drawn. A cold server has shown nobody anything; a browser is new at each visit, and its cache is empty. A page with a
single card comes first: no page of Streamlit can be quicker on the same machine, whatever it shows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ledger import generate  # the benchmark beside this one
from playwright.sync_api import Browser, Page, sync_playwright

from analytics.ledger import Ledger

ROOT = Path(__file__).parents[1]
APP, NAIVE = ROOT / "dashboard" / "server.py", Path(__file__).with_name("naive_dashboard.py")
ONE_CARD = "import streamlit\nstreamlit.metric('Spend', '$1.00')\n"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
SETTLED = """() => document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]')
    && !document.querySelector('[data-stale=true], [data-testid=stSkeleton], .st-key-seen')
    && [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(chart => chart.querySelector('.main-svg'))"""
PERIODS = ("7 days", "90 days", "30 days")
VISITS = 3
PATIENCE_MS = 180_000


@contextmanager
def serving(app: Path, home: Path) -> Generator[tuple[str, int]]:
    """A server of a script over a home: its address and process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.enableAgentApi", "true"]
    environment = os.environ | {"TOLLGATE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603  # our own command
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        address = f"http://127.0.0.1:{port}/"
        try:
            while True:
                with suppress(OSError), urllib.request.urlopen(f"{address}_stcore/health", timeout=1):  # noqa: S310
                    break
                time.sleep(0.1)
            yield address, process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def memory(pid: int) -> float:
    """What a process has in memory, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def worked(pid: int) -> float:
    """Seconds of processor that a process has used."""
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def told(what: str, figure: float, goal: float | None = None, unit: str = "s") -> None:
    """One line of the result."""
    beside = f"   goal {goal:g} {unit}: {figure / goal:.2f} of it" if goal else ""
    print(f"  {what:<44} {figure:8.2f} {unit}{beside}", flush=True)


def visited(browser: Browser, address: str) -> tuple[Page, float, float]:
    """A first visit: the page, and the seconds to its first figure and until it settled."""
    page = browser.new_context(viewport={"width": 1400, "height": 1000}, timezone_id="UTC").new_page()
    page.set_default_timeout(PATIENCE_MS)
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.get_by_test_id("stMetricValue").first.wait_for()
    first = time.perf_counter() - began
    page.wait_for_function(SETTLED)
    return page, first, time.perf_counter() - began


def changed(page: Page, change: Callable[[], object]) -> tuple[float, float]:
    """Seconds from a change of what is looked at to another first figure, and until the page settled."""
    card = page.get_by_test_id("stMetricValue").first
    before = card.inner_text()
    began = time.perf_counter()
    change()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stMetricValue]')?.innerText !== before", arg=before
    )
    first = time.perf_counter() - began
    page.wait_for_function(SETTLED)
    return first, time.perf_counter() - began


def choosing(page: Page, period: str) -> Callable[[], object]:
    """The list of periods is open; what is left is to click on one."""
    page.get_by_role("combobox", name="Period").click()
    option = page.get_by_role("option", name=period, exact=True)
    option.wait_for()
    return option.click


def clicking_a_bar(page: Page) -> Callable[[], object]:
    """The mouse is over the largest bar; what is left is to click."""
    bars = page.locator(".barlayer").first.locator("path")
    places = [place for bar in bars.all() if (place := bar.bounding_box()) and place["height"] > 4]
    bar = max(places, key=lambda place: place["height"])
    x, y = bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2
    page.mouse.move(x, y)
    return lambda: page.mouse.click(x, y)


def asked(address: str, body: dict[str, Any]) -> dict[str, Any]:
    """One run of the page without a browser."""
    request = urllib.request.Request(  # noqa: S310  # our own server
        f"{address}_stcore/agent/interact", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_MS / 1000) as answer:  # noqa: S310
        return json.load(answer)


def one_user(address: str, changes: int) -> list[float]:
    """How long each change of the period took somebody who makes so many."""
    session, took = asked(address, {})["session_id"], list[float]()
    for number in range(changes):
        began = time.perf_counter()
        asked(address, {"session_id": session, "widget_state": {"period": PERIODS[number % len(PERIODS)]}})
        took.append(time.perf_counter() - began)
    return took


def often_visited(browser: Browser, address: str) -> tuple[float, float]:
    """The median visit: its seconds to the first figure and until it settled."""
    firsts, settled = list[float](), list[float]()
    for _ in range(VISITS):
        page, *seconds = visited(browser, address)
        page.context.close()
        firsts.append(seconds[0])
        settled.append(seconds[1])
    return statistics.median(firsts), statistics.median(settled)


def in_the_browser(browser: Browser, address: str) -> dict[str, float]:
    """Visits, changes of the period, a click on a bar; the slower of two changes, both new to the server."""
    page, first, settled = visited(browser, address)
    page.context.close()
    found = {"cold: first figure": first, "cold: settled": settled}
    found["warm: first figure"], found["warm: settled"] = often_visited(browser, address)
    page, *_ = visited(browser, address)
    changes = [changed(page, choosing(page, period)) for period in PERIODS[:2]]
    found |= {"filter: first figure": max(first for first, _ in changes)}
    found |= {"filter: settled": max(settled for _, settled in changes)}
    if can_be_clicked(page):
        page.get_by_role("heading", name="Spend by").first.scroll_into_view_if_needed()
        found["drill-down"] = changed(page, clicking_a_bar(page))[0]
    page.context.close()
    return found


def can_be_clicked(page: Page) -> bool:
    """Whether the page has bars that can be clicked on."""
    return page.get_by_role("combobox", name="Compare with").count() > 0


GOALS = {
    "cold: first figure": 3,
    "warm: first figure": 2,
    "filter: first figure": 0.3,
    "filter: settled": 1,
    "drill-down": 0.5,
}


def measure(browser: Browser, home: Path, *, users: int, interactions: int) -> None:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        card = Path(name) / "card.py"
        card.write_text(ONE_CARD, encoding="utf-8")
        with serving(card, home) as (address, pid):
            print("a page with one card:")
            told("warm: first figure", often_visited(browser, address)[0])
            told("memory of the server", memory(pid), unit="MB")
    with serving(APP, home) as (address, pid):
        print("the dashboard:")
        ours = in_the_browser(browser, address)
        for name, seconds in ours.items():
            told(name, seconds, GOALS.get(name))
        one_user(address, len(PERIODS))  # every answer has been kept once: what comes now is growth
        before = memory(pid)
        one_user(address, interactions)
        after = memory(pid)
        told("memory of the server", after, 300, "MB")
        told(f"of which by {interactions} interactions", after - before, unit="MB")
        began = worked(pid)
        with ThreadPoolExecutor(users) as several:
            took = [each for one in several.map(one_user, [address] * users, [6] * users) for each in one]
        told(f"{users} users at once: median of {len(took)}", statistics.median(took), 1.2)
        told("of which processor of the server, each", (worked(pid) - began) / (len(took) + users))
        told(f"memory after {users} users", memory(pid), unit="MB")
    with serving(NAIVE, home) as (address, pid):
        print("all rows into pandas:")
        naive = in_the_browser(browser, address)
        for name, seconds in naive.items():
            told(f"{name} ({seconds / ours[name]:.0f} times ours)", seconds)
        told("memory of the server", memory(pid), unit="MB")


def main() -> None:
    """Over the ledger that is given, or one that is made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--interactions", type=int, default=300)
    parser.add_argument("--users", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        home = given.home or Path(name)
        if not (home / "ledger.duckdb").exists():
            generate(Ledger(home), given.attempts)
        found = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        measure(browser, home, users=given.users, interactions=given.interactions)
        browser.close()


if __name__ == "__main__":
    main()
