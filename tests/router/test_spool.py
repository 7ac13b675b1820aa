from __future__ import annotations

import contextlib
import logging
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.record import UsageRecord
from router.spool import Segment, Spool, default_home, lost_records, segments
from tests import fresh

MEGABYTE = 1 << 20


def a_record(number: int = 0, size: int = 0) -> UsageRecord:
    return UsageRecord(
        record_id=str(number),
        call_id="c",
        attempt=1,
        started_at=datetime(2026, 11, 1, tzinfo=UTC),
        duration_ms=1.0,
        tags={"a": "x" * size},
    )


def written(home: Path) -> list[str]:
    """The record ids in the order of the spool."""
    lines = b"".join(segment.read(0) for segment in segments(home)).splitlines()
    return [UsageRecord.from_json(line).record_id for line in lines]


def ids(home: Path) -> list[str]:
    return sorted(written(home))


def run(program: str, home: Path) -> str:
    """What a program says, in a process of its own."""
    done = fresh.run(PRELUDE + program, home, env={})
    done.check_returncode()
    return done.stdout


PRELUDE = """
import os, resource, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from router.record import UsageRecord
from router.spool import Spool, lost_records

home = Path(sys.argv[1])

def a_record(number):
    return UsageRecord(record_id=str(number), call_id="c", attempt=1, started_at=datetime(2026, 11, 1, tzinfo=UTC))

def let_files_grow_to(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
"""


@contextlib.contextmanager
def a_disk_that_is_full_at(size: int) -> Generator[None]:
    """A write beyond `size` takes a part, or fails, as on a full disk."""
    lazily, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        sys.dont_write_bytecode = lazily


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


FILLING_UP = """
spool = Spool(home)
let_files_grow_to(5000)
print(sum(spool.append(a_record(number)) for number in range(100)))
print(spool.lost, lost_records(home))
let_files_grow_to(resource.RLIM_INFINITY)
print(spool.append(a_record(100)))
print(spool.lost, lost_records(home))
"""


def test_what_a_full_disk_refused_is_written_when_it_has_room_again(tmp_path: Path) -> None:
    """Every record arrives exactly once and in order, and none is lost in the end."""
    taken, lost, then, lost_then = run(FILLING_UP, tmp_path).splitlines()

    assert 0 < int(taken) < 100
    assert lost == f"{100 - int(taken)} {100 - int(taken)}"
    assert (then, lost_then) == ("True", "0 0")
    assert written(tmp_path) == [str(number) for number in range(101)]


def test_what_waits_beyond_the_backlog_is_lost_oldest_first(tmp_path: Path) -> None:
    """Of twenty records of a megabyte the last seven can wait within 8 MB; the other thirteen are counted."""
    spool = Spool(tmp_path)
    with a_disk_that_is_full_at(100):
        assert not any(spool.append(a_record(number, MEGABYTE)) for number in range(20))
    assert spool.lost == lost_records(tmp_path) == 20

    assert spool.append(a_record(20))

    assert written(tmp_path) == [str(number) for number in range(13, 21)]
    assert spool.lost == lost_records(tmp_path) == 13


steps = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 0, 0, 300, 300, 3 * MEGABYTE]),  # how large the record is
        st.none() | st.integers(0, 600),  # for how much there is room
        st.booleans(),  # whether the segment is closed afterwards
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(steps=steps, fsync=st.sampled_from(["never", "interval"]))
def test_every_record_is_either_written_or_lost(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int | None, bool]], fsync: str
) -> None:
    """Whatever fails and recovers when: written + lost == appended, in order, none twice."""
    home = tmp_path_factory.mktemp("law")
    spool = Spool(home, fsync=fsync)  # pyright: ignore[reportArgumentType]  # a parameter of the test
    for number, (size, room, closing) in enumerate(steps):
        full = max((segment.path.stat().st_size for segment in segments(home)), default=0)
        with contextlib.nullcontext() if room is None else a_disk_that_is_full_at(full + room):
            accepted = spool.append(a_record(number, size))
            if closing:
                spool.close()
        found = written(home)
        assert len(found) + spool.lost == number + 1
        assert str(number) in found or not accepted

    spool.append(a_record(len(steps)))
    found = list(map(int, written(home)))
    assert found == sorted(set(found))
    assert len(found) + lost_records(home) == len(steps) + 1
    assert lost_records(home) == spool.lost


