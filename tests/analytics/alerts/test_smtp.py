from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from analytics.alerts.notice import Notice
from analytics.alerts.parcel import Parcel, Result
from analytics.alerts.smtp import SmtpCarrier
from analytics.alerts.smtp_settings import SmtpSettings
from analytics.exceptions import SettingsError

PASSWORD = "correct horse"  # noqa: S105  # of a server on this machine
HERE = "127.0.0.1"


@dataclass
class Post:
    """What a mail server does, and what it got."""

    says: dict[str, list[str]] = field(default_factory=dict)
    """What it answers to a recipient instead of 250, in turn."""
    at_data: list[Callable[[SMTP], Awaitable[str | None]]] = field(default_factory=list)
    """What it does when it has a message, in turn: an answer that is not None stands for taking it."""
    mechanisms: list[str] = field(default_factory=list)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if waiting := self.says.get(address):
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        if self.at_data and (answer := await self.at_data.pop(0)(server)) is not None:
            return answer
        assert isinstance(envelope.content, bytes)
        self.taken += [(address, envelope.content) for address in envelope.rcpt_tos]
        self.was_encrypted.append(session.ssl is not None)
        return "250 OK queued as 4711"

    def authenticate(self, _server: SMTP, _: Session, _envelope: Envelope, mechanism: str, told: Any) -> AuthResult:
        self.mechanisms.append(mechanism)
        right = isinstance(told, LoginPassword) and told.password == PASSWORD.encode()
        return AuthResult(success=right, handled=False)  # handled=True would leave the client without an answer


@dataclass
class Desk:
    """A carrier, and what became of the parcels given to it."""

    settings: SmtpSettings
    a_notice: Callable[..., Notice]

    def send(self, *recipients: str) -> list[Result]:
        told: list[tuple[str, Result]] = []
        parcels = [Parcel(f"parcel-{who.partition('@')[0]}", self.a_notice(plot=None), who) for who in recipients]
        SmtpCarrier(self.settings).carry(parcels, lambda parcel, result: told.append((parcel.recipient, result)))
        assert [who for who, _ in told] == list(recipients)
        return [result for _, result in told]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HERE).configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture
def post() -> Post:
    return Post()


Open = Callable[..., Desk]


@pytest.fixture
def open_desk(post: Post, ca_file: Path, a_notice: Callable[..., Notice]) -> Iterator[Open]:
    """Start a real server that does as `post` says; a desk that sends to it, with `changes` of its settings."""
    running: list[Controller] = []

    def opened(changes: dict[str, Any] | None = None, **server: Any) -> Desk:
        controller = Controller(post, hostname=HERE, port=_free_port(), ready_timeout=10, **server)
        controller.start()
        running.append(controller)
        told: dict[str, Any] = {"ca_file": ca_file, "timeout": 10.0} | (changes or {})
        settings = SmtpSettings(host=HERE, port=controller.port, sender="alerts@example.com", **told)
        return Desk(settings, a_notice)

    yield opened
    for controller in running:
        controller.stop()


@pytest.fixture
def desk(open_desk: Open, certificate: ssl.SSLContext) -> Desk:
    """At a server with STARTTLS."""
    return open_desk(tls_context=certificate, require_starttls=True)


def test_mail_is_handed_over_encrypted(post: Post, open_desk: Open, certificate: ssl.SSLContext) -> None:
    """With STARTTLS and a password, each recipient gets a message of their own, and the server's answer is told."""
    desk = open_desk(
        {"user": "tollgate", "password": PASSWORD},
        tls_context=certificate,
        require_starttls=True,
        auth_required=True,
        authenticator=post.authenticate,
    )
    assert desk.send("ada@example.com", "bob@example.com") == [
        Result(delivered=True, said="250 OK queued as 4711"),
        Result(delivered=True, said="250 OK queued as 4711"),
    ]
    assert [who for who, _ in post.taken] == ["ada@example.com", "bob@example.com"]
    assert b"\r\nTo: bob@example.com\r\n" in post.taken[1][1]
    assert b"Message-ID: <parcel-bob@example.com>" in post.taken[1][1]
    assert post.was_encrypted == [True, True]
    assert post.mechanisms == ["PLAIN"]


def test_tls_from_the_first_byte(post: Post, open_desk: Open, certificate: ssl.SSLContext) -> None:
    """`tls` speaks TLS at once, as port 465 wants it."""
    desk = open_desk({"secure": "tls"}, ssl_context=certificate)
    assert desk.send("ada@example.com")[0].delivered
    assert len(post.taken) == 1


