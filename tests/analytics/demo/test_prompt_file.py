"""Prompts from a file of one's own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from analytics.demo.prompt_file import read
from analytics.exceptions import SettingsError

GOOD = {"messages": [{"role": "user", "content": "When do you open?"}], "max_tokens": 50}


def write(path: Path, *lines: object) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["prompts.jsonl", "prompts.jsonl.gz"])
def test_bodies_may_be_bare_or_wrapped(tmp_path: Path, name: str) -> None:
    """A line is a Messages body or has one under `request`; the file may be compressed; empty lines are none."""
    scenarios, bad = read(write(tmp_path / name, GOOD, "", {"id": 7, "request": GOOD}))

    assert [scenario.body for scenario in scenarios] == [GOOD, GOOD]
    assert bad == []


def test_keys_that_the_demo_decides_are_left_out(tmp_path: Path) -> None:
    """Model and stream of a line give way to the demo's own; a missing `max_tokens` becomes 1024."""
    line = {"model": "x", "stream": True, "system": None, "messages": GOOD["messages"]}

    scenarios, _ = read(write(tmp_path / "prompts.jsonl", line))

    assert scenarios[0].body == {"messages": GOOD["messages"], "max_tokens": 1024}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "found no JSON, expected an object"),
        ([], "found list, expected an object"),
        ({"request": "hello"}, "found str, expected an object"),
        ({"max_tokens": 5}, "messages: Field required"),
        ({"messages": []}, "messages: found none, expected a list with at least one"),
        ({"messages": "hello"}, "messages.0: Input should be a valid dictionary"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({**GOOD, "max_tokens": "many"}, "max_tokens: Input should be a valid integer"),
        ({**GOOD, "tools": [{"name": "x"}]}, "tools.0"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path, line: object, reason: str) -> None:
    """A line without a request is reported by number and reason, and the lines around it are read."""
    scenarios, bad = read(write(tmp_path / "prompts.jsonl", GOOD, line, GOOD))

    assert len(scenarios) == 2
    assert [each.number for each in bad] == [2]
    assert bad[0].reason.startswith(reason)


def test_a_bad_line_is_not_quoted(tmp_path: Path) -> None:
    """The reason never contains what the prompt said."""
    secret = {"messages": [{"role": "user", "content": [{"type": "text", "text": ["my secret"]}]}]}

    _, bad = read(write(tmp_path / "prompts.jsonl", GOOD, secret))

    assert "secret" not in bad[0].reason


def test_a_limit_ends_the_reading(tmp_path: Path) -> None:
    """At most `limit` requests are read, and lines after them are not looked at."""
    scenarios, bad = read(write(tmp_path / "prompts.jsonl", GOOD, GOOD, GOOD, "{"), limit=2)

    assert len(scenarios) == 2
    assert bad == []


def test_a_file_without_any_request_is_refused(tmp_path: Path) -> None:
    """A file in which every line is bad is an error in one sentence that names it."""
    with pytest.raises(SettingsError, match=r"prompts\.jsonl: found no request, 1 bad line"):
        read(write(tmp_path / "prompts.jsonl", "hello"))


@pytest.mark.parametrize(("name", "content"), [("gone.jsonl", None), ("broken.gz", b"no gzip"), (".", None)])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    """A missing file, a damaged archive and a folder are each an error in one sentence that names the path."""
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(SettingsError, match="expected a readable file of JSON Lines"):
        read(tmp_path / name)
