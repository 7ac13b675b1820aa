"""Usage of managed sessions: cumulative, of a session and not of a call, taken from whatever answer shows it.

Answers that describe a session show it, and the `session.usage` events in its streams and lists. Each sighting is
written as a further revision of the session's one record, so that the last holds and nothing is added twice. The figure
of a session includes those of its threads and model requests, which are therefore left alone (the SDK's
`types/beta/sessions/beta_managed_agents_session_thread_usage.py`). A dream runs in a session, too: its counts stand in
until the session's own were seen.

An event does not say which model runs or when the session began, so `sessions/<session id>.json` beside the spool keeps
that, with the tags in force when this home first saw the session.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from pydantic_core import from_json  # the SDK brings it

from .features import mappings
from .record import UsageRecord
from .spool import Spool
from .tally import Tally

SESSIONS = "/v1/sessions"
_SHOWING = re.compile(
    r"/v1/sessions(?:/(?P<id>[A-Za-z0-9_-]+)(?:/archive|/events|/events/stream)?)?|/v1/dreams(?:/[^/]+(?:/archive|/cancel)?)?"
)
_NAMESPACE = uuid.UUID("3f0d5b1e-6a0c-5c3e-8a52-9a8f2b7d4c10")
_OF_MODEL = frozenset({"id", "speed", "inference_geo"})
_KEPT_FOR = timedelta(days=90)


def shows_sessions(path: str) -> bool:
    """Whether answers at this path of the API show the usage of sessions, their own or dreams'."""
    return path.startswith(("/v1/sessions", "/v1/dreams")) and _SHOWING.fullmatch(path) is not None


class Sightings:
    """Records what one answer says of the usage of sessions."""

    def __init__(
        self, spool: Spool, path: str, *, tags: Mapping[str, str], seen_at: datetime, origin: Mapping[str, Any]
    ) -> None:
        """`origin`: fields of every record that say whose answer it is."""
        named = _SHOWING.fullmatch(path)
        self._session_id = named and named["id"]
        self._spool = spool
        self._tags = tags
        self._seen_at = seen_at
        self._origin = origin

    def tally(self, content_type: str) -> Tally:
        """Reads an answer of this content type."""
        return SnapshotTally(self.see) if "event-stream" in content_type else DocumentTally(self.see)

    def see(self, document: Mapping[str, Any]) -> None:
        """Record each session, dream and snapshot in an answer or an event."""
        for shown in mappings(document.get("data")) or [document]:
            record = self._record(shown)
            if record is not None:
                self._spool.append(record)

    def _record(self, shown: Mapping[str, Any]) -> UsageRecord | None:
        kind, usage = shown.get("type"), _object(shown.get("usage"))
        session_id = {"session": shown.get("id"), "dream": shown.get("session_id"), "session.usage": self._session_id}
        found = session_id.get(str(kind))
        if not isinstance(found, str):
            return None
        kept = self._known(found, shown)
        if not (size := growth_of(usage)):
            return None  # nothing was used yet
        model = _object(kept.get("model"))
        settings = {key: model[key] for key in ("speed", "inference_geo") if model.get(key)}
        return UsageRecord(
            record_id=str(uuid.uuid5(_NAMESPACE, found)),
            call_id=found,
            attempt=1,
            started_at=_time(kept.get("created_at")) or self._seen_at,
            endpoint=SESSIONS,
            model=model.get("id"),
            tags=kept.get("tags", self._tags),
            status=200,
            usage={**settings, **usage},
            # Far below any of its session's, if it is a dream's; of equal figures, the one with a model holds.
            revision=size // 1000 if kind == "dream" else 2 * size + bool(model),
            **self._origin,
        )

    def _known(self, session_id: str, shown: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is known of a session, and kept from now on if it was told just now."""
        kept = recall_session(self._spool.home, session_id)
        if kept or shown.get("type") == "session.usage":
            return kept
        agent = shown if shown.get("type") == "dream" else _object(shown.get("agent"))
        model = {key: value for key, value in _object(agent.get("model")).items() if key in _OF_MODEL}
        told = {"created_at": shown.get("created_at"), "model": model, "tags": dict(self._tags)}
        if shown.get("type") == "session":
            remember_session(self._spool.home, session_id, told)
        return told


def remember_session(home: Path, session_id: str, told: Mapping[str, Any]) -> None:
    """Keep what the events of a session do not tell."""
    if not _SHOWING.fullmatch(f"{SESSIONS}/{session_id}"):
        return
    folder = home / "sessions"
    with contextlib.suppress(OSError):  # the record is worth more than what is kept for the next one
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        hidden = folder / f"{session_id}.{os.getpid()}.tmp"
        hidden.write_text(json.dumps(told), "utf-8")
        hidden.rename(folder / f"{session_id}.json")


def recall_session(home: Path, session_id: str) -> Mapping[str, Any]:
    """What was kept of a session; empty if nothing was."""
    try:
        return json.loads((home / "sessions" / f"{session_id}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def forget_sessions(home: Path, *, now: datetime) -> None:
    """Remove what was kept of sessions long ago."""
    for path in (home / "sessions").glob("*"):
        with contextlib.suppress(OSError):
            if now.timestamp() - path.stat().st_mtime > _KEPT_FOR.total_seconds():
                path.unlink()


class DocumentTally:
    """An answer that is one JSON document."""

    def __init__(self, see: Callable[[Mapping[str, Any]], None]) -> None:
        self._see = see
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._body += data

    def end(self) -> None:
        """Read the document, if it came whole."""
        body, self._body = bytes(self._body), bytearray()
        with contextlib.suppress(ValueError):
            self._see(_object(from_json(body)))


class SnapshotTally:
    """The event stream of a session; only its snapshots of usage are read."""

    def __init__(self, see: Callable[[Mapping[str, Any]], None]) -> None:
        self._see = see
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if b'"session.usage"' in line and line.startswith(b"data:"):
                with contextlib.suppress(ValueError):
                    self._see(_object(from_json(line[5:])))

    def end(self) -> None:
        """A snapshot that was cut off is none: the next one includes it."""


def growth_of(value: object) -> int:
    """A number that grows whenever a figure of a cumulative usage object does, to a thousandth of a second or token."""
    if isinstance(value, dict):
        return sum(growth_of(part) for part in cast("Mapping[str, object]", value).values())
    if isinstance(value, str):
        return 1000 * int(value) if value.isdecimal() and len(value) < 15 else 0
    return round(1000 * value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0


def _time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _object(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
