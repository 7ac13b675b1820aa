"""A real mail server on loopback, for tests."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Generator

import pytest
from aiosmtpd.controller import Controller


@contextlib.contextmanager
def listening(handler: object, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """It listens, does with messages what aiosmtpd's `handler` says, and the environment names it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=10)
    controller.start()
    try:
        given = {"HOST": "127.0.0.1", "PORT": str(port), "SECURE": "none", "FROM": "tollgate@example.com"}
        for name, value in given.items():
            monkeypatch.setenv(f"TOLLGATE_SMTP_{name}", value)
        yield
    finally:
        controller.stop()
