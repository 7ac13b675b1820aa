"""Calls: a search of them, page by page. One row per attempt; attempts with one `call_id` are one call."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from .attempts import choose
from .exceptions import SettingsError
from .ledger import Ledger
from .period import naive
from .questions import Connection, run
from .reports import Filters
from .rollup import ALWAYS

MOST_ROWS = 500
"""On one page."""
SHORTEST_ID, LONGEST_ID = 4, 200
"""Of what is looked for; a shorter beginning would be that of everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for, beside the filters; nothing: all of them."""

    id: str | None = None
    """A call id, request id, message id, batch id or record id, or how one begins. It is looked for in all of time."""
    user_id: str | None = None
    status: int | None = None
    """Of HTTP."""
    failed: bool | None = None
    """Only the failed, or only the others."""
    stop_reason: str | None = None
    least_cost: Decimal | None = None
    """US dollars at list price; what has no price counts as nothing."""
    unpriced: str | None = None
    """Why a part of them has no price, in the words of `reports.health`."""
    decided: Mapping[str, str] = field(default_factory=dict[str, str])
    """What was decided on them, by `decisions.ASPECTS`: all of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page ended."""

    started_at: datetime
    record_id: UUID

    def __str__(self) -> str:
        """As it stands in a URL."""
        return f"{naive(self.started_at).isoformat()}_{self.record_id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises SettingsError for what is no cursor."""
        moment, _, record_id = text.partition("_")
        try:
            return cls(started_at=datetime.fromisoformat(moment).replace(tzinfo=UTC), record_id=UUID(record_id))
        except ValueError:
            raise SettingsError(f"after: found {text!r}, expected where a page ended, as that page says it") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One attempt."""

    record_id: UUID
    call_id: str
    """What `tollgate receipt` takes."""
    attempt: int
    """Which one of its call, from 1."""
    started_at: datetime
    duration_ms: float | None
    time_to_first_token_ms: float | None
    requested_model: str | None
    sent_model: str | None
    model: str | None
    """What served it."""
    task_type: str | None
    tier: str | None
    tags: Mapping[str, str]
    user_id: str | None
    status: int | None
    """None: no answer came."""
    error_type: str | None
    stop_reason: str | None
    complete: bool
    succeeded: bool
    request_id: str | None
    message_id: str | None
    batch_id: str | None
    input_tokens: int | None
    """None here and below: the API gave no count."""
    cache_write_5m_tokens: int | None
    cache_write_1h_tokens: int | None
    cache_read_input_tokens: int | None
    output_tokens: int | None
    list_cost: Decimal | None
    """US dollars; None where any line has no price."""
    unpriced_reason: str | None
    """Why; None where there is a cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some attempts, the newest first."""

    rows: tuple[AttemptRow, ...]
    after: Cursor | None
    """Where the next page begins; None: this is the last."""


def search(
    ledger: Ledger, filters: Filters, wanted: Search | None = None, *, after: Cursor | None = None, size: int = 50
) -> Page:
    """The attempts that were looked for, `size` at a time. Raises SettingsError for what cannot be looked for.

    With an id the period of the filters does not count; all else in them does.
    """
    wanted = wanted or Search()
    if not 1 <= size <= MOST_ROWS:
        raise SettingsError(f"size: found {size}, expected 1 to {MOST_ROWS}")
    looked_for = _looked_for(wanted)
    place = {"after_at": after and naive(after.started_at), "after_id": after and str(after.record_id)}
    with ledger.read() as con:
        for macro in ("decision_of", "aspect_of", "in_order"):
            run(con, macro)
        if wanted.id is not None:
            looked_for |= _span(con, looked_for)
        page = run(con, "calls_page", **choose(con, filters) | looked_for | place, size=size + 1)
        rows = _rows(con, page[:size])
    last = rows[-1] if len(page) > size else None
    return Page(rows=rows, after=last and Cursor(started_at=last.started_at, record_id=last.record_id))


def _rows(con: Connection, page: Sequence[Mapping[str, Any]]) -> tuple[AttemptRow, ...]:
    if not page:
        return ()
    ids = [row["record_id"] for row in page]
    found = run(con, "calls", record_ids=ids, first=page[-1]["started_at"], last=page[0]["started_at"])
    names = [each.name for each in fields(AttemptRow)]
    whole = ({**row, "started_at": row["started_at"].replace(tzinfo=UTC)} for row in found)
    return tuple(AttemptRow(**{name: row[name] for name in names}) for row in whole)


def _looked_for(wanted: Search) -> dict[str, object]:
    if wanted.least_cost is not None and not (wanted.least_cost.is_finite() and 0 <= wanted.least_cost < 10**12):
        raise SettingsError(f"least_cost: found {wanted.least_cost}, expected an amount of dollars, zero or more")
    if wanted.status is not None and not 100 <= wanted.status <= 599:
        raise SettingsError(f"status: found {wanted.status}, expected a status of HTTP: 100 to 599")
    looked_for: dict[str, object] = {
        "id": None,
        "user_id": wanted.user_id,
        "status": wanted.status,
        "failed": wanted.failed,
        "stop_reason": wanted.stop_reason,
        "unpriced": wanted.unpriced,
        "aspects": list(wanted.decided),
        "members": list(wanted.decided.values()),
        "least": wanted.least_cost,
        "first_id": None,
        "last_id": None,
    }
    if wanted.id is None:
        return looked_for
    beginning = _checked(wanted.id)
    first, last = _record_ids(beginning)
    return looked_for | {"id": beginning, "first_id": first, "last_id": last}


def _span(con: Connection, looked_for: Mapping[str, object]) -> dict[str, object]:
    """The time in which an id occurs, in place of the period of the filters; none if it does not."""
    asked = {name: looked_for[name] for name in ("id", "first_id", "last_id")}
    (found,) = run(con, "id_span", **asked, past=f"{asked['id']}{chr(sys.maxunicode)}")
    first = found["first"] or ALWAYS[0]
    return {"start": first, "until": (found["last"] or first) + timedelta(microseconds=1)}


def _checked(written: str) -> str:
    beginning = written.strip()
    if not SHORTEST_ID <= len(beginning) <= LONGEST_ID:
        raise SettingsError(f"id: found {len(beginning)} characters, expected {SHORTEST_ID} to {LONGEST_ID} of an id")
    if not beginning.isprintable() or " " in beginning:
        raise SettingsError(f"id: found {beginning!r}, expected one id without spaces, or how it begins")
    return beginning


def _record_ids(beginning: str) -> tuple[str | None, str | None]:
    """The first and the last record id that begin so; None where none can."""
    digits = beginning.replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{1,32}", digits):
        return None, None
    return str(UUID(digits.ljust(32, "0"))), str(UUID(digits.ljust(32, "f")))
