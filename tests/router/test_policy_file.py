from __future__ import annotations

from pathlib import Path

import pytest

from router import Policy, PolicyError


def read(tmp_path: Path, text: str | bytes) -> Policy:
    path = tmp_path / "policy.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Policy.from_yaml(path)


def mistakes(tmp_path: Path, text: str | bytes) -> list[str]:
    """The sentences, without the folder."""
    with pytest.raises(PolicyError) as error:
        read(tmp_path, text)
    return str(error.value).replace(f"{tmp_path}/", "").splitlines()


def test_each_mistake_has_its_own_line(tmp_path: Path) -> None:
    """All mistakes are told at once, each with the line where its key stands."""
    text = "default: opuss\n\ntiers:\n  haiku:\n    modle: x\n    fallback:\n      - sonnet\n      - opuss\nnope: 1\n"

    found = mistakes(tmp_path, text)

    assert sorted(sentence.split(": ")[:2] for sentence in found) == [
        ["policy.yaml, line 1", "default"],
        ["policy.yaml, line 5", "tiers.haiku.modle"],
        ["policy.yaml, line 8", "tiers.haiku.fallback.1"],
        ["policy.yaml, line 9", "nope"],
    ]


def test_a_value_that_is_missing_is_told_at_what_it_is_missing_from(tmp_path: Path) -> None:
    """What is not there has no line, so the line is that of the nearest thing around it."""
    assert mistakes(tmp_path, "when:\n  - floor: opus\n") == [
        "policy.yaml, line 2: when.0.tags: found nothing, expected a mapping of tags"
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"\xff\xfe\x00", "policy.yaml: cannot be read as YAML: 'utf-8' codec"),
        ("a: b: c", "policy.yaml, line 1: cannot be read as YAML: mapping values"),
        ("margin: 0.5\n\tshadow: true", "policy.yaml, line 2: cannot be read as YAML"),
        ("--- {}\n--- {}", "policy.yaml, line 2: cannot be read as YAML: but found another document"),
        ("!!python/object:os.system {}", "policy.yaml, line 1: cannot be read as YAML: could not determine"),
        ("\x00", "policy.yaml: cannot be read as YAML"),
        ("5", "policy.yaml: found 5, expected a mapping of policy keys"),
        ("when: [{tags: {a: 1, a: 2}}]", "policy.yaml, line 1: found the key a twice, expected each key once"),
        ("1: 2", "policy.yaml, line 1: 1: found an unknown key, expected one of tiers"),
    ],
)
def test_what_is_no_policy_file_is_one_sentence(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    """Whatever a file holds, the error names it and says what is wrong."""
    (found, *more) = mistakes(tmp_path, text)

    assert found.startswith(sentence)
    assert more == [] or "YAML" in sentence


def test_anchors_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    """A file written by whatever editor, with YAML's own ways to say a thing once, is a policy."""
    text = "\ufefftiers:\n  haiku: &same {fallback: [opus]}\n  sonnet: {<<: *same, model: claude-sonnet-5}\n"

    policy = read(tmp_path, text)

    assert policy.tiers["sonnet"].fallback == policy.tiers["haiku"].fallback == ("opus",)
    assert policy.tiers["sonnet"].model == "claude-sonnet-5"


def test_a_folder_is_no_policy_file(tmp_path: Path) -> None:
    """What cannot be opened is named."""
    with pytest.raises(PolicyError, match="cannot be read as YAML"):
        Policy.from_yaml(tmp_path)
