"""The dashboard of a shared ledger: each page says what it says of a file with the same records."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.clickhouse.address import Address
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.moving import move
from analytics.ledger import Ledger
from dashboard.pages import PAGES
from tests.analytics.clickhouse.conftest import a_ledger, long_ago
from tests.dashboard.conftest import run, said

ADDRESSES = [page.address for page in PAGES]


@pytest.fixture(scope="module")
def moved(
    two_months: Path, tmp_path_factory: pytest.TempPathFactory, in_process: Address
) -> Iterator[tuple[Path, Address]]:
    """A home whose two months are in a shared ledger."""
    home = tmp_path_factory.mktemp("moved") / "tollgate"
    shutil.copytree(two_months, home)
    with a_ledger(in_process) as address:
        shared = SharedLedger(home, address)
        move(Ledger(home), shared, now=datetime.now(UTC), progress=lambda _done, _total: None)
        long_ago(shared)
        yield home, address
        forget(address)


def words(page: AppTest, home: Path) -> list[str]:
    """All that is said, but for where the home is, and the cards."""
    cards = [f"{card.label} {card.value} {card.delta}" for card in page.metric]
    return [*said(page).replace(str(home), "HOME").splitlines(), *cards]


@pytest.mark.parametrize("address", ADDRESSES)
def test_pages_are_the_same(
    address: str, two_months: Path, moved: tuple[Path, Address], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same records, every page has the same figures and says the same, whichever ledger they are in."""
    home, ledger = moved
    monkeypatch.setenv("TOLLGATE_HOME", str(two_months))
    before = words(run(address), two_months)
    monkeypatch.setenv("TOLLGATE_HOME", str(home))
    monkeypatch.setenv("TOLLGATE_LEDGER", str(ledger))
    page = run(address)

    assert not [error.value for error in page.error]
    assert words(page, home) == before
