"""What of ours went wrong on the request path: said once per kind in the log, counted, never raised."""

from __future__ import annotations

import logging

log = logging.getLogger("tollgate")

counts: dict[str, int] = {}
"""Faults of this process so far, by kind."""


def note(doing: str, error: BaseException) -> None:
    """Count a fault; the first of its kind is logged, without the error's text, which may quote a request."""
    kind = f"{doing}: {type(error).__name__}"
    counts[kind] = counts.get(kind, 0) + 1
    if counts[kind] == 1:
        log.warning("tollgate failed at %s (%s); the call went on without it", doing, type(error).__name__)
        log.debug("tollgate failed at %s", doing, exc_info=error)
