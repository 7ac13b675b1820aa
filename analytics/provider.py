"""Provider: the cost report of the organization, as the Admin API or a file has it, and as the ledger keeps it.

https://platform.claude.com/docs/en/api/admin/cost_report/retrieve: it has cents, and everything here is dollars. The
provider calls it legacy since 2026-10-29; its successor, /v1/organizations/analytics/cost, is in beta.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal

import anthropic
import httpx2
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from .documents import documents
from .exceptions import ProviderError, SettingsError
from .ledger import Ledger
from .period import Period, midnight, naive
from .questions import run

KEY, KEY_FILE = "ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY_FILE"
_PATH = "/v1/organizations/cost_report"
_MOST_DAYS = 31
"""In one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCost:
    """One item of the bill of one UTC day; what the report leaves open is None. Only `billed_cost` is in our terms."""

    day: date
    workspace_id: str | None = None
    """None: the default workspace."""
    description: str | None = None
    model: str | None = None
    cost_type: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    token_type: str | None = None
    billed_cost: Decimal
    """US dollars; may be negative."""
    currency: str = "USD"


def costs(
    api_key: str, period: Period, *, base_url: str | None = None, http_client: httpx2.Client | None = None
) -> list[ProviderCost]:
    """What the provider bills for the days of a period; a day without items has one of zero.

    `api_key` is an Admin API key. Raises ProviderError if the API does not answer, or with something else.
    """
    first, until = days_of(period)
    asked: dict[str, Any] = {
        "starting_at": midnight(first).isoformat(),
        "ending_at": midnight(until).isoformat(),
        "bucket_width": "1d",
        "group_by": ["workspace_id", "description"],
        "limit": _MOST_DAYS,
    }
    try:
        with anthropic.Anthropic(api_key=api_key, base_url=base_url, http_client=http_client) as client:
            return _costs(_pages(client, asked), "the cost report")
    except (anthropic.AnthropicError, httpx2.HTTPError) as error:
        raise ProviderError(_refusal(error)) from None  # not even a traceback has what was sent


def read(path: Path) -> list[ProviderCost]:
    """The same from a file with the API's answer: a page, an array of pages, or JSON Lines. Raises ProviderError."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProviderError(f"{path}: cannot be read ({error})") from error
    found = _costs((_page(written, str(path)) for written in documents(text)), str(path))
    if not found:
        raise ProviderError(f"{path}: found no day, expected the answer of {_PATH}")
    return found


def keep(ledger: Ledger, found: Sequence[ProviderCost], *, fetched_at: datetime) -> set[date]:
    """Put a report into the ledger, in place of older ones of the same days; the days of which it is the newest."""
    rows = json.dumps([asdict(cost) for cost in found], default=_as_text)
    with ledger.write() as con:
        run(con, "provider_stage", costs=rows)
        run(con, "provider_forget", fetched_at=naive(fetched_at))
        return {row["day"] for row in run(con, "provider_keep", fetched_at=naive(fetched_at))}


def admin_key() -> str:
    """The Admin API key, from the environment or the file that it names. Raises SettingsError, without the key."""
    key, file = os.environ.get(KEY), os.environ.get(KEY_FILE)
    if not key and file:
        try:
            key = Path(file).expanduser().read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"{KEY_FILE}: names a file that cannot be read, expected one with a key") from None
    key = (key or "").strip()
    if not key:
        raise SettingsError(f"found no {KEY} and no {KEY_FILE}, expected one with an Admin API key (sk-ant-admin...)")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SettingsError(f"{KEY if os.environ.get(KEY) else KEY_FILE}: found something that is no key")
    return key


def days_of(period: Period) -> tuple[date, date]:
    """The UTC days that a period touches: the first, and the one after the last."""
    last = period.end.astimezone(UTC) - timedelta(microseconds=1)
    return period.start.astimezone(UTC).date(), last.date() + timedelta(days=1)


def _dollars(value: object) -> Decimal:
    """From cents as the API writes them: "123.45" is $1.2345."""
    try:
        cents = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        cents = None
    if cents is None or not cents.is_finite() or abs(cents) >= 10**15:
        raise PydanticCustomError("cents", 'cents as a decimal in quotes, such as "123.45"')
    return cents.scaleb(-2)


class _Item(BaseModel):
    amount: Annotated[Decimal, BeforeValidator(_dollars)]
    currency: Literal["USD"]
    workspace_id: str | None = None
    description: str | None = None
    model: str | None = None
    cost_type: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    token_type: str | None = None


class _Bucket(BaseModel):
    starting_at: AwareDatetime
    results: list[_Item]


class _Page(BaseModel):
    data: list[_Bucket]
    has_more: bool = False
    next_page: str | None = None


def _pages(client: anthropic.Anthropic, asked: dict[str, Any]) -> Iterator[_Page]:
    seen = set[str]()
    while True:
        answer = client.get(_PATH, cast_to=str, options={"params": asked})
        page = _page(next(documents(answer), None), "the cost report")
        yield page
        if not page.has_more:
            return
        if page.next_page is None or page.next_page in seen:
            raise ProviderError(f"the cost report: next_page: found {page.next_page!r}, expected another page")
        seen.add(page.next_page)
        asked = {**asked, "page": page.next_page}


def _page(written: object, name: str) -> _Page:
    if isinstance(written, ValueError):
        raise ProviderError(f"{name}: {written}") from written
    try:
        return _Page.model_validate(written)
    except ValidationError as error:
        raise ProviderError(f"{name}: {_mistake(error)}") from error


def _mistake(error: ValidationError) -> str:
    first = error.errors()[0]
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
    key = "".join(steps).removeprefix(".") or "the answer"
    if first["type"] == "missing":
        return f"{key}: found nothing, expected this key"
    found = json.dumps(first["input"], default=str, ensure_ascii=False)[:60]
    expected = "an object" if first["type"] == "model_type" else first["msg"].removeprefix("Input should be ")
    return f"{key}: found {found}, expected {expected}"


def _costs(pages: Iterable[_Page], name: str) -> list[ProviderCost]:
    buckets = [bucket for page in pages for bucket in page.data]
    days = Counter(_day(bucket) for bucket in buckets)
    if twice := [day for day, count in days.items() if count > 1]:
        raise ProviderError(f"{name}: found {twice[0]} twice, expected each day once")
    return [cost for bucket in buckets for cost in _items(bucket)]


def _items(bucket: _Bucket) -> list[ProviderCost]:
    day = _day(bucket)
    return [
        ProviderCost(day=day, billed_cost=item.amount, **item.model_dump(exclude={"amount"})) for item in bucket.results
    ] or [ProviderCost(day=day, billed_cost=Decimal(0))]


def _day(bucket: _Bucket) -> date:
    return bucket.starting_at.astimezone(UTC).date()


def _refusal(error: Exception) -> str:
    """In one sentence of our own: what the other side writes may repeat what it was sent."""
    if not isinstance(error, anthropic.APIStatusError):
        return f"the cost report: found no answer ({type(error).__name__}), expected the Admin API"
    found = f"the cost report: found HTTP {error.status_code} at {error.request.url.copy_with(query=None)}"
    match error.status_code:
        case 401:
            return f"{found}, expected an Admin API key (sk-ant-admin...) that is in force"
        case 403:
            return f"{found}, expected a key that may read costs: an Admin API key of the organization"
        case 404:
            return f"{found}, expected the Admin API; it is not there for individual accounts"
        case _:
            return f"{found}, expected an answer; try again later"


def _as_text(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