def test_the_log_says_once_that_writing_failed_and_once_that_it_works_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each time anew; and nothing is said while all is well."""
    spool = Spool(tmp_path)
    for number in range(0, 6, 3):
        spool.append(a_record(number))
        with a_disk_that_is_full_at(100):
            spool.append(a_record(number + 1))
            spool.append(a_record(number + 2))
        spool.close()

    assert [record.getMessage().split(str(tmp_path))[0] for record in caplog.records] == [
        "tollgate cannot write usage to ",
        "tollgate writes usage to ",
    ] * 2
    assert ids(tmp_path) == ["0", "1", "2", "3", "4", "5"]


DYING_WITH_A_BACKLOG = """
spool = Spool(home)
let_files_grow_to(200)
for number in range(5):
    spool.append(a_record(number))
os._exit(0)
"""

ENDING_WITH_A_BACKLOG = """
spool = Spool(home)
let_files_grow_to(200)
for number in range(5):
    spool.append(a_record(number))
let_files_grow_to(resource.RLIM_INFINITY)
"""


def test_what_waits_when_its_process_is_killed_is_counted_as_lost(tmp_path: Path) -> None:
    """A record counts as lost from the moment it could not be written."""
    run(DYING_WITH_A_BACKLOG, tmp_path)

    assert written(tmp_path) == ["0"]
    assert lost_records(tmp_path) == 4


def test_what_waits_when_its_process_ends_is_tried_once_more(tmp_path: Path) -> None:
    """A program that ends writes what the disk takes by then."""
    # Byte code that is written where files cannot grow would stay torn, for others to find.
    command = [sys.executable, "-B", "-c", PRELUDE + ENDING_WITH_A_BACKLOG, str(tmp_path)]
    subprocess.run(command, check=True, env={})  # noqa: S603  # our own text

    assert written(tmp_path) == ["0", "1", "2", "3", "4"]
    assert lost_records(tmp_path) == 0


def test_losses_whose_count_has_vanished_hide_no_later_ones(tmp_path: Path) -> None:
    """Taken back is only what is still noted, as where the temporary directory was emptied in between."""
    spool = Spool(tmp_path)
    with a_disk_that_is_full_at(100):
        spool.append(a_record(1))
        (tmp_path / "lost").unlink()
    spool.append(a_record(2))
    other = Spool(tmp_path)
    with a_disk_that_is_full_at(100):
        other.append(a_record(3))

    assert lost_records(tmp_path) == 1
    other.close()


def test_a_record_that_cannot_be_written_down_is_lost_and_not_raised(tmp_path: Path) -> None:
    """Something that is no JSON inside a usage object costs the record for good, and not the call."""
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
    writers = [fresh.context.Process(target=_write_many, args=(tmp_path, n * 1000)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert len(ids(tmp_path)) == len(set(ids(tmp_path))) == 600
    assert len(segments(tmp_path)) == 3


FORKING = """
spool = Spool(home)
spool.append(a_record(1))
child = os.fork()
if child == 0:
    spool.append(a_record(2))
    os._exit(0)
os.waitpid(child, 0)
spool.append(a_record(3))
"""

FORKING_WITH_A_BACKLOG = """
spool = Spool(home)
spool.append(a_record(1))
let_files_grow_to(50)
spool.append(a_record(2))
let_files_grow_to(resource.RLIM_INFINITY)
child = os.fork()
if child == 0:
    print(spool.lost)
    spool.append(a_record(3))
    spool.close()
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
spool.append(a_record(4))
"""


def test_a_forked_child_opens_its_own_segment(tmp_path: Path) -> None:
    """Parent and child never share a segment, and all records arrive."""
    # In a process of its own: this one may have threads, and then a fork is not safe.
    run(FORKING, tmp_path)

    assert ids(tmp_path) == ["1", "2", "3"]
    assert len(segments(tmp_path)) == 2


def test_what_waits_in_the_parent_is_not_written_by_its_child_too(tmp_path: Path) -> None:
    """A backlog belongs to the process that was told of it, and so do its losses."""
    assert run(FORKING_WITH_A_BACKLOG, tmp_path) == "0\n"

    assert ids(tmp_path) == ["1", "2", "3", "4"]
    assert lost_records(tmp_path) == 0


SYNCING = """
synced = threading.Event()

