from __future__ import annotations

import logging
import multiprocessing
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.record import UsageRecord
from router.spool import Segment, Spool, default_home, lost_records, segments


def a_record(number: int = 0) -> UsageRecord:
    return UsageRecord(
        record_id=str(number), call_id="c", attempt=1, started_at=datetime(2026, 11, 1, tzinfo=UTC), duration_ms=1.0
    )


def ids(home: Path) -> list[str]:
    lines = b"".join(segment.read(0) for segment in segments(home)).splitlines()
    return sorted(UsageRecord.from_json(line).record_id for line in lines)


def test_what_was_appended_is_on_disk_at_once(tmp_path: Path) -> None:
    """A reader sees a record as soon as append has returned, while the writer goes on."""
    spool = Spool(tmp_path)

    assert spool.append(a_record(1))

    assert ids(tmp_path) == ["1"]


def test_only_the_owner_can_read_the_spool(tmp_path: Path) -> None:
    """The directory is 0700 and its segments 0600."""
    Spool(tmp_path).append(a_record())

    (segment,) = segments(tmp_path)
    assert stat.S_IMODE(segment.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(segment.path.stat().st_mode) == 0o600


def test_a_segment_is_live_until_its_writer_lets_go(tmp_path: Path) -> None:
    """The flock of a segment says whether more may come."""
    spool = Spool(tmp_path)
    spool.append(a_record())
    (segment,) = segments(tmp_path)

    assert segment.is_live()
    spool.close()
    assert not segment.is_live()


def test_a_full_segment_is_followed_by_a_new_one(tmp_path: Path) -> None:
    """Segments rotate by size."""
    spool = Spool(tmp_path, rotate_bytes=200)
    for number in range(5):
        spool.append(a_record(number))

    assert len(segments(tmp_path)) > 1
    assert ids(tmp_path) == ["0", "1", "2", "3", "4"]


def test_a_segment_that_was_removed_is_followed_by_a_new_one(tmp_path: Path) -> None:
    """Nothing is written into a file that no reader can find any more."""
    spool = Spool(tmp_path)
    spool.append(a_record(1))
    segments(tmp_path)[0].path.unlink()

    assert spool.append(a_record(2))
    assert ids(tmp_path) == ["2"]


@pytest.mark.parametrize("fsync", ["never", "interval", "every"])
def test_every_durability_level_writes_the_same(tmp_path: Path, fsync: str) -> None:
    """`fsync` changes what survives a power cut, not what is in the file."""
    spool = Spool(tmp_path, fsync=fsync, fsync_seconds=0)  # pyright: ignore[reportArgumentType]  # a parameter of the test
    spool.append(a_record(1))
    spool.append(a_record(2))
    spool.close()

    assert ids(tmp_path) == ["1", "2"]


def test_a_spool_that_cannot_be_written_loses_counts_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Append returns False and raises nothing; the loss is counted for every reader and logged once."""
    home = tmp_path / "home"
    home.write_text("a file where the home should be")
    spool = Spool(home)

    with caplog.at_level(logging.WARNING, "tollgate"):
        assert [spool.append(a_record(n)) for n in range(3)] == [False, False, False]

    assert spool.lost == 3
    assert lost_records(home) == 3
    assert len(caplog.records) == 1
    assert str(home) in caplog.text


def test_a_record_that_cannot_be_written_down_is_lost_and_not_raised(tmp_path: Path) -> None:
    """Something that is no JSON inside a usage object costs the record, not the call."""
    spool = Spool(tmp_path)
    broken = UsageRecord(
        record_id="r",
        call_id="c",
        attempt=1,
        started_at=datetime(2026, 11, 1, tzinfo=UTC),
        duration_ms=None,
        usage={"a": object()},
    )

    assert not spool.append(broken)
    assert spool.append(a_record(1))
    assert ids(tmp_path) == ["1"]
    assert lost_records(tmp_path) == 1


def _write_many(home: Path, first: int) -> None:
    spool = Spool(home)
    for number in range(first, first + 200):
        spool.append(a_record(number))


def test_processes_write_side_by_side(tmp_path: Path) -> None:
    """Each process has a segment of its own and none loses a record."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(tmp_path, n * 1000)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert len(ids(tmp_path)) == len(set(ids(tmp_path))) == 600
    assert len(segments(tmp_path)) == 3


FORKING = """
import os, sys
from datetime import UTC, datetime
from router.record import UsageRecord
from router.spool import Spool

def a_record(number):
    return UsageRecord(record_id=str(number), call_id="c", attempt=1, started_at=datetime(2026, 11, 1, tzinfo=UTC))

spool = Spool(sys.argv[1])
spool.append(a_record(1))
child = os.fork()
if child == 0:
    spool.append(a_record(2))
    os._exit(0)
os.waitpid(child, 0)
spool.append(a_record(3))
"""


def test_a_forked_child_opens_its_own_segment(tmp_path: Path) -> None:
    """Parent and child never share a segment, and both records arrive."""
    # In an interpreter of its own: this one may have threads, and then a fork is not safe.
    subprocess.run([sys.executable, "-c", FORKING, str(tmp_path)], check=True)  # noqa: S603  # our own text

    assert ids(tmp_path) == ["1", "2", "3"]
    assert len(segments(tmp_path)) == 2


@given(cut=st.integers(0, 2000))
def test_a_segment_cut_anywhere_yields_only_whole_records(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """A spool cut at any byte loses at most the record that was cut."""
    home = tmp_path_factory.mktemp("cut")
    spool = Spool(home)
    for number in range(10):
        spool.append(a_record(number))
    spool.close()
    (segment,) = segments(home)
    whole = segment.path.read_bytes()
    segment.path.write_bytes(whole[:cut])

    lines = segment.read(0)

    assert whole.startswith(lines)
    assert lines.count(b"\n") == whole[:cut].count(b"\n")


def test_reading_goes_on_from_an_offset(tmp_path: Path) -> None:
    """What was read before is not read again, also where a line is longer than the limit."""
    spool = Spool(tmp_path)
    spool.append(a_record(1))
    (segment,) = segments(tmp_path)
    first = segment.read(0, limit=10)
    spool.append(a_record(2))

    assert UsageRecord.from_json(first).record_id == "1"
    assert UsageRecord.from_json(segment.read(len(first))).record_id == "2"
    assert segment.read(segment.path.stat().st_size) == b""


def test_a_home_without_a_spool_has_no_segments(tmp_path: Path) -> None:
    """A new machine is an empty one."""
    assert segments(tmp_path / "nothing") == []
    assert lost_records(tmp_path / "nothing") == 0


def test_the_home_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """TOLLGATE_HOME wins, then XDG_STATE_HOME, then ~/.local/state."""
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("TOLLGATE_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert default_home() == Path("/home/someone/.local/state/tollgate")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_home() == Path("/state/tollgate")
    monkeypatch.setenv("TOLLGATE_HOME", "~/books")
    assert default_home() == Path("/home/someone/books")


def test_a_segment_knows_its_name() -> None:
    """The name is what the ledger keeps offsets under."""
    assert Segment(path=Path("/spool/a.ndjson")).name == "a.ndjson"
