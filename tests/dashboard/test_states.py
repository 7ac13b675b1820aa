"""What stands in place of figures, and beside those that are not complete."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from dashboard import filters, theme
from dashboard.pages import PAGES
from router.record import UsageRecord
from router.spool import Spool
from tests.dashboard.conftest import run, said
from tests.dashboard.folds import opened

HOSTILE = "<script>alert(1)</script> <b>*b*</b> $1 and $2 :red[x] [l](http://x) %{x}"
HOLD = (
    "import sys\nfrom analytics.ledger import Ledger\n"
    "with Ledger(sys.argv[1]).write():\n    print('held', flush=True)\n    sys.stdin.read()"
)
ADDRESSES = [page.address for page in PAGES]


@contextmanager
def held(home: Path) -> Generator[int]:
    """Another program has the ledger until the block ends; its pid."""
    with subprocess.Popen(  # noqa: S603  # our own text
        [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.stdin.close()


def test_without_a_call_every_page_says_what_to_do(home: Path) -> None:
    """Before the first call, with a home or without, each page names the line to change and the command to try."""
    assert not home.exists()
    for address in ADDRESSES:
        page = run(address)
        assert "from router import Anthropic" in said(page)
        assert "tollgate demo" in said(page)
        assert not page.metric
        assert not page.selectbox


def test_on_a_broken_ledger_every_page_is_one_sentence(home: Path) -> None:
    """A ledger that cannot be read is told in the words of the error, without a traceback."""
    home.mkdir(exist_ok=True)
    (home / "ledger.duckdb").write_text("this is no database", encoding="utf-8")
    for address in ADDRESSES:
        page = run(address)
        assert len(page.error) == 1
        assert str(home / "ledger.duckdb") in said(page)
        assert "tollgate doctor" in said(page)


def test_a_ledger_that_others_hold_is_one_sentence(filled: Path) -> None:
    """While another program has the ledger the page says which; when it lets go, the figures come."""
    with held(filled) as pid:
        page = run()
        assert len(page.error) == 1
        assert str(pid) in said(page)
        assert not page.metric
    assert page.run().metric


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_without_a_matching_call_stands(two_months: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that no call matches the filters of says so or shows what does not depend on them, and never an error."""
    monkeypatch.setenv("TOLLGATE_HOME", str(two_months))
    page = run(address, model="claude-unheard-of")
    assert not page.error
    assert page.title
    assert len(said(page)) > len(page.title[0].value)


def test_demo_data_is_called_so(filled: Path) -> None:
    """A demo home has a banner."""
    (filled / "DEMO").touch()
    assert "Demo data" in said(run())


def test_what_has_no_price_is_said_above_the_figures(
    home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """Attempts on a model without a price are counted in a banner, explained at the foot, and spoil the average.

    Where no call carries a tag, the place of the teams shows how to tag.
    """
    assert spool.append(attempt(now, tags={}))
    assert spool.append(attempt(now, tags={}, model="claude-unheard-of"))
    page = run()
    assert "leave out 1 attempt" in said(page)
    assert "1 attempt without a price" in said(page)
    assert any("claude-unheard-of" in str(table.value.iloc[0, 0]) for table in opened(page).dataframe)
    assert {metric.label: metric.value for metric in page.metric}["Cost per call"] == "—"
    assert "router.tagged(" in said(page)


def test_names_of_callers_are_never_markup(
    home: Path, spool: Spool, attempt: Callable[..., UsageRecord], now: datetime
) -> None:
    """A tag, a task type and a key that carry markup come to every page escaped."""
    assert spool.append(attempt(now, tags={HOSTILE: HOSTILE}, task_type=HOSTILE))
    page = run()
    heading = page.header[-2].value
    assert heading == theme.markdown(f"Spend by {filters.label(f'tag:{HOSTILE}').lower()}")
    for address in ADDRESSES[1:]:
        page = run(address)
        words = (*page.markdown, *page.header, *page.subheader, *page.caption, *page.info, *page.warning, *page.error)
        assert not any(
            re.search(r"(?<!\\)[<*$\[]\w", str(element.value)) for element in words if "alert" in element.value
        )