def watch(event, details):
    # The thread opens the segment to sync it; nothing else of it opens a file.
    if event == "open" and threading.current_thread().name == "tollgate-sync":
        assert str(details[0]).endswith(".ndjson")
        synced.set()

sys.addaudithook(watch)
spool = Spool(home, fsync="interval", fsync_seconds=0.05)
print(threading.active_count())
spool.append(a_record(1))
print(threading.active_count(), synced.wait(30))
synced.clear()
child = os.fork()
if child == 0:
    spool.append(a_record(2))
    print(threading.active_count(), synced.wait(30))
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
"""


def test_an_interval_holds_without_a_further_append(tmp_path: Path) -> None:
    """A thread, started at the first append and anew in a forked child, syncs what was written."""
    assert run(SYNCING, tmp_path).splitlines() == ["1", "2 True", "2 True"]
    assert ids(tmp_path) == ["1", "2"]
    assert len(segments(tmp_path)) == 2


@pytest.mark.parametrize("fsync", ["never", "every"])
def test_no_thread_is_started_where_none_is_needed(tmp_path: Path, fsync: str) -> None:
    """Only `interval` needs one."""
    before = threading.active_count()
    spool = Spool(tmp_path, fsync=fsync)  # pyright: ignore[reportArgumentType]  # a parameter of the test
    spool.append(a_record(1))

    assert threading.active_count() == before


def test_a_spool_that_nobody_uses_any_more_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its segment is let go of and its thread ends."""
    before = set(threading.enumerate())
    spool = Spool(tmp_path, fsync="interval", fsync_seconds=0.01)
    spool.append(a_record(1))
    (thread,) = set(threading.enumerate()) - before
    (segment,) = segments(tmp_path)

    del spool
    thread.join(30)

    assert not thread.is_alive()
    assert not segment.is_live()


NAMING = """
opened = []
sys.addaudithook(lambda event, details: event == "open" and opened.append(str(details[0])))
for fsync in ("never", "every"):
    Spool(home / fsync / "home", fsync=fsync).append(a_record(1))
print([path.removeprefix(str(home)) for path in opened if path.startswith(str(home)) and os.path.isdir(path)])
"""


def test_a_new_segment_keeps_its_name_when_the_machine_dies(tmp_path: Path) -> None:
    """Where records are synced, so is every folder that got a new name; else none is."""
    assert run(NAMING, tmp_path) == "['/every/home', '/every', '', '/every/home/spool']\n"


def test_the_level_of_durability_is_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong name is said once, with what was expected, and costs nobody a record."""
    monkeypatch.setenv("TOLLGATE_FSYNC", "allways")

    assert Spool(tmp_path).append(a_record(1))
    assert Spool(tmp_path).append(a_record(2))

    (warning,) = caplog.records
    assert "fsync (TOLLGATE_FSYNC) is 'allways', expected never, interval or every" in warning.getMessage()


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


def test_a_segment_that_another_reader_removed_says_so(tmp_path: Path) -> None:
    """Between listing and opening it may go: that is FileNotFoundError, whatever was asked."""
    spool = Spool(tmp_path)
    spool.append(a_record(1))
    spool.close()
    (segment,) = segments(tmp_path)
    segment.path.unlink()

    with pytest.raises(FileNotFoundError):
        segment.read(0)
    with pytest.raises(FileNotFoundError):
        segment.is_live()


def test_a_segment_knows_its_name() -> None:
    """The name is what the ledger keeps offsets under."""
    assert Segment(path=Path("/spool/a.ndjson")).name == "a.ndjson"
