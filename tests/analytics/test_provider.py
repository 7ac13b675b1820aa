from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import provider
from analytics.exceptions import ProviderError, SettingsError
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.provider import ProviderCost
from router.testing import StandIn

KEY = "sk-ant-admin01-secret"
FIRST, NOW = date(2026, 11, 10), datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
PERIOD = Period.days(FIRST, date(2026, 11, 12))


def an_item(amount: object = "123.45", **changes: Any) -> dict[str, Any]:
    """An item as the API documents it, of $1.2345."""
    item = {
        "currency": "USD",
        "amount": amount,
        "workspace_id": "wrkspc_1",
        "description": "Claude Haiku 5.5 Usage - Input Tokens",
        "cost_type": "tokens",
        "context_window": "0-200k",
        "model": "claude-haiku-5-5",
        "service_tier": "standard",
        "token_type": "uncached_input_tokens",
        "inference_geo": None,
    }
    return item | changes


def a_bucket(day: date, *items: dict[str, Any]) -> dict[str, Any]:
    return {
        "starting_at": f"{day}T00:00:00Z",
        "ending_at": f"{day + timedelta(days=1)}T00:00:00Z",
        "results": list(items),
    }


class CostReport(StandIn):
    """The Admin API with a cost report, a few days on a page."""

    def __init__(self, days: Mapping[date, list[dict[str, Any]]], *, per_page: int = 31) -> None:
        super().__init__()
        self.days, self.per_page = days, per_page
        self.asked: list[httpx2.Request] = []
        self.refusals: list[httpx2.Response] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self.refusals:
            return self.refusals.pop(0)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return refused(401)
        if request.url.path != "/v1/organizations/cost_report":
            return refused(404)
        return httpx2.Response(200, json=self._page(request.url.params))

    def _page(self, asked: httpx2.QueryParams) -> dict[str, Any]:
        first = date.fromisoformat(asked.get("page", asked["starting_at"])[:10])
        until = date.fromisoformat(asked["ending_at"][:10])
        days = [first + timedelta(days=number) for number in range(min(self.per_page, (until - first).days))]
        following = days[-1] + timedelta(days=1)
        return {
            "data": [a_bucket(day, *self.days.get(day, [])) for day in days],
            "has_more": following < until,
            "next_page": f"{following}" if following < until else None,
        }


def refused(status: int, **headers: str) -> httpx2.Response:
    error = {"type": "error", "error": {"type": "some_error", "message": f"what you sent was {KEY}"}}
    return httpx2.Response(status, json=error, headers={"x-should-retry": "false", **headers})


def fetched(api: CostReport, key: str = KEY) -> list[ProviderCost]:
    return provider.costs(key, PERIOD, base_url="http://api", http_client=httpx2.Client(transport=api))


def kept(ledger: Ledger) -> list[tuple[Any, ...]]:
    with ledger.read() as con:
        return con.execute("SELECT day, billed_cost FROM provider_cost ORDER BY ALL").fetchall()


def test_cents_are_dollars() -> None:
    """An amount of "123.45" is one dollar and 23.45 cents, exactly, and everything else is as the API has it."""
    [cost, *_] = fetched(CostReport({FIRST: [an_item("123.45")]}))

    assert cost == ProviderCost(
        day=FIRST,
        workspace_id="wrkspc_1",
        description="Claude Haiku 5.5 Usage - Input Tokens",
        model="claude-haiku-5-5",
        cost_type="tokens",
        service_tier="standard",
        context_window="0-200k",
        token_type="uncached_input_tokens",  # noqa: S106  # not a secret
        billed_cost=Decimal("1.2345"),
    )


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=10))
def test_no_digit_is_lost(cents: Decimal) -> None:
    """A hundred times the dollars are the cents, whatever the amount."""
    [cost, *_] = fetched(CostReport({FIRST: [an_item(f"{cents:f}")]}))

    assert cost.billed_cost * 100 == cents


def test_the_question_is_as_documented() -> None:
    """Whole UTC days are asked for, by workspace and description, as many on a page as there can be."""
    api = CostReport({})
    period = Period(datetime(2026, 11, 10, 13, tzinfo=UTC), datetime(2026, 11, 12, 1, tzinfo=UTC))
    provider.costs(KEY, period, base_url="http://api", http_client=httpx2.Client(transport=api))

    [request] = api.asked
    assert request.url.params.multi_items() == [
        ("starting_at", "2026-11-10T00:00:00+00:00"),
        ("ending_at", "2026-11-13T00:00:00+00:00"),
        ("bucket_width", "1d"),
        ("group_by[]", "workspace_id"),
        ("group_by[]", "description"),
        ("limit", "31"),
    ]


