"""The engines: in this process; over HTTP, in one of its own; a server, where TOLLGATE_TEST_CLICKHOUSE names one."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from analytics.clickhouse.address import Address
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.schema import migrate
from analytics.clickhouse.shipping import Patience, ship
from analytics.clickhouse.store import Store
from analytics.clickhouse.terms import install
from analytics.ingest import ingest
from analytics.intake import Terms, terms_of
from analytics.ledger import Ledger
from router.spool import Spool
from tests.analytics.clickhouse.records import NOW, attempts
from tests.conftest import CLICKHOUSE


@dataclass(frozen=True)
class StandIn:
    """A server that fails when told to."""

    port: int

    @property
    def url(self) -> str:
        return f"clickhouse://writer:a-secret@127.0.0.1:{self.port}"

    def fail(self, **faults: int) -> None:
        """From now on, so many times each."""
        data = json.dumps(faults).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/fail", data)  # loopback
        urllib.request.urlopen(request).close()  # noqa: S310  # the same


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    program, folder = Path(__file__).with_name("stand_in.py"), tmp_path_factory.mktemp("server")
    command = [sys.executable, str(program), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603  # our own words
        assert server.stdout
        yield StandIn(int(server.stdout.readline()))
        server.kill()


@pytest.fixture(scope="session")
def terms() -> Terms:
    return terms_of(Path("nowhere"))


@contextlib.contextmanager
def a_ledger(at: Address) -> Generator[Address]:
    """A ledger of its own, dropped at the end."""
    address = replace(at, database=f"test_{uuid.uuid4().hex[:12]}")
    migrate(address)
    yield address
    with contextlib.closing(Store(replace(at, database="default"))) as store:
        store.command("DROP DATABASE {name:Identifier}", name=address.database)


def long_ago(shared: SharedLedger) -> None:
    """As if everything had come in an hour ago: of what came just now, no roll-up is trusted, and nothing is pruned."""
    with shared.store() as store:
        store.command("CREATE TABLE came AS arrival")
        store.command("INSERT INTO came SELECT hour, arrived_at - INTERVAL 1 HOUR FROM arrival")
        store.command("EXCHANGE TABLES came AND arrival")


@pytest.fixture(scope="session")
def of_all_tests(stand_in: StandIn) -> Iterator[Address]:
    with a_ledger(Address.parse(stand_in.url)) as address:
        yield address


@pytest.fixture
def served(of_all_tests: Address, stand_in: StandIn) -> Iterator[Address]:
    """A ledger over HTTP, with nothing in it, which fails when `stand_in` is told to."""
    yield of_all_tests
    stand_in.fail()
    with contextlib.closing(Store(of_all_tests)) as store:
        for table in ("attempt", "reject", "scheduler"):
            store.command(f"TRUNCATE TABLE {table}")


@pytest.fixture
def malleable(stand_in: StandIn) -> Iterator[Address]:
    """The same, of a test that changes its tables."""
    with a_ledger(Address.parse(stand_in.url)) as address:
        yield address


@pytest.fixture(params=["in process", "over HTTP", *(["a server"] if CLICKHOUSE else [])])
def shared(request: pytest.FixtureRequest) -> Iterator[Address]:
    """A ledger on each of the engines there are."""
    if request.param == "in process":
        at = request.getfixturevalue("in_process")
    else:
        at = Address.parse(CLICKHOUSE if request.param == "a server" else request.getfixturevalue("stand_in").url)
    with a_ledger(at) as address:
        yield address


@pytest.fixture
def quick() -> Callable[[], Patience]:
    """Patience that waits for nothing, and not often."""
    return lambda: Patience(tries=2, sleep=lambda _: None, random=lambda: 1.0)


@pytest.fixture(scope="session", params=["in process", "over HTTP"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, terms: Terms
) -> Iterator[tuple[Ledger, SharedLedger]]:
    """A ledger of each kind, of one spool."""
    folder = tmp_path_factory.mktemp("both")
    spool = Spool(folder / "here")
    for record in attempts():
        assert spool.append(record)
    spool.close()
    shutil.copytree(folder / "here", folder / "shipped")
    ledger = Ledger(folder / "here")
    ingest(ledger, terms[0], contract=terms[1])
    here = request.param == "in process"
    at = request.getfixturevalue("in_process") if here else Address.parse(request.getfixturevalue("stand_in").url)
    with a_ledger(at) as address:
        ship(folder / "shipped", address, terms, now=NOW)
        other = SharedLedger(folder / "shipped", address)
        with other.store() as store:
            install(store, terms)
        yield ledger, other
        forget(address)
