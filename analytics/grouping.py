"""Grouping: by what a report may group."""

from __future__ import annotations

from collections.abc import Sequence

from .exceptions import SettingsError

DIMENSIONS = (
    "day",
    "hour",
    "model",
    "requested_model",
    "task_type",
    "tier",
    "status",
    "platform",
    "region",
    "workspace_id",
    "user_id",
    "key_fingerprint",
)
"""What a breakdown may group by, besides `tag:<key>`. UTC days as `2026-11-02`, hours as `2026-11-02 13:00`."""

MOST_DIMENSIONS = 4
"""At once."""
TAG = "tag:"
"""What the dimensions of tags begin with."""
BUCKET = "bucket"
"""As the first dimension, and with the buckets: groups by time as a person has it."""


def check_dimensions(by: Sequence[str], *, bucketed: bool = False) -> None:
    """Raises SettingsError unless `by` names one to four of DIMENSIONS, `tag:<key>` or, `bucketed`, first BUCKET."""
    if not by:
        raise SettingsError("by: found nothing, expected at least one dimension")
    if len(by) > MOST_DIMENSIONS:
        raise SettingsError(f"by: found {len(by)} dimensions together, expected at most {MOST_DIMENSIONS}")
    for dimension in by[1:] if bucketed and by[0] == BUCKET else by:
        key = dimension.removeprefix(TAG)
        if dimension not in DIMENSIONS and (key == dimension or not key):
            raise SettingsError(f"by: found {dimension!r}, expected one of {', '.join(DIMENSIONS)} or tag:<key>")
