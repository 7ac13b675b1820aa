"""SMTP: parcels over one encrypted connection to the mail server; each is told about before the next is tried.

A recipient or a message that the server refuses for good is the parcel's own failure. What is wrong with the
connection, the certificate or the password is not: those are tried again until they expire, and the reason is told.
"""

from __future__ import annotations

import contextlib
import logging
import smtplib
import socket
import ssl
from collections.abc import Generator, Sequence
from email.message import EmailMessage
from email.policy import EmailPolicy

from ..exceptions import SettingsError
from .mail import MailSettings, message
from .parcel import Parcel, Result, Tell
from .plain import plain
from .smtp_settings import SmtpSettings

_MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
_MECHANISMS_IN_THE_CLEAR = ("CRAM-MD5", "PLAIN", "LOGIN")
_GOING_AWAY = 421
_NOT_US = (530, 534, 535, 538)  # wants to be authenticated differently: not the recipient's fault
_FAILURES = (OSError, smtplib.SMTPException)
_log = logging.getLogger("tollgate")


class SmtpCarrier:
    """Takes parcels to a mail server; a `parcel.Carrier`."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._mail = MailSettings(sender=settings.sender, reply_to=settings.reply_to)

    def carry(self, parcels: Sequence[Parcel], tell: Tell) -> None:
        """Try each over one connection; all that a lost connection leaves behind are told as not delivered."""
        with contextlib.closing(self._results(parcels)) as results:
            for parcel, result in results:  # so an error of `tell` never looks like one of the server
                tell(parcel, result)

    def _results(self, parcels: Sequence[Parcel]) -> Generator[tuple[Parcel, Result]]:
        waiting = list(parcels)
        if not waiting:
            return
        try:
            connection = _connected(self._settings)
        except _FAILURES as error:
            failed = self._failed(error)
            yield from ((parcel, failed) for parcel in waiting)
            return
        with contextlib.closing(connection):
            while waiting:
                try:
                    result = self._tried(connection, waiting[0])
                except _FAILURES as error:
                    failed = self._failed(error)
                    yield from ((parcel, failed) for parcel in waiting)
                    return
                yield waiting.pop(0), result
            with contextlib.suppress(*_FAILURES):  # everything is told already
                connection.quit()

    def _tried(self, connection: smtplib.SMTP, parcel: Parcel) -> Result:
        try:
            mail = message(parcel.notice, to=parcel.recipient, parcel_id=parcel.parcel_id, settings=self._mail)
        except SettingsError as error:
            return Result(delivered=False, said=str(error), permanent=True)
        except Exception as error:  # noqa: BLE001  # one that cannot be written must not hold up the others
            _log.exception("the message %s cannot be written", parcel.parcel_id)
            return Result(delivered=False, said=f"cannot be written: {type(error).__name__}")
        return _handed_over(connection, mail)

    def _failed(self, error: Exception) -> Result:
        """Of everything that was not told yet: the connection's failure, not theirs."""
        server = f"{self._settings.host}:{self._settings.port}"
        reason = _reason(error, self._settings.timeout)
        if self._settings.password:
            reason = reason.replace(self._settings.password, "***")
        return Result(delivered=False, said=plain(f"{server}: {reason}", 300))


def _connected(settings: SmtpSettings) -> smtplib.SMTP:
    """Encrypted, as far as the settings ask for it, and known to the server. Raises OSError, SMTPException."""
    name = socket.gethostname()  # as smtplib does, but without asking the DNS, which knows no time-out
    name = name if "." in name else "[127.0.0.1]"
    trust = ssl.create_default_context(cafile=settings.ca_file)
    if settings.secure == "tls":
        connection = smtplib.SMTP_SSL(settings.host, settings.port, name, timeout=settings.timeout, context=trust)
    else:
        connection = smtplib.SMTP(settings.host, settings.port, name, timeout=settings.timeout)
    try:
        if settings.secure == "starttls":
            connection.starttls(context=trust)
        connection.ehlo_or_helo_if_needed()
        if settings.user is not None and settings.password is not None:
            _authenticate(connection, settings.user, settings.password, encrypted=settings.secure != "none")
    except BaseException:
        connection.close()
        raise
    return connection


def _authenticate(connection: smtplib.SMTP, user: str, password: str, *, encrypted: bool) -> None:
    """By one mechanism: `SMTP.login` tries all in turn, and a wrong password three times over locks accounts."""
    offered = connection.esmtp_features.get("auth", "").upper().split()
    known = _MECHANISMS if encrypted else _MECHANISMS_IN_THE_CLEAR
    mechanism = next((name for name in known if name in offered), None)
    if mechanism is None:
        raise smtplib.SMTPNotSupportedError(f"offers no authentication that is known here ({', '.join(known)})")
    connection.user, connection.password = user, password
    ways = {"PLAIN": connection.auth_plain, "LOGIN": connection.auth_login, "CRAM-MD5": connection.auth_cram_md5}
    connection.auth(mechanism, ways[mechanism])


def _handed_over(connection: smtplib.SMTP, mail: EmailMessage) -> Result:
    """What the server said at the step at which it ended. Raises OSError, SMTPException when the connection is lost."""
    (sender,), (recipient,) = mail["From"].addresses, mail["To"].addresses
    beyond_ascii = isinstance(mail.policy, EmailPolicy) and mail.policy.utf8
    if beyond_ascii and not connection.has_extn("smtputf8"):
        said = "the mail server takes no address with letters beyond ASCII"
        return Result(delivered=False, said=said, permanent=True)
    code, said = connection.mail(sender.addr_spec, ["SMTPUTF8", "BODY=8BITMIME"] if beyond_ascii else [])
    ours = code != 250  # refused as a sender: no recipient's fault
    if code == 250:
        code, said = connection.rcpt(recipient.addr_spec)
    if code in (250, 251):
        try:
            code, said = connection.data(mail.as_bytes())
        except smtplib.SMTPDataError as error:
            code, said = error.smtp_code, error.smtp_error
    if code in (_GOING_AWAY, -1):
        raise smtplib.SMTPResponseException(code, said)
    words = plain(f"{code} {_text(said)}", 300)
    if code == 250:
        return Result(delivered=True, said=words)
    connection.rset()
    return Result(delivered=False, said=words, permanent=code >= 500 and not ours and code not in _NOT_US)


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"user or password refused ({error.smtp_code} {_text(error.smtp_error)})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); nothing was sent"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
