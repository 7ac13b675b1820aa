"""Query: one question in SQL that a person wrote, asked of a shared ledger, which it can read and nothing else.

The wall is the engine's own: a connection that is `readonly` writes nothing, changes no setting, and has no table
function that reaches files or the net. What it lets through all the same is told from the text as the engine's
parser writes it, without comments, in words of one spelling, and refused.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, cast

from ..exceptions import SettingsError
from ..period import naive
from ..present import plain
from ..query import Answer, Column
from ..questions import run, sql
from .ledger import SharedLedger
from .reading import Reading
from .store import Store, StoreError, Typed

_SELECTS = ("SELECT", "WITH")
_TELLS = ("DESCRIBE", "EXISTS", "EXPLAIN", "SHOW")
"""About what there is: a few rows, which the engine does not stream."""
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`", re.DOTALL)
_REFUSED = {
    re.compile(r"\bfile\("): "a use of files, expected none",
    re.compile(r"^DESCRIBE TABLE \w+\("): "a use of files or of the net, expected a view",
    re.compile(r"^INTO OUTFILE\b", re.MULTILINE): "INTO OUTFILE, expected none: not to read, and not to write files",
    re.compile(r"^FORMAT\b", re.MULTILINE): "FORMAT, expected none: --json and --csv say how an answer is printed",
}
"""What `readonly` lets through: it stops table functions when they are read from, and what writes tables."""
_WORDS = re.compile(r".*Code: (\d+)\. DB::Exception: (.*)")
_DRAWING = re.compile(r"[:.]? (?:: In scope|In scope|\(in query:|Expected one of:?) .*| \([A-Z_]{3,}\).*")
_UNKNOWN_TABLE = "60"
_ZONED = re.compile(r"DateTime(?:64)?\((?:\d, )?'(?!UTC')")
_WRAPPER = re.compile(r"(?:LowCardinality|Nullable)\((.*)\)")
_NAMES = {
    "Int8": "TINYINT",
    "Int16": "SMALLINT",
    "Int32": "INTEGER",
    "Int64": "BIGINT",
    "Int128": "HUGEINT",
    "Int256": "HUGEINT",
    "Float32": "FLOAT",
    "Float64": "DOUBLE",
    "Bool": "BOOLEAN",
    "String": "VARCHAR",
}
"""Of types, as DuckDB has them. Unsigned ones begin with a U in both."""


@contextlib.contextmanager
def asking(ledger: SharedLedger, question: str) -> Generator[Answer]:
    """As `query.asking`. Whoever takes no more rows ends the question there, Ctrl-C too."""
    with contextlib.closing(ledger.connect(readonly="1")) as store, _complaints(store):
        text = _parsed(store, question)
        if not text.lstrip("(").startswith(_SELECTS):
            names, rows = store.rows(text)
            yield Answer(tuple(Column(name, "VARCHAR") for name in names), iter(rows))
            return
        with store.stream(text) as (columns, blocks):
            if columns:
                yield Answer(_columns(columns), _in_utc(blocks, columns))
                return
        yield Answer(_columns(_described(store, text)), iter(()))


def _parsed(store: Store, question: str) -> str:
    """The statement as the engine writes it, if it is one and only reads."""
    (found,) = run(Reading(store), "question_parsed", question=question)
    text: str = found["text"]
    bare = _QUOTED.sub("''", text)
    kind = re.match(r"\w*", bare.lstrip("("))
    if not kind or kind[0] not in (*_SELECTS, *_TELLS):
        raise SettingsError(f"SQL: found {kind and kind[0]}, expected a SELECT: the ledger can only be read")
    for pattern, what in _REFUSED.items():
        if pattern.search(bare):
            raise SettingsError(f"SQL: found {what}")
    return text


def _described(store: Store, text: str) -> list[Typed]:
    """The columns of an answer that has no rows: then the engine says nothing of them."""
    _, rows = store.rows(sql("question_columns", Reading.dialect).format(question=text))
    return [(row[0], row[1]) for row in rows]


def _columns(typed: list[Typed]) -> tuple[Column, ...]:
    return tuple(Column(name, _named(kind)) for name, kind in typed)


def _in_utc(blocks: Iterator[list[tuple[Any, ...]]], columns: list[Typed]) -> Iterator[tuple[Any, ...]]:
    rows = chain.from_iterable(blocks)
    if not any(_ZONED.search(kind) for _, kind in columns):
        return rows
    return (tuple(_naive(value) for value in row) for row in rows)


def _naive(value: Any) -> Any:
    """Times as naive ones in UTC, inside other values too."""
    if isinstance(value, datetime):
        return naive(value) if value.tzinfo else value
    if isinstance(value, dict):
        return {_naive(key): _naive(item) for key, item in cast("dict[Any, Any]", value).items()}
    return [_naive(item) for item in cast("list[Any]", value)] if isinstance(value, list | tuple) else value


def _named(kind: str) -> str:
    """A type of ClickHouse in the words of DuckDB, as far as somebody minds."""
    while found := _WRAPPER.fullmatch(kind):
        kind = found[1]
    if kind.startswith("Array("):
        return f"{_named(kind[6:-1])}[]"
    return "TIMESTAMP" if kind.startswith("DateTime") else _NAMES.get(kind, kind.upper())


@contextlib.contextmanager
def _complaints(store: Store) -> Generator[None]:
    """What the engine has against a question becomes a sentence; a loss of the engine stays one."""
    try:
        yield
    except StoreError as error:
        if error.passing:
            raise
        raise SettingsError(_sentence(store, str(error))) from error


def _sentence(store: Store, said: str) -> str:
    """What the engine says, without its drawing of where; and what there is, if a table is not found."""
    found = _WORDS.search(said)
    if not found:
        return plain(said)
    words = plain(_DRAWING.sub("", found[2]).strip()).rstrip(".?: ")
    if found[1] != _UNKNOWN_TABLE:
        return f"SQL: {words}"
    return f"SQL: {words}. The views are {', '.join(view['name'] for view in run(Reading(store), 'views'))}."
