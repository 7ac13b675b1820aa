"""Settings of the mail server, from the environment: the only reader of TOLLGATE_SMTP_*."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

from ..exceptions import SettingsError
from .address import address

PREFIX = "TOLLGATE_SMTP_"
Secure = Literal["starttls", "tls", "none"]
_PORTS: Mapping[Secure, int] = {"starttls": 587, "tls": 465, "none": 25}
_NAMES = ("HOST", "FROM", "SECURE", "PORT", "USER", "PASSWORD", "PASSWORD_FILE", "REPLY_TO", "TIMEOUT", "CA_FILE")
_log = logging.getLogger("tollgate")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """How mail is handed over, and in whose name."""

    host: str
    sender: str
    """As in From: `alerts@example.com`, or `Tollgate <alerts@example.com>`."""
    secure: Secure = "starttls"
    port: int = 587
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    reply_to: str | None = None
    """Where answers and wishes to be taken off the list go; None: to the sender."""
    timeout: float = 20.0
    """Seconds that each step may take."""
    ca_file: Path | None = None
    """PEM: trust what these have signed, and nothing else. None: what the system trusts."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> SmtpSettings:
        """Those of TOLLGATE_SMTP_*. Raises SettingsError; neither it nor `repr` shows the password."""
        given = _Given(environment)
        given.check_names()
        secure = given.secure()
        settings = cls(
            host=given.required("HOST", "the name of a mail server"),
            sender=given.required("FROM", "an address such as alerts@example.com"),
            secure=secure,
            port=int(given.number("PORT", _PORTS[secure], most=65535)),
            user=given.text("USER"),
            password=given.password(),
            reply_to=given.text("REPLY_TO"),
            timeout=given.number("TIMEOUT", 20.0, most=45),  # a dozen steps must end within outbox.LEASE
            ca_file=given.file("CA_FILE"),
        )
        settings._check()
        return settings

    def _check(self) -> None:
        address(self.sender, f"{PREFIX}FROM")
        if self.reply_to is not None:
            address(self.reply_to, f"{PREFIX}REPLY_TO")
        if (self.user is None) != (self.password is None):
            missing = "USER" if self.user is None else "PASSWORD or _PASSWORD_FILE"
            raise SettingsError(f"{PREFIX}{missing}: found nothing, expected both a user and a password, or neither")
        if self.secure == "none" and not _is_loopback(self.host):
            if self.password is not None:
                raise SettingsError(
                    f"{PREFIX}SECURE: found none, expected starttls or tls: "
                    f"the password would travel to {self.host} in the clear"
                )
            _log.warning("mail to %s travels unencrypted: %sSECURE is none", self.host, PREFIX)


@dataclass(frozen=True, slots=True)
class _Given:
    """What the environment holds; an empty value is none."""

    environment: Mapping[str, str]

    def text(self, name: str) -> str | None:
        return self.environment.get(PREFIX + name, "").strip() or None

    def check_names(self) -> None:
        """Refuse a misspelt name: what it says would silently not hold."""
        for name in self.environment:
            if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in _NAMES:
                raise SettingsError(f"{name}: found an unknown name, expected one of {PREFIX}{', _'.join(_NAMES)}")

    def required(self, name: str, expected: str) -> str:
        if (text := self.text(name)) is None:
            raise SettingsError(f"{PREFIX}{name}: found nothing, expected {expected}")
        return text

    def secure(self) -> Secure:
        text = (self.text("SECURE") or "starttls").lower()
        if text not in get_args(Secure):
            raise SettingsError(f"{PREFIX}SECURE: found {text!r}, expected starttls, tls, or none")
        return cast("Secure", text)

    def number(self, name: str, default: float, *, most: int) -> float:
        text = self.text(name)
        try:
            number = default if text is None else float(text)
        except ValueError:
            number = 0
        if not 0 < number <= most or (name == "PORT" and number != int(number)):
            raise SettingsError(f"{PREFIX}{name}: found {text!r}, expected a number over 0, at most {most}")
        return number

    def file(self, name: str) -> Path | None:
        if (text := self.text(name)) is None:
            return None
        path = Path(text).expanduser()
        if not path.is_file():
            raise SettingsError(f"{PREFIX}{name}: found {text!r}, which is no file, expected one that can be read")
        return path

    def password(self) -> str | None:
        """As it stands: spaces around it may be part of it. Of a file, without the line's end."""
        here = self.environment.get(f"{PREFIX}PASSWORD") or None
        path = self.file("PASSWORD_FILE")
        if here is not None and path is not None:
            raise SettingsError(f"{PREFIX}PASSWORD_FILE: found {PREFIX}PASSWORD too, expected one of the two")
        try:
            password = here if path is None else path.read_text("utf-8").rstrip("\r\n") or None
        except (OSError, ValueError) as error:
            raise SettingsError(f"{PREFIX}PASSWORD_FILE: found {path}, which cannot be read as text") from error
        if password is not None and not password.isascii():  # smtplib sends no other
            raise SettingsError(f"{PREFIX}PASSWORD: found a letter outside ASCII, expected ASCII only")
        return password


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
