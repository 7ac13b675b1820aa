"""The engine is away, answers are lost, who ships is killed at its steps: in the end all is there once."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import signal
import sys
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analytics.clickhouse.address import Address
from analytics.clickhouse.backlog import backlog
from analytics.clickhouse.shipping import Patience, ship
from analytics.clickhouse.store import StoreError
from analytics.exceptions import LedgerError
from analytics.intake import Terms
from router.spool import Spool
from tests.analytics.clickhouse.conftest import StandIn
from tests.analytics.clickhouse.test_shipping import NOW, in_it, put, rows, write
from tests.analytics.test_crash import forking, in_child, limit_files
from tests.conftest import a_record

__all__ = ["forking"]  # a fixture
ONCE = Patience(tries=1)
KILLED_IN = {
    "logbook": {"write", "forget"},
    "shipping": {"_send", "_plan", "_record", "_put_away"},
    "store": {"insert"},
}
"""Where the steps of a shipping are: planned, sent, acknowledged, recorded, put away."""


def test_an_answer_that_is_lost(home: Path, served: Address, stand_in: StandIn, terms: Terms) -> None:
    """What was inserted though the answer was lost is not inserted again, by the same process or by the next."""
    put(home, "1.ndjson", a_record(call_id="a").to_json() + b"junk\n")
    stand_in.fail(lose=4)  # the client asks twice by itself

    ship(home, served, terms, now=NOW, patience=Patience(sleep=lambda _: None))
    write(home, "b")
    stand_in.fail(lose=2)
    with pytest.raises(StoreError, match="cannot be reached"):
        ship(home, served, terms, now=NOW, patience=ONCE)
    write(home, "c")
    assert ship(home, served, terms, now=NOW + timedelta(hours=1)).sent == 2

    assert in_it(served) == ["a", "b", "c"]
    assert rows(served, "SELECT count() FROM reject SETTINGS final = 0") == [(1,)]
    planned = rows(served, "SELECT min(version), max(version) FROM attempt")
    assert planned == [(int(NOW.timestamp()), int(NOW.timestamp()) + 3600)]


def test_a_token_that_is_forgotten(home: Path, served: Address, stand_in: StandIn, terms: Terms) -> None:
    """Where the engine has forgotten what it inserted, the rows replace themselves."""
    write(home, "a")
    stand_in.fail(lose=2)
    with pytest.raises(StoreError):
        ship(home, served, terms, now=NOW, patience=ONCE)
    (home / "ship" / "machine").write_text("a name that makes another token")
    ship(home, served, terms, now=NOW)

    assert in_it(served) == ["a", "a"]
    assert rows(served, "SELECT call_id FROM attempt") == [("a",)]


def test_an_engine_that_is_away_for_a_while(home: Path, served: Address, stand_in: StandIn, terms: Terms) -> None:
    """It is tried again, each time after at most twice as long and a random part of that; then everything arrives."""
    write(home, "a")
    stand_in.fail(hang_up=4, refuse=3)  # each try is two of the client's
    waited = list[float]()
    patience = Patience(tries=8, first_seconds=1, most_seconds=3, sleep=waited.append, random=lambda: 0.5)

    assert ship(home, served, terms, now=NOW, patience=patience).sent == 1
    assert waited == [0.5, 1.0, 1.5, 1.5, 1.5][: len(waited)]
    assert len(waited) >= 3
    assert in_it(served) == ["a"]


def test_an_engine_that_stays_away(home: Path, served: Address, stand_in: StandIn, terms: Terms) -> None:
    """After so many tries that is an error; what waits, and why, can be seen, and arrives once the engine is back."""
    write(home, "a")
    stand_in.fail(refuse=100)
    waited = list[float]()
    for later in (0, 1):
        write(home, f"b{later}")
        with pytest.raises(StoreError) as raised:
            ship(home, served, terms, now=NOW + timedelta(days=later), patience=Patience(tries=3, sleep=waited.append))
        assert raised.value.passing
    seen = backlog(home)
    assert seen
    assert (len(waited), seen.succeeded_at, seen.failed_at) == (4, None, NOW + timedelta(days=1))
    assert str(seen.trouble) == str(raised.value)
    assert str(seen.oldest_at) == "2026-11-10 12:00:00+00:00"
    assert seen.bytes == sum(path.stat().st_size for path in (home / "spool").iterdir())

    stand_in.fail()
    assert ship(home, served, terms, now=NOW).sent == 3
    seen = backlog(home)
    assert seen
    assert (seen.bytes, seen.oldest_at) == (0, None)
    assert in_it(served) == ["a", "b0", "b1"]


def test_writers_go_on_meanwhile(home: Path, served: Address, terms: Terms) -> None:
    """Eight writers append while a machine ships: each record arrives once."""
    spools = [Spool(home, rotate_bytes=20_000) for _ in range(8)]

    def append(number: int) -> None:
        for count in range(100):
            assert spools[number].append(a_record(call_id=f"{number}-{count:03}"))
        spools[number].close()

    with ThreadPoolExecutor(8) as pool:
        written = [pool.submit(append, number) for number in range(8)]
        while not all(each.done() for each in written):
            ship(home, served, terms, now=NOW)
    ship(home, served, terms, now=NOW)

    assert in_it(served) == [f"{number}-{count:03}" for number in range(8) for count in range(100)]


@settings(
    max_examples=8,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(["append", "tear", "ship", "lose", "refuse", "hang up"]), min_size=4, max_size=10))
def test_whatever_happens(served: Address, stand_in: StandIn, terms: Terms, events: list[str]) -> None:
    """In whatever order records come, answers are lost and engines refuse, each record is there once."""
    before, expected = in_it(served), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        home, spool = Path(folder), Spool(folder)
        for number, event in enumerate(events):
            stand_in.fail(lose=2 * (event == "lose"), refuse=2 * (event == "refuse"), hang_up=2 * (event == "hang up"))
            if event == "append":
                record = a_record()
                assert spool.append(record)
                expected.append(record.call_id)
            elif event == "tear":
                put(home, f"{number}.ndjson", b'{"torn')
            else:
                with contextlib.suppress(StoreError):
                    ship(home, served, terms, now=NOW + timedelta(seconds=number), patience=ONCE)
        spool.close()
        stand_in.fail()
        ship(home, served, terms, now=NOW)
    assert in_it(served) == sorted(before + expected)


def test_killed_at_its_steps(
    home: Path, served: Address, stand_in: StandIn, terms: Terms, forking: ProcessPoolExecutor
) -> None:
    """A process that ships is killed at every second of its steps, in turn, as records come: all are there once."""
    written, steps = forking.submit(kill_at_steps, home, served, terms).result()

    assert steps >= 12
    assert ship(home, served, terms, now=NOW).waiting == 0
    assert in_it(served) == sorted(written)
    assert rows(served, "SELECT count() FROM reject SETTINGS final = 0") == [(steps,)]


def kill_at_steps(home: Path, address: Address, terms: Terms) -> tuple[list[str], int]:
    """The calls that were written, and how many steps there are. Nothing here may start a thread: it forks."""
    written = list[str]()
    for nth in itertools.count(step=2):
        put(home, f"{nth:03}.ndjson", a_record(call_id=f"{nth:03}").to_json() + b"junk\n")
        written.append(f"{nth:03}")
        ended = in_child(partial(ship_until, nth, home, address, terms))
        if ended != -signal.SIGKILL:
            assert ended == 0
            return written, len(written)
    raise AssertionError


def ship_until(nth: int, home: Path, address: Address, terms: Terms) -> None:
    """Ship, and die at the nth step: where one of KILLED_IN begins or ends, and at each line of `write`."""
    numbers = itertools.count()

    def step(frame: FrameType, event: str, _: object) -> Any:
        package, _, module = frame.f_globals.get("__name__", "").rpartition(".")
        if package != "analytics.clickhouse" or frame.f_code.co_name not in KILLED_IN.get(module, ()):
            return None
        if (event == "line") == (frame.f_code.co_name == "write") and next(numbers) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return step

    sys.settrace(step)
    ship(home, address, terms, now=NOW, patience=ONCE)


def test_a_disk_that_is_full(home: Path, served: Address, terms: Terms, forking: ProcessPoolExecutor) -> None:
    """Where the plan cannot be written, nothing is sent; where it cannot be recorded, it is not sent twice."""
    write(home, "a")
    assert forking.submit(ship_on_full_disk, home, served, terms, (10, 400)).result() == 0
    write(home, "b")
    ship(home, served, terms, now=NOW)

    assert in_it(served) == ["a", "b"]


def ship_on_full_disk(home: Path, address: Address, terms: Terms, sizes: tuple[int, ...]) -> int:
    def act() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for size in sizes:
            limit_files(size)
            with pytest.raises(LedgerError, match="cannot write"):
                ship(home, address, terms, now=NOW, patience=ONCE)
            assert threading.active_count() < 3
        limit_files(resource.RLIM_INFINITY)
        ship(home, address, terms, now=NOW, patience=ONCE)

    return in_child(act)
