"""Store: the one door to ClickHouse. Its errors become sentences."""

# pyright: reportUnknownMemberType=false
# The client says of few parameters what they are.

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import partial
from io import IOBase
from typing import Any, cast

from ..exceptions import LedgerDenied, LedgerError
from .address import Address

try:
    import clickhouse_connect
    from clickhouse_connect.driver.client import Client
    from clickhouse_connect.driver.ctypes import RespBuffCls  # pyright: ignore[reportUnknownVariableType]  # in C, or in Python
    from clickhouse_connect.driver.exceptions import ClickHouseError, NotSupportedError
    from clickhouse_connect.driver.transform import NativeTransform
    from clickhouse_connect.driver.types import ByteSource
    from urllib3.exceptions import HTTPError
except ModuleNotFoundError as error:
    raise LedgerError("a shared ledger needs clickhouse-connect: pip install 'tollgate[clickhouse]'") from error

SETTINGS = {
    # As in DuckDB: what is missing is NULL, and the newest version of a row is the row.
    "aggregate_functions_null_for_empty": 1,
    "cast_keep_nullable": 1,
    "data_type_default_nullable": 0,
    "final": 1,
    "join_use_nulls": 1,
    "joined_subquery_requires_alias": 0,
    "union_default_mode": "DISTINCT",
    "prefer_column_name_to_alias": 1,
    # 26.9 gathers inserts by default, and those are not deduplicated.
    "async_insert": 0,
}
_BUSY = (159, 202, 209, 210, 241, 242, 252, 319, 373, 439, 999)
"""Codes of ClickHouse that pass: timeouts, too many queries or parts, no memory just now, the network, the keeper."""
_DENIED = 497
_PIECE_BYTES = 1 << 20

Typed = tuple[str, str]
"""Name and type of a column."""

logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())  # it would tell standard error


class StoreError(LedgerError):
    """ClickHouse did not do what was asked; `passing`: it may later."""

    def __init__(self, sentence: str, *, passing: bool) -> None:
        super().__init__(sentence)
        self.passing = passing


class Store:
    """A connection to a shared ledger. Not to be shared between threads."""

    def __init__(self, address: Address, settings: Mapping[str, str] | None = None) -> None:
        """`settings` hold for everything that is asked."""
        self.address = address
        with self._sentences():
            self._client = _connect(address, {**SETTINGS, **(settings or {})})

    def command(self, text: str, /, **parameters: object) -> None:
        """Run one statement that returns nothing."""
        with self._sentences():
            self._client.command(text, parameters=dict(parameters) or None)

    def rows(
        self, text: str, parameters: Mapping[str, object] | None = None
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of the columns, and the rows."""
        with self._sentences():
            found = self._client.query(text, parameters=dict(parameters or {}) or None)
        return list(found.column_names), [tuple(row) for row in found.result_rows]

    @contextlib.contextmanager
    def stream(self, text: str) -> Generator[tuple[list[Typed], Iterator[list[tuple[Any, ...]]]]]:
        """The columns, none if there are no rows; and the rows in blocks as they come.

        Whoever leaves before the last row hangs up, and a question that is `readonly` ends there.
        """
        with contextlib.ExitStack() as stack:
            with self._sentences():
                answer = cast("IOBase", self._client.raw_stream(text, fmt="Native"))
                stack.callback(answer.close)
                coming = cast("ByteSource", RespBuffCls(_Coming(answer)))
                found = cast("Any", NativeTransform().parse_response(coming, self._client.create_query_context(text)))
            columns = [(name, kind.name) for name, kind in zip(found.column_names, found.column_types, strict=True)]
            yield columns, self._each(stack.enter_context(found.row_block_stream))

    def _each(self, blocks: Iterator[list[tuple[Any, ...]]]) -> Iterator[list[tuple[Any, ...]]]:
        with self._sentences():
            yield from blocks

    def parquet(self, text: str, parameters: Mapping[str, object]) -> bytes:
        """The rows as a Parquet file, every digit kept."""
        with self._sentences():
            return self._client.raw_query(text, parameters=dict(parameters) or None, fmt="Parquet")

    def insert(self, table: str, parquet: bytes, *, token: str, columns: Sequence[str] = ()) -> None:
        """Insert the rows of a Parquet file as one block; a token that was seen before inserts nothing.

        `columns` are those of the file, where all of them must be in the table: of others ClickHouse would say nothing.
        """
        settings = {
            "insert_deduplication_token": token,
            # However large: of several blocks, each known by its number, one could be there and another not.
            "min_insert_block_size_rows": 1 << 24,
            "min_insert_block_size_bytes": 0,
            "max_insert_block_size": 1 << 24,
            "max_insert_threads": 1,
            # Rows of one version are not there twice; to look for them takes ClickHouse eight times as long.
            "optimize_on_insert": 0,
            # What is written with a clock that is wrong may lie in any month.
            "max_partitions_per_insert_block": 0,
            # What is seen to have been taken may yet be missing from what is derived from it.
            "deduplicate_blocks_in_dependent_materialized_views": 1,
        }
        with self._sentences():
            self._client.raw_insert(table, list(columns) or None, parquet, settings, "Parquet")

    def insert_rows(self, table: str, rows: Sequence[str]) -> None:
        """Insert a few rows, each a JSON object. Moments beyond the years of ClickHouse become the last of them."""
        settings = {"date_time_input_format": "best_effort", "date_time_overflow_behavior": "saturate"}
        with self._sentences():
            self._client.raw_insert(table, insert_block="\n".join(rows), fmt="JSONEachRow", settings=settings)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    @contextlib.contextmanager
    def _sentences(self) -> Generator[None]:
        try:
            yield
        except NotSupportedError as error:
            sentence = f"the shared ledger {self.address} answers what cannot be read: {error}"
            raise StoreError(sentence, passing=False) from error
        except ClickHouseError as error:
            code = getattr(error, "code", None)
            if isinstance(code, int):
                sentence = f"the shared ledger {self.address}: {str(error).partition(chr(10))[0].strip()}"
                if code == _DENIED:
                    raise LedgerDenied(sentence) from error
                raise StoreError(sentence, passing=code in _BUSY) from error
            raise self._away(error) from error
        except (OSError, HTTPError) as error:
            raise self._away(error) from error

    def _away(self, error: BaseException) -> StoreError:
        """Without the words of every library in between."""
        while not (isinstance(error, OSError) and error.strerror) and (inner := error.__cause__ or error.__context__):
            error = inner
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
        return StoreError(f"the shared ledger {self.address} cannot be reached: {said}", passing=True)


class _Coming:
    """An answer as the client's parser takes it. The client's own source reads to the end before it hangs up."""

    last_message: bytes | None = None

    def __init__(self, answer: IOBase) -> None:
        self.gen = iter(partial(answer.read, _PIECE_BYTES), b"")
        self.close = answer.close
        self.exception_tag: str | None = getattr(answer, "headers", {}).get("X-ClickHouse-Exception-Tag")


def _connect(address: Address, settings: dict[str, Any]) -> Client:
    if address.folder:
        return clickhouse_connect.get_client(
            dsn=f"chdb://{address.folder}", database=address.database, settings=settings
        )
    return clickhouse_connect.get_client(
        host=address.host,
        port=address.port,
        username=address.user,
        password=address.password,
        database=address.database,
        secure=address.secure,
        settings=settings,
        autogenerate_session_id=True,
    )
