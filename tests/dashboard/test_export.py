from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.export import as_csv, as_parquet

ROWS = [
    {"Team": "=1+1", "Spend": Decimal("0.000000000000000001"), "Calls": 3, "At": datetime(2026, 11, 1, tzinfo=UTC)},
    {"Team": "Zoë, R&D", "Spend": Decimal("-12345678.9"), "Calls": 0, "At": None},
    {"Team": None, "Spend": None, "Calls": 7, "At": None},
]


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_has_every_digit() -> None:
    """Amounts are written in full, numbers stay numbers, and what is not known is empty."""
    assert read(as_csv(ROWS)) == [
        ["Team", "Spend", "Calls", "At"],
        ["'=1+1", "0.000000000000000001", "3", "2026-11-01T00:00:00+00:00"],
        ["Zoë, R&D", "-12345678.9", "0", ""],
        ["", "", "7", ""],
    ]


@given(st.text())
def test_no_text_is_a_formula(text: str) -> None:
    """No text that came with a call begins as a formula does to a spreadsheet, be it a cell or a heading."""
    heading, (cell,) = read(as_csv([{text: text}]))[0][0], read(as_csv([{"a": text}]))[-1] or [""]
    assert (heading + " ")[0] not in "=+-@\t\r"
    assert (cell + " ")[0] not in "=+-@\t\r"


def test_parquet_has_decimals(tmp_path: Path) -> None:
    """Amounts come back from Parquet as the decimals they were."""
    file = tmp_path / "rows.parquet"
    rows = [{name: value for name, value in row.items() if name != "At"} for row in ROWS]  # DuckDB would ask for pytz
    file.write_bytes(as_parquet(rows))
    with duckdb.connect() as con:
        found = con.execute("FROM read_parquet($file)", {"file": str(file)})
        assert str(found.description[1][1]).startswith("DECIMAL")
        assert found.fetchall() == [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("write", [as_csv, as_parquet])
def test_nothing_can_be_taken_away_too(write: object) -> None:
    """A table without rows is a file without rows."""
    assert callable(write)
    assert isinstance(write([]), bytes)
