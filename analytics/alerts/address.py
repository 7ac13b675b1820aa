"""An e-mail address, as a person wrote it."""

from __future__ import annotations

import contextlib
import re
from email.headerregistry import Address
from email.utils import getaddresses

from ..exceptions import SettingsError
from .plain import plain


def address(text: str, what: str, *, name: str = "") -> Address:
    """One address, with `name` for who has none; its domain in ASCII. Raises SettingsError, which calls it `what`."""
    (given, spec), *more = getaddresses([text]) or [("", "")]
    user, _, domain = spec.rpartition("@")
    if text == plain(text) and not more and user and domain and not re.search(r"[\s<>,;]", spec):
        with contextlib.suppress(ValueError):  # a domain that IDNA refuses
            return Address(given or name, username=user, domain=domain.encode("idna").decode())
    raise SettingsError(f"{what}: found {plain(text, 100)!r}, expected an address such as ada@example.com")
