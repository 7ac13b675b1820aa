"""Slices: what of the spool has not been taken yet, in batches of whole lines, the oldest segments first."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from router.spool import Segment

from .exceptions import LedgerError

BATCH_BYTES = 16 << 20
"""About twenty thousand records."""
Consumed = Mapping[str, int]
"""Name of a segment -> its bytes that have been taken; none of those that are not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Whole lines of one segment, from `start` on."""

    segment: Segment
    start: int
    data: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.data)

    def lines(self) -> Iterator[tuple[str, int, str]]:
        """Segment, offset and text of each line, with its end, if it has one."""
        offset = self.start
        *whole, rest = self.data.split(b"\n")
        for line in (*(line + b"\n" for line in whole), *filter(None, [rest])):
            yield self.segment.name, offset, line.decode("utf-8", "replace")
            offset += len(line)


def unread(found: Sequence[Segment], consumed: Consumed, *, batch_bytes: int = BATCH_BYTES) -> Iterator[list[Slice]]:
    """What is there now, in batches of about `batch_bytes` at most."""
    batch, size = list[Slice](), 0
    for segment, end in [(segment, size_of(segment)) for segment in found]:
        start = consumed.get(segment.name, 0)
        while data := _read(segment, start, end):
            batch.append(Slice(segment=segment, start=start, data=data))
            start, size = start + len(data), size + len(data)
            if size > batch_bytes // 2:  # another such piece would be more than one batch
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def waiting_bytes(found: Sequence[Segment], consumed: Consumed) -> int:
    """What is there now."""
    return sum(max(0, size_of(segment) - consumed.get(segment.name, 0)) for segment in found)


def finished(found: Sequence[Segment], consumed: Consumed) -> list[Segment]:
    """The segments that have been taken to their last byte, and that nobody writes any more."""
    return [segment for segment in found if _is_finished(segment, consumed.get(segment.name, 0))]


def size_of(segment: Segment) -> int:
    """In bytes; 0 for a segment that somebody else has removed."""
    try:
        return segment.path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_finished(segment: Segment, consumed: int) -> bool:
    with contextlib.suppress(OSError):
        return not segment.is_live() and size_of(segment) <= consumed
    return False


def _read(segment: Segment, start: int, end: int) -> bytes:
    """Whole lines from `start` on; of a segment whose writer is gone, in the end also its torn last line."""
    if end <= start:
        return b""
    try:
        final = not segment.is_live()  # asked before reading: nothing is added afterwards
        data = segment.read(start, min(BATCH_BYTES, end - start))
        return data if data or not final else segment.path.read_bytes()[start:]
    except FileNotFoundError:  # somebody else was done with it first
        return b""
    except OSError as error:
        raise LedgerError(f"cannot read {segment.path}: {error.strerror}") from error
