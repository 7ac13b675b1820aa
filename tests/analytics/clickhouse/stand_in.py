"""A stand-in for a ClickHouse server: the real engine, in a process of its own, behind as much of its HTTP as we use.

    python stand_in.py FOLDER          prints its port

POST /fail {"lose": 1} makes it insert once and say nothing of it; "refuse": 2 makes it answer 503 twice; "hang_up" ends
the connection before anything is done. Queries are answered one at a time.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

_INSERT = re.compile(rb"\s*INSERT INTO (.+?) FORMAT (Parquet|Native|JSONEachRow)\n", re.DOTALL)
_OF_TRANSPORT = re.compile(
    r"query|database|session_\w+|query_id|compress|decompress|client_protocol_version|wait_end_of_query|role"
    r"|send_progress_in_http_headers|http_headers_progress_interval_ms|cancel_http_readonly_queries_on_client_close"
    r"|enable_http_compression|param_.*"
)


class Server(ThreadingHTTPServer):
    """One engine, and what it is to fail at."""

    daemon_threads = True

    def __init__(self, folder: str) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.folder = folder
        self.sessions: dict[str, Any] = {}
        self.turn = threading.Lock()
        self.faults: dict[str, int] = {}

    def session(self, name: str) -> Any:
        """The engine, with the temporary tables of one session."""
        if name not in self.sessions:
            self.sessions[name] = chdb.connect(self.folder)
        return self.sessions[name]

    def fails(self, fault: str) -> bool:
        """Whether to fail so this time."""
        left = self.faults.get(fault, 0)
        self.faults[fault] = left - 1
        return left > 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed are part of the tests."""


class Answering(BaseHTTPRequestHandler):
    """One request."""

    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]  # no other server has it answer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name in the library
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer it."""
        body, url = self.rfile.read(int(self.headers["Content-Length"] or 0)), urlsplit(self.path)
        if url.path == "/fail":
            self.server.faults = json.loads(body)
            return self.answer(200, b"")
        asked = dict(parse_qsl(url.query))
        inserts = _INSERT.match(body)
        if inserts and self.server.fails("hang_up"):
            return self.hang_up()
        if self.server.fails("refuse"):
            return self.answer(503, b"the balancer found no server")
        try:
            said = self.run(asked, body, inserts)
        except Exception as error:  # noqa: BLE001  # whatever the engine says
            code = re.search(r"Code: (\d+)", str(error))
            return self.answer(500, str(error).encode(), {"X-ClickHouse-Exception-Code": code[1] if code else "1"})
        if inserts and self.server.fails("lose"):
            return self.hang_up()
        return self.answer(200, said, {"X-ClickHouse-Timezone": "UTC", "X-ClickHouse-Format": "Native"})

    def do_GET(self) -> None:
        """The same."""
        self.do_POST()

    def run(self, asked: dict[str, str], body: bytes, inserts: re.Match[bytes] | None) -> bytes:
        settings = ", ".join(
            f"{name} = '{value}'" for name, value in asked.items() if not _OF_TRANSPORT.fullmatch(name)
        )
        parameters = {name.removeprefix("param_"): value for name, value in asked.items() if name.startswith("param_")}
        with self.server.turn:
            query = self.server.session(asked.get("session_id", "")).query
            query(f"USE `{asked.get('database', 'default')}`")
            if not inserts:
                if settings:
                    query(f"SET {settings}")
                text = asked.get("query", "") or body.decode()
                return query(text, "TabSeparated", params=parameters).bytes()
            with tempfile.NamedTemporaryFile() as file:
                file.write(body[inserts.end() :])
                file.flush()
                into, kind = (group.decode() for group in inserts.groups())
                query(f"INSERT INTO {into} FROM INFILE '{file.name}' SETTINGS {settings} FORMAT {kind}")
            return b""

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def answer(self, status: int, said: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


if __name__ == "__main__":
    listening = Server(sys.argv[1])
    print(listening.server_address[1], flush=True)  # noqa: T201  # whoever started it reads it
    listening.serve_forever()
