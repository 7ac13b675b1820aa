from __future__ import annotations

import json
import os
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types.messages.batch_create_params import Request

from analytics.ingest import ingest
from analytics.ledger import Ledger
from router import Anthropic, Meter, Spool, tagged
from router.batches import unread_batches
from router.testing import (
    BATCH_ITEM,
    BATCHES,
    Canceled,
    Clock,
    Cut,
    Expired,
    Failure,
    Overloaded,
    ServerError,
    StandIn,
    serve,
)
from tests import fresh
from tests.conftest import Tollgate

OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"
PULL = "from analytics.cli import main; main()"


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
def api(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Generator[StandIn]:
    """The Claude API where the SDK looks for it."""
    api = StandIn(clock=clock, seed=1)
    with serve(api) as base_url:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        yield api


def a_request(custom_id: str, **params: Any) -> Request:
    asked = {
        "model": OPUS,
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "Is this spam? Answer yes or no."}],
    }
    return {"custom_id": custom_id, "params": {**asked, **params}}  # pyright: ignore[reportReturnType]  # as the SDK's own


@pytest.fixture
def client(api: StandIn) -> Generator[Anthropic]:
    """The drop-in."""
    with Anthropic() as client:
        yield client


@pytest.fixture
def elsewhere(api: StandIn) -> Generator[anthropic.Anthropic]:
    """The SDK's own client: nobody counts."""
    with anthropic.Anthropic() as client:
        yield client


def make_batch(client: anthropic.Anthropic, *, items: int = 3) -> str:
    """A batch that ends as soon as somebody looks at it."""
    return client.messages.batches.create(requests=[a_request(f"item-{number}") for number in range(items)]).id


def rows(home: Path, what: str) -> list[tuple[Any, ...]]:
    ledger = Ledger(home)
    ingest(ledger)
    with ledger.read() as con:
        return con.execute(f"SELECT {what}").fetchall()  # a test's own words


def test_results_that_nobody_read_are_collected(
    api: StandIn, tollgate: Tollgate, home: Path, client: Anthropic
) -> None:
    """A batch whose results nobody read is recorded as its program would have: tags, decisions, tier, price."""
    with tagged(team="insights"):
        hard = a_request("hard", messages=[{"role": "user", "content": "Prove that there are infinitely many primes."}])
        metadata = {"user_id": "u-7"}
        requests = [a_request("easy", metadata=metadata), hard]
        batch = client.messages.batches.create(requests=requests)

    result = tollgate("batches", "pull")

    assert result.exit_code == 0, result.output
    assert "Batches pulled: 1. Results: 2 (2 succeeded, 0 errored, 0 canceled, 0 expired)" in result.stdout
    facts = "custom_id, requested_model, model, tags['team'], user_id, batch_id FROM usage ORDER BY custom_id"
    assert rows(home, facts) == [
        ("easy", OPUS, HAIKU, "insights", "u-7", batch.id),
        ("hard", OPUS, OPUS, "insights", None, batch.id),
    ]
    assert rows(home, "DISTINCT service_tier FROM line") == [("batch",)]
    assert "service_tier batch" in tollgate("receipt", f"{batch.id}/easy").stdout


def test_what_was_pulled_is_not_pulled_again(api: StandIn, tollgate: Tollgate, client: Anthropic) -> None:
    """A second pull has nothing to do, and asks the API for nothing."""
    make_batch(client)
    tollgate("batches", "pull")
    asked = len(api.requests)

    assert tollgate("batches", "pull").stdout == "No batch waits: whatever was made here has been read to its end.\n"
    assert len(api.requests) == asked


def test_what_the_program_read_is_not_pulled(api: StandIn, tollgate: Tollgate, home: Path, client: Anthropic) -> None:
    """Results that the program itself read to their end need no pull, and are recorded once."""
    batch_id = make_batch(client)
    assert len(list(client.messages.batches.results(batch_id))) == 3

    assert "No batch waits" in tollgate("batches", "pull").stdout
    assert rows(home, "count(*) FROM usage") == [(3,)]


