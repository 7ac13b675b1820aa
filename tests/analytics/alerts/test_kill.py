"""From the evaluation to the delivery a process is killed at every step, and the next one must make that good.

A step is the end of a statement to SQLite, or of handing a message over: between two of them nothing reaches the disk.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

from analytics.alerts import states
from analytics.alerts.alert import Condition, Key
from analytics.alerts.delivery import deliver
from analytics.alerts.notice import Notice
from analytics.alerts.outbox import LEASE
from analytics.alerts.parcel import Parcel, Result, Tell
from analytics.alerts.states import Transition
from analytics.budgets import Told
from tests import fresh

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STEPS = {"execute", "executemany", "write"}
TOLD = Told(owner="ana@example.com", recipients=("bo@example.com",))
CONDITIONS = [
    Condition(key=Key("search", "", "2026-11", threshold), holds=True, told=TOLD) for threshold in ("80 %", "100 %")
]


class Mailbox:
    """A carrier to a file: a line for each message that arrived."""

    def __init__(self, home: Path) -> None:
        self.path = home / "mailbox"

    def carry(self, parcels: Sequence[Parcel], tell: Tell) -> None:
        for parcel in parcels:
            mailbox = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(mailbox, f"{parcel.parcel_id} {parcel.recipient} {parcel.notice.rule}\n".encode())
            os.close(mailbox)
            tell(parcel, Result(delivered=True, said="250 OK"))

    def read(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


def compose(rule: str, transitions: Sequence[Transition]) -> list[Notice]:
    """One for all thresholds."""
    return [
        Notice(
            kind="firing",
            severity="warning",
            notice_id=states.notice_id(transitions),
            thread=rule,
            subject=rule,
            headline=rule,
            rule=rule,
            created_at=transitions[0].happened_at,
        )
    ]


def act(home: Path, now: datetime) -> None:
    """Evaluate, and deliver what follows."""
    states.step(home, CONDITIONS, now=now, compose=compose)
    deliver(home, {"mail": Mailbox(home)}, now=now)


def die_at_step(nth: int, home: Path) -> None:
    """Act, and die at the nth step."""
    countdown = itertools.count(nth, -1)

    def step(_: FrameType, event: str, what: Any) -> None:
        if event == "c_return" and what.__name__ in STEPS and not next(countdown):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)
    act(home, NOW)


def in_child(act: Callable[[], object]) -> int:
    """Do it in a forked process; 0, or minus the signal that killed it, or 1."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        act()
    except BaseException:  # noqa: BLE001  # whatever it is, this process must not go on as its parent
        os._exit(1)
    os._exit(0)


class End(NamedTuple):
    """What had arrived when the process was killed, and what in the end."""

    before: list[str]
    after: list[str]


def every_end(folder: Path) -> Iterator[End]:
    """Until the process comes to its own end, which is the last."""
    template = folder / "template"
    in_child(partial(deliver, template, {}, now=NOW))  # makes the tables
    gc.freeze()  # else each child copies whatever its collector looks at
    for nth in itertools.count():
        home = Path(shutil.copytree(template, folder / str(nth)))
        code = in_child(partial(die_at_step, nth, home))
        before = Mailbox(home).read()
        assert in_child(partial(act, home, NOW + 2 * LEASE)) == 0
        yield End(before, Mailbox(home).read())
        if code >= 0:
            assert code == 0
            return


def ends(folder: Path) -> list[End]:
    return list(every_end(folder))


@pytest.fixture(scope="module")
def forking() -> Iterator[ProcessPoolExecutor]:
    """A process to fork in: it has no threads of DuckDB, as this one may."""
    with ProcessPoolExecutor(1, mp_context=fresh.context) as pool:
        yield pool


def test_every_notice_arrives_wherever_the_process_is_killed(forking: ProcessPoolExecutor, tmp_path: Path) -> None:
    """Each message arrives, once; only what arrived last before the kill may come again, with the same id."""
    *killed, (expected, _) = forking.submit(ends, tmp_path).result()

    assert len(expected) == len(set(expected)) == 2
    assert len(killed) >= 30
    for before, after in killed:
        again = [line for number, line in enumerate(after) if line in after[:number]]
        assert sorted(set(after)) == sorted(expected)
        assert again in ([], before[-1:])
    assert 0 < sum(len(after) > len(expected) for _, after in killed) < len(killed) / 3
