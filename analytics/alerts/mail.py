"""Mail: a notice as one e-mail to one person. What is sent again is the same message, Message-ID and all."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from urllib.parse import quote

from . import plot, rendering
from .address import address
from .notice import Notice
from .plain import plain

_SUBJECT_LIMIT = 200
_WHOLE = ("Message-ID", "In-Reply-To", "References", "List-Id", "List-Unsubscribe")
_NAME = "Tollgate"
_log = logging.getLogger("tollgate")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """In whose name mail is sent."""

    sender: str
    """`alerts@example.com`, or with a name: `Tollgate <alerts@example.com>`."""
    reply_to: str | None = None
    """Where answers and wishes to be taken off the list go; None: to the sender."""
    unsubscribe_url: str | None = None
    """An https address that takes the POST of RFC 8058 for `?parcel=ID`; None: nothing serves one."""


class _Policy(EmailPolicy):
    """As of the library, which would break or encode an id that is longer than its lines."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name in _WHOLE or (name == "Subject" and value.isascii()):  # folded, it begins with a space for some
            return f"{name}: {value}{self.linesep}".encode("utf-8" if self.utf8 else "ascii")
        return super().fold_binary(name, value)


def message(notice: Notice, *, to: str, parcel_id: str, settings: MailSettings) -> EmailMessage:
    """The e-mail. Raises SettingsError for a recipient or sender that is no address."""
    sender = address(settings.sender, "sender", name=_NAME)
    reply_to = address(settings.reply_to, "reply_to") if settings.reply_to else sender
    recipient = address(to, "recipient")
    beyond_ascii = not (sender.addr_spec + reply_to.addr_spec + recipient.addr_spec).isascii()
    mail = EmailMessage(_Policy(linesep="\r\n", utf8=beyond_ascii))
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, plain(notice.subject, _SUBJECT_LIMIT)
    mail["Date"] = format_datetime(notice.created_at)
    if settings.reply_to:
        mail["Reply-To"] = reply_to
    mail["Message-ID"] = f"<{_word(parcel_id)}@{sender.domain}>"
    _put_in_thread(mail, notice, sender.domain)
    mail["List-Id"] = f"<{_word(notice.rule)}.tollgate.{sender.domain}>"
    _say_how_to_stop_it(mail, notice, reply_to, settings.unsubscribe_url)
    mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"] = "auto-generated", "All"
    if notice.severity == "critical" and notice.kind in ("firing", "reminder"):
        mail["Importance"], mail["X-Priority"] = "high", "1"
    _fill(mail, notice, reply_to.addr_spec)
    return mail


def _put_in_thread(mail: EmailMessage, notice: Notice, domain: str) -> None:
    """All messages of a thread refer to one root that is never sent: whichever comes first, they stand together."""
    root = f"<thread-{_digest(notice.thread)}@{domain}>"
    if not notice.first:
        mail["In-Reply-To"] = root
    mail["References"] = root


def _say_how_to_stop_it(mail: EmailMessage, notice: Notice, reply_to: Address, url: str | None) -> None:
    ways = [f"<{_wish(notice, reply_to.addr_spec)}>"]
    if url:
        parcel = mail["Message-ID"].strip("<>").partition("@")[0]
        ways.insert(0, f"<{url}{'&' if '?' in url else '?'}parcel={parcel}>")
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["List-Unsubscribe"] = ", ".join(ways)


def _wish(notice: Notice, reply_to: str) -> str:
    return f"mailto:{quote(reply_to, safe='@')}?subject={quote(f'unsubscribe {plain(notice.rule, 100)}')}"


def _fill(mail: EmailMessage, notice: Notice, reply_to: str) -> None:
    """Text, page and picture; quoted-printable, as not every server takes eight bits."""
    own = mail["Message-ID"].strip("<>")
    picture = _picture(notice)
    cid = None if picture is None else f"plot.{own}"
    notice = notice if picture is not None else notice.model_copy(update={"plot": None})
    page = rendering.html(notice, reply_to=reply_to, unsubscribe=_wish(notice, reply_to), picture=cid)
    mail.set_content(rendering.text(notice, reply_to=reply_to), cte="quoted-printable")
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{_digest(own)}_a")  # the library's are random, and a retry has to be the same message
    if picture is not None:
        (_, related) = mail.iter_parts()
        related.add_related(picture, "image", "png", cid=f"<{cid}>", disposition="inline", filename="spend.png")
        related.set_boundary(f"=_{_digest(own)}_r")


def _picture(notice: Notice) -> bytes | None:
    try:
        return None if notice.plot is None else plot.png(notice.plot)
    except Exception:  # noqa: BLE001  # whatever is wrong with the picture, the alert goes out
        _log.exception("the plot for %s cannot be drawn; its mail goes out without", plain(notice.rule))
        return None


def _word(text: str) -> str:
    """What may stand in an id: as it is, or made so and told apart by its digest."""
    word = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
    return word if word == text else f"{word}-{_digest(text)[:8]}".lstrip("-")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
