from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from analytics import given
from analytics.documents import documents
from analytics.evaluate import Label
from router import Policy

HELLO = {"model": "claude-opus-5-5", "messages": [{"role": "user", "content": "hello"}]}
ROW = {"task_type": "simple_qa", "request": HELLO}
TIERS = Policy().tasks


def test_a_body_or_an_object_with_one() -> None:
    """A body stands alone, or under `request` with tags beside it."""
    assert given.read(HELLO) == (HELLO, {})
    assert given.read({"id": 1, "request": HELLO, "tags": {"team": "search"}}) == (HELLO, {"team": "search"})


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (None, "found nothing, expected an object"),
        ([1], "found a list, expected an object"),
        ({}, "messages: found nothing, expected a list"),
        ({"messages": "a prompt"}, "messages: found a string, expected a list"),
        ({"messages": []}, "messages: found an empty list, expected a list of messages"),
        ({"messages": ["a prompt"]}, r"messages\[0\]: found a string, expected an object"),
        ({"messages": [{"role": "robot", "content": "x"}]}, r"messages\[0\].role: found a string, expected user or"),
        ({"messages": [{"role": "user"}]}, r"messages\[0\].content: found nothing, expected a string or a list"),
        ({**HELLO, "model": 5}, "model: found a number, expected the id of a model"),
        ({"request": 5}, "request: found a number, expected an object"),
        ({"request": HELLO, "tags": [1]}, "tags: found a list, expected an object"),
        ({"request": HELLO, "tags": {"a": True}}, "tags.a: found true or false, expected a string"),
    ],
)
def test_what_is_no_request_is_one_sentence(document: object, sentence: str) -> None:
    """It names the key, what was found and what was expected, and never what a text said."""
    with pytest.raises(ValueError, match=f"^{sentence}"):
        given.read(document)


def test_a_labelled_row() -> None:
    """The tier is the row's own, else that of its task type; second labels are of the default policy."""
    row = given.read_labelled({**ROW, "also": ["coding"], "source": "s", "lang": "de"}, TIERS)

    assert (row.label, row.also) == (Label("simple_qa", "haiku"), (Label("coding", "sonnet"),))
    assert (row.source, row.lang) == ("s", "de")
    assert given.read_labelled({**ROW, "tier": "opus"}, TIERS).label.tier == "opus"
    assert given.read_labelled(ROW, TIERS).source == "unknown"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"task_type": "codign"}, "task_type: found 'codign', expected one of classification, extraction,"),
        ({"task_type": ["coding"]}, r"task_type: found \['coding'\], expected one of"),
        ({"tier": "mythos"}, "tier: found 'mythos', expected one of haiku, sonnet, opus"),
        ({"tier": []}, r"tier: found \[\], expected one of"),
        ({"also": "coding"}, "also: found a string, expected a list"),
        ({"also": ["codign"]}, "also: found 'codign', expected one of"),
        ({"request": None}, "request: found nothing, expected an object"),
    ],
)
def test_a_wrong_label_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    """A label that is none is named: it is nobody's prompt."""
    with pytest.raises(ValueError, match=f"^{sentence}"):
        given.read_labelled({**ROW, **change}, TIERS)


KEYS = st.sampled_from(["id", "request", "messages", "role", "content", "model", "tags", "task_type", "tier", "also"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=5),
    max_leaves=12,
)


@hypothesis_given(anything)
def test_nothing_else_is_raised(document: object) -> None:
    """Whatever JSON holds, it is read, or a ValueError says why not."""
    given.named(document)
    given.model_of(document)
    for read in (given.read, lambda one: given.read_labelled(one, TIERS)):
        with contextlib.suppress(ValueError):
            read(document)


@hypothesis_given(st.text())
def test_any_text_is_documents_or_says_why_not(text: str) -> None:
    """Text that is no JSON becomes one ValueError for each line that is not."""
    for document in documents(text):
        if isinstance(document, ValueError):
            assert str(document).startswith("line ")
