from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from analytics.alerts.mail import MailSettings, message
from analytics.alerts.notice import Contributor, Figure, Notice, Section

pytestmark = pytest.mark.browser

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
ENOUGH_CONTRAST = 4.5  # WCAG 2.2 AA, for text of any size
POOR_CONTRAST = """
() => {
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parts = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const color = parts(getComputedStyle(node).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    const [one, other] = [light(parts(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    seen += 1;
    if (ratio < LIMIT) poor.push(`${ratio.toFixed(2)}: ${walker.currentNode.data.trim()}`);
  }
  return seen > 5 ? poor : ["hardly any text was found"];
}
""".replace("LIMIT", str(ENOUGH_CONTRAST))

HOSTILE = '<script>document.title = "run"</script><img src="https://evil.example.com/x.png">' + "x" * 90
DIGEST = {
    "kind": "digest",
    "severity": "info",
    "subject": "Tollgate: $1,204.90 in the week to 21 November 2026",
    "headline": "The week to Saturday 21 November cost $1,204.90, $96.10 (9 %) more than the week before.",
    "plot": None,
    "rule": "weekly digest",
    "sections": (
        Section(
            title="Budgets",
            rows=(
                Figure(label="search, November", value="$412.07 of $500.00 (82 %), heading for $563.20"),
                Figure(label="support, November", value="$97.44 of $400.00 (24 %)"),
            ),
        ),
        Section(
            title="Unusual", rows=(Figure(label="20 November", value="$88.02 for nightly-digest, $4.10 expected"),)
        ),
    ),
}
HOSTILE_NOTICE = {
    "subject": HOSTILE,
    "headline": HOSTILE,
    "figures": (Figure(label=HOSTILE, value=HOSTILE),),
    "contributors": (Contributor(name=HOSTILE, cost=Decimal("1234567.89"), change=HOSTILE),),
    "actions": (HOSTILE,),
    "footnotes": (HOSTILE,),
    "rule": HOSTILE,
    "recipients": (HOSTILE,),
    "link": f"https://tollgate.example.com/?tag={HOSTILE}",
}
NOTICES: dict[str, dict[str, Any]] = {
    "firing": {},
    "critical": {"severity": "critical"},
    "resolved": {"kind": "resolved", "severity": "info", "plot": None},
    "digest": DIGEST,
    "hostile": HOSTILE_NOTICE,
}
Show = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """An installed Chromium, else the one that Playwright keeps."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Show a mail as a mail reader does; at the end, nothing was asked of any host and no script ran."""
    asked: list[str] = []
    contexts = []

    def shown(mail: EmailMessage, *, width: int = 640, scheme: Any = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.set_content(_page(mail))
        return page

    yield shown
    for context in contexts:
        context.close()
    assert [address for address in asked if not address.startswith("data:")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NOTICES)
def test_a_mail_can_be_read(name: str, scheme: str, a_notice: Callable[..., Notice], show: Show) -> None:
    """On a desk and on a phone, light and dark: nothing sticks out, the picture is there, every word has contrast."""
    page = show(_mail(a_notice(**NOTICES[name])), scheme=scheme)
    for width in (640, 360, 320):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.evaluate(POOR_CONTRAST) == []
    assert page.title() != "run"


def _mail(notice: Notice) -> EmailMessage:
    return message(notice, to="ada@example.com", parcel_id="ab12", settings=MailSettings(sender="alerts@example.com"))


def _page(mail: EmailMessage) -> str:
    """The HTML with its pictures inside, as a reader puts them there."""
    body = mail.get_body(("html",))
    assert body is not None
    page = body.get_content()
    for part in mail.walk():
        if part.get_content_type() == "image/png":
            data = base64.b64encode(part.get_content()).decode()
            page = page.replace(f"cid:{part['Content-ID'].strip('<>')}", f"data:image/png;base64,{data}")
    assert "cid:" not in page
    return page
