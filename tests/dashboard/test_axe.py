"""What assistive technology has of the pages: axe-core over every one of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]  # it ships no types

from dashboard.pages import PAGES
from tests.dashboard.conftest import HAIKU, Visit, settled

pytestmark = pytest.mark.browser

RULES: dict[Literal["light", "dark"], list[str]] = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "dark": ["color-contrast", "link-in-text-block"],  # what depends on colours
}
BLAMED = ("serious", "critical")
UPSTREAM = {
    # The day, month and year of Streamlit's date field; beside them is a calendar with targets that are large enough.
    ("target-size", "spinbutton"),
}


def test_no_page_has_a_serious_fault(site: tuple[str, Path], visit: Visit) -> None:
    """On every page, narrowed by a filter, light and dark, axe finds nothing serious that is ours."""
    _, home = site
    shutil.copytree(home, home / "demo", ignore=shutil.ignore_patterns("demo"), dirs_exist_ok=True)
    (home / "demo" / "DEMO").touch()
    page, axe = visit(f"?ledger=Demo&tag:team=support&model={HAIKU}"), Axe()
    found: list[str] = []
    for each in PAGES:
        page.get_by_role("link", name=each.title, exact=True).click()
        settled(page, each.title)
        for theme, rules in RULES.items():
            page.emulate_media(color_scheme=theme)
            response: dict[str, Any] = axe.run(page, options={"resultTypes": ["violations"], "runOnly": rules}).response
            found += [f"{each.title}, {theme}: {fault}" for fault in faults(response["violations"])]
    assert not found, "\n".join(found)


def faults(violations: list[dict[str, Any]]) -> list[str]:
    """What is serious and not upstream's: the rule, the element, and what is wrong with it."""
    return [
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in violations
        if violation["impact"] in BLAMED
        for node in violation["nodes"]
        if not any(rule == violation["id"] and f'role="{role}"' in node["html"] for rule, role in UPSTREAM)
    ]
