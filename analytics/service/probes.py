"""Probes: /livez, /healthz and /metrics over HTTP, from `state.sqlite`, never from the ledger."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import threading
from collections.abc import Callable, Generator
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from ..exceptions import SettingsError
from .health import look
from .metrics import exposition

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
Answer = tuple[HTTPStatus, str, bytes]
"""Status, content type, body."""


class Source(NamedTuple):
    """What the answers are made of."""

    home: Path
    clock: Callable[[], datetime]
    is_alive: Callable[[], bool]

    def answer(self, path: str) -> Answer:
        """What is at a path."""
        if path == "/livez":
            alive = self.is_alive()
            status = HTTPStatus.OK if alive else HTTPStatus.SERVICE_UNAVAILABLE
            return status, _TEXT, b"alive\n" if alive else b"stuck\n"
        try:
            return self._look(path)
        except SettingsError as error:
            return HTTPStatus.NOT_IMPLEMENTED, _TEXT, f"{error}\n".encode()
        except (sqlite3.Error, OSError) as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, f"cannot use the state: {error}\n".encode()

    def _look(self, path: str) -> Answer:
        if path == "/healthz":
            status = look(self.home, now=self.clock())
            code = HTTPStatus.OK if status.healthy else HTTPStatus.SERVICE_UNAVAILABLE
            return code, _JSON, status.to_json().encode()
        if path == "/metrics":
            return HTTPStatus.OK, *exposition(look(self.home, now=self.clock()))
        return HTTPStatus.NOT_FOUND, _TEXT, b"found nothing here, expected /livez, /healthz or /metrics\n"


@contextlib.contextmanager
def answering(address: tuple[str, int], source: Source) -> Generator[tuple[str, int]]:
    """Answer probes at an address while the block runs; yields it, with the port that port 0 became."""
    try:
        server = _Server(address, source)
    except OSError as error:
        raise SettingsError(f"listen: cannot listen at {address[0]}:{address[1]} ({error.strerror})") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield address[0], server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """Has the source for those who answer."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], source: Source) -> None:
        self.source = source
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server_version, sys_version = "tollgate", ""
    timeout = 10  # for who connects and says nothing

    def do_GET(self) -> None:
        """Answer."""
        assert isinstance(self.server, _Server)  # noqa: S101  # for the type checker
        status, content_type, body = self.server.source.answer(self.path.partition("?")[0])
        self.send_response(status)
        for name, value in (("Content-Type", content_type), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Probes come every few seconds: nobody wants to read of them."""
