from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Generator, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Ran

from analytics.alert_cli import alerts
from analytics.alerts import outbox, states
from analytics.alerts.alert import Condition, Key
from analytics.alerts.delivery import DeliveryReport, carriers, deliver
from analytics.alerts.listing import listing
from analytics.alerts.notice import Notice
from analytics.alerts.outbox import LEASE, LIFETIME, Addressee
from analytics.alerts.parcel import Parcel, Result, Tell
from analytics.alerts.tables import forget, state
from analytics.budgets import BudgetFile, Told
from analytics.place import Place
from tests.analytics.alerts.conftest import NOW
from tests.mail_server import listening

ANA, BO = Addressee("mail", "ana@example.com"), Addressee("mail", "bo@example.com")
OK = Result(delivered=True, said="250 OK")
BUSY = Result(delivered=False, said="451 try again later")


class Server:
    """A real mail server on loopback, which keeps what it takes."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        """Recipient and Message-ID."""
        self.busy = 0
        """So many recipients are told to come again."""

    async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802  # aiosmtpd's name
        _, _, envelope, address, _ = given
        if "nobody" in address:
            return "550 5.1.1 no such user"
        if self.busy:
            self.busy -= 1
            return "451 4.7.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802  # the same
        _, _, envelope = given
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.taken += [(address, str(message["Message-ID"])) for address in envelope.rcpt_tos]
        return "250 taken"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    """Listens, and the environment names it."""
    handler = Server()
    with listening(handler, monkeypatch):
        yield handler


class Courier:
    """A carrier that answers what it is told to, and keeps what it carried."""

    def __init__(self, *results: Result, pause: Callable[[], object] = lambda: None) -> None:
        self.results, self.pause, self.carried = list(results), pause, list[str]()

    def carry(self, parcels: Sequence[Parcel], tell: Tell) -> None:
        for parcel in parcels:
            self.carried.append(parcel.parcel_id)
            self.pause()
            tell(parcel, self.results.pop(0) if self.results else OK)


class Silent:
    """A carrier that says nothing."""

    def carry(self, parcels: Sequence[Parcel], tell: Tell) -> None:
        """Does nothing either."""


@pytest.fixture
def put(home: Path, a_notice: Callable[..., Notice]) -> Callable[..., None]:
    """Puts so many notices for these people into the outbox of `home`."""

    def run(*everybody: Addressee, notices: int = 1) -> None:
        with state(home).transaction() as con:
            for number in range(notices):
                outbox.put(con, a_notice(notice_id=f"{number:04x}", plot=None), everybody, now=NOW)

    return run


def send(home: Path, *, now: datetime = NOW) -> DeliveryReport:
    """Deliver as `tollgate serve` does."""
    return deliver(home, carriers(BudgetFile(), os.environ), now=now)


def test_mail_arrives(home: Path, put: Callable[..., None], server: Server) -> None:
    """Each recipient gets a message of his own, once, and who does not exist is not asked for again."""
    put(ANA, BO, Addressee("mail", "nobody@example.com"))

    assert send(home) == DeliveryReport(delivered=2, failed=0, refused=1, waiting=0, undelivered=1)
    assert send(home, now=NOW + timedelta(hours=2)).delivered == 0
    assert sorted(address for address, _ in server.taken) == ["ana@example.com", "bo@example.com"]
    assert len(dict(server.taken).values()) == 2


def test_greylisting(home: Path, put: Callable[..., None], server: Server) -> None:
    """Who is told to come again does so later and not at once."""
    server.busy = 1
    put(ANA)

    assert send(home).failed == 1
    assert send(home, now=NOW + timedelta(seconds=10)).failed == 0
    assert send(home, now=NOW + timedelta(seconds=60)).delivered == 1


def test_a_killed_deliverer(home: Path, put: Callable[..., None], server: Server) -> None:
    """What was accepted and never settled comes again when the lease has run out, with the same Message-ID."""
    put(ANA)
    carrier = carriers(BudgetFile(), os.environ)["mail"]
    carrier.carry(outbox.claim(home, "mail", holder="killed", now=NOW), lambda *_: None)

    assert send(home).delivered == 0
    assert send(home, now=NOW + LEASE).delivered == 1
    assert len(server.taken) == 2
    assert len(set(server.taken)) == 1


def test_a_server_that_comes_back(
    home: Path, put: Callable[..., None], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While there is no mail server messages wait, with the reason; when there is one they arrive."""
    host = os.environ["TOLLGATE_SMTP_HOST"]
    monkeypatch.delenv("TOLLGATE_SMTP_HOST")
    put(ANA)
    assert send(home).failed == 1
    (trouble,) = listing(home, now=NOW).trouble
    assert trouble.said == "TOLLGATE_SMTP_HOST: found nothing, expected the name of a mail server"

    monkeypatch.setenv("TOLLGATE_SMTP_HOST", host)
    assert send(home, now=NOW + timedelta(minutes=1)).delivered == 1


