from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.calls import Search, search
from analytics.decisions import ASPECTS, Decisions, dearer, decide, decisions
from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.period import Period, midnight
from analytics.reports import Filters, totals
from analytics.routing_report import routing
from tests.conftest import fill

DAY = midnight(datetime(2026, 11, 10, tzinfo=UTC).date())
EVERYTHING = Filters(period=Period(DAY, DAY + timedelta(days=3)))
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"


def made(reason: str | None, **more: Any) -> dict[str, Any]:
    """An attempt on Haiku, for which Opus was asked, with this decision; 0.00015 dollars."""
    return {"reason": reason, "started_at": DAY + timedelta(hours=30 * more.pop("later", 0)), **more}


def groups(found: Decisions, *by: str) -> dict[str | tuple[str | None, ...] | None, int]:
    """Group -> calls."""
    return {row.group if len(by) > 1 else row.group[0]: row.calls for row in found.tables[by]}


def test_a_new_machine(ledger: Ledger) -> None:
    """In an empty ledger nothing was decided."""
    found = decisions(ledger, EVERYTHING, [("decision",), ("slot", "tier")])

    assert found == Decisions(total=None, tables={("decision",): (), ("slot", "tier"): ()})


def test_what_was_decided_and_why(ledger: Ledger) -> None:
    """Every call has one decision, and its reason counts by what it begins with, whatever stands around that."""
    fill(
        ledger,
        made("coding (0.83, before analysis 0.05)", confidence=0.83),
        made("coding (0.91, before analysis 0.05); up from haiku", sent_model=OPUS, model=OPUS, confidence=1.0),
        made("shadow: coding (0.50, before chat 0.49)", shadow_model=SONNET, confidence=0.5),
        made("budget team: search is spent: coding (0.8, before chat 0.1)", confidence=0.8),
        made("not sure (no text to go by), so the default", requested_model="auto", confidence=0.0),
        made("pinned", confidence=None),
        made("back to the model named: it was rejected (coding (0.8, before chat 0.1))"),
        made("a second opinion", tags={"tollgate": "second_opinion"}),
        made(None),
    )

    found = decisions(
        ledger, EVERYTHING, [("decision",), ("reason",), ("outcome",), ("budget",), ("confidence",), ("shadow_model",)]
    )

    assert groups(found, "decision") == dict.fromkeys(
        (
            "stepped_down",
            "kept",
            "shadow",
            "budget",
            "left_open",
            "pinned",
            "taken_back",
            "second_opinion",
            "undecided",
        ),
        1,
    )
    assert groups(found, "reason") == {
        "coding": 4,
        "not sure": 1,
        "pinned": 1,
        "back to the model named": 1,
        "a second opinion": 1,
        None: 1,
    }
    assert groups(found, "outcome") == {None: 8, "up from haiku": 1}
    assert groups(found, "budget") == {None: 8, "team: search": 1}
    assert list(groups(found, "confidence")) == ["0.0", "0.5", "0.8", "0.9", None]
    assert groups(found, "shadow_model") == {None: 8, SONNET: 1}
    assert found.total is not None
    assert found.total.would_differ == 1


def test_asked_for_and_served(ledger: Ledger) -> None:
    """A call that was tried again is one decision, with the cost of all its attempts; failed ones cost nothing."""
    fill(
        ledger,
        made("coding", call_id="again", model=None, status=529, usage=None, error_type="overloaded_error"),
        made("coding", call_id="again", attempt=2),
        made("coding", model="claude-unheard-of"),
        made("coding", later=1, requested_model=SONNET),
    )

    found = decisions(ledger, EVERYTHING, [("requested_model", "model")])

    assert groups(found, "requested_model", "model") == {
        (OPUS, HAIKU): 0,
        (SONNET, HAIKU): 1,
        (OPUS, None): 1,
        (OPUS, "claude-unheard-of"): 1,
    }
    assert found.total is not None
    assert (found.total.calls, found.total.attempts, found.total.unpriced_attempts) == (3, 4, 1)
    assert found.total.list_cost == totals(ledger, EVERYTHING).list_cost == Decimal("0.0003")


