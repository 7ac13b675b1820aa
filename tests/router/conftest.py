from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from router.record import UsageRecord
from router.spool import segments
from router.testing import Clock, StandIn

Records = Callable[[], list[UsageRecord]]


@pytest.fixture
def clock() -> Clock:
    """A Monday morning that passes when told to."""
    return Clock(datetime(2026, 11, 2, 9, tzinfo=UTC))


@pytest.fixture
def api(clock: Clock) -> StandIn:
    """The Claude API."""
    return StandIn(clock=clock, seed=1)


@pytest.fixture
def records(home: Path) -> Records:
    """Reads the records that hold by now: where one was revised, the revision."""

    def read() -> list[UsageRecord]:
        lines = b"".join(segment.read(0) for segment in segments(home)).splitlines()
        found = [UsageRecord.from_json(line) for line in lines]
        holds = {record.record_id: record.revision for record in sorted(found, key=lambda each: each.revision or 0)}
        return [record for record in found if record.revision == holds[record.record_id]]

    return read
