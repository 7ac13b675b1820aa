"""The stage: a home for demo data only, and the processes that play the month in it."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path

from analytics.exceptions import AnalyticsError, SettingsError
from analytics.ledger import Ledger
from analytics.reports import DEMO_MARKER as MARKER
from analytics.reports import health

from .plan import Errand, habits, share
from .worker import Done, Share, begin, work

_NOTE = "Demo data of `tollgate demo`: made up, and replaced by its next run. Delete the folder to be rid of it.\n"


def claim(home: Path) -> None:
    """Make an empty demo home, or empty one. Raises SettingsError where real data might be."""
    try:
        if home.exists() and not (home / MARKER).exists() and not _is_unused(home):
            raise SettingsError(
                f"{home}: found files but no {MARKER} file, expected a demo home or nothing; it was left alone"
            )
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / MARKER).write_text(_NOTE, encoding="utf-8")
        for entry in home.iterdir():
            if entry.name != MARKER:
                _remove(entry)
    except OSError as error:
        raise SettingsError(f"{home}: {error.strerror}, expected a folder that can be written") from error


def _is_unused(home: Path) -> bool:
    """Whether there is nothing but, at most, the empty ledger that a look at a home without records leaves there."""
    names = {entry.name for entry in home.iterdir()}
    return names <= {"ledger.duckdb", "ledger.lock"} and (not names or not health(Ledger(home)).attempts)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def play(
    errands: Sequence[Errand],
    *,
    home: Path,
    start: datetime,
    processes: int,
    seed: int,
    progress: Callable[[int], None] = lambda _finished: None,
) -> Done:
    """Carry out the errands of the month that begins at `start`; `progress` is told how many are done.

    Raises AnalyticsError if a process dies.
    """
    # Never fork this process: DuckDB may be loaded here, and its threads would not survive it.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    counter = context.Value("q", 0)
    shares = [
        Share(home=home, start=start, seed=seed + number, errands=part, outages=habits().outages)
        for number, part in enumerate(share(errands, processes))
    ]
    with ProcessPoolExecutor(len(shares), context, begin, (counter,)) as pool:
        running = [pool.submit(work, part) for part in shares]
        while wait(running, timeout=0.1).not_done:
            progress(counter.value)
        progress(counter.value)
        return _total(running)


def _total(finished: Sequence[Future[Done]]) -> Done:
    try:
        return sum((future.result() for future in finished), Done(attempts=0, given_up=0))
    except BrokenProcessPool as error:
        raise AnalyticsError("a process of the demo was killed; run `tollgate demo` again") from error