def test_the_calls_of_a_group_can_be_looked_for(ledger: Ledger) -> None:
    """A search by what was decided finds the attempts that a table counts, for every aspect, alone or together."""
    fill(
        ledger,
        made("coding (0.91, before analysis 0.05); up from haiku", confidence=1.0),
        made("shadow: coding (0.50, before chat 0.49)", shadow_model=SONNET, confidence=0.5),
        made("budget team: search is spent: coding (0.8, before chat 0.1)", confidence=0.8),
        made("pinned", confidence=None),
        made(None),
    )
    aspects = [aspect for aspect in ASPECTS if aspect != "slot"]
    found = decisions(ledger, EVERYTHING, [(aspect,) for aspect in aspects])
    for (aspect,), rows in found.tables.items():
        for row in rows:
            if row.group[0] is not None:
                wanted = Search(decided={aspect: row.group[0]})
                assert len(search(ledger, EVERYTHING, wanted).rows) == row.attempts
    both = Search(decided={"reason": "coding", "decision": "shadow"})
    assert len(search(ledger, EVERYTHING, both).rows) == 1


def test_slots_of_time(ledger: Ledger) -> None:
    """Slots begin at the cuts, and are in order."""
    fill(ledger, made("coding", later=1), made("coding"), made("coding"), made("coding", later=2))

    found = decisions(ledger, EVERYTHING, [("slot",)], cuts=[DAY, DAY + timedelta(hours=30), DAY + timedelta(hours=40)])

    assert list(groups(found, "slot").items()) == [("0", 2), ("1", 1), ("2", 1)]


def test_groups_add_up(ledger: Ledger) -> None:
    """Every aspect parts the same calls, and filters hold for all."""
    fill(ledger, made("coding"), made("pinned", tier="opus", user_id="ada"), made(None, task_type=None))
    tables = [(aspect,) for aspect in ASPECTS]

    for filters, calls in ((EVERYTHING, 3), (Filters(period=EVERYTHING.period, within={"user_id": ("ada",)}), 1)):
        found = decisions(ledger, filters, tables)
        assert found.total is not None
        for rows in found.tables.values():
            assert sum(row.calls for row in rows) == found.total.calls == calls
            assert sum(row.list_cost or 0 for row in rows) == found.total.list_cost


@pytest.mark.parametrize("by", [(), ("tier", "model", "slot"), ("mood",)])
def test_unknown_aspects(ledger: Ledger, by: tuple[str, ...]) -> None:
    """Decisions are asked for by one or two aspects."""
    with pytest.raises(SettingsError, match="found"):
        decisions(ledger, EVERYTHING, [by])


def test_where_routing_cost_more(ledger: Ledger) -> None:
    """The groups that lost by routing come out, the worst first."""
    fill(
        ledger,
        made("coding", task_type="coding"),
        made("analysis", task_type="analysis", requested_model=HAIKU, sent_model=SONNET, model=SONNET),
        made("research", task_type="research", requested_model=HAIKU, sent_model=OPUS, model=OPUS),
    )

    found = routing(ledger, EVERYTHING, [("task_type",)], opus=OPUS)

    assert [row.group for row in dearer(found.tables[("task_type",)])] == [("research",), ("analysis",)]


def test_a_pasted_request() -> None:
    """A request that is pasted gets its decision with reasons."""
    found = decide('{"model": "auto", "messages": [{"role": "user", "content": "Translate to French: good morning"}]}')

    assert found.sound
    assert (found.task_type, found.tier, found.model) == ("transform", "haiku", HAIKU)
    assert found.reason.startswith("transform (")
    assert found.alternatives


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found no JSON"),
        ('{"model": "auto",\n "messages": [', "found no JSON"),
        ("[" * 100_000, "found no JSON"),
        ("[]", "found a list, expected"),
        ('{"messages": []}', "messages: found an empty list"),
    ],
)
def test_what_is_no_request(text: str, said: str) -> None:
    """Whatever else is pasted gets a sentence of what is wrong."""
    found = decide(text)

    assert not found.sound
    assert said in found.reason