def test_a_wrong_password_is_tried_once(post: Post, open_desk: Open, certificate: ssl.SSLContext) -> None:
    """One mechanism, once, so that no account is locked; nothing is lost, and the password is not in what is told."""
    desk = open_desk(
        {"user": "tollgate", "password": "battery staple"},
        tls_context=certificate,
        require_starttls=True,
        authenticator=post.authenticate,
    )
    for result in desk.send("ada@example.com", "bob@example.com"):
        assert not result.delivered
        assert not result.permanent
        assert "user or password refused (535" in result.said
        assert "battery staple" not in result.said
    assert post.mechanisms == ["PLAIN"]
    assert post.taken == []


def test_login_is_used_where_nothing_else_is_offered(post: Post, open_desk: Open, certificate: ssl.SSLContext) -> None:
    """A server that knows only LOGIN gets it."""
    desk = open_desk(
        {"user": "tollgate", "password": PASSWORD},
        tls_context=certificate,
        require_starttls=True,
        authenticator=post.authenticate,
        auth_exclude_mechanism=["PLAIN"],
    )
    assert desk.send("ada@example.com")[0].delivered
    assert post.mechanisms == ["LOGIN"]


def test_a_server_without_authentication_gets_no_password(
    post: Post, open_desk: Open, certificate: ssl.SSLContext
) -> None:
    """A password that nobody asks for is a mistake, and is told."""
    desk = open_desk(
        {"user": "tollgate", "password": PASSWORD}, tls_context=certificate, auth_exclude_mechanism=["PLAIN", "LOGIN"]
    )
    (result,) = desk.send("ada@example.com")
    assert "offers no authentication that is known here" in result.said
    assert not result.permanent
    assert post.taken == []


def test_nothing_is_sent_in_the_clear(post: Post, open_desk: Open) -> None:
    """A server that does not offer STARTTLS gets nothing, and the mail waits."""
    (result,) = open_desk().send("ada@example.com")
    assert "STARTTLS extension not supported by server" in result.said
    assert not result.permanent
    assert post.taken == []


def test_in_the_clear_only_if_it_is_chosen(post: Post, open_desk: Open) -> None:
    """`none` sends without encryption."""
    assert open_desk({"secure": "none"}).send("ada@example.com")[0].delivered
    assert post.was_encrypted == [False]


@pytest.mark.parametrize("secure", ["starttls", "tls"])
def test_an_untrusted_server_gets_nothing(
    secure: str, post: Post, open_desk: Open, certificate: ssl.SSLContext
) -> None:
    """A certificate that nobody here trusts ends it before anything is said, and the mail waits."""
    server = {"tls_context": certificate} if secure == "starttls" else {"ssl_context": certificate}
    desk = open_desk({"secure": secure, "ca_file": None}, **server)
    (result,) = desk.send("ada@example.com")
    assert "its certificate is not trusted" in result.said
    assert not result.permanent
    assert post.taken == []


@pytest.mark.parametrize("later", ["451 4.7.1 Greylisted, try again", "421 4.3.2 Going down"])
def test_a_server_that_asks_to_wait_is_asked_again(later: str, post: Post, desk: Desk) -> None:
    """A temporary refusal is told as one; the next time the mail is taken."""
    post.says["ada@example.com"] = [later]
    (result,) = desk.send("ada@example.com")
    assert not result.delivered
    assert not result.permanent
    assert later in result.said
    assert desk.send("ada@example.com")[0].delivered


def test_one_recipient_that_is_refused_stops_no_other(post: Post, desk: Desk) -> None:
    """A 550 is that parcel's own and final; those before and after it are delivered over the same connection."""
    post.says["bob@example.com"] = ["550 5.1.1 No such user"]
    first, second, third = desk.send("ada@example.com", "bob@example.com", "cyd@example.com")
    assert second == Result(delivered=False, said="550 5.1.1 No such user", permanent=True)
    assert (first.delivered, third.delivered) == (True, True)
    assert [who for who, _ in post.taken] == ["ada@example.com", "cyd@example.com"]


def test_a_message_that_is_refused_is_final(post: Post, desk: Desk) -> None:
    """A 5xx to the message itself is permanent, and the next message is tried."""
    post.at_data = [_refuse]
    first, second = desk.send("ada@example.com", "bob@example.com")
    assert first == Result(delivered=False, said="554 5.7.1 Looks like spam", permanent=True)
    assert second.delivered


