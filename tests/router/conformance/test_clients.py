"""Every way to make a client x sync/async, over the stand-in in the process and over real sockets."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from anthropic import BetaRefusalFallbackMiddleware

import router
from router.testing import Refusal
from tests.router.conformance.cases import CASES, HAIKU, OPUS, SONNET, Case, Row
from tests.router.conformance.play import Cell, Records, play
from tests.router.conformance.styles import Style, beta_create, beta_stream, create, create_stream, stream_events
from tests.router.conformance.ways import WAYS, Spans, Way
from tests.router.conformance.witness import answered, expected, latest, rows, sent

CELLS = [
    pytest.param(
        Cell(style, CASES[case], asynchronous=kind == "async", over_sockets=place == "over sockets", way=way),
        id=f"{name} | {style.call.__name__} | {kind} | {case} | {place}",
    )
    for name, way in WAYS.items()
    for style in (Style(create), Style(create_stream, stream=True))
    for kind in ("sync", "async")
    for case in ("normal", "500, then retried", "529, then the next model")
    for place in ("in process", "over sockets")
    if (way.asynchronous if kind == "async" else way.sync) and (way.in_process or place == "over sockets")
]
KINDS = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


@pytest.mark.parametrize("cell", CELLS)
def test_a_client_made_any_way_behaves_as_the_sdks(cell: Cell, records: Records) -> None:
    """However a client is made, values, types, headers and requests are the SDK's own, and each attempt counts."""
    ours = play(cell, router, (OPUS,))
    alone = play(cell, anthropic, cell.case.alone)
    kept = latest(records())

    assert ours.received == alone.received
    assert sent(ours.api) == sent(alone.api)
    assert rows(kept) == expected(cell.case, cell.style, over_sockets=cell.over_sockets)
    assert [(record.request_id, record.status) for record in kept] == answered(ours.api)


@KINDS
@pytest.mark.parametrize(
    "style", [Style(beta_create, calls=2), Style(beta_stream, stream=True, calls=2)], ids=["create", "stream"]
)
def test_the_sdks_refusal_fallback_works_and_both_of_its_requests_count(
    style: Style, asynchronous: bool, records: Records
) -> None:
    """A model that refuses is followed by the one that the SDK's own middleware names, and each hop is a record."""
    refused = Case(Refusal(), (Row(HAIKU), Row(SONNET)), model=HAIKU)
    way = Way(lambda cls, options: cls(**options, middleware=[BetaRefusalFallbackMiddleware([{"model": SONNET}])]))
    cell = Cell(style, refused, asynchronous=asynchronous, over_sockets=True, way=way)

    ours, alone = play(cell, router, (OPUS,)), play(cell, anthropic, (HAIKU,))

    kept = latest(records())
    assert ours.received == alone.received
    assert sent(ours.api) == sent(alone.api)
    assert rows(kept) == [*refused.rows]
    assert [record.stop_reason for record in kept] == ["refusal", "end_turn"]


@KINDS
@pytest.mark.parametrize("style", [Style(create), Style(stream_events, stream=True)], ids=["create", "stream"])
def test_open_telemetry_sees_what_it_sees_with_the_sdk_alone(style: Style, asynchronous: bool) -> None:
    """One span per call, ended once, with the attributes of the SDK's own, but for the model that was asked for."""

    def spans_of(package: Any, model: str) -> list[Any]:
        spans = Spans()
        way = Way(lambda cls, options: cls(**options, open_telemetry={"tracer_provider": spans}))
        play(Cell(style, CASES["normal"], asynchronous=asynchronous, over_sockets=False, way=way), package, (model,))
        asked = [span.attributes.pop("gen_ai.request.model") for span in spans.kept]
        assert asked == [model]
        (span,) = spans.kept
        return [span.name, span.ends, {key: span.attributes[key] for key in span.attributes if "time" not in key}]

    ours = spans_of(router, OPUS)

    assert ours == spans_of(anthropic, HAIKU)
    assert ours[1] == 1
    assert ours[2]["gen_ai.response.model"] == HAIKU
