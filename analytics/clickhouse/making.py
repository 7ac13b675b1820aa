"""Making: the hourly roll-ups of a shared ledger, hour by hour, beside those that are shown until they are."""

from __future__ import annotations

from collections.abc import Callable

from ..ledger import Ledger
from ..questions import run


def make(ledger: Ledger, *, every: bool = False, progress: Callable[[int, int], None] | None = None) -> None:
    """Make the hours anew in which attempts came in; those of the last minute only with `every`.

    Until then they are read from the attempts, so figures are right either way. Two at once do no harm.
    """
    with ledger.read() as con:
        due = run(con, "making_due", every=every)
        for done, span in enumerate(due, 1):
            (began,) = run(con, "making_now")
            for step in ("making_hours", "making_notes"):
                run(con, step, **span, **began, sliced=False, by_user=False)
            run(con, "making_shown", **span, **began)
            if progress:
                progress(done, len(due))
        if due:
            run(con, "making_forgotten")
