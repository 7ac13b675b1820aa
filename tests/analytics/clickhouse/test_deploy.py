"""deploy/clickhouse: who may do what, by the users file itself on the real engine; and what the containers are."""

from __future__ import annotations

import contextlib
import copy
import os
import subprocess
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from analytics import reports
from analytics.clickhouse.address import Address
from analytics.clickhouse.keeping import keep_usage
from analytics.clickhouse.ledger import SharedLedger, forget
from analytics.clickhouse.making import make
from analytics.clickhouse.scheduler import claim
from analytics.clickhouse.schema import migrate
from analytics.clickhouse.shipping import ship
from analytics.clickhouse.store import Store
from analytics.clickhouse.terms import install
from analytics.exceptions import LedgerError
from analytics.feedback import give
from analytics.intake import Terms
from analytics.rerate import rerate
from analytics.ship_commands import tell_guard
from router.spool import Spool
from tests.conftest import a_record

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy" / "clickhouse"
USERS = ("writer", "guarded", "dashboard", "scheduler", "backup")
HASHES = {f"TOLLGATE_{name.upper()}_SHA256": "0" * 64 for name in USERS}


def as_user(folder: Path, name: str) -> Path:
    """A configuration in which an engine in process, whose user is always `default`, has the rights of another."""
    tree = ElementTree.parse(DEPLOY / "users.xml")  # noqa: S314  # our own file
    users = tree.getroot().find("users")
    assert users is not None
    ours = copy.deepcopy(users.find(name))
    assert ours is not None
    ours.tag, ours[0].tag, ours[0].attrib = "default", "password", {}
    if name == "scheduler":  # to make a view with the rights of another; on a server it is its own
        grants = ours.find("grants")
        assert grants is not None
        ElementTree.SubElement(grants, "query").text = "GRANT SET DEFINER ON scheduler"
    users.append(ours)
    file, path = folder / f"{name}.xml", folder / f"{name}-users.xml"
    tree.write(path)
    file.write_text(
        f"<clickhouse><users_config>{path}</users_config>"
        f"<user_directories><users_xml><path>{path}</path></users_xml></user_directories>"
        "<access_control_improvements><select_from_system_db_requires_grant>true"
        "</select_from_system_db_requires_grant></access_control_improvements></clickhouse>"
    )
    return file


@contextlib.contextmanager
def serving(folder: Path, name: str) -> Generator[Address]:
    """A ledger of which whoever asks has the rights of this user."""
    program, engine = Path(__file__).with_name("stand_in.py"), f"{folder}/engine?config-file={as_user(folder, name)}"
    command = [sys.executable, str(program), engine]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | HASHES) as server:  # noqa: S603  # our own words
        assert server.stdout
        try:
            address = Address.parse(f"clickhouse://{name}:x@127.0.0.1:{int(server.stdout.readline())}/tollgate")
            yield address
            forget(address)
        finally:
            server.kill()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, terms: Terms) -> Path:
    """A ledger as the scheduler makes it."""
    folder = tmp_path_factory.mktemp("deployed")
    with serving(folder, "scheduler") as address:
        migrate(address)
        with contextlib.closing(Store(address)) as store:
            install(store, terms)
            store.command("ALTER TABLE arrival_noted MODIFY SQL SECURITY DEFINER DEFINER = scheduler")
    return folder


def refused(address: Address, *texts: str) -> list[str]:
    """Those of the statements that the engine does not let this user run."""
    with contextlib.closing(Store(address)) as store:
        return [text for text in texts if _is_refused(store, text)]


def _is_refused(store: Store, text: str) -> bool:
    try:
        store.command(text)
    except LedgerError as error:
        return "Not enough privileges" in str(error)
    return False


