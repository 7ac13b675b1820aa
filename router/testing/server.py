"""The stand-in behind a real HTTP server on this machine, for what a transport in the process cannot show.

    with serve(StandIn()) as base_url:
        client = anthropic.Anthropic(api_key="test", base_url=base_url)

Every event of a stream is sent by itself. A `Cut` in the body ends the connection there; an `Unreachable`, or a `Cut`
before the first byte, resets it once the request was read, since a server that listens cannot refuse.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import httpx2

from .standin import StandIn

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@contextmanager
def serve(api: StandIn) -> Generator[str]:
    """The base URL at which the stand-in answers for as long as the block lasts, each connection in its own thread."""
    with _Server(api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.003}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # they end with their connections, and closing the server waits for them

    def __init__(self, api: StandIn) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.api = api
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep for later."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer request by request, until either side has had enough."""
        with suppress(ConnectionError):  # the client left
            super().handle()

    def do_POST(self) -> None:
        """Hand the request to the stand-in."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        url = f"http://{self.headers['host']}{self.path}"
        request = httpx2.Request(self.command, url, headers=self.headers.items(), content=body)
        try:
            self._send(cast("_Server", self.server).api.handle_request(request))
        except httpx2.TransportError:
            self._reset()

    do_GET = do_DELETE = do_POST  # noqa: N815  # as above

    def _send(self, response: httpx2.Response) -> None:
        chunked = "content-length" not in response.headers
        self.send_response_only(response.status_code)
        for name, value in response.headers.multi_items():
            self.send_header(name, value)
        if chunked:
            self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            for chunk in response.iter_raw() if chunked else [response.content]:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        except httpx2.TransportError:
            self.close_connection = True

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name for it
        """Say nothing."""
