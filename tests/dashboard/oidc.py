"""A small OpenID provider on loopback: enough of it for a log-in, and nothing that a real one would do besides."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

CLIENT = "tollgate"


@dataclass
class Provider:
    """Whoever comes to log in has these claims."""

    claims: dict[str, object] = field(default_factory=dict[str, object])
    address: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    nonce: str = ""

    def secrets(self) -> str:
        """secrets.toml for a dashboard on loopback, which fills in its port."""
        given = {
            "redirect_uri": "http://127.0.0.1:{port}/oauth2callback",
            "cookie_secret": "x" * 32,
            "client_id": CLIENT,
            "client_secret": "not so secret",
            "server_metadata_url": f"{self.address}/.well-known/openid-configuration",
        }
        return "\n".join(["[auth]", *(f"{name} = {json.dumps(value)}" for name, value in given.items())])

    def answer(self, path: str) -> Mapping[str, object]:
        """What is asked of it as JSON."""
        if path == "/jwks":
            numbers = self.key.public_key().public_numbers()
            return {"keys": [{"kty": "RSA", "kid": "1", "alg": "RS256", "n": _number(numbers.n), "e": _number(65537)}]}
        if path == "/token":
            return {"token_type": "Bearer", "access_token": "a", "expires_in": 600, "id_token": self._id_token()}
        ends = {f"{name}_endpoint": f"{self.address}/{name}" for name in ("authorization", "token")}
        return {"issuer": self.address, "jwks_uri": f"{self.address}/jwks"} | ends

    def _id_token(self) -> str:
        now = int(time.time())
        standing = {"iss": self.address, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 600, "nonce": self.nonce}
        signed = b".".join(
            _base64(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "1"}, standing | self.claims)
        )
        return b".".join((signed, _base64(self.key.sign(signed, padding.PKCS1v15(), SHA256())))).decode()


@contextmanager
def provider() -> Generator[Provider]:
    """One that is there for a test."""
    found = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorization":
                found.nonce = query["nonce"]
                self.send_response(302)
                self.send_header(
                    "Location", f"{query['redirect_uri']}?{urlencode({'code': '1', 'state': query['state']})}"
                )
                self.end_headers()
            else:
                self._say(found.answer(parts.path))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._say(found.answer(self.path))

        def _say(self, said: Mapping[str, object]) -> None:
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name in the standard library
            """Nothing: the test says what went wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        found.address = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode()
