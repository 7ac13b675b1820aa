"""Reading: a connection to a shared ledger that takes the same questions as one to a DuckDB file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from .store import Store

_PARAMETER = re.compile(r"\$(\w+)(?:::([A-Z]+(?:\(\d+, ?\d+\))?)((?:\[\])*))?")
_ASKS = re.compile(r"\s*(SELECT|WITH|FROM)\b")
_TYPES = {
    "VARCHAR": "String",
    "TIMESTAMP": "DateTime64(6, 'UTC')",
    "BIGINT": "Int64",
    "INTEGER": "Int32",
    "BOOLEAN": "Bool",
    "DATE": "Date32",
    "UUID": "UUID",
    "DOUBLE": "Float64",
    "IDENTIFIER": "Identifier",
}
_SPELLINGS = (
    (r"\bCREATE OR REPLACE TEMP MACRO (\w+)\(([^()]*)\) AS\b", r"CREATE OR REPLACE FUNCTION \1 AS (\2) ->"),
    (r"\bCREATE OR REPLACE TEMP\b", "CREATE OR REPLACE TEMPORARY"),
    (r"(\w\.|\s)\* EXCLUDE\b", r"\1* EXCEPT"),
    (r"\bCOMMENT ON VIEW (\w+) IS\b", r"ALTER TABLE \1 MODIFY COMMENT"),
    (r"\bCOMMENT ON COLUMN (\w+)\.(\w+) IS\b", r"ALTER TABLE \1 COMMENT COLUMN \2"),
    (r"\blist_contains\(", "has("),
    (r"\blen\(", "length("),
    (r"\bstarts_with\(", "startsWith("),
    (r"\bstrftime\(", "formatDateTime("),
    (r"\bto_minutes\(", "toIntervalMinute("),
    (r"\bbool_or\(", "max("),
    (r"\blist_has_any\(", "hasAny("),
    (r"\bsplit_part\((\w+), ('[^']+'), (\d+)\)", r"splitByString(\2, \1)[\3]"),
    (r"\bregexp_replace\(", "replaceRegexpOne("),
    (r"\blist_prepend\((\w+), (\w+)\)", r"arrayPushFront(\2, \1)"),
    (r"\bquantile_cont\((\w+), \[([^\]]+)\]\)", r"quantilesExactInclusive(\2)(\1)"),
    (r"\bhistogram\((\w+)\)", r"sumMapIf(map(coalesce(\1, ''), 1), \1 IS NOT NULL)"),
)
"""What is only called something else: DuckDB's word, ClickHouse's."""
_FUNCTION = "CREATE OR REPLACE FUNCTION"
_FIRST, _LAST = datetime(1900, 1, 1), datetime(2299, 12, 31)  # noqa: DTZ001  # the ledger's times are naive
_OF_VALUE: Sequence[tuple[type, str]] = (
    (bool, "Bool"),
    (int, "Int64"),
    (float, "Float64"),
    (datetime, "DateTime64(6, 'UTC')"),
    (date, "Date32"),
    (UUID, "UUID"),
    (str, "String"),
)


class Reading:
    """Questions to a shared ledger, with their parameters as DuckDB writes them: `$name`, or `$name::TYPE`."""

    dialect = "clickhouse"

    def __init__(self, store: Store) -> None:
        self._store = store
        self._columns: list[str] = []
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, query: str, parameters: object = None) -> Reading:
        """Ask; each statement of the text in turn, the last one is the answer. `parameters`: by name."""
        given = cast("Mapping[str, object]", parameters or {})
        self._columns, self._rows = [], []
        for statement in statements(query):
            text, used = translated(statement, given)
            if text.lstrip().startswith(_FUNCTION):
                continue  # the server has it: migrations make it
            if _ASKS.match(text):
                self._columns, self._rows = self._store.rows(text, used)
            else:
                self._store.command(text, **used)
        return self

    @property
    def description(self) -> list[tuple[str]]:
        """One tuple a column, its name first."""
        return [(name,) for name in self._columns]

    def close(self) -> None:
        """The connection to the server is kept for whoever asks next."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Every row of the answer."""
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row of the answer."""
        return self._rows[0] if self._rows else None


def statements(text: str) -> list[str]:
    """The statements of a text, which are divided by a semicolon at the end of a line."""
    return [part for part in re.split(r";[ \t]*(?:\n|$)", text) if _without_comments(part).strip()]


def translated(statement: str, given: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """A statement with parameters as ClickHouse takes them, `{name:Type}`, and those that it uses."""
    used: dict[str, object] = {}

    def parameter(found: re.Match[str]) -> str:
        name, cast, dimensions = found.groups()
        value = given[name]
        kind = _type_of(value) if cast is None else _cast(cast, dimensions.count("[]"))
        if value is None:
            return f"CAST(NULL AS Nullable({kind}))"
        used[name] = _within(value)
        return f"{{{name}:{kind}}}"

    return _PARAMETER.sub(parameter, spelled(statement)), used


def spelled(text: str) -> str:
    """A text in the words of ClickHouse."""
    text = _without_comments(text)
    for theirs, ours in _SPELLINGS:
        text = re.sub(theirs, ours, text)
    return text


def _within(value: object) -> object:
    """A moment as ClickHouse can hold it: its years are 1900 to 2299."""
    if isinstance(value, datetime):
        return min(max(value, _FIRST.replace(tzinfo=value.tzinfo)), _LAST.replace(tzinfo=value.tzinfo))
    return [_within(each) for each in cast("list[object]", value)] if isinstance(value, list) else value


def _cast(name: str, dimensions: int) -> str:
    kind = _TYPES.get(name, name.replace("DECIMAL", "Decimal"))
    if dimensions > 1 and kind == "String":
        kind = "Nullable(String)"  # of groups, whose members may be none
    return "Array(" * dimensions + kind + ")" * dimensions


def _type_of(value: object) -> str:
    if isinstance(value, list):
        several = cast("list[object]", value)
        return f"Array({_type_of(several[0]) if several else 'String'})"
    return next((name for kind, name in _OF_VALUE if isinstance(value, kind)), "String")


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*--.*$|\s--\s[^'\n]*$", "", text)
