"""Scope: the calls that somebody may see of a shared ledger. The engine hides the others, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterable

from ..budgets import Scope
from ..grouping import TAG


def only(scope: Scope, database: str) -> dict[str, str]:
    """Settings of a connection to which there are no calls but those of a scope, whatever it is asked.

    Of what does not say whose it is, there is nothing.
    """
    tests = [
        f"coalesce(has({_list(values)}, tags[{_text(name.removeprefix(TAG))}]), false)"
        for name, values in scope.items()
    ]
    within = " AND ".join(tests) or "false"
    hidden = {"attempt": within, "hourly_made": within, "hourly_note_made": "false", "reject": "false"}
    pairs = (f"{_text(f'{database}.{table}')}: {_text(test)}" for table, test in hidden.items())
    return {"additional_table_filters": "{" + ", ".join(pairs) + "}"}


def _list(values: Iterable[str]) -> str:
    return f"CAST([{', '.join(map(_text, values))}] AS Array(String))"


def _text(value: str) -> str:
    """As a literal of ClickHouse."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
