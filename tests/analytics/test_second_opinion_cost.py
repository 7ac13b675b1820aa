from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.reports import Filters, cost_by
from analytics.routing_report import routing
from router import Anthropic, LLMClassifier, Router, Task
from router.spool import Spool
from router.testing import StandIn

BY = ("tag:tollgate",)


def unsure(_: Mapping[str, Any]) -> Task:
    return Task(type="writing", confidence=0.2, reason="a guess")


def labels(message: dict[str, Any]) -> None:
    said = {"task_type": "extraction", "confidence": 0.9}
    message["content"] = [{"type": "tool_use", "id": "toolu_1", "name": "label", "input": said}]


def test_a_second_opinion_is_a_cost_of_routing(ledger: Ledger) -> None:
    """Its cost has a row of its own by tag, and is taken off what routing saved: nobody would ask without routing."""
    api = StandIn(seed=1)
    api.script(labels, when=lambda body: bool(body.get("tools")))
    spool = Spool(ledger.home)
    client = api.client(Anthropic, spool=spool, middleware=[Router(classifier=LLMClassifier(unsure))])
    client.messages.create(model="claude-opus-5-5", max_tokens=100, messages=[{"role": "user", "content": "Hello"}])
    spool.close()
    ingest(ledger)
    now = datetime.now(UTC)
    around = Filters(period=Period(now - timedelta(days=1), now + timedelta(days=1)))

    spent = {row.group[0]: row.list_cost for row in cost_by(ledger, around, BY)}
    found = routing(ledger, around, [BY], opus="claude-opus-5-5")

    rows = {row.group[0]: row for row in found.tables[BY]}
    question, call = rows["second_opinion"], rows[None]
    assert spent == {"second_opinion": question.list_cost, None: call.list_cost}
    assert question.list_cost
    assert call.saved
    assert (question.saved, question.saved_against_opus) == (-question.list_cost, -question.list_cost)
    assert found.total is not None
    assert found.total.saved == call.saved - question.list_cost
