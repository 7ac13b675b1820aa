"""Notify: tell systemd how it goes, over the datagram socket that it names. Without systemd: nothing."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Say `READY=1`, `STOPPING=1`, `WATCHDOG=1` or `STATUS=...`; see sd_notify(3). Never raises."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect("\0" + address[1:] if address.startswith("@") else address)  # an abstract one is written with @
        out.send(state.encode())
