"""What `tollgate serve` and `tollgate status` do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import click

from .exceptions import SettingsError
from .place import now as clock
from .service import health, logs


class Options(TypedDict):
    """As serve_cli.py has them."""

    every: Iterable[tuple[str, timedelta]]
    keep_attempts: timedelta | None
    keep_usage: timedelta | None
    lease: timedelta
    listen: tuple[str, int] | None
    log: logs.Form
    debug: bool
    once: bool


def serve(home: Path, **options: Unpack[Options]) -> int:
    """Work until a signal comes, or once; the exit code."""
    from .service import jobs, lease, probes, retention  # noqa: PLC0415  # DuckDB and APScheduler: not for status
    from .service import serve as serving  # noqa: PLC0415  # the same

    keep = retention.Keep(options["keep_attempts"], options["keep_usage"])
    work = jobs.jobs(home, keep=keep, every=dict(options["every"]))
    logs.begin(options["log"], debug=options["debug"])
    ours = lease.Lease(home, lasts=options["lease"])
    if options["once"]:
        return serving.once(home, work, ours, clock=clock)
    watch = serving.Watch(home, work, ours, clock=clock)
    with contextlib.ExitStack() as stack:
        if options["listen"]:
            source = probes.Source(home, clock, watch.is_alive)
            at = stack.enter_context(probes.answering(options["listen"], source))
            logs.log.info("listens at %s:%s", *at, extra=logs.facts("listens", host=at[0], port=at[1]))
        return serving.serve(watch, beat=serving.beat_seconds(ours))


def status(home: Path, *, now: datetime, as_json: bool) -> bool:
    """Say how it goes; whether all is well."""
    try:
        found = health.look(home, now=now)
    except (sqlite3.Error, OSError) as error:
        raise SettingsError(f"cannot use the state of {home}: {error}") from error
    click.echo(found.to_json() if as_json else "\n".join(logs.harmless(line) for line in health.in_words(found)))
    return found.healthy
