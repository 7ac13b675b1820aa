from __future__ import annotations

from typing import Any

import pytest

from router import TaskType, classify


def a_body(text: str, **keys: Any) -> dict[str, Any]:
    return {"model": "auto", "max_tokens": 500, "messages": [{"role": "user", "content": text}], **keys}


@pytest.mark.parametrize(
    ("text", "task_type"),
    [
        ("Classify the sentiment of this review: great!", "classification"),
        ("Klassifiziere das Ticket: Rechnung falsch", "classification"),
        ("Extract every date from the contract.", "extraction"),
        ("Summarize this note in one line.", "short_summary"),
        ("この記事を要約してください。", "short_summary"),
        ("Translate into French: good morning", "transform"),
        ("Write a function that parses dates.", "coding"),
        ("Compare the two offers.", "analysis"),
        ("Draft an email to the customer.", "writing"),
        ("Prove that there are infinitely many primes.", "hard_math"),
        ("Refactor the module into two.", "refactor"),
        ("Propose an architecture for the billing platform.", "architecture"),
    ],
)
def test_a_task_is_known_by_its_words(text: str, task_type: TaskType) -> None:
    """The wording of the request tells its task type, in several languages."""
    assert classify(a_body(text)).type == task_type


def test_the_pending_task_counts_and_not_the_last_word() -> None:
    """After the result of a tool, the task is still the one that a person set."""
    body = a_body("Prove the theorem.")
    body["messages"] += [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "Summarize."}]},
    ]

    assert classify(body).type == "hard_math"


def test_the_system_prompt_speaks_where_the_task_does_not() -> None:
    """A bare text under a classifying system prompt is to be classified, less surely than one that says so."""
    task = classify(a_body("I never got my parcel.", system="You classify tickets. One of: billing, delivery."))

    assert task.type == "classification"
    assert task.confidence < classify(a_body("Classify: I never got my parcel.")).confidence


def test_a_summary_of_much_text_is_a_long_one() -> None:
    """Length tells the two kinds of summary apart."""
    assert classify(a_body("Summarize the meeting.\n" + "He said this. " * 1000)).type == "long_summary"


def test_tools_make_an_agent() -> None:
    """Where tools are given, the task is to use them."""
    assert classify(a_body("Do it.", tools=[{"name": "f", "input_schema": {}}])).type == "agentic_tools"


@pytest.mark.parametrize("content", ["", "   ", [], None, 5, [{"type": "image", "source": {}}]])
def test_nothing_to_go_by_is_unknown(content: object) -> None:
    """Without text there is no task type and no confidence."""
    body = a_body("")
    body["messages"][0]["content"] = content

    assert classify(body).type is None
    assert classify(body).confidence == 0


def test_the_reason_holds_no_text_of_the_request() -> None:
    """A reason is recorded, so it must not quote."""
    assert "sentiment" not in classify(a_body("Classify the sentiment")).reason