def test_each_user_does_its_work_and_no_more(made: Path, terms: Terms) -> None:
    """A writer ships and reads nothing, a dashboard reads and changes nothing, the rest is the scheduler's."""
    spool = Spool(made / "home")
    spool.append(a_record(call_id="a-call", started_at=datetime.now(UTC)))
    spool.close()
    with (made / "home" / "spool" / "1.ndjson").open("wb") as file:
        file.write(b"junk\n")
    reading = ("SELECT count() FROM attempt", "SELECT count() FROM usage", "SELECT count() FROM arrival")
    changing = (
        "DROP TABLE attempt",
        "ALTER TABLE attempt DELETE WHERE true",
        "CREATE TABLE x (a Int8) ENGINE = Memory",
    )
    others = ("INSERT INTO arrival VALUES (now(), now())", "INSERT INTO boundary VALUES (NULL, NULL)")
    with serving(made, "writer") as address:
        report = ship(made / "home", address, terms, now=datetime.now(UTC))
        assert (report.sent, report.damaged) == (1, 1)
        assert refused(address, *reading, *changing, *others) == [*reading, *changing, *others]
    with serving(made, "guarded") as address:
        (made / "home" / "budgets.yaml").write_text(
            "recipients: a@example.com\nbudgets: [{name: cap, amount: 1}]", encoding="utf-8"
        )
        assert ship(made / "home", address, terms, now=datetime.now(UTC)).sent == 0
        tell_guard(made / "home", address, now=datetime.now(UTC))
        assert refused(address, *changing, *others) == [*changing, *others]
    with serving(made, "dashboard") as address:
        ledger = SharedLedger(made / "home", address)
        assert reports.health(ledger).attempts == 1
        assert reports.dimensions(ledger).models
        assert refused(address, *changing, *others) == [*changing, *others]
    with serving(made, "scheduler") as address:
        ledger = SharedLedger(made / "home", address)
        claim(ledger)
        make(ledger, every=True)
        give(ledger, "a-call", verdict="good", note=None, at=datetime.now(UTC))
        rerate(ledger, terms[0], now=datetime.now(UTC))
        with ledger.store() as store:
            install(store, terms)
        keep_usage(ledger, timedelta(days=90), now=datetime.now(UTC))
        assert reports.health(ledger).attempts == 1


def test_nobody_else_is_let_in() -> None:
    """users.xml has no default user, no empty password, and no right on everything."""
    users = ElementTree.parse(DEPLOY / "users.xml").getroot().find("users")  # noqa: S314  # our own file
    assert users is not None
    assert tuple(user.tag for user in users) == USERS
    for user in users:
        (password,) = [one for one in user if one.tag.startswith("password")]
        assert password.attrib["from_env"] in HASHES
        grants = [str(query.text) for query in user.iterfind("grants/query")]
        assert grants
        assert not any("ALL" in grant or "GRANT OPTION" in grant for grant in grants)


def test_the_containers_are_what_they_say() -> None:
    """Images have a version, the engine that of the tests; files that are mounted exist, or README.md makes them."""
    composed: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    for name in ("server.xml", "users.xml"):
        ElementTree.parse(DEPLOY / name)  # noqa: S314  # our own file
    steps = (ROOT / "deploy" / "README.md").read_text("utf-8")
    services: dict[str, dict[str, Any]] = composed["services"]
    assert {"clickhouse", "init", "scheduler", "dashboard", "ship-1", "ship-2"} <= services.keys()
    for service in services.values():
        _, _, version = service["image"].partition(":")
        assert version not in ("", "latest")
        for volume in service.get("volumes", ()):
            source, _, _ = volume.partition(":")
            assert source in composed["volumes"] or (DEPLOY / source).exists() or source.rpartition("/")[2] in steps
    wanted = services["clickhouse"]["image"].partition(":")[2]
    assert version_of_the_engine().startswith(f"{wanted}.")


def version_of_the_engine() -> str:
    command = [sys.executable, "-c", "import chdb; print(str(chdb.query('SELECT version()')).strip().strip('\"'))"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  # our own words


def test_the_sample_needs_no_key(tmp_path: Path) -> None:
    """The program of the sample writers makes calls that are in the spool."""
    command = [sys.executable, str(DEPLOY / "sample.py"), "--calls", "2", "--pause", "0"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC")}
    subprocess.run(command, env=env | {"TOLLGATE_HOME": str(tmp_path)}, check=True)  # noqa: S603  # our own words
    lines = [line for path in (tmp_path / "spool").iterdir() for line in path.read_bytes().splitlines()]
    assert len(lines) == 2
