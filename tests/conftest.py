"""The vocabulary of the tests: a home, a spool, a ledger, a record."""

from __future__ import annotations

import ipaddress
import itertools
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from analytics.clickhouse.address import Address
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from router.record import UsageRecord, from_nanoseconds, new_record_id
from router.spool import Spool

NOON = int(datetime(2026, 11, 10, 12, tzinfo=UTC).timestamp()) * 10**9
_numbers = itertools.count(1)
Tollgate = Callable[..., Result]
CLICKHOUSE = os.environ.get("TOLLGATE_TEST_CLICKHOUSE", "")
"""Where tests of a shared ledger may make databases, besides the engine that they bring."""


def pytest_configure() -> None:
    """Write to memory, where there is room: what a ledger or a spool syncs, again and again, then waits for no disk."""
    memory = Path("/dev/shm")  # noqa: S108  # a folder of pytest's own is made in it
    if memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3:
        os.environ.setdefault("TMPDIR", str(memory))
        tempfile.tempdir = None  # asked again


def pytest_report_header() -> str:
    """Say what was not run."""
    if CLICKHOUSE:
        return "ClickHouse: in process, over HTTP, and a server"
    return "ClickHouse: in process, and over HTTP before it; not on a server: TOLLGATE_TEST_CLICKHOUSE names none"


def a_record(**changes: Any) -> UsageRecord:
    """An answered call to Opus 5.5 that was served by Haiku 5.5, at noon of 10 November 2026, with `changes`."""
    number = next(_numbers)
    record: dict[str, Any] = {
        "record_id": new_record_id(NOON),
        "call_id": f"call-{number}",
        "attempt": 1,
        "started_at": from_nanoseconds(NOON),
        "duration_ms": 812.5,
        "requested_model": "claude-opus-5-5",
        "sent_model": "claude-haiku-5-5",
        "model": "claude-haiku-5-5",
        "max_tokens": 1024,
        "task_type": "classify",
        "tier": "haiku",
        "confidence": 0.9,
        "tags": {"team": "search"},
        "status": 200,
        "stop_reason": "end_turn",
        "content_empty": False,
        "request_id": f"req_{number}",
        "usage": {
            "input_tokens": 1000,
            "output_tokens": 100,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "service_tier": "standard",
        },
    }
    return UsageRecord(**record | changes)


def fill(ledger: Ledger, *records: dict[str, Any]) -> None:
    """Take records with these changes into a ledger, by its spool."""
    spool = Spool(ledger.home)
    for changes in records:
        assert spool.append(a_record(**changes))
    spool.close()
    ingest(ledger, _prices())


def empty_ledger(home: Path | str) -> Ledger:
    """The ledger of `home`; where there is none, a copy of one made before: that is quicker than all the migrations."""
    ledger = Ledger(home)
    if not ledger.path.exists():
        ledger.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        ledger.path.write_bytes(_empty_ledger())
    return ledger


@cache
def _empty_ledger() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(folder)
        with ledger.read():
            pass
        return ledger.path.read_bytes()


@cache
def _prices() -> PriceTable:
    """The one that came with this package."""
    return PriceTable.load()


def oldest_ledger(path: Path) -> None:
    """Make a ledger as the first Tollgate did."""
    first = Path(__file__).parents[1] / "analytics" / "migrations" / "0001_usage.sql"
    path.parent.mkdir()
    with duckdb.connect(str(path)) as con:
        con.execute(first.read_text("utf-8"))
        con.execute("INSERT INTO migration VALUES (1, '0001_usage.sql')")


@pytest.fixture(name="a_record")
def _a_record() -> Callable[..., UsageRecord]:
    return a_record


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that no test ever had: pytest would look at thousands to number one, and losses are kept by its name."""
    folder = Path(tempfile.mkdtemp(prefix="test-", dir=tmp_path_factory.getbasetemp()))
    yield folder
    if not request.session.testsfailed:  # otherwise somebody will look into it
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where this test's records are kept."""
    return tmp_path / "tollgate"


@pytest.fixture
def spool(home: Path) -> Spool:
    """The writing end of the spool of `home`."""
    return Spool(home)


@pytest.fixture
def ledger(home: Path) -> Ledger:
    """The ledger of `home`: a real file, with nothing in it."""
    return empty_ledger(home)


@pytest.fixture
def tollgate(home: Path) -> Tollgate:
    """Runs `tollgate --home HOME ...`."""

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["--home", str(home), *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture(scope="session")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """One engine a process has one folder."""
    return Address.parse(f"chdb://{tmp_path_factory.mktemp('engine')}")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:  # pyright: ignore[reportUnusedFunction]  # autouse
    """No key and no setting of the developer's reaches a test; what a test forgets to place lands under tmp_path."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "TOLLGATE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TOLLGATE_HOME", str(home))


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection that leaves this machine, whichever library asks for it."""
    if event not in ("socket.connect", "socket.getaddrinfo"):
        return
    address = arguments[1] if event == "socket.connect" else arguments[:1]
    host = address[0] if isinstance(address, tuple) else None  # a path is a socket of this machine
    if isinstance(host, str | bytes) and not _is_here(os.fsdecode(host)):
        raise PermissionError(f"a test tried to reach {host}; tests stay on this machine")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback or host in ("0.0.0.0", "::")  # noqa: S104  # compared, not bound
    except ValueError:
        return host in ("", "localhost", socket.gethostname())


sys.addaudithook(_stay_here)  # an audit hook stays for the life of the process
