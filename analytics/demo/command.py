"""`tollgate demo`: the main job on production-style traffic, from the swapped import to a report."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from analytics import commands, present
from analytics.cli import Place
from analytics.ingest import ingest
from analytics.ledger import Ledger

from .corpus import Scenario, load
from .plan import Errand, first_moment, plan
from .prompt_file import BadLine, read
from .stage import claim, play

_BREAKDOWNS = ("day", "model", "task_type", "tag:team")
_SHOWN_BAD_LINES = 5


@click.command(name="demo")
@click.option(
    "--prompts", type=click.Path(path_type=Path), help="Ask these instead: JSON Lines of Messages bodies, or .gz."
)
@click.option("--limit", type=click.IntRange(min=1), help="Ask at most so many requests, each once.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day of the month. Default: yesterday (UTC).")
@click.option("--processes", type=click.IntRange(1, 16), default=3, show_default=True, help="How many call at once.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same traffic.")
@click.pass_obj
def command(
    place: Place | None, prompts: Path | None, limit: int | None, until: datetime | None, processes: int, seed: int
) -> None:
    """Route a simulated month of three teams through a stand-in for the API, and report what it cost.

    Costs nothing, needs no key and no network. Everything lands in a demo home of its own, replaced by the next run.
    """
    now = datetime.now(UTC)
    end = until.date() + timedelta(days=1) if until else now.date()
    out = present.console()
    scenarios, bad = read(prompts, limit=limit) if prompts else (_own(limit, seed), [])
    errands = plan(scenarios, until=end, seed=seed, once=bool(prompts or limit))
    home = (place or Place(None, demo=False)).real / "demo"
    claim(home)
    _say_what_comes(out, errands, bad, home)
    with _bar(len(errands)) as progress:
        done = play(
            errands,
            home=home,
            start=first_moment(end),
            processes=processes,
            seed=seed,
            progress=progress,
        )
    added = ingest(Ledger(home)).added
    out.print(
        f"{done.attempts:,} attempts were answered, {added:,} are in the ledger; "
        f"{done.given_up:,} calls ended in an error.\n"
    )
    since, last = first_moment(end).date(), end - timedelta(days=1)
    commands.report(home, by=_BREAKDOWNS, since=f"{since}", until=f"{last}", now=now, as_json=False)


def _own(limit: int | None, seed: int) -> Sequence[Scenario]:
    corpus = load()
    if limit is None or limit >= len(corpus):
        return corpus
    return Random(seed).sample(corpus, limit)  # noqa: S311  # a simulation


def _say_what_comes(out: Console, errands: Sequence[Errand], bad: Sequence[BadLine], home: Path) -> None:
    for line in bad[:_SHOWN_BAD_LINES]:
        out.print(f"! line {line.number} left out: {present.plain(line.reason)}", style="yellow")
    if len(bad) > _SHOWN_BAD_LINES:
        out.print(f"! and {len(bad) - _SHOWN_BAD_LINES:,} more lines left out", style="yellow")
    distinct = len({id(scenario) for errand in errands for scenario in errand.scenarios})
    out.print(f"{distinct:,} requests, asked over {errands[0].at:%Y-%m-%d} to {errands[-1].at:%Y-%m-%d} in {home}")


@contextmanager
def _bar(total: int) -> Generator[Callable[[int], None]]:
    """A progress bar on standard error; yields what moves it."""
    columns = (TextColumn("Routing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda finished: bar.update(task, completed=finished)
