"""What of ours went wrong on the request path: said once per kind in the log, counted, never raised.

The counts are kept under the home, one byte per fault in `faults/<kind>`, so that `tollgate doctor` can show those of
every process.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

from .spool import homes

log = logging.getLogger("tollgate")

_ENOUGH = 1 << 20
"""So many faults of a kind are as many as one needs to know of."""

counts: dict[str, int] = {}
"""Faults of this process so far, by kind."""


def note(doing: str, error: BaseException) -> None:
    """Count a fault; the first of its kind is logged, without the error's text, which may quote a request."""
    kind = re.sub(r"[^A-Za-z0-9]+", "-", f"{doing} {type(error).__name__}")[:100]
    counts[kind] = counts.get(kind, 0) + 1
    if counts[kind] == 1:
        log.warning("tollgate failed at %s (%s); the call went on without it", doing, type(error).__name__)
        log.debug("tollgate failed at %s", doing, exc_info=error)
    for home in homes():
        with contextlib.suppress(OSError):  # where nothing can be written, the log has said it
            _keep(home / "faults", kind)


def faults(home: Path) -> Mapping[str, int]:
    """How many faults of each kind every process using this home has noted so far, by kind."""
    try:
        return {path.name: path.stat().st_size for path in sorted((home / "faults").iterdir())}
    except OSError:
        return {}


def _keep(folder: Path, kind: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    fd = os.open(folder / kind, flags, 0o600)
    try:
        if os.fstat(fd).st_size < _ENOUGH:
            os.write(fd, b".")
    finally:
        os.close(fd)