def test_a_refusal_to_talk_without_a_password_is_nobodys_own(post: Post, desk: Desk) -> None:
    """A 530 is about the settings, not about the recipient: the mail waits."""
    post.says["ada@example.com"] = ["530 5.7.0 Authentication required"]
    assert not desk.send("ada@example.com")[0].permanent


def test_a_connection_that_dies_leaves_the_rest_for_later(post: Post, desk: Desk) -> None:
    """What was sent is told as sent, and is not sent again; the rest waits, and keeps its Message-ID."""
    post.at_data = [_take, _die]
    first, second, third = desk.send("ada@example.com", "bob@example.com", "cyd@example.com")
    assert first.delivered
    for result in (second, third):
        assert not result.delivered
        assert not result.permanent
        assert "onnection" in result.said
    assert [who for who, _ in post.taken] == ["ada@example.com"]
    assert desk.send("bob@example.com")[0].delivered
    assert b"Message-ID: <parcel-bob@example.com>" in post.taken[1][1]


def test_each_is_told_before_the_next_is_tried(post: Post, desk: Desk) -> None:
    """When the one who is told stops it, nothing more is sent: what was sent is known to be."""

    class Stop(Exception):
        """Raised by who is told."""

    def stop(parcel: Parcel, result: Result) -> None:
        raise Stop

    parcels = [Parcel(f"p{number}", desk.a_notice(plot=None), "ada@example.com") for number in range(3)]
    with pytest.raises(Stop):
        SmtpCarrier(desk.settings).carry(parcels, stop)
    assert len(post.taken) == 1


def test_a_server_that_says_nothing_is_not_waited_for(a_notice: Callable[..., Notice]) -> None:
    """Each step has a time-out, the first one too."""
    with socket.create_server((HERE, 0)) as silent:
        settings = SmtpSettings(host=HERE, port=silent.getsockname()[1], sender="a@example.com", timeout=0.05)
        (result,) = Desk(settings, a_notice).send("ada@example.com")
    assert result.said.endswith("no answer within 0.05 s")
    assert not result.permanent


def test_a_server_that_falls_silent_is_not_waited_for(post: Post, open_desk: Open, certificate: ssl.SSLContext) -> None:
    """A message that is never answered is told as not delivered; the server may have it, so its Message-ID stays."""
    post.at_data = [_dawdle]
    (result,) = open_desk({"timeout": 0.3}, tls_context=certificate).send("ada@example.com")
    assert result.said.endswith("no answer within 0.3 s")
    assert not result.permanent


def test_a_server_that_is_down_is_told(a_notice: Callable[..., Notice]) -> None:
    """Nobody listens: the address and the reason are told, for every parcel."""
    settings = SmtpSettings(host=HERE, port=_free_port(), sender="alerts@example.com", timeout=5.0)
    for result in Desk(settings, a_notice).send("ada@example.com", "bob@example.com"):
        assert result == Result(delivered=False, said=f"{HERE}:{settings.port}: Connection refused")


def test_addresses_of_any_script_are_sent_as_they_are(post: Post, open_desk: Open, certificate: ssl.SSLContext) -> None:
    """SMTPUTF8 where the server takes it; where it does not, that one recipient cannot be reached."""
    new = open_desk(tls_context=certificate, enable_SMTPUTF8=True)
    assert [result.delivered for result in new.send("jörg@example.com", "ada@example.com")] == [True, True]
    assert post.taken[0][0] == "jörg@example.com"
    old = open_desk(tls_context=certificate, enable_SMTPUTF8=False)
    first, second = old.send("jörg@example.com", "ada@example.com")
    assert first.permanent
    assert second.delivered