def test_a_reading_that_was_broken_off_is_finished(
    api: StandIn, tollgate: Tollgate, home: Path, client: Anthropic
) -> None:
    """A program that stopped in the middle of the results leaves its batch to be pulled; each item counts once."""
    batch_id = make_batch(client, items=40)
    api.script(Cut(after=1), path=f"{BATCHES}/{batch_id}/results", times=1)
    with pytest.raises((anthropic.APIConnectionError, httpx2.RemoteProtocolError)):
        list(client.messages.batches.results(batch_id))
    assert 0 < rows(home, "count(*) FROM usage")[0][0] < 40

    assert "Results: 40 (40 succeeded" in tollgate("batches", "pull").stdout
    assert rows(home, "count(*), count(DISTINCT custom_id) FROM usage") == [(40, 40)]


def test_a_connection_that_is_cut_fails_one_batch(api: StandIn, tollgate: Tollgate, client: Anthropic) -> None:
    """A batch whose results break off is named with the reason, the others are pulled, and a later pull finishes it."""
    broken, whole = make_batch(client, items=40), make_batch(client)
    api.script(Cut(after=1), path=f"{BATCHES}/{broken}/results", times=1)

    result = tollgate("batches", "pull")

    assert result.exit_code == 1
    assert f"Failed: {broken}: " in result.stdout
    assert whole not in result.stdout
    assert "Batches pulled: 1." in result.stdout
    assert "Results: 40 (40 succeeded" in tollgate("batches", "pull").stdout


