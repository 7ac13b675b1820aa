"""Logs: one line an event on standard error; for people, or as JSON for a machine.

Ours alone: what libraries say may hold addresses and keys, and goes nowhere.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal

Form = Literal["auto", "human", "json"]
"""auto: for people on a terminal, else JSON."""
log = logging.getLogger("tollgate.serve")


def facts(event: str, **values: object) -> dict[str, Any]:
    """As `extra` of a line: what it says, for a machine."""
    return {"facts": {"event": event, **values}}


def begin(form: Form = "auto", *, debug: bool = False) -> None:
    """Log what this process says from now on."""
    if form == "auto":
        form = "human" if sys.stderr.isatty() else "json"
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(Json() if form == "json" else Human())
    ours = logging.getLogger("tollgate")
    ours.handlers, ours.propagate = [out], False
    ours.setLevel(logging.DEBUG if debug else logging.INFO)
    root = logging.getLogger()
    root.handlers = [logging.NullHandler()]


class Human(logging.Formatter):
    """`2026-11-21 21:10:07Z INFO ingest: records added: 12`."""

    def format(self, record: logging.LogRecord) -> str:
        said = harmless(record.getMessage())
        if record.exc_info:
            said += "\n" + self.formatException(record.exc_info)
        return f"{_moment(record):%Y-%m-%d %H:%M:%SZ} {record.levelname} {said}"


class Json(logging.Formatter):
    """The same as one object a line: time, level, event, message, and what the event brings."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **({"event": record.name} | getattr(record, "facts", {})),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def harmless(text: str) -> str:
    """One line, whatever a name in it holds."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