def test_what_is_no_address_stops_no_other(post: Post, desk: Desk) -> None:
    """A recipient that is no address is told as final; the next one gets the mail, and nobody else."""
    first, second = desk.send("ada@example.com\r\nRCPT TO:<evil@example.com>", "bob@example.com")
    assert first.permanent
    assert first.said.startswith("recipient: found 'ada@example.com RCPT TO:<evil@example.com>'")
    assert second.delivered
    assert [who for who, _ in post.taken] == ["bob@example.com"]


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    """Host and sender are enough; the rest has values that are safe."""
    environment = {"TOLLGATE_SMTP_HOST": "smtp.example.com", "TOLLGATE_SMTP_FROM": "Tollgate <alerts@example.com>"}
    settings = SmtpSettings.read(environment)
    assert settings == SmtpSettings(host="smtp.example.com", sender="Tollgate <alerts@example.com>")
    assert (settings.secure, settings.port, settings.timeout) == ("starttls", 587, 20.0)
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n", "utf-8")
    full = SmtpSettings.read(
        environment
        | {
            "TOLLGATE_SMTP_SECURE": "TLS",
            "TOLLGATE_SMTP_USER": "tollgate",
            "TOLLGATE_SMTP_PASSWORD_FILE": str(secret),
            "TOLLGATE_SMTP_REPLY_TO": "ada@example.com",
            "TOLLGATE_SMTP_TIMEOUT": "5",
            "TOLLGATE_SMTP_CA_FILE": str(secret),
        }
    )
    assert (full.secure, full.port, full.password, full.timeout) == ("tls", 465, PASSWORD, 5.0)
    assert PASSWORD not in repr(full)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"HOST": ""}, "TOLLGATE_SMTP_HOST: found nothing, expected the name of a mail server"),
        ({"FROM": ""}, "TOLLGATE_SMTP_FROM: found nothing, expected an address such as alerts@example.com"),
        ({"FROM": "alerts"}, "TOLLGATE_SMTP_FROM: found 'alerts', expected an address such as ada@example.com"),
        ({"REPLY_TO": "me"}, "TOLLGATE_SMTP_REPLY_TO: found 'me', expected an address such as ada@example.com"),
        ({"SECURE": "ssl"}, "TOLLGATE_SMTP_SECURE: found 'ssl', expected starttls, tls, or none"),
        ({"PORT": "smtp"}, "TOLLGATE_SMTP_PORT: found 'smtp', expected a number over 0, at most 65535"),
        ({"PORT": "0"}, "TOLLGATE_SMTP_PORT: found '0', expected a number over 0, at most 65535"),
        ({"TIMEOUT": "inf"}, "TOLLGATE_SMTP_TIMEOUT: found 'inf', expected a number over 0, at most 45"),
        ({"USER": "me"}, "TOLLGATE_SMTP_PASSWORD or _PASSWORD_FILE: found nothing, expected both a user and"),
        ({"PASSWORD": PASSWORD}, "TOLLGATE_SMTP_USER: found nothing, expected both a user and a password, or neither"),
        ({"USER": "me", "PASSWORD": "schlüssel"}, "TOLLGATE_SMTP_PASSWORD: found a letter outside ASCII"),
        ({"PASSWORD_FILE": "/no/such"}, "TOLLGATE_SMTP_PASSWORD_FILE: found '/no/such', which is no file"),
        ({"CA_FILE": "/no/such"}, "TOLLGATE_SMTP_CA_FILE: found '/no/such', which is no file"),
        ({"SECURE": "none", "USER": "me", "PASSWORD": PASSWORD}, "TOLLGATE_SMTP_SECURE: found none, expected starttls"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, str], said: str) -> None:
    """The error names the variable, what was found and what was expected, and never shows a password."""
    settings = {"HOST": "smtp.example.com", "FROM": "alerts@example.com"} | changes
    with pytest.raises(SettingsError) as error:
        SmtpSettings.read({f"TOLLGATE_SMTP_{name}": value for name, value in settings.items()})
    assert str(error.value).startswith(said)
    assert PASSWORD not in str(error.value)
    assert "schlüssel" not in str(error.value)


def test_mail_in_the_clear_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    """`none` is silent on this machine, and said in the log for any other."""
    told = {"TOLLGATE_SMTP_FROM": "a@example.com", "TOLLGATE_SMTP_SECURE": "none"}
    with caplog.at_level(logging.WARNING, "tollgate"):
        SmtpSettings.read(told | {"TOLLGATE_SMTP_HOST": "localhost"})
        assert caplog.text == ""
        SmtpSettings.read(told | {"TOLLGATE_SMTP_HOST": "smtp.example.com"})
    assert "mail to smtp.example.com travels unencrypted" in caplog.text


async def _take(server: SMTP) -> None:
    """As always."""


async def _refuse(server: SMTP) -> str:
    return "554 5.7.1 Looks like spam"


async def _die(server: SMTP) -> str:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()
    return "250 nobody hears this"


async def _dawdle(server: SMTP) -> str:
    await asyncio.Event().wait()
    return "250 too late"


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as free:
        return free.getsockname()[1]