def test_a_batch_in_progress_waits(
    api: StandIn, clock: Clock, tollgate: Tollgate, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that has not ended is named and left for the next pull."""
    slow = StandIn(clock=clock, batch_seconds=3600)
    with serve(slow) as base_url:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", base_url)
        with Anthropic() as client:
            batch_id = make_batch(client)

        assert f"Still in progress: 1 ({batch_id})" in tollgate("batches", "pull").stdout
        assert rows(home, "count(*) FROM usage") == [(0,)]
        clock.advance(timedelta(hours=1))
        assert "Batches pulled: 1." in tollgate("batches", "pull").stdout


def test_items_without_an_answer_cost_nothing_and_are_counted(
    api: StandIn, tollgate: Tollgate, home: Path, client: Anthropic
) -> None:
    """Errored, canceled and expired items are counted by the pull and by the report, and cost nothing."""
    for effect in (Expired(), Canceled(), Canceled(), ServerError()):
        api.script(effect, path=BATCH_ITEM, times=1)
    make_batch(client, items=6)

    shown = json.loads(tollgate("batches", "pull", "--json").stdout)
    report = tollgate("report")
    totals = json.loads(tollgate("report", "--json").stdout)["totals"]

    assert shown["batches"][0]["results"] == {"expired": 1, "canceled": 2, "errored": 1, "succeeded": 2}
    assert [totals[name] for name in ("batch_items", "batch_errored", "batch_canceled", "batch_expired")] == [
        6,
        1,
        2,
        1,
    ]
    assert "items; 1 errored, 2 canceled, 1 expired, which cost nothing" in report.stdout
    assert rows(home, "count(*) FROM charge WHERE list_cost > 0") == [(2,)]


def test_batches_made_elsewhere_are_collected_if_asked(
    api: StandIn, tollgate: Tollgate, home: Path, client: Anthropic, elsewhere: anthropic.Anthropic
) -> None:
    """With `--all` the batches that the API lists are read once, too, whoever made them."""
    make_batch(elsewhere, items=2)
    make_batch(client, items=3)
    assert "Results: 3 " in tollgate("batches", "pull").stdout

    assert "Batches pulled: 1. Results: 2 (2 succeeded" in tollgate("batches", "pull", "--all").stdout
    assert "No batch waits" in tollgate("batches", "pull", "--all").stdout
    assert rows(home, "count(*) FROM usage") == [(5,)]


def test_two_pulls_at_once_count_each_item_once(api: StandIn, home: Path, client: Anthropic) -> None:
    """Two processes that pull at the same time, and a third that reads, record each item once between them."""
    ids = [make_batch(client, items=30) for _ in range(4)]
    both = [fresh.Program(PULL, "--home", home, "batches", "pull", "--all") for _ in range(2)]
    for batch_id in ids:
        list(client.messages.batches.results(batch_id))

    assert [process.end().returncode for process in both] == [0, 0]
    assert rows(home, "count(*), count(DISTINCT (batch_id, custom_id)) FROM usage") == [(120, 120)]
    assert unread_batches(home) == {}


def test_another_process_reads_what_one_has_made(api: StandIn, home: Path, client: Anthropic) -> None:
    """A batch made in one process is read in others with the tags and decisions it was made with, however often."""
    with tagged(team="night"):
        batch_id = make_batch(client, items=2)
    program = "import sys, router; [*router.Anthropic().messages.batches.results(sys.argv[1])]"
    fresh.run(program, batch_id).check_returncode()
    list(client.messages.batches.results(batch_id))

    facts = "tags['team'], usage.requested_model, sent_model, usage.model, service_tier"
    assert rows(home, f"{facts} FROM usage JOIN line USING (record_id)") == [("night", OPUS, HAIKU, HAIKU, "batch")] * 2
    assert unread_batches(home) == {}


def age(home: Path, days: float) -> None:
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    for path in (home / "batches").iterdir():
        os.utime(path, (then, then))


def test_results_that_the_api_no_longer_has(
    api: StandIn, tollgate: Tollgate, home: Path, client: Anthropic, elsewhere: anthropic.Anthropic
) -> None:
    """A batch that is older than the API keeps results is said to be gone, once, and what was kept of it forgotten."""
    batch_id = make_batch(client)
    elsewhere.messages.batches.retrieve(batch_id)
    elsewhere.messages.batches.delete(batch_id)
    early = tollgate("batches", "pull")
    age(home, 29.5)
    gone = tollgate("batches", "pull")

    assert (early.exit_code, gone.exit_code) == (1, 0)
    assert f"Failed: {batch_id}: the API does not know it" in early.stdout
    assert f"Results gone at the API: 1 ({batch_id}). It keeps them for 29 days" in gone.stdout
    assert "No batch waits" in tollgate("batches", "pull").stdout

    age(home, 31)
    tollgate("batches", "pull")
    assert list((home / "batches").iterdir()) == []


def test_a_record_that_is_lost_leaves_its_batch_unread(
    api: StandIn, tollgate: Tollgate, home: Path, client: Anthropic
) -> None:
    """If the spool cannot be written, the batch is not taken for read."""
    batch_id = make_batch(client)
    (home / "spool").touch()
    result = tollgate("batches", "pull")

    assert result.exit_code == 1
    assert "3 records could not be written" in result.stdout
    assert set(unread_batches(home)) == {batch_id}


def test_without_a_key(
    api: StandIn, tollgate: Tollgate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: Anthropic
) -> None:
    """Without credentials a pull says so in one sentence, unless there is nothing to ask for."""
    make_batch(client)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    result = tollgate("batches", "pull")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "Error: batches pull: found no API key, expected one where the SDK looks for it, such as ANTHROPIC_API_KEY"
    ]


def test_credentials_that_cannot_be_used(
    api: StandIn, tollgate: Tollgate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: Anthropic
) -> None:
    """What the SDK says of credentials that it cannot use is said in one sentence."""
    make_batch(client)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    result = tollgate("batches", "pull")

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "batches pull: " in result.stderr


def test_an_api_that_refuses(api: StandIn, tollgate: Tollgate) -> None:
    """An answer that is no list of batches is one sentence with the address that gave it."""
    refused = Failure(status=401, error_type="authentication_error", message="invalid x-api-key")
    api.script(refused, path=BATCHES)
    result = tollgate("batches", "pull", "--all")

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "http://127.0.0.1" in result.stderr
    assert "invalid x-api-key" in result.stderr


def test_the_demo_has_no_batches_at_the_api(api: StandIn, tollgate: Tollgate, home: Path) -> None:
    """Demo data are not asked for at the API."""
    (home / "demo").mkdir(parents=True)
    (home / "demo" / "DEMO").touch()

    assert "found demo data" in tollgate("--demo", "batches", "pull").stderr
    assert list(api.requests) == []


def test_a_meter_alone_marks_what_was_read(api: StandIn, home: Path) -> None:
    """The Meter alone, on the SDK's own client, keeps and settles batches as the drop-in does."""
    with anthropic.Anthropic(middleware=[Meter(Spool(home))]) as client:
        batch_id = make_batch(client)
        assert set(unread_batches(home)) == {batch_id}
        results = client.messages.batches.results(batch_id)
        next(iter(results))
        results.close()
        list(client.beta.messages.batches.results(batch_id))

    assert unread_batches(home) == {}


def test_overload_is_retried_by_the_sdk(api: StandIn, tollgate: Tollgate, client: Anthropic) -> None:
    """What the SDK retries, a pull survives."""
    batch_id = make_batch(client)
    api.script(Overloaded(), path=f"{BATCHES}/{batch_id}/results", times=1)

    assert "Batches pulled: 1." in tollgate("batches", "pull").stdout