def test_every_page_is_read() -> None:
    """Pages are followed to the last, and a day for which nothing is billed costs nothing rather than being unknown."""
    days = {FIRST: [an_item("100"), an_item("50", workspace_id=None)], date(2026, 11, 12): [an_item("1")]}
    api = CostReport(days, per_page=1)

    assert [(cost.day.day, cost.workspace_id, cost.billed_cost) for cost in fetched(api)] == [
        (10, "wrkspc_1", 1),
        (10, None, Decimal("0.5")),
        (11, None, 0),
        (12, "wrkspc_1", Decimal("0.01")),
    ]
    assert len(api.asked) == 3


def test_pages_that_never_end_are_refused() -> None:
    """A page that leads to itself is an error, not a loop."""
    api = CostReport({})
    answer = {"data": [], "has_more": True, "next_page": "again"}
    api.refusals = [httpx2.Response(200, json=answer) for _ in range(3)]

    with pytest.raises(ProviderError, match="next_page: found 'again', expected another page"):
        fetched(api)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "expected an Admin API key"),
        (403, "expected a key that may read costs"),
        (404, "not there for individual accounts"),
        (500, "try again later"),
        (529, "try again later"),
    ],
)
def test_a_refusal_is_a_sentence_without_the_key(status: int, expected: str) -> None:
    """Each refusal says what was expected, and never repeats the key, which the other side may have repeated."""
    api = CostReport({})
    api.refusals = [refused(status)]

    with pytest.raises(
        ProviderError, match=f"HTTP {status} at http://api/v1/organizations/cost_report, .*{expected}"
    ) as told:
        fetched(api)
    assert KEY not in str(told.value)
    assert told.value.__cause__ is None


def test_an_overload_is_tried_again() -> None:
    """The SDK's retries are at work."""
    api = CostReport({FIRST: [an_item("100")]})
    api.refusals = [httpx2.Response(529, json={}, headers={"retry-after-ms": "1"})]

    assert fetched(api)[0].billed_cost == 1
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html>Sign in</html>", "line 1: found '<html>Sign in</html>', expected JSON"),
        (b'{"data": ', "line 1: found '{\"data\":', expected JSON"),
        (b"", "the answer: found null, expected an object"),
        (b"\xff", "expected JSON"),
    ],
)
def test_another_answer_than_a_report(content: bytes, expected: str) -> None:
    """What a gateway sends instead, or half of an answer, is named for what it is."""
    api = CostReport({})
    api.refusals = [httpx2.Response(200, content=content, headers={"content-type": "application/json"})]

    with pytest.raises(ProviderError, match=expected):
        fetched(api)


def test_no_answer_at_all() -> None:
    """Where nobody listens, that is said."""

    def nobody(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError(f"no route for {request.headers['authorization']}")

    client = httpx2.Client(transport=httpx2.MockTransport(nobody))
    with pytest.raises(ProviderError, match="found no answer") as told:
        provider.costs(KEY, PERIOD, base_url="http://api", http_client=client)
    assert KEY not in str(told.value)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            an_item(amount=123.45),
            r"data\[0\]\.results\[0\]\.amount: found 123.45, expected cents as a decimal in quotes",
        ),
        (an_item(amount="12,5"), r'amount: found "12,5", expected cents'),
        (an_item(amount="NaN"), r'amount: found "NaN", expected cents'),
        (an_item(amount="1e30"), r"amount: found .*, expected cents"),
        (an_item(currency="EUR"), r"currency: found \"EUR\", expected 'USD'"),
        ({"currency": "USD"}, r"amount: found nothing, expected this key"),
    ],
)
def test_what_is_no_amount_of_cents_is_refused(item: dict[str, Any], expected: str, tmp_path: Path) -> None:
    """An amount that is no decimal string of US cents is named by file and key, and nothing is guessed."""
    file = tmp_path / "costs.json"
    file.write_text(json.dumps({"data": [a_bucket(FIRST, item)]}))

    with pytest.raises(ProviderError, match=rf"costs\.json: .*{expected}"):
        provider.read(file)


PAGES = [{"data": [a_bucket(date(2026, 11, day), an_item("100"))], "has_more": day < 12} for day in (10, 11, 12)]


