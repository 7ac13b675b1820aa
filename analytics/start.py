"""The entry point of `tollgate`: the command line, or one sentence where its packages are not installed."""

from __future__ import annotations

import sys

_EXTRA = {"apscheduler", "click", "duckdb", "pydantic", "rich", "yaml"}


def main() -> None:
    """Run the command line. The bare install is the router alone, and brings none of what reports need."""
    try:
        from .cli import main as run  # noqa: PLC0415  # may be missing

        run()
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        sys.exit(f"tollgate: {error.name} is not installed, and the command line needs it: pip install 'tollgate[all]'")
