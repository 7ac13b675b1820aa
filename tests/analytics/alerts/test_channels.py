from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from analytics.alerts.channels import ChannelCarrier
from analytics.alerts.notice import Contributor, Notice
from analytics.alerts.parcel import Parcel, Result
from analytics.exceptions import SettingsError

# Apprise loads all of its plug-ins; a library that one of them imports, imports imghdr.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@dataclass
class Webhook:
    """A real HTTP server on this machine."""

    port: int = 0
    status: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/T0KEN-of-the-webhook"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        hook.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield hook
        server.shutdown()
        thread.join()


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What a program logs that logs everything. (pytest's own also hears loggers that do not propagate.)"""
    root, heard = logging.getLogger(), StringIO()
    handler, level = logging.StreamHandler(heard), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield heard
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def carried(a_notice: Callable[..., Notice], webhook: Webhook) -> Callable[..., list[Result]]:
    """What became of a notice, with `changes`, for the channel `pager`."""

    def carry(source: str = "env:PAGER", *, environment: dict[str, str] | None = None, **changes: Any) -> list[Result]:
        told: list[Result] = []
        variables = {"PAGER": webhook.address} if environment is None else environment
        carrier = ChannelCarrier({"pager": source}, variables)
        carrier.carry([Parcel("ab12", a_notice(**changes), "pager")], lambda _, result: told.append(result))
        return told

    return carry


def test_a_channel_gets_the_alert(carried: Callable[..., list[Result]], webhook: Webhook) -> None:
    """A JSON webhook gets title, text and severity, and the result is told."""
    assert carried(plot=None, actions=("Look at it.",)) == [Result(delivered=True, said="taken")]
    (got,) = webhook.got
    assert got["title"] == "Warning: Tollgate: search at 82 % of $500.00 for November 2026"
    assert got["type"] == "warning"
    assert got["message"].splitlines() == [
        "The budget search has used 82 % of its $500.00 for November 2026, and is likely to be spent on 26 November.",
        "Spent so far: $412.07 of $500.00 (82 %)",
        "Left: $87.93 until 1 December 00:00 UTC",
        "Runs out: Thursday 26 November, about 15:00 UTC",
        "Forecast for November: $563.20 (80 % sure: $521.40 to $611.85)",
        "",
        "What makes it up:",
        "- model claude-opus-5-5: $248.90, +$96.12 (+63 %)",
        "- model claude-sonnet-5: $131.46, +$4.80 (+4 %)",
        "- feature nightly-digest: $88.02, new",
        "- user u-4711: $31.71",
        "",
        "What to do:",
        "- Look at it.",
        "",
        "Dashboard: https://tollgate.example.com/?budget=search&period=2026-11",
        "Tollgate alert 5f0c1d2e3a4b5c6d",
    ]


def test_a_tag_calls_nobody(carried: Callable[..., list[Result]], webhook: Webhook) -> None:
    """A tag that is written as a mention, or over several lines, is words of its own line."""
    carried(contributors=(Contributor(name="team @everyone\n\nPay @here", cost=Decimal(1)),))
    assert "- team @\N{ZERO WIDTH SPACE}everyone Pay @\N{ZERO WIDTH SPACE}here: $1.00" in webhook.got[0]["message"]


def test_a_refusal_is_told_without_the_address(
    carried: Callable[..., list[Result]], webhook: Webhook, log: StringIO
) -> None:
    """What a channel answered is told and worth another try; its address is in neither result nor log."""
    webhook.status = 503
    (result,) = carried()
    assert not result.delivered
    assert not result.permanent
    assert "503" in result.said
    assert "T0KEN" not in result.said + log.getvalue()
    assert "127.0.0.1" not in result.said


def test_a_channel_that_is_not_there_is_told(carried: Callable[..., list[Result]], webhook: Webhook) -> None:
    """Nobody at the address: not delivered, and the host is not named."""
    (result,) = carried(environment={"PAGER": "json://127.0.0.1:1/T0KEN-of-the-webhook"})
    assert not result.delivered
    assert "onnection" in result.said
    assert "127.0.0.1" not in result.said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("env:NOWHERE", "channels.pager: found nothing in the environment variable NOWHERE, expected an address"),
        ("file:/no/such/file", "channels.pager: found /no/such/file, which cannot be read, expected an address"),
    ],
)
def test_an_address_that_is_missing_is_told(source: str, said: str, carried: Callable[..., list[Result]]) -> None:
    """The result names the channel and where its address should stand."""
    (result,) = carried(source)
    assert result.said.startswith(said)
    assert not result.permanent


def test_an_address_stands_in_a_file(tmp_path: Path, carried: Callable[..., list[Result]], webhook: Webhook) -> None:
    """`file:PATH` takes the first line of a file."""
    secret = tmp_path / "pager"
    secret.write_text(f"{webhook.address}\n", "utf-8")
    assert carried(f"file:{secret}")[0].delivered


def test_an_address_that_nobody_knows_is_told(carried: Callable[..., list[Result]]) -> None:
    """A kind of address that Apprise does not know is told, and not shown."""
    (result,) = carried(environment={"PAGER": "carrier-pigeon://loft/T0KEN"})
    assert result == Result(delivered=False, said="its address is none that Apprise knows")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Apprise the error says what to install."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError, match=r"pip install 'tollgate\[channels\]'"):
        ChannelCarrier({}, {})