def test_a_carrier_that_delivers_nothing_is_left_alone(home: Path, put: Callable[..., None]) -> None:
    """If all of a turn fail, the rest waits for the next one; what is given up is undelivered."""
    put(ANA, notices=30)
    courier = Courier(*[BUSY] * 20)

    assert deliver(home, {"mail": courier}, now=NOW).failed == 20
    assert deliver(home, {"mail": courier}, now=NOW).delivered == 10
    late = NOW + LIFETIME
    assert deliver(home, {"mail": Courier(*[BUSY] * 20)}, now=late).undelivered == 20


def test_two_deliverers(home: Path, put: Callable[..., None]) -> None:
    """Two that deliver at the same time never carry the same."""
    put(ANA, BO, notices=40)
    barrier = threading.Barrier(2)
    couriers = [Courier(pause=_once(barrier.wait)) for _ in range(2)]
    threads = [threading.Thread(target=deliver, args=(home, {"mail": each}), kwargs={"now": NOW}) for each in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    carried = [parcel_id for each in couriers for parcel_id in each.carried]
    assert all(each.carried for each in couriers)
    assert len(carried) == len(set(carried)) == 80


def test_who_slept_too_long_stops(home: Path, put: Callable[..., None]) -> None:
    """If somebody else has taken over in between, the rest is left to him."""
    put(ANA, BO)
    other = Courier()
    sleeper = Courier(pause=_once(lambda: deliver(home, {"mail": other}, now=NOW + LEASE * 2)))

    deliver(home, {"mail": sleeper}, now=NOW)

    assert (len(sleeper.carried), len(other.carried)) == (1, 2)
    assert outbox.counts(home, now=NOW)["delivered"] == 2


def test_a_carrier_that_fails(home: Path, put: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    """A message on which a carrier breaks is tried again later, and does not hold up the others."""
    put(ANA, BO)
    broken = Courier(pause=_once(lambda: 1 / 0))

    assert deliver(home, {"mail": broken}, now=NOW).failed == 1
    assert deliver(home, {"mail": broken}, now=NOW).delivered == 1
    assert deliver(home, {"mail": broken}, now=NOW + timedelta(minutes=1)).delivered == 1
    assert "the carrier of mail failed" in caplog.text


def test_a_carrier_that_says_nothing(home: Path, put: Callable[..., None]) -> None:
    """What became of no message is known counts as a failure of the first."""
    put(ANA)

    assert deliver(home, {"mail": Silent()}, now=NOW).failed == 1
    assert listing(home, now=NOW).trouble[0].said == "nothing became known of it"


KEY = Key("search", "user_id=ana", "2026-11", "80 %")


@pytest.fixture
def fired(home: Path, a_notice: Callable[..., Notice]) -> None:
    """An alert that fires, of which Ana is told."""
    condition = Condition(key=KEY, holds=True, told=Told(owner=ANA.recipient))
    states.step(home, [condition], now=NOW, compose=lambda *_: [a_notice(plot=None)])


@pytest.fixture
def run(home: Path) -> Callable[..., Ran]:
    """Runs `tollgate alerts ...`."""
    return lambda *arguments: CliRunner().invoke(alerts, arguments, obj=Place(home, demo=False))


@pytest.mark.usefixtures("fired")
def test_the_list(home: Path, run: Callable[..., Ran]) -> None:
    """`list` shows what fires and who was told, first of all what could not be delivered."""
    refused = Result(delivered=False, said="550 no such \x1b[31m user", permanent=True)
    assert f"{ANA.recipient}: waiting" in run("list").output

    deliver(home, {"mail": Courier(refused)}, now=datetime.now(NOW.tzinfo))
    text = run("list").output

    assert text.startswith("! search for ana@example.com")
    assert "UNDELIVERED (refused), 1 try: 550 no such \N{REPLACEMENT CHARACTER}[31m user" in text
    assert "search, user_id=ana, 80 %, 2026-11" in text
    shown = json.loads(run("list", "--json").output)
    assert shown["alerts"][0]["messages"][0]["state"] == shown["trouble"][0]["state"] == "refused"


def test_forgetting(home: Path, put: Callable[..., None], fired: None) -> None:
    """What was settled long ago goes; what is open or waits stays, however old."""
    deliver(home, {"mail": Courier()}, now=NOW)
    put(BO)
    forget(home, before=NOW + timedelta(days=400))
    assert [row.messages for row in listing(home, now=NOW).alerts] == [()]
    assert len(outbox.claim(home, "mail", holder="me", now=NOW)) == 1

    cleared = Condition(key=KEY, holds=False, clears=True, told=Told())
    states.step(home, [cleared], now=NOW, compose=lambda *_: [])
    forget(home, before=NOW + timedelta(days=400))
    assert listing(home, now=NOW, everything=True).alerts == ()


@pytest.mark.usefixtures("fired")
def test_acknowledging_and_resolving(run: Callable[..., Ran]) -> None:
    """`ack` and `resolve` name an alert by the first digits of its id, and say what they did."""
    name = KEY.alert_id[:8]

    assert "is acknowledged" in run("ack", name, "--by", "bo").output
    assert "was acknowledged before" in run("ack", name).output
    assert "is resolved" in run("resolve", name[:4]).output
    assert "was resolved before" in run("resolve", name).output
    assert "No alert is open." in run("list").output
    assert name in run("list", "--all").output


def test_silencing(run: Callable[..., Ran]) -> None:
    """`silence` says until when and how to end it; durations that are none are refused."""
    assert run("silence", "search", "--for", "4 weeks").exit_code == 2
    assert run("silence", "search").exit_code == 2
    assert run("silence").exit_code == 2
    made = run("silence", "search", "--for", "4h", "--reason", "load test", "--by", "bo").output
    assert "by bo: load test. To end it: tollgate alerts silence --end " in made
    assert "search is silenced until" in run("silence", "--list").output
    assert "It has ended" in run("silence", "--end", made.split()[-1]).output
    assert run("silence", "--list").output == "Nothing is silenced.\n"


def test_a_test_message(run: Callable[..., Ran], server: Server) -> None:
    """`test` says what became of the message; exit code 1 if it did not arrive, and it is not tried again."""
    assert run("test").exit_code == 2
    arrived = run("test", "--to", "ana@example.com")
    assert (arrived.exit_code, len(server.taken)) == (0, 1)
    assert arrived.output.startswith("Delivered to ana@example.com")

    server.busy = 1
    failed = run("test", "--to", "ana@example.com")
    assert failed.exit_code == 1
    assert "Not delivered to ana@example.com: 451" in failed.output
    assert run("list").output == "No alert is open.\n"


def _once(act: Callable[[], object]) -> Callable[[], object]:
    """Does it the first time."""
    left = [act]
    return lambda: left.pop()() if left else None
