"""Channels: alerts to Slack, Teams, PagerDuty, a webhook of one's own and so on, through Apprise."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..exceptions import SettingsError
from .notice import Notice
from .parcel import Parcel, Result, Tell
from .plain import plain
from .rendering import badge, note

_PATIENCE_SECONDS = 30
_TYPES = {"info": "info", "warning": "warning", "critical": "failure"}
"""What Apprise calls a severity."""


class ChannelCarrier:
    """Takes parcels to the channels that they name; a `parcel.Carrier`."""

    def __init__(self, channels: Mapping[str, str], environment: Mapping[str, str]) -> None:
        """`channels`: by name, where its address stands, `env:NAME` or `file:PATH`. Raises SettingsError."""
        _apprise()
        _keep_quiet()
        self._channels, self._environment = channels, environment

    def carry(self, parcels: Sequence[Parcel], tell: Tell) -> None:
        """Try each. No channel says whether trying again is of use, so what fails is tried until it expires."""
        for parcel in parcels:
            tell(parcel, self._tried(parcel))

    def _tried(self, parcel: Parcel) -> Result:
        try:
            return _sent(self._address(parcel.recipient), parcel.notice)
        except SettingsError as error:
            return Result(delivered=False, said=str(error))
        except Exception as error:  # noqa: BLE001  # of one of a hundred plug-ins; the words may hold the address
            return Result(delivered=False, said=f"Apprise failed with {type(error).__name__}")

    def _address(self, channel: str) -> str:
        """The secret itself. Raises SettingsError."""
        where = f"channels.{plain(channel, 100)}"
        if (source := self._channels.get(channel)) is None:
            raise SettingsError(
                f"{where}: found no such channel, expected one of {', '.join(self._channels) or 'none'}"
            )
        kind, _, name = source.partition(":")
        if kind == "env":
            address = self._environment.get(name, "").strip()
            found = f"nothing in the environment variable {name}"
        else:
            address, found = _first_line(Path(name).expanduser())
        if not address:
            raise SettingsError(f"{where}: found {found}, expected an address of Apprise such as slack://...")
        return address


def _first_line(path: Path) -> tuple[str, str]:
    try:
        return next(iter(path.read_text("utf-8").split("\n"))).strip(), f"nothing in {path}"
    except (OSError, UnicodeDecodeError):
        return "", f"{path}, which cannot be read"


def _sent(address: str, notice: Notice) -> Result:
    apprise = _apprise()
    sender = apprise.Apprise()
    if not sender.add(address):
        return Result(delivered=False, said="its address is none that Apprise knows")
    with sender.notify(
        title=plain(f"{badge(notice).word}: {notice.subject}", 200),
        body=note(notice),
        notify_type="success" if notice.kind == "resolved" else _TYPES[notice.severity],
        body_format="text",  # so Apprise escapes it for whatever the channel speaks
        timeout=_PATIENCE_SECONDS,
    ) as result:
        return (
            Result(delivered=True, said="taken") if result else Result(delivered=False, said=_reason(result, address))
        )


def _apprise() -> Any:
    try:
        return import_module("apprise")  # an extra, and half a second
    except ImportError as error:
        need = "channels: found no Apprise, which all but e-mail needs: pip install 'tollgate[channels]'"
        raise SettingsError(need) from error


def _reason(result: Any, address: str) -> str:
    """What Apprise logged about it, without any part of the address: hosts and paths of webhooks are secrets."""
    said = " ".join(entry.message for entry in result.logs()) or f"{result.status.name.lower()}, without a reason"
    parts = re.split(r"[/:@?&=#]+", address)
    for part in sorted({*parts, *map(unquote, parts)}, key=len, reverse=True):
        if len(part) > 3:
            said = said.replace(part, "***")
    return plain(said, 300)


def _keep_quiet() -> None:
    """Whatever the program logs, no address: Apprise's log goes nowhere (what matters is in its results)."""
    log = logging.getLogger("apprise")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    logging.getLogger("urllib3").setLevel(
        logging.INFO
    )  # below that it logs paths, and a webhook's path is its password
