"""Call style x sync/async x what happens to the call, over the stand-in in the process and over real sockets."""

from __future__ import annotations

import anthropic
import pytest

import router
from tests.router.conformance.cases import CASES, HAIKU, OPUS
from tests.router.conformance.play import Cell, Records, play
from tests.router.conformance.styles import STYLES, Style, batches
from tests.router.conformance.witness import answered, expected, latest, rows, sent

CELLS = [
    pytest.param(
        Cell(style, case, asynchronous=kind == "async", over_sockets=place == "over sockets"),
        id=f"{style.call.__name__} | {kind} | {name} | {place}",
    )
    for style in STYLES
    for kind in ("sync", "async")
    for name, case in CASES.items()
    for place in ("in process", "over sockets")
    if case.concerns(style)
]


@pytest.mark.parametrize("cell", CELLS)
def test_the_caller_receives_what_the_sdk_gives_and_every_attempt_is_one_record(cell: Cell, records: Records) -> None:
    """Values, types, headers and errors are the SDK's own, the API is sent the same bytes, and each attempt counts."""
    ours = play(cell, router, (OPUS if cell.style.movable else HAIKU,))
    alone = play(cell, anthropic, cell.case.alone)
    kept = latest(records())

    assert ours.received == alone.received
    assert sent(ours.api) == sent(alone.api)
    assert rows(kept) == expected(cell.case, cell.style, over_sockets=cell.over_sockets)
    assert [(record.request_id, record.status) for record in kept] == answered(ours.api)
    assert all(record.stream is cell.style.stream for record in kept)


@pytest.mark.parametrize("over_sockets", [False, True], ids=["in process", "over sockets"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_batch_is_what_the_sdk_gives_and_each_item_is_one_record(
    asynchronous: bool, over_sockets: bool, records: Records
) -> None:
    """Batches are created, listed, read twice and deleted as with the SDK alone; each item counts once."""
    cell = Cell(Style(batches), CASES["normal"], asynchronous=asynchronous, over_sockets=over_sockets)

    ours, alone = play(cell, router, (OPUS,)), play(cell, anthropic, (HAIKU,))

    kept = latest(records())
    assert ours.received == alone.received
    assert sent(ours.api) == sent(alone.api)
    assert sorted((str(record.custom_id), record.batch_result_type) for record in kept) == [
        ("a", "succeeded"),
        ("b", "succeeded"),
    ]
