"""What `tollgate batches` does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from . import present
from .exceptions import SettingsError
from .pull import in_sentences
from .pull import pull as pull_all
from .reports import DEMO_MARKER


def pull(home: Path, *, everything: bool, now: datetime, as_json: bool) -> bool:
    """Collect results that nobody read, and say what became of each batch; True if none failed."""
    if (home / DEMO_MARKER).exists():
        raise SettingsError("batches pull: found demo data, whose batches were never at the API; expected a real home")
    with present.working("Reading the results of batches") as progress:
        pulled = pull_all(home, everything=everything, now=now, progress=progress)
    if as_json:
        click.echo(present.as_json({"batches": pulled}))
    else:
        click.echo("\n".join(present.plain(sentence) for sentence in in_sentences(pulled)))
    return all(batch.outcome != "failed" for batch in pulled)
