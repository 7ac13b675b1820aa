from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import pytest

from router.testing import BATCH_ITEM, Answer, Canceled, Clock, Expired, Overloaded, StandIn


def items(*names: str, **more: Any) -> Any:
    body = {"model": "claude-haiku-5-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Sort this."}]}
    return [{"custom_id": name, "params": {**body, **more}} for name in names]


def test_results_are_there_at_once() -> None:
    """Without a duration a batch has ended when it is looked at, and each item is a batch-priced message."""
    client = StandIn().client()
    batch = client.messages.batches.create(requests=items("a", "b"))
    assert (batch.processing_status, batch.request_counts.processing) == ("in_progress", 2)
    ended = client.messages.batches.retrieve(batch.id)
    assert (ended.processing_status, ended.request_counts.succeeded) == ("ended", 2)
    results = {line.custom_id: line.result for line in client.messages.batches.results(batch.id)}
    assert set(results) == {"a", "b"}
    for result in results.values():
        assert result.type == "succeeded"
        assert result.message.usage.service_tier == "batch"


def test_results_stay_the_same() -> None:
    """Reading results twice gives the same messages."""
    client = StandIn().client()
    batch = client.messages.batches.create(requests=items("a"))
    first, second = (list(client.messages.batches.results(batch.id)) for _ in range(2))
    assert first == second


def test_processing_takes_its_time() -> None:
    """With a duration a batch ends when the clock says so."""
    clock = Clock(datetime(2026, 11, 2, tzinfo=UTC))
    client = StandIn(clock=clock, batch_seconds=3_600).client()
    batch = client.messages.batches.create(requests=items("a"))
    assert client.messages.batches.retrieve(batch.id).processing_status == "in_progress"
    with pytest.raises(anthropic.AnthropicError, match="No `results_url`"):
        client.messages.batches.results(batch.id)
    clock.advance(timedelta(hours=2))
    ended = client.messages.batches.retrieve(batch.id)
    assert ended.ended_at == datetime(2026, 11, 2, 1, tzinfo=UTC)


def test_slow_batches_expire() -> None:
    """A batch that is not done after 24 hours ends then, and its items expire."""
    clock = Clock(datetime(2026, 11, 2, tzinfo=UTC))
    client = StandIn(clock=clock, batch_seconds=100_000).client()
    batch = client.messages.batches.create(requests=items("a"))
    clock.advance(timedelta(hours=24))
    assert client.messages.batches.retrieve(batch.id).request_counts.expired == 1


def test_canceling() -> None:
    """A canceled batch ends with its items canceled; one that has ended stays as it is."""
    clock = Clock(datetime(2026, 11, 2, tzinfo=UTC))
    client = StandIn(clock=clock, batch_seconds=60).client()
    batch = client.messages.batches.create(requests=items("a", "b"))
    assert client.messages.batches.cancel(batch.id).processing_status == "canceling"
    assert client.messages.batches.retrieve(batch.id).request_counts.canceled == 2
    assert client.messages.batches.cancel(batch.id).processing_status == "ended"
    assert [line.result.type for line in client.messages.batches.results(batch.id)] == ["canceled"] * 2


def test_items_can_be_scripted() -> None:
    """Each item meets the rules for batch items, and only those: error, expiry, cancellation, another answer."""
    api = StandIn()
    for effect in (Overloaded(), Expired(), Canceled(), Answer("scripted")):
        api.script(effect, path=BATCH_ITEM, times=1)
    client = api.client()
    batch = client.messages.batches.create(requests=items("a", "b", "c", "d"))
    results = [line.result for line in client.messages.batches.results(batch.id)]
    assert [result.type for result in results] == ["errored", "expired", "canceled", "succeeded"]
    assert results[0].type == "errored"
    assert results[0].error.error.type == "overloaded_error"
    assert results[3].type == "succeeded"
    assert results[3].message.to_dict()["content"] == [{"type": "text", "text": "scripted"}]
    counts = client.messages.batches.retrieve(batch.id).request_counts
    assert (counts.errored, counts.expired, counts.canceled, counts.succeeded) == (1, 1, 1, 1)


@pytest.mark.parametrize("wrong", [{"max_tokens": -1}, {"model": "claude-opus-5-5", "speed": "fast"}])
def test_invalid_items_are_errored(wrong: dict[str, Any]) -> None:
    """An item that the API would reject is errored, and the batch goes on; fast mode is not for batches."""
    client = StandIn().client()
    batch = client.messages.batches.create(requests=[*items("bad", **wrong), *items("good")])
    assert [line.result.type for line in client.messages.batches.results(batch.id)] == ["errored", "succeeded"]


def test_bad_batches_are_rejected() -> None:
    """A batch without items, without names, or with one name twice is a 400; an unknown one a 404."""
    batches = StandIn().client().messages.batches
    wrong: list[Any] = [[], [{"params": {}}], items("a", "a")]
    for requests in wrong:
        with pytest.raises(anthropic.BadRequestError):
            batches.create(requests=requests)
    for method in (batches.retrieve, batches.cancel, batches.delete, batches.results):
        with pytest.raises(anthropic.NotFoundError):
            method("msgbatch_gone")


def test_deleting_and_listing() -> None:
    """The list is newest first and comes in pages; a batch in progress cannot be deleted, an ended one can."""
    clock = Clock(datetime(2026, 11, 2, tzinfo=UTC))
    batches = StandIn(clock=clock, batch_seconds=60).client().messages.batches
    created = [batches.create(requests=items("a")).id for _ in range(5)]
    assert [batch.id for batch in batches.list(limit=2)] == created[::-1]
    with pytest.raises(anthropic.BadRequestError):
        batches.delete(created[0])
    clock.sleep(60)
    assert batches.delete(created[0]).id == created[0]
    assert len(batches.list().data) == 4
