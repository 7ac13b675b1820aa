"""Journal: what became of each job, what was seen last, and which day's work is done; in `state.sqlite`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from router.state import State, statement

_PACKAGE = "analytics.service"
Outcome = Literal["success", "failure", "delay"]
"""delay: others had the ledger; the next run makes good for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The runs of one job, of every process that worked at this home."""

    job: str
    every: timedelta
    started_at: datetime | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    """When it last failed, or was put off."""
    said: str | None
    """Why, in one sentence."""
    successes: int
    failures: int
    delays: int
    seconds: float
    """Of all its runs."""

    @property
    def due_at(self) -> datetime | None:
        """When it runs next."""
        return self.started_at and self.started_at + self.every

    @property
    def trouble(self) -> str | None:
        """Why it did not succeed, if that was so the last time."""
        recovered = self.succeeded_at and self.failed_at and self.succeeded_at >= self.failed_at
        return None if recovered else self.said


class Journal:
    """The journal of a home."""

    def __init__(self, home: Path) -> None:
        self._state = State(home, package=_PACKAGE, tables="journal_tables")

    def open(self, intervals: Mapping[str, timedelta]) -> None:
        """Keep the jobs that are named here, with how often each runs, and no others."""
        with self._state.transaction() as con:
            con.execute(_sql("journal_forget"), {"jobs": json.dumps(list(intervals))})
            for job, every in intervals.items():
                con.execute(_sql("journal_open"), {"job": job, "every_seconds": every.total_seconds()})

    def start(self, job: str, *, now: datetime) -> None:
        """Note that a run begins."""
        self._write("journal_start", job=job, now=now.isoformat())

    def end(self, job: str, outcome: Outcome, said: str | None, *, seconds: float, now: datetime) -> None:
        """Note what became of it, and how long it took."""
        self._write("journal_end", job=job, outcome=outcome, said=said, seconds=seconds, now=now.isoformat())

    def see(self, name: str, value: str) -> None:
        """Note what was seen."""
        self._write("journal_see", name=name, value=value)

    def runs(self) -> tuple[Runs, ...]:
        """Of every job, by name."""
        return tuple(_runs(row) for row in self._rows("journal_runs"))

    def sightings(self) -> Mapping[str, str]:
        """What was seen last, by name."""
        return {row["name"]: row["value"] for row in self._rows("journal_sightings")}

    def is_done(self, job: str, day: date) -> bool:
        """Whether a daily job was done for a local day."""
        return any(row["day"] == day.isoformat() for row in self._rows("slot_done", job=job))

    def done(self, job: str, day: date) -> None:
        """Note that it was."""
        self._write("slot_note", job=job, day=day.isoformat())

    def _write(self, name: str, /, **values: object) -> None:
        with self._state.transaction() as con:
            con.execute(_sql(name), values)

    def _rows(self, name: str, /, **values: object) -> list[Any]:
        with self._state.transaction() as con:
            return con.execute(_sql(name), values).fetchall()


def _sql(name: str) -> str:
    return statement(_PACKAGE, name)


def _runs(row: Any) -> Runs:
    started_at, succeeded_at, failed_at = (
        datetime.fromisoformat(row[name]) if row[name] else None for name in ("started_at", "succeeded_at", "failed_at")
    )
    return Runs(
        job=row["job"],
        every=timedelta(seconds=row["every_seconds"]),
        started_at=started_at,
        succeeded_at=succeeded_at,
        failed_at=failed_at,
        said=row["said"],
        successes=row["successes"],
        failures=row["failures"],
        delays=row["delays"],
        seconds=row["seconds"],
    )
