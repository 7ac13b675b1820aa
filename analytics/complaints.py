"""Complaints: what DuckDB says when something is wrong, in words for people."""

from __future__ import annotations

import re

import duckdb

UNWRITTEN = (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException)
"""What a full disk looks like, or too little memory."""


def holder(error: duckdb.Error) -> str | None:
    """Who holds the file, if that is what DuckDB complains of."""
    text = str(error)
    if held := re.search(r"Conflicting lock is held in (.+?) \(PID (\d+)\)", text):
        return f"process {held[2]} ({held[1]})"
    if "already attached" in text or "different configuration" in text:
        return "another DuckDB connection of this process"
    return "another process" if "Could not set lock" in text else None


def first_line(error: Exception) -> str:
    """What it says, without where in the SQL."""
    return str(error).partition("\n")[0]