@pytest.mark.parametrize(
    "write", [json.dumps, lambda pages: "\n".join(json.dumps(page) for page in pages)], ids=["array", "lines"]
)
def test_a_file_has_one_page_or_several(write: Callable[[Any], str], tmp_path: Path) -> None:
    """An array of the API's answers is read, and so are lines of them."""
    file = tmp_path / "costs.json"
    file.write_text(write(PAGES))

    assert [cost.day.day for cost in provider.read(file)] == [10, 11, 12]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "expected JSON"),
        ("[]", "found no day, expected the answer of /v1/organizations/cost_report"),
        ('{"data": {}}', "data: found {}, expected a valid list"),
        ("[1]", "the answer: found 1, expected an object"),
        ('{"data": [{"results": []}]}', r"data\[0\]\.starting_at: found nothing"),
        (json.dumps([PAGES[0], PAGES[0]]), "found 2026-11-10 twice, expected each day once"),
        ("\udcff", "cannot be read"),
    ],
)
def test_a_damaged_file_is_named(text: str, expected: str, tmp_path: Path) -> None:
    """What is no report is refused in a sentence that names the file and the place in it."""
    file = tmp_path / "costs.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(ProviderError, match=rf"costs\.json: .*{expected}"):
        provider.read(file)


def test_a_day_is_replaced_as_a_whole(ledger: Ledger) -> None:
    """A newer report of a day takes the place of all that an older one said of it, and of no other day."""
    cost, other = ProviderCost(day=FIRST, billed_cost=Decimal("1.5")), date(2026, 11, 11)
    provider.keep(ledger, [cost, cost, ProviderCost(day=other, billed_cost=Decimal(7))], fetched_at=NOW)

    assert provider.keep(ledger, [cost], fetched_at=NOW + timedelta(hours=1)) == {FIRST}
    assert kept(ledger) == [(FIRST, Decimal("1.5")), (other, 7)]


def test_an_older_report_changes_nothing(ledger: Ledger) -> None:
    """A report that was written before the one in the ledger is not believed."""
    provider.keep(ledger, [ProviderCost(day=FIRST, billed_cost=Decimal(2))], fetched_at=NOW)

    old = ProviderCost(day=FIRST, billed_cost=Decimal(1))
    assert provider.keep(ledger, [old], fetched_at=NOW - timedelta(hours=1)) == set()
    assert kept(ledger) == [(FIRST, 2)]


def test_what_is_kept_is_what_came(ledger: Ledger) -> None:
    """Eighteen decimals and every word of the report are in the ledger as they came, quotes and all."""
    words = 'Robert"); DROP TABLE provider_cost; -- ü'
    cost = ProviderCost(day=FIRST, billed_cost=Decimal("0.000000000000000001"), description=words)
    provider.keep(ledger, [cost], fetched_at=NOW)

    with ledger.read() as con:
        rows = con.execute("SELECT billed_cost, description, workspace_id FROM provider_cost").fetchall()
    assert rows == [(cost.billed_cost, words, None)]


def test_every_column_says_what_it_is(ledger: Ledger) -> None:
    """The table and each of its columns have a comment, in the file itself."""
    here = "table_name = 'provider_cost' AND database_name = current_database()"
    with ledger.read() as con:
        tables = con.execute(f"SELECT comment FROM duckdb_tables() WHERE {here}").fetchall()  # noqa: S608  # our own words
        columns = con.execute(f"SELECT comment FROM duckdb_columns() WHERE {here}").fetchall()  # noqa: S608  # our own words

    assert len(columns) == 10
    assert all(comment for (comment,) in tables + columns)


def test_the_key_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins over the file that it names, and blanks around a key are not part of it."""
    file = tmp_path / "key"
    file.write_text(f"  {KEY}\n")
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY_FILE", str(file))
    assert provider.admin_key() == KEY

    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "another")
    assert provider.admin_key() == "another"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ANTHROPIC_API_KEY", KEY, "found no ANTHROPIC_ADMIN_KEY and no ANTHROPIC_ADMIN_KEY_FILE"),
        ("ANTHROPIC_ADMIN_KEY", f"{KEY}\n{KEY}", "ANTHROPIC_ADMIN_KEY: found something that is no key"),
        ("ANTHROPIC_ADMIN_KEY", f"{KEY}é", "ANTHROPIC_ADMIN_KEY: found something that is no key"),
        ("ANTHROPIC_ADMIN_KEY_FILE", KEY, "ANTHROPIC_ADMIN_KEY_FILE: names a file that cannot be read"),
    ],
)
def test_no_key_is_a_sentence_without_one(
    name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing or wrong is named by its variable, and what it holds is not repeated."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=expected) as told:
        provider.admin_key()
    assert KEY not in str(told.value)
